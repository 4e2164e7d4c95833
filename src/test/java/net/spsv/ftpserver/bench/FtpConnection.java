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
package net.spsv.ftpserver.bench;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLEngine;

/**
 * A control connection of a client that does as little as it can, so that the server is what is measured: blocking
 * channels, one buffer, received bytes are dropped, sent bytes come from the page cache. The same code for every server
 * and every way of opening a data connection, with or without TLS.
 *
 * <p>Threading: one thread at a time.
 */
final class FtpConnection implements Closeable {
    /** Bytes of TLS records that are sent or received at a time. */
    private static final int RECORDS = 1 << 18;

    private static final int CONTROL_RECORDS = 1 << 16;

    private final InetSocketAddress server;
    private final Security security;
    private final TlsClient tls;
    private final ByteChannel control;
    private final ByteBuffer controlInput = ByteBuffer.allocateDirect(2048);
    private final ByteBuffer loginInput = ByteBuffer.allocateDirect(512);
    private final ByteBuffer output = ByteBuffer.allocateDirect(512);
    private final ByteBuffer data;
    private final TlsChannel.Buffers dataRecords;
    private Handshakes handshakes = Handshakes.RESUMED;

    /** Connects, and begins TLS if asked for; the buffer is used for all data connections. */
    FtpConnection(final InetSocketAddress server, final Security security, final TlsClient tls, final ByteBuffer data)
            throws IOException {
        this.server = server;
        this.security = security;
        this.tls = tls;
        this.data = data;
        this.dataRecords = security == Security.NONE ? null : new TlsChannel.Buffers(RECORDS);
        data.order(ByteOrder.LITTLE_ENDIAN);
        controlInput.flip();
        control = open(
                security, controlInput, security == Security.NONE ? null : new TlsChannel.Buffers(CONTROL_RECORDS));
    }

