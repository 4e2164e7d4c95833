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

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/**
 * A server that says what a test wants it to say: the first connection is answered from a list of replies, every other
 * one runs the test's script.
 */
final class ScriptedServer implements AutoCloseable {
    private static final int TIMEOUT = 20_000;

    private final ServerSocket listening;
    private final Map<String, String> replies = new ConcurrentHashMap<>();
    private final List<String> controlLines = new CopyOnWriteArrayList<>();
    private final List<String> dataLines = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch dataEnded = new CountDownLatch(1);
    private volatile Script script = peer -> peer.send("220 data\r\n");
    private volatile Charset charset = StandardCharsets.US_ASCII;
    private volatile String afterTransfer = "226 done\r\n";

    /** What happens on a second connection. */
    interface Script {
        void run(Peer peer) throws IOException;
    }

    ScriptedServer() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        reply("USER", "331 password");
        reply("PASS", "230 in");
        reply("TYPE", "200 type");
        reply("REST", "350 offset");
        reply("RETR", "150 data follows");
        reply("SPSV", "227 Entering single-port mode (DATACONN:007aB)");
        start("control", () -> control(accept()));
    }

    /** Answers a command of the control connection with this. */
    ScriptedServer reply(final String verb, final String reply) {
        replies.put(verb, reply);
        return this;
    }

    /** Does this on every second connection; the connection ends with the script. */
    ScriptedServer onData(final Script newScript) {
        script = newScript;
        return this;
    }

    /** Says this behind the 150 of a download. */
    ScriptedServer afterTransfer(final String reply) {
        afterTransfer = reply + "\r\n";
        return this;
    }

    ScriptedServer charset(final Charset newCharset) {
        charset = newCharset;
        return this;
    }

    /** Returns the data login of the draft with these bytes behind it. */
    static Script dataLogin(final byte... content) {
        return peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            final ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write("331 token\r\n200 DATA\r\n".getBytes(StandardCharsets.US_ASCII));
            out.write(content);
            peer.send(out.toByteArray());
        };
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Returns the lines of the control connection. */
    List<String> controlLines() {
        return controlLines;
    }

    /** Returns the lines of second connections. */
    List<String> dataLines() {
        return dataLines;
    }

    /** Waits until the client has closed the second connection, or the script was over before it did. */
    void expectDataEnd() throws InterruptedException {
        if (!dataEnded.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("the client keeps its second connection open");
        }
    }

    private Socket accept() throws IOException {
        final Socket socket = listening.accept();
        socket.setSoTimeout(TIMEOUT);
        sockets.add(socket);
        return socket;
    }

    private void control(final Socket socket) throws IOException {
        final Peer peer = new Peer(socket, controlLines);
        start("data", this::data);
        peer.send("220 scripted\r\n");
        for (String line = peer.lineOrEnd(); line != null; line = peer.lineOrEnd()) {
            final String verb = line.split(" ", 2)[0];
            peer.send(replies.getOrDefault(verb, "500 unknown") + "\r\n");
            if ("RETR".equals(verb) && replies.get(verb).startsWith("1")) {
                peer.send(afterTransfer);
            }
        }
    }

    private void data() throws IOException {
        while (!listening.isClosed()) {
            final Socket socket = accept();
            try {
                script.run(new Peer(socket, dataLines));
            } catch (final SocketException e) {
                dataLines.add("reset");
            } finally {
                socket.close();
                dataEnded.countDown();
            }
        }
    }

    /** Something that a thread does. */
    private interface Work {
        void run() throws IOException;
    }

    private void start(final String name, final Work work) {
        final Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (final IOException | RuntimeException e) {
                        if (!listening.isClosed()) {
                            failures.add(e);
                        }
                    }
                },
                "scripted-" + name);
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (final Socket socket : sockets) {
            socket.close();
        }
        final List<Thread> all;
        synchronized (threads) {
            all = new ArrayList<>(threads);
        }
        for (final Thread thread : all) {
            try {
                thread.join(TIMEOUT);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("the scripted server has failed", failures.get(0));
        }
    }

    /** The server's end of a connection. */
    final class Peer {
        private final List<String> lines;
        private Socket socket;
        private InputStream in;

        Peer(final Socket socket, final List<String> lines) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.lines = lines;
        }

        Socket socket() {
            return socket;
        }

        void send(final String text) throws IOException {
            send(text.getBytes(charset));
        }

        void send(final byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        /** Goes on inside TLS, of which this is the server. */
        void startTls(final SSLContext context) throws IOException {
            socket = context.getSocketFactory().createSocket(socket, null, true);
            in = socket.getInputStream();
        }

        /** Reads a line, without its line end. */
        String line() throws IOException {
            final String line = lineOrEnd();
            if (line == null) {
                throw new EOFException("the client has left");
            }
            return line;
        }

        String lineOrEnd() throws IOException {
            final ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    return null;
                }
                line.write(next);
            }
            final String text = new String(line.toByteArray(), charset).trim();
            lines.add(text);
            return text;
        }

        /** Sends a byte every now and then until the client has had enough of it. */
        void drip() throws IOException {
            final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT);
            socket.setSoTimeout(20);
            while (System.nanoTime() < end) {
                send("x");
                try {
                    while (in.read() >= 0) {
                        // what it says does not matter
                    }
                    return;
                } catch (final SocketTimeoutException expected) {
                    // the client waits for more
                }
            }
            throw new AssertionError("the client is still there");
        }

        /** Waits until the client closes the connection. */
        void awaitEnd() throws IOException {
            while (lineOrEnd() != null) {
                // what it says before does not matter
            }
        }
    }
}
