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
package net.spsv.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A server that protects its control connection, and answers AUTH on the second connection as a test wants it to. */
final class TlsControlServer implements AutoCloseable {
    private static final int TIMEOUT = 10_000;

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    private final SSLContext context;
    private final String answer;
    private final String behind;
    private final List<String> dataLines = new CopyOnWriteArrayList<>();
    private final CountDownLatch dataEnded = new CountDownLatch(1);
    private final Thread control = new Thread(() -> quietly(this::control), "tls-control");
    private final Thread data = new Thread(() -> quietly(this::data), "tls-data");

    /** Starts it; {@code behind} follows the answer in clear, and must not be taken for part of what is protected. */
    TlsControlServer(final SSLContext context, final String answer, final String behind) throws IOException {
        this.context = context;
        this.answer = answer;
        this.behind = behind;
        control.start();
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Returns the lines that were sent in clear on the second connection. */
    List<String> dataLines() {
        return dataLines;
    }

    /** Waits until the client has closed its second connection. */
    void awaitEnd() throws InterruptedException {
        if (!dataEnded.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("the client keeps its second connection open");
        }
    }

    private void control() throws IOException {
        try (Socket plain = accept()) {
            send(plain, "220 scripted");
            plain.getInputStream().read(new byte["AUTH TLS\r\n".length()]);
            send(plain, "234 TLS");
            final SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
            data.start();
            final BufferedReader in = reader(socket);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("USER")) {
                    send(socket, "331 password");
                } else if (line.startsWith("PASS")) {
                    send(socket, "230 in");
                } else {
                    send(socket, "SPSV".equals(line) ? "227 (DATACONN:007aB)" : "500 unknown");
                }
            }
        }
    }

    private void data() throws IOException {
        try (Socket socket = accept()) {
            send(socket, "220 scripted");
            final BufferedReader in = reader(socket);
            dataLines.add(in.readLine());
            send(socket, answer + behind);
            in.lines()
                    .filter(line -> line.startsWith("USER") || line.startsWith("PASS"))
                    .forEach(dataLines::add);
        } finally {
            dataEnded.countDown();
        }
    }

    private Socket accept() throws IOException {
        final Socket socket = listening.accept();
        socket.setSoTimeout(TIMEOUT);
        return socket;
    }

    private static BufferedReader reader(final Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    }

    private static void send(final Socket socket, final String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Something that a thread does, until a connection breaks. */
    private interface Work {
        void run() throws IOException;
    }

    private static void quietly(final Work work) {
        try {
            work.run();
        } catch (final IOException | UncheckedIOException expected) {
            // ends with its connections; the client sees it
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        try {
            control.join();
            data.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