    /** Milliseconds of CPU time that the calling thread, which is the client, has used so far. */
    static double cpuMillis() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e6;
    }

    /** Logs in and switches to binary transfers. */
    void login(final String user, final String password) throws IOException {
        send(control, "USER " + user + "\r\n");
        expect(331);
        send(control, "PASS " + password + "\r\n");
        expect(230);
        send(control, "TYPE I\r\n");
        expect(200);
        if (security != Security.NONE) {
            send(control, "PBSZ 0\r\n");
            expect(200);
            send(control, "PROT P\r\n");
            expect(200);
        }
    }

    /** Sets which TLS sessions data connections take up; if nothing is said, all do. */
    void use(final Handshakes kind) {
        handshakes = kind;
    }

    /**
     * Fetches a file that holds the {@link Pattern}.
     *
     * @param start where in the pattern the file starts
     * @param whole whether to compare every byte, or only the ends of each block that is received
     * @return the number of bytes
     */
    long retrieve(final DataMode mode, final String name, final long start, final boolean whole) throws IOException {
        long size = 0;
        try (ByteChannel channel = openTransfer(mode, "RETR " + name, 0)) {
            for (data.clear(); channel.read(data) >= 0; data.clear()) {
                if (whole) {
                    Pattern.checkAll(data, start + size);
                } else {
                    Pattern.checkEnds(data, start + size);
                }
                size += data.position();
            }
        }
        expect(226);
        return size;
    }

    /**
     * Fetches a file as {@link #retrieve} does.
     *
     * @return nanoseconds from the PASV or SPSV command to the first byte
     */
    long nanosToFirstByte(final DataMode mode, final String name) throws IOException {
        final long start = System.nanoTime();
        final long nanos;
        try (ByteChannel channel = openTransfer(mode, "RETR " + name, 0)) {
            data.clear();
            if (channel.read(data) < 0) {
                throw new EOFException("Received nothing of " + name);
            }
            nanos = System.nanoTime() - start;
            while (channel.read(data) >= 0) {
                data.clear();
            }
        }
        expect(226);
        return nanos;
    }

    /**
     * Sends a whole file but for its first bytes, which are there already, without TLS without copying it through this
     * process.
     */
    void resume(final DataMode mode, final String name, final int there, final FileChannel source) throws IOException {
        try (ByteChannel channel = openTransfer(mode, "STOR " + name, there)) {
            final long size = source.size();
            if (channel instanceof SocketChannel) {
                for (long sent = there; sent < size; ) {
                    sent += source.transferTo(sent, size - sent, channel);
                }
            } else {
                source.position(there);
                for (data.clear(); source.read(data) >= 0; data.clear()) {
                    data.flip();
                    channel.write(data);
                }
            }
        }
        expect(226);
    }

    /** Sends a direct buffer but for its first bytes, which are there already. */
    void resume(final DataMode mode, final String name, final int there, final ByteBuffer content) throws IOException {
        final ByteBuffer source = content.duplicate();
        source.position(there);
        try (ByteChannel channel = openTransfer(mode, "STOR " + name, there)) {
            while (source.hasRemaining()) {
                channel.write(source);
            }
        }
        expect(226);
    }

    private ByteChannel openTransfer(final DataMode mode, final String command, final int there) throws IOException {
        final ByteChannel channel = openData(mode);
        try {
            if (there > 0) {
                send(control, "REST " + there + "\r\n");
                expect(350);
            }
            send(control, command + "\r\n");
            expect(150);
            return security == Security.NONE || channel instanceof TlsChannel
                    ? channel
                    : secure((SocketChannel) channel, dataRecords);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        control.close();
    }

    private ByteChannel openData(final DataMode mode) throws IOException {
        if (mode == DataMode.PASSIVE) {
            send(control, "PASV\r\n");
            return connect(new InetSocketAddress(server.getAddress(), passivePort(expect(227))));
        }
        send(control, "SPSV\r\n");
        final String reply = expect(227);
        final int colon = reply.indexOf(':', reply.indexOf('('));
        if (colon < 0) {
            throw new IOException("No user and token in: " + reply);
        }
        final String user = "USER " + reply.substring(reply.indexOf('(') + 1, colon) + "\r\n";
        final String pass = "PASS " + reply.substring(colon + 1, reply.indexOf(')', colon)) + "\r\n";
        loginInput.clear().flip();
        final boolean pipelined = mode == DataMode.SINGLE_PORT_PIPELINED;
        final Security loginSecurity = mode == DataMode.SINGLE_PORT_CLEAR_LOGIN ? Security.NONE : security;
        final ByteChannel channel = pipelined ? connect(server) : open(loginSecurity, loginInput, dataRecords);
        try {
            if (pipelined) {
                send(channel, user + pass);
                expect(channel, loginInput, 220);
                expect(channel, loginInput, 331);
            } else {
                send(channel, user);
                expect(channel, loginInput, 331);
                send(channel, pass);
            }
            expect(channel, loginInput, 200);
            if (loginInput.hasRemaining()) {
                throw new IOException("The server sent data before a transfer was asked for");
            }
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Connects to the server's port, begins TLS if asked for, and has read the greeting in the end. */
    private ByteChannel open(final Security wanted, final ByteBuffer input, final TlsChannel.Buffers records)
            throws IOException {
        final SocketChannel channel = connect(server);
        try {
            if (wanted == Security.IMPLICIT) {
                final ByteChannel secure = secure(channel, records);
                expect(secure, input, 220);
                return secure;
            }
            expect(channel, input, 220);
            if (wanted == Security.NONE) {
                return channel;
            }
            send(channel, "AUTH TLS\r\n");
            expect(channel, input, 234);
            return secure(channel, records);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private TlsChannel secure(final SocketChannel channel, final TlsChannel.Buffers records) throws IOException {
        final InetSocketAddress peer =
                handshakes == Handshakes.RESUMED ? server : (InetSocketAddress) channel.getRemoteAddress();
        final SSLEngine engine = tls.engine(handshakes == Handshakes.FULL ? null : peer);
        final TlsChannel secure = new TlsChannel(channel, engine, records);
        tls.check(engine.getSession());
        return secure;
    }

    private static SocketChannel connect(final InetSocketAddress address) throws IOException {
        final SocketChannel channel = SocketChannel.open(address);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return channel;
    }

    private static int passivePort(final String reply) throws IOException {
        final int open = reply.indexOf('(');
        final int close = reply.indexOf(')', open + 1);
        final String[] numbers =
                close < 0 ? new String[0] : reply.substring(open + 1, close).split(",");
        if (numbers.length != 6) {
            throw new IOException("No address in: " + reply);
        }
        return Integer.parseInt(numbers[4]) << 8 | Integer.parseInt(numbers[5]);
    }

    private void send(final ByteChannel channel, final String lines) throws IOException {
        output.clear();
        output.put(lines.getBytes(StandardCharsets.US_ASCII)).flip();
        while (output.hasRemaining()) {
            channel.write(output);
        }
    }

    private String expect(final int code) throws IOException {
        return expect(control, controlInput, code);
    }

    private static String expect(final ByteChannel channel, final ByteBuffer input, final int code) throws IOException {
        String line = readLine(channel, input);
        while (line.length() > 3 && line.charAt(3) == '-') {
            line = readLine(channel, input);
        }
        if (!line.startsWith(String.valueOf(code))) {
            throw new IOException("Expected " + code + " but the server answered: " + line);
        }
        return line;
    }

    private static String readLine(final ByteChannel channel, final ByteBuffer input) throws IOException {
        final StringBuilder line = new StringBuilder(80);
        while (true) {
            while (input.hasRemaining()) {
                final char next = (char) (input.get() & 0xff);
                if (next == '\n') {
                    return line.toString();
                }
                if (next != '\r') {
                    line.append(next);
                }
            }
            input.clear();
            final int count = channel.read(input);
            input.flip();
            if (count < 0) {
                throw new EOFException("The server closed the connection after: " + line);
            }
        }
    }
}
