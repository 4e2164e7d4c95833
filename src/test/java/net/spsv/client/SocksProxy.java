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

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A SOCKS5 proxy without authentication (RFC 1928), for as much as a client in a test asks of it. */
final class SocksProxy implements AutoCloseable {
    private static final int IP_V4 = 1;

    private final ServerSocket listening;
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();

    SocksProxy() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", listening.getLocalPort());
    }

    /** Returns how many connections it has made. */
    int connections() {
        return connections.get();
    }

    private void accept() throws IOException {
        while (true) {
            final Socket client = keep(listening.accept());
            start(() -> serve(client));
        }
    }

    private void serve(final Socket client) throws IOException {
        final DataInputStream in = new DataInputStream(client.getInputStream());
        in.readByte();
        in.readFully(new byte[in.readByte()]);
        client.getOutputStream().write(new byte[] {5, 0});
        in.readFully(new byte[3]);
        final byte[] address = new byte[in.readByte() == IP_V4 ? 4 : 16];
        in.readFully(address);
        final Socket server = keep(new Socket(InetAddress.getByAddress(address), in.readUnsignedShort()));
        connections.incrementAndGet();
        client.getOutputStream().write(new byte[] {5, 0, 0, IP_V4, 127, 0, 0, 1, 0, 1});
        start(() -> relay(server, client));
        relay(client, server);
    }

    private static void relay(final Socket from, final Socket to) throws IOException {
        final InputStream in = from.getInputStream();
        final byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            to.getOutputStream().write(buffer, 0, count);
        }
        to.shutdownOutput();
    }

    private Socket keep(final Socket socket) {
        synchronized (sockets) {
            sockets.add(socket);
        }
        return socket;
    }

    /** Something that a thread does, until a connection breaks. */
    private interface Work {
        void run() throws IOException;
    }

    private void start(final Work work) {
        final Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (final IOException expected) {
                        // ends with its connections; the client sees it
                    }
                },
                "socks");
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        synchronized (sockets) {
            for (final Socket socket : sockets) {
                socket.close();
            }
        }
        final List<Thread> all;
        synchronized (threads) {
            all = new ArrayList<>(threads);
        }
        for (final Thread thread : all) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
