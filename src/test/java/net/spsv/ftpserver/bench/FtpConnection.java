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
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * A control connection of a client that does as little as it can, so that the server is what is measured: blocking
 * channels, one direct buffer, received bytes are dropped, sent bytes come from the page cache. The same code for
 * every server and every way of opening a data connection.
 *
 * <p>Threading: one thread at a time.
 */
final class FtpConnection implements Closeable {
    private final InetSocketAddress server;
    private final SocketChannel control;
    private final ByteBuffer controlInput = ByteBuffer.allocateDirect(2048);
    private final ByteBuffer loginInput = ByteBuffer.allocateDirect(512);
    private final ByteBuffer output = ByteBuffer.allocateDirect(512);
    private final ByteBuffer data;

    /** Connects and reads the greeting; the direct buffer is used for all data connections. */
    FtpConnection(final InetSocketAddress server, final ByteBuffer data) throws IOException {
        this.server = server;
        this.data = data;
        data.order(ByteOrder.LITTLE_ENDIAN);
        controlInput.flip();
        control = connect(server);
        try {
            expect(220);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Logs in and switches to binary transfers. */
    void login(final String user, final String password) throws IOException {
        send(control, "USER " + user + "\r\n");
        expect(331);
        send(control, "PASS " + password + "\r\n");
        expect(230);
        send(control, "TYPE I\r\n");
        expect(200);
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
        try (SocketChannel channel = openData(mode)) {
            send(control, "RETR " + name + "\r\n");
            expect(150);
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

    /** Sends a whole file but for its first bytes, which are there already, without copying it through this process. */
    void resume(final DataMode mode, final String name, final int there, final FileChannel source) throws IOException {
        try (SocketChannel channel = openUpload(mode, name, there)) {
            final long size = source.size();
            for (long sent = there; sent < size; ) {
                sent += source.transferTo(sent, size - sent, channel);
            }
        }
        expect(226);
    }

    /** Sends a direct buffer but for its first bytes, which are there already. */
    void resume(final DataMode mode, final String name, final int there, final ByteBuffer content) throws IOException {
        final ByteBuffer source = content.duplicate();
        source.position(there);
        try (SocketChannel channel = openUpload(mode, name, there)) {
            while (source.hasRemaining()) {
                channel.write(source);
            }
        }
        expect(226);
    }

    private SocketChannel openUpload(final DataMode mode, final String name, final int there) throws IOException {
        final SocketChannel channel = openData(mode);
        try {
            send(control, "REST " + there + "\r\n");
            expect(350);
            send(control, "STOR " + name + "\r\n");
            expect(150);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        control.close();
    }

    private SocketChannel openData(final DataMode mode) throws IOException {
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
        final SocketChannel channel = connect(server);
        try {
            loginInput.clear().flip();
            if (mode == DataMode.SINGLE_PORT_PIPELINED) {
                send(channel, user + pass);
                expect(channel, loginInput, 220);
                expect(channel, loginInput, 331);
            } else {
                expect(channel, loginInput, 220);
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

    private void send(final SocketChannel channel, final String lines) throws IOException {
        output.clear();
        output.put(lines.getBytes(StandardCharsets.US_ASCII)).flip();
        while (output.hasRemaining()) {
            channel.write(output);
        }
    }

    private String expect(final int code) throws IOException {
        return expect(control, controlInput, code);
    }

    private static String expect(final SocketChannel channel, final ByteBuffer input, final int code)
            throws IOException {
        String line = readLine(channel, input);
        while (line.length() > 3 && line.charAt(3) == '-') {
            line = readLine(channel, input);
        }
        if (!line.startsWith(String.valueOf(code))) {
            throw new IOException("Expected " + code + " but the server answered: " + line);
        }
        return line;
    }

    private static String readLine(final SocketChannel channel, final ByteBuffer input) throws IOException {
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
