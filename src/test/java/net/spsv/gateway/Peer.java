/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.gateway;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.TlsConnection;

/** One end of a connection to the gateway, which tells an orderly end, a cut and a reset apart. */
final class Peer implements Closeable {
    private static final int TIMEOUT_MILLIS = 20_000;

    private final Socket socket;
    /** Null in the clear. */
    private TlsConnection tls;

    Peer(final Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    Socket socket() {
        return socket;
    }

    TlsConnection tls() {
        return tls;
    }

    /** Makes the server's part of a handshake. */
    Peer secure(final SSLContext context, final String... protocols) throws IOException {
        tls = TlsConnection.ofServer(socket, context, protocols).handshake();
        return this;
    }

    /** Sends a line, and CRLF behind it. */
    Peer line(final String line) throws IOException {
        return send((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sends bytes, in one write. */
    Peer send(final byte... bytes) throws IOException {
        if (tls == null) {
            socket.getOutputStream().write(bytes);
        } else {
            tls.write(bytes);
        }
        return this;
    }

    /** Fails unless exactly this line, ended by CRLF, is what comes next. */
    Peer expect(final String line) throws IOException {
        final String came = readLine();
        if (!came.equals(line + '\r')) {
            throw new AssertionError("expected '" + line + "', got '" + came + "'");
        }
        return this;
    }

    private String readLine() throws IOException {
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = read(); octet != '\n'; octet = read()) {
            if (octet < 0) {
                throw new EOFException("the end, after '" + line.toString("ISO-8859-1") + "'");
            }
            line.write(octet);
        }
        return line.toString("ISO-8859-1");
    }

    private int read() throws IOException {
        final byte[] octet = new byte[1];
        return read(octet) < 0 ? -1 : octet[0] & 0xff;
    }

    /** Reads some bytes; -1 at FIN, and inside TLS at close_notify. */
    int read(final byte... target) throws IOException {
        return tls == null ? socket.getInputStream().read(target) : tls.read(target);
    }

    /** Reads exactly so many bytes. */
    byte[] readExactly(final int count) throws IOException {
        final byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            final int octet = read();
            if (octet < 0) {
                throw new EOFException("the end after " + i + " bytes");
            }
            bytes[i] = (byte) octet;
        }
        return bytes;
    }

    /** Reads to FIN, inside TLS to close_notify and FIN; anything else that ends the connection fails. */
    byte[] readToEnd() throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[64 * 1024];
        for (int count = read(buffer); count >= 0; count = read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        if (tls != null && socket.getInputStream().read() >= 0) {
            throw new AssertionError("something behind close_notify");
        }
        return bytes.toByteArray();
    }

    /** Reads whatever comes, which must end with a reset, and inside TLS without close_notify; returns the number. */
    long expectReset() throws IOException {
        long total = 0;
        final byte[] buffer = new byte[64 * 1024];
        try {
            for (int count = read(buffer); count >= 0; count = read(buffer)) {
                total += count;
            }
        } catch (final SocketException e) {
            return total;
        } catch (final EOFException e) {
            throw new AssertionError("expected a reset, got FIN after " + total + " bytes", e);
        }
        throw new AssertionError("expected a reset, got an orderly end after " + total + " bytes");
    }

    /** Waits for the end, whichever it is. */
    void expectGone() throws IOException {
        final InputStream in = socket.getInputStream();
        final byte[] buffer = new byte[64 * 1024];
        try {
            while (in.read(buffer) >= 0) {
                continue;
            }
        } catch (final SocketException e) {
            return;
        }
    }

    /** Sends close_notify, if it is TLS, and FIN. */
    Peer end() throws IOException {
        if (tls != null) {
            tls.closeNotify();
        }
        return fin();
    }

    /** Sends FIN, inside TLS, too, where it is none that an end may have. */
    Peer fin() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Ends the connection by RST. */
    void reset() {
        RawFtpClient.reset(socket);
    }

    /** Lets go of the connection before its time. */
    void leave() throws IOException {
        close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
