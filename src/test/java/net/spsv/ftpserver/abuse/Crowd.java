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
package net.spsv.ftpserver.abuse;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RawFtpClient;

/** Many connections to one server that all do the same. */
final class Crowd implements Closeable {
    private static final int TIMEOUT_MILLIS = 30_000;
    /** Less than FtpServer's listening sockets keep until they are accepted, which is 50. */
    private static final int BURST = 20;

    private static final Path LIMITS = Paths.get("/proc/self/limits");

    private final List<Socket> sockets = new ArrayList<>();

    /** Connects so many, no faster than the server greets them: what overflows in the kernel is no test of it. */
    static Crowd of(final int count, final int port) throws IOException {
        return of(count, port, true);
    }

    /** Connects so many, to a server that says nothing before they do. */
    static Crowd ofSilent(final int count, final int port) throws IOException {
        return of(count, port, false);
    }

    private static Crowd of(final int count, final int port, final boolean paced) throws IOException {
        final Crowd crowd = new Crowd();
        try {
            for (int i = 0; i < count; i++) {
                final Socket socket = new Socket();
                crowd.sockets.add(socket);
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), TIMEOUT_MILLIS);
                if (paced && i % BURST == BURST - 1) {
                    socket.getInputStream().read();
                }
            }
            return crowd;
        } catch (final IOException e) {
            crowd.close();
            throw e;
        }
    }

    /** Skips the test, or fails it, unless this process may have so many descriptors. */
    static void needsDescriptors(final int count) throws IOException {
        if (!Files.exists(LIMITS)) {
            return;
        }
        for (final String line : Files.readAllLines(LIMITS, StandardCharsets.US_ASCII)) {
            if (line.startsWith("Max open files")) {
                final String limit =
                        line.substring("Max open files".length()).trim().split("\\s+")[0];
                if (!"unlimited".equals(limit) && Long.parseLong(limit) < count) {
                    Prerequisites.missing(
                            "AbuseIT is skipped, a crowd is not shown to do no harm",
                            "it needs " + count + " descriptors, the limit is " + limit);
                }
            }
        }
    }

    /** Sends the same on every connection, also on those that the server has ended. */
    Crowd send(final byte... bytes) {
        for (final Socket socket : sockets) {
            try {
                socket.getOutputStream().write(bytes);
            } catch (final IOException ignored) {
                // the server need not wait for more
                continue;
            }
        }
        return this;
    }

    Crowd send(final String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Reads every connection until the server ends it, and returns what came.
     *
     * <p>What has been ended is then forgotten by a reset: tens of thousands in TIME_WAIT slow down everybody who looks
     * at this machine's table of connections.
     */
    List<String> readToEnd() throws IOException {
        final List<String> said = new ArrayList<>();
        for (final Socket socket : sockets) {
            said.add(new String(RawFtpClient.readFully(socket), StandardCharsets.ISO_8859_1));
            RawFtpClient.reset(socket);
        }
        return said;
    }

    List<Socket> sockets() {
        return sockets;
    }

    @Override
    public void close() throws IOException {
        for (final Socket socket : sockets) {
            socket.close();
        }
    }
}
