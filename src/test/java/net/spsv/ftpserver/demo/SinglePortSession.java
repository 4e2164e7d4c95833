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
package net.spsv.ftpserver.demo;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A client's session over two plain sockets to one port, written down as it happens: {@code 1} is the control
 * connection, {@code 2} the data connection.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-4">
 *      draft-rosenau-ftp-single-port-02, section 4</a>
 */
final class SinglePortSession implements Closeable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final InetSocketAddress server;
    private final PrintWriter transcript;
    private final Socket control;

    SinglePortSession(final InetSocketAddress server, final PrintWriter transcript) throws IOException {
        this.server = server;
        this.transcript = transcript;
        this.control = connect();
    }

    /** Logs in, fetches one file and sends another, each over a data connection of its own. */
    void run(final String user, final String password, final String download, final String upload) throws IOException {
        note("The control connection (\"--1-->\") is established");
        expect(1, control, "220");
        control("USER " + user, "331");
        control("PASS " + password, "230");
        try (Socket data = openData()) {
            control("RETR " + download, "150");
            receive(data);
            note("The server closes the data connection");
        }
        expect(1, control, "226");
        try (Socket data = openData()) {
            control("STOR " + upload, "150");
            final String line = "This line came up through the same port.";
            transcript.println("C---2->S " + line);
            data.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            note("The client closes the data connection");
        }
        expect(1, control, "226");
        control("QUIT", "221");
    }

    @Override
    public void close() throws IOException {
        control.close();
    }

    private Socket openData() throws IOException {
        final String reply = control("SPSV", "227");
        final int open = reply.indexOf('(');
        final int colon = reply.indexOf(':', open);
        final int close = reply.indexOf(')', colon);
        if (open < 0 || colon < 0 || close < 0) {
            throw new IOException("No user and token in the reply to SPSV: " + reply);
        }
        final Socket data = connect();
        try {
            note("The data connection (\"---2->\") is established, to the same port " + data.getPort());
            expect(2, data, "220");
            send(2, data, "USER " + reply.substring(open + 1, colon));
            expect(2, data, "331");
            send(2, data, "PASS " + reply.substring(colon + 1, close));
            expect(2, data, "200 DATA");
            return data;
        } catch (IOException e) {
            data.close();
            throw e;
        }
    }

    private void receive(final Socket data) throws IOException {
        final BufferedReader contents =
                new BufferedReader(new InputStreamReader(data.getInputStream(), StandardCharsets.UTF_8));
        for (String line = contents.readLine(); line != null; line = contents.readLine()) {
            transcript.println("S---2->C " + line);
        }
    }

    private String control(final String command, final String reply) throws IOException {
        send(1, control, command);
        return expect(1, control, reply);
    }

    private void send(final int number, final Socket socket, final String line) throws IOException {
        transcript.println((number == 1 ? "C--1-->S " : "C---2->S ") + line);
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private String expect(final int number, final Socket socket, final String start) throws IOException {
        final String line = readLine(socket.getInputStream());
        transcript.println((number == 1 ? "S--1-->C " : "S---2->C ") + line);
        if (!line.startsWith(start)) {
            throw new IOException("expected a reply " + start + " but got: " + line);
        }
        return line;
    }

    /** Byte by byte, because what follows the last reply of a data connection is data. */
    private static String readLine(final InputStream in) throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    private Socket connect() throws IOException {
        final Socket socket = new Socket();
        try {
            socket.connect(server, TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void note(final String what) {
        transcript.println("- " + what);
    }
}
