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
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between the gateway and a server, passes all bytes on, and keeps them: what an eavesdropper would see. */
final class RecordingRelay implements AutoCloseable {
    private static final int BACKLOG = 50;
    private static final int BUFFER = 64 * 1024;

    private final int serverPort;
    private final ServerSocket listening;
    private final ByteArrayOutputStream fromServer = new ByteArrayOutputStream();
    private final ByteArrayOutputStream fromGateway = new ByteArrayOutputStream();
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /** Listens on a free port of 127.0.0.1. */
    RecordingRelay(final int serverPort) throws IOException {
        this.serverPort = serverPort;
        listening = new ServerSocket(0, BACKLOG, InetAddress.getByName("127.0.0.1"));
        start(this::accept);
    }

    private void start(final Runnable task) {
        final Thread thread = new Thread(task, "relay");
        synchronized (threads) {
            threads.add(thread);
        }
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                final Socket client = listening.accept();
                connections.incrementAndGet();
                final Socket server = new Socket("127.0.0.1", serverPort);
                synchronized (sockets) {
                    sockets.add(client);
                    sockets.add(server);
                }
                start(() -> copy(client, server, fromGateway));
                start(() -> copy(server, client, fromServer));
            }
        } catch (final IOException ignored) {
            // the relay is closed, or the server is gone
        }
    }

    private static void copy(final Socket from, final Socket to, final ByteArrayOutputStream record) {
        final byte[] buffer = new byte[BUFFER];
        try {
            final InputStream in = from.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                record.write(buffer, 0, count);
                to.getOutputStream().write(buffer, 0, count);
            }
            to.shutdownOutput();
        } catch (final IOException e) {
            // pass a reset on
            reset(from);
            reset(to);
        }
    }

    private static void reset(final Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (final IOException ignored) {
            // it is closed already
        }
    }

    /** Returns the port to be taken for the server's. */
    int port() {
        return listening.getLocalPort();
    }

    /** Returns how many connections the gateway has made. */
    int connections() {
        return connections.get();
    }

    /** Returns all that the server has sent so far, on all connections, one character a byte. */
    String fromServer() {
        return new String(fromServer.toByteArray(), StandardCharsets.ISO_8859_1);
    }

    /** Returns all that the gateway has sent so far, on all connections, one character a byte. */
    String fromGateway() {
        return new String(fromGateway.toByteArray(), StandardCharsets.ISO_8859_1);
    }

    /** Cuts all connections. */
    void cut() {
        synchronized (sockets) {
            sockets.forEach(RecordingRelay::reset);
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
            cut();
            final List<Thread> all;
            synchronized (threads) {
                all = new ArrayList<>(threads);
            }
            for (final Thread thread : all) {
                thread.join();
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
