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
package net.spsv.ftpserver.testing;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * One plain socket to an FTP server and literal lines: nothing is sent, read or put right that a test did not ask for.
 *
 * <p>Replies are read byte by byte, so that the socket stands right behind the last reply that was asked for and can be
 * used as a data connection. All that was said is kept, and is part of every error message.
 */
public final class RawFtpClient implements Closeable {
    /** What ends a data login, to the byte. */
    public static final String DATA_REPLY = "200 DATA\r\n";

    private static final int TIMEOUT_MILLIS = 30_000;
    private static final Pattern ENDPOINT = Pattern.compile("\\((\\S+):(\\S+)\\)");

    private final Socket socket;
    private final StringBuffer transcript = new StringBuffer();

    private RawFtpClient(final Socket socket) {
        this.socket = socket;
    }

    /** Connects to a server on loopback; the greeting is not read. */
    public static RawFtpClient connect(final int port) {
        return connect(port, "127.0.0.1");
    }

    /** Connects to a server on loopback from another loopback address, for example 127.0.0.2. */
    public static RawFtpClient connect(final int port, final String localAddress) {
        final Socket socket = new Socket();
        try {
            socket.bind(new InetSocketAddress(InetAddress.getByName(localAddress), 0));
            return connect(socket, port);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects a socket that the test has prepared, for example with a small receive buffer. */
    public static RawFtpClient connect(final Socket prepared, final int port) {
        return connect(prepared, new InetSocketAddress("127.0.0.1", port));
    }

    /** Connects to an address, which may be of IPv6; the greeting is not read. */
    public static RawFtpClient connect(final InetSocketAddress server) {
        return connect(new Socket(), server);
    }

    private static RawFtpClient connect(final Socket prepared, final InetSocketAddress server) {
        try {
            prepared.setTcpNoDelay(true);
            prepared.setSoTimeout(TIMEOUT_MILLIS);
            prepared.connect(server, TIMEOUT_MILLIS);
            return new RawFtpClient(prepared);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Opens a connection and logs it in as the data connection of a token, step by step.
     *
     * @return the socket, right behind the ten bytes {@code 200 DATA<CRLF>}; the caller owns it
     */
    public static Socket dataConnection(final int port, final Endpoint endpoint) {
        return connect(port).dataLogin(endpoint);
    }

    /** Logs this connection in as a data connection, greeting included, and returns its socket. */
    public Socket dataLogin(final Endpoint endpoint) {
        try {
            greeted();
            line("USER " + endpoint.user()).expect(331);
            line("PASS " + endpoint.token());
            return spliced();
        } catch (final AssertionError e) {
            close();
            throw e;
        }
    }

    /** Reads exactly {@code 200 DATA<CRLF>} and returns the socket, which is the data connection from there on. */
    public Socket spliced() {
        final String answer = new String(read(DATA_REPLY.length()), StandardCharsets.ISO_8859_1);
        if (!DATA_REPLY.equals(answer)) {
            throw failure("expected exactly 200 DATA<CRLF>, got: " + answer);
        }
        return socket;
    }

    /** Sends characters, one byte each, as they are: no line end is added. */
    public RawFtpClient send(final String text) {
        return sendBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sends a line, and CRLF behind it. */
    public RawFtpClient line(final String line) {
        return send(line + "\r\n");
    }

    /** Sends bytes, in one write. */
    public RawFtpClient sendBytes(final byte... bytes) {
        try {
            transcript.append("> ").append(printable(bytes)).append('\n');
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        } catch (final IOException e) {
            throw failure("could not send", e);
        }
    }

    /** Sends each part when the server has taken the one before out of its socket, so that none is seen together. */
    public RawFtpClient sendApart(final byte[]... parts) {
        for (final byte[] part : parts) {
            sendBytes(part);
            awaitTaken();
        }
        return this;
    }

    /** Waits until the server's process has read everything that this client sent. */
    public RawFtpClient awaitTaken() {
        Awaitility.await("the server reads what was sent")
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> unreadAtServer() == 0);
        return this;
    }

    /** Sends TCP urgent data, as a telnet Synch does. */
    public RawFtpClient sendUrgent(final int octet) {
        try {
            transcript.append("> urgent ").append(octet & 0xff).append('\n');
            socket.sendUrgentData(octet);
            return this;
        } catch (final IOException e) {
            throw failure("could not send urgent data", e);
        }
    }

    /** Reads one reply, all its lines, without the line end of the last one. */
    public String reply() {
        final StringBuilder reply = new StringBuilder(readLine());
        if (reply.length() > 3 && reply.charAt(3) == '-') {
            final String last = reply.substring(0, 3) + " ";
            String line;
            do {
                line = readLine();
                reply.append('\n').append(line);
            } while (!line.startsWith(last));
        }
        return reply.toString();
    }

    /** Reads one reply that must have this code, and returns it. */
    public String expect(final int code) {
        final String reply = reply();
        if (!reply.startsWith(Integer.toString(code)) || reply.length() < 4) {
            throw failure("expected " + code + ", got: " + reply);
        }
        return reply;
    }

    /** Reads the greeting, which must be 220. */
    public RawFtpClient greeted() {
        expect(220);
        return this;
    }

    /** Logs an ordinary user in; the greeting was read before. */
    public RawFtpClient login(final String user, final String password) {
        line("USER " + user).expect(331);
        line("PASS " + password).expect(230);
        return this;
    }

    /** Switches to TYPE I, in which a transfer changes no byte. */
    public RawFtpClient binary() {
        line("TYPE I").expect(200);
        return this;
    }

    /** Sends SPSV and returns what stood between the brackets of its 227. */
    public Endpoint spsv() {
        return endpoint(line("SPSV").expect(227));
    }

    /** Returns what stands between the brackets of a 227 reply to SPSV. */
    public static Endpoint endpoint(final String reply) {
        final Matcher matcher = ENDPOINT.matcher(reply);
        if (!matcher.find()) {
            throw new AssertionError("no (user:token) in: " + reply);
        }
        return new Endpoint(matcher.group(1), matcher.group(2));
    }

    /** Downloads a file through SPSV on this logged-in session. */
    public byte[] retrieve(final String file) {
        try (Socket data = dataConnection(socket.getPort(), spsv())) {
            line("RETR " + file).expect(150);
            final byte[] content = readFully(data);
            expect(226);
            return content;
        } catch (final IOException e) {
            throw failure("could not retrieve " + file, e);
        }
    }

    /** Uploads a file through SPSV on this logged-in session. */
    public void store(final String file, final byte... content) {
        try (Socket data = dataConnection(socket.getPort(), spsv())) {
            line("STOR " + file).expect(150);
            data.getOutputStream().write(content);
            data.shutdownOutput();
            expect(226);
        } catch (final IOException e) {
            throw failure("could not store " + file, e);
        }
    }

    /** Reads exactly so many bytes. */
    public byte[] read(final int count) {
        final byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            final int octet = readByte();
            if (octet < 0) {
                throw failure(
                        "the server closed the connection after " + printable(Arrays.copyOf(bytes, i)),
                        new EOFException());
            }
            bytes[i] = (byte) octet;
        }
        transcript.append("< ").append(printable(bytes)).append('\n');
        return bytes;
    }

    /** Reads until the server ends the connection in an orderly way. */
    public byte[] readToEnd() {
        try {
            final byte[] bytes = readFully(socket);
            transcript.append("< ").append(bytes.length).append(" bytes and the end\n");
            return bytes;
        } catch (final IOException e) {
            throw failure("could not read to the end", e);
        }
    }

    /** Reads a socket until the peer ends the connection in an orderly way. */
    public static byte[] readFully(final Socket source) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[64 * 1024];
        final InputStream in = source.getInputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }

    /** Reads whatever comes until the server ends the connection, by FIN or by RST. */
    public void expectEnd() {
        try {
            readFully(socket);
        } catch (final SocketTimeoutException e) {
            throw failure("the server did not drop the connection", e);
        } catch (final IOException e) {
            transcript.append("< reset\n");
        }
    }

    /** Fails unless the server drops the connection, by FIN or by RST, without another byte. */
    public void expectDropped() {
        try {
            final int octet = socket.getInputStream().read();
            if (octet >= 0) {
                throw failure("expected the end of the connection, got: " + printable(new byte[] {(byte) octet})
                        + readLine());
            }
        } catch (final SocketTimeoutException e) {
            throw failure("the server did not drop the connection", e);
        } catch (final SocketException e) {
            transcript.append("< reset\n");
        } catch (final IOException e) {
            throw failure("could not read", e);
        }
    }

    /** Fails unless this logged-in session is alive, and its last reply was read. */
    public void expectAlive() {
        line("NOOP").expect(200);
    }

    /** Closes the connection by RST. */
    public void reset() {
        reset(socket);
    }

    /** Closes a connection by RST. */
    public static void reset(final Socket connection) {
        try {
            connection.setSoLinger(true, 0);
            connection.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the socket. */
    public Socket socket() {
        return socket;
    }

    /** Returns all that was said. */
    public String transcript() {
        return transcript.toString();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readLine() {
        final StringBuilder line = new StringBuilder();
        int octet = readByte();
        while (octet != '\n') {
            if (octet < 0) {
                throw failure("the server closed the connection after: " + line, new EOFException());
            }
            line.append((char) octet);
            octet = readByte();
        }
        if (line.length() == 0 || line.charAt(line.length() - 1) != '\r') {
            throw failure("a line that does not end in CRLF: " + line);
        }
        line.setLength(line.length() - 1);
        transcript.append("< ").append(line).append('\n');
        return line.toString();
    }

    private int readByte() {
        try {
            return socket.getInputStream().read();
        } catch (final IOException e) {
            throw failure("could not read", e);
        }
    }

    /** Returns how many bytes wait in the receive queue of the server's end, which is a socket of this machine. */
    private long unreadAtServer() throws IOException {
        final String local = String.format(Locale.ROOT, ":%04X", socket.getPort());
        final String remote = String.format(Locale.ROOT, ":%04X", socket.getLocalPort());
        for (final String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            final Path path = Paths.get(table);
            if (!Files.exists(path)) {
                continue;
            }
            for (final String row : Files.readAllLines(path, StandardCharsets.US_ASCII)) {
                if (!row.contains(remote)) {
                    // most rows are of others, and this is asked again and again
                    continue;
                }
                final String[] columns = row.trim().split("\\s+");
                if (columns.length > 4 && columns[1].endsWith(local) && columns[2].endsWith(remote)) {
                    return Long.parseLong(columns[4].substring(columns[4].indexOf(':') + 1), 16);
                }
            }
        }
        return 0;
    }

    private AssertionError failure(final String what) {
        return new AssertionError(what + "\nTranscript:\n" + transcript);
    }

    private AssertionError failure(final String what, final IOException cause) {
        return new AssertionError(what + ": " + cause + "\nTranscript:\n" + transcript, cause);
    }

    private static String printable(final byte... bytes) {
        final StringBuilder text = new StringBuilder();
        for (final byte octet : Arrays.copyOf(bytes, Math.min(bytes.length, 400))) {
            final int value = octet & 0xff;
            if (value == '\r') {
                text.append("\\r");
            } else if (value == '\n') {
                text.append("\\n");
            } else if (value >= ' ' && value < 127) {
                text.append((char) value);
            } else {
                text.append(String.format(Locale.ROOT, "\\x%02x", value));
            }
        }
        return bytes.length > 400 ? text + "... (" + bytes.length + " bytes)" : text.toString();
    }

    /** What stands between the brackets of the 227 reply to SPSV. */
    public static final class Endpoint {
        private final String user;
        private final String token;

        /** Names the data user and the token. */
        public Endpoint(final String user, final String token) {
            this.user = user;
            this.token = token;
        }

        /** Returns the name of the data user. */
        public String user() {
            return user;
        }

        /** Returns the token. */
        public String token() {
            return token;
        }

        /** Returns both as they stood between the brackets. */
        @Override
        public String toString() {
            return user + ":" + token;
        }
    }
}
