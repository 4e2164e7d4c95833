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
package net.spsv.ftpserver.sequences;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A client's end of a connection, in clear or in TLS from some point on. Nothing throws because of what the server
 * does: a connection that fails is dead.
 */
final class Link {
    private static final int HANDSHAKE_MILLIS = 2000;
    private static final int SMALL_BUFFER = 4096;

    private final Socket socket;
    private final StringBuilder line = new StringBuilder();
    private SSLSocket tls;
    private boolean dead;
    private boolean outputEnded;

    private Link(final Socket socket) {
        this.socket = socket;
    }

    static Link open(final int port, final boolean smallBuffer) {
        final Socket socket = new Socket();
        try {
            if (smallBuffer) {
                socket.setReceiveBufferSize(SMALL_BUFFER);
            }
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), HANDSHAKE_MILLIS);
        } catch (final IOException e) {
            close(socket);
            throw new UncheckedIOException(e);
        }
        return new Link(socket);
    }

    static Link of(final Socket accepted) {
        return new Link(accepted);
    }

    boolean isUsable() {
        return !dead && !socket.isClosed();
    }

    /** Whether this end has closed it, or said that nothing more comes. */
    boolean isEnded() {
        return outputEnded || socket.isClosed();
    }

    boolean isTls() {
        return tls != null;
    }

    boolean mayWrite() {
        return isUsable() && !outputEnded;
    }

    /** Makes the handshake. */
    boolean secure(final SSLContext context) {
        try {
            socket.setSoTimeout(HANDSHAKE_MILLIS);
            tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "127.0.0.1", socket.getPort(), true);
            tls.setUseClientMode(true);
            tls.startHandshake();
            return true;
        } catch (final IOException e) {
            dead = true;
            return false;
        }
    }

    boolean send(final byte... bytes) {
        if (!mayWrite()) {
            return false;
        }
        try {
            final OutputStream out = (tls == null ? socket : tls).getOutputStream();
            out.write(bytes);
            out.flush();
            return true;
        } catch (final IOException e) {
            dead = true;
            return false;
        }
    }

    boolean send(final String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void sendUrgent(final int octet) {
        try {
            socket.sendUrgentData(octet);
        } catch (final IOException e) {
            dead = true;
        }
    }

    /** Reads a line, or what there is of it; null if it is not complete in time, or never will be. */
    String line(final int millis) {
        try {
            final InputStream in = in(millis);
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                if (octet == '\n') {
                    final String read = line.toString().trim();
                    line.setLength(0);
                    return read;
                }
                line.append((char) octet);
            }
            dead = true;
        } catch (final SocketTimeoutException e) {
            return null;
        } catch (final IOException e) {
            dead = true;
        }
        return null;
    }

    /** Reads once, or not at all. */
    void readSome(final int millis) {
        try {
            if (in(millis).read(new byte[SMALL_BUFFER]) < 0) {
                dead = true;
            }
        } catch (final SocketTimeoutException e) {
            // nothing there
        } catch (final IOException e) {
            dead = true;
        }
    }

    /** Reads to an orderly end; null if there is none, or not in time. */
    byte[] readToTheEnd(final int millis) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] block = new byte[SMALL_BUFFER * 4];
        try {
            final InputStream in = in(millis);
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                bytes.write(block, 0, count);
            }
            return bytes.toByteArray();
        } catch (final IOException e) {
            dead = true;
            return null;
        }
    }

    private InputStream in(final int millis) throws IOException {
        socket.setSoTimeout(millis);
        return (tls == null ? socket : tls).getInputStream();
    }

    /** Ends the output as it should be: with close_notify if there is TLS, and FIN. */
    boolean finish() {
        if (!mayWrite()) {
            return false;
        }
        outputEnded = true;
        try {
            if (tls != null) {
                tls.shutdownOutput();
            }
            if (!socket.isClosed() && !socket.isOutputShutdown()) {
                socket.shutdownOutput();
            }
            return true;
        } catch (final IOException e) {
            dead = true;
            return false;
        }
    }

    /** Ends the output by FIN, also in TLS, where that is no end. */
    void cut() {
        outputEnded = true;
        try {
            socket.shutdownOutput();
        } catch (final IOException e) {
            dead = true;
        }
    }

    void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (final IOException e) {
            dead = true;
        }
        close();
    }

    /** Closes without a word of TLS's, by FIN if all was read that came. */
    void close() {
        dead = true;
        close(socket);
    }

    private static void close(final Socket socket) {
        try {
            socket.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
