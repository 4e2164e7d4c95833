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
package net.spsv.ftpserver.process;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A client written from the draft alone, with nothing but sockets: one control connection, and data connections to the
 * same address and port.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-4">
 *     draft-rosenau-ftp-single-port-02, section 4</a>
 */
public final class SinglePortClient implements Closeable {
    private static final int TIMEOUT_MILLIS = 30_000;
    /** What turns the connection into a data connection, to the byte. */
    private static final String DATA_REPLY = "200 DATA\r\n";

    private final InetSocketAddress server;
    private final Socket control;
    private final List<String> tokens = new ArrayList<>();

    /** Connects to the server and reads its greeting. */
    public SinglePortClient(final String host, final int port) throws IOException {
        server = new InetSocketAddress(host, port);
        control = connect();
        expect("220", reply(control));
    }

    private Socket connect() throws IOException {
        final Socket socket = new Socket();
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(server, TIMEOUT_MILLIS);
        return socket;
    }

    /** Logs a user in, and sets the type to binary. */
    public void login(final String user, final String password) throws IOException {
        command("331", "USER " + user);
        command("230", "PASS " + password);
        command("200", "TYPE I");
    }

    /** Sends a command and returns its reply, which must begin as expected. */
    public String command(final String expected, final String command) throws IOException {
        send(control, command);
        return expect(expected);
    }

    /** Reads a reply, which must begin as expected. */
    public String expect(final String expected) throws IOException {
        return expect(expected, reply(control));
    }

    /** Reads a reply, whatever it says. */
    public String anyReply() throws IOException {
        return reply(control);
    }

    /** Sends a command and does not read the reply. */
    public void send(final String command) throws IOException {
        send(control, command);
    }

    /** Sends SPSV and returns what stands between the brackets of its reply: user name, colon, token. */
    public String spsv() throws IOException {
        final String reply = command("227", "SPSV");
        final String endpoint = reply.substring(reply.lastIndexOf('(') + 1, reply.lastIndexOf(')'));
        tokens.add(endpoint.substring(endpoint.indexOf(':') + 1));
        return endpoint;
    }

    /** Opens a second connection to the same port and logs it in as a data connection. */
    public Socket openData(final String endpoint) throws IOException {
        final int colon = endpoint.indexOf(':');
        final Socket data = connect();
        expect("220", reply(data));
        send(data, "USER " + endpoint.substring(0, colon));
        expect("331", reply(data));
        send(data, "PASS " + endpoint.substring(colon + 1));
        final String answer = line(data);
        if (!DATA_REPLY.equals(answer)) {
            data.close();
            throw new IOException("The data login was answered " + answer);
        }
        return data;
    }

    /** Sends SPSV and opens the data connection. */
    public Socket openData() throws IOException {
        return openData(spsv());
    }

    /** Executes RETR, LIST and the like through a new single-port data connection. */
    public byte[] receive(final String command) throws IOException {
        try (Socket data = openData()) {
            return receive(command, data);
        }
    }

    /** Executes RETR, LIST and the like through a data connection that was opened before. */
    public byte[] receive(final String command, final Socket data) throws IOException {
        command("150", command);
        final byte[] bytes = readToEnd(data);
        expect("226");
        return bytes;
    }

    /** Executes STOR, APPE and the like through a new single-port data connection. */
    public void transmit(final String command, final byte[] bytes) throws IOException {
        try (Socket data = openData()) {
            transmit(command, bytes, data);
        }
    }

    /** Executes STOR, APPE and the like through a data connection that was opened before. */
    public void transmit(final String command, final byte[] bytes, final Socket data) throws IOException {
        command("150", command);
        data.getOutputStream().write(bytes);
        data.close();
        expect("226");
    }

    /** Reads a connection until the server ends it in an orderly way. */
    public static byte[] readToEnd(final Socket data) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[64 * 1024];
        final InputStream in = data.getInputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }

    /** Returns all tokens that the server has given to this client. */
    public List<String> tokens() {
        return tokens;
    }

    /** Returns the socket of the control connection. */
    public Socket control() {
        return control;
    }

    @Override
    public void close() throws IOException {
        control.close();
    }

    private static void send(final Socket socket, final String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String expect(final String expected, final String reply) throws IOException {
        if (!reply.startsWith(expected)) {
            throw new IOException("Expected " + expected + ", got: " + reply);
        }
        return reply;
    }

    /** Reads a reply and not a byte more, and returns its lines. */
    private static String reply(final Socket socket) throws IOException {
        final StringBuilder reply = new StringBuilder();
        String line = line(socket);
        final String end = line.substring(0, Math.min(3, line.length())) + " ";
        while (!line.startsWith(end)) {
            reply.append(line);
            line = line(socket);
        }
        return reply.append(line).toString().trim();
    }

    /** Reads a line and not a byte more, and returns it with its end. */
    private static String line(final Socket socket) throws IOException {
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet;
        do {
            octet = socket.getInputStream().read();
            if (octet < 0) {
                throw new EOFException("The server has closed the connection after: " + line);
            }
            line.write(octet);
        } while (octet != '\n');
        return line.toString("UTF-8");
    }
}
