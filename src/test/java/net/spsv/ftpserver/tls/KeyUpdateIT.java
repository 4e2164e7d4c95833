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
package net.spsv.ftpserver.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** TLSv1.3 renews keys in the midst of a transfer, at the wish of either end. */
@Timeout(60)
@ExtendWith(LeakCheckExtension.class)
class KeyUpdateIT {
    /** Once in a mebibyte, where the JDK's own limit is 128 gibibytes. */
    private static final String LIMIT =
            "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^20, ChaCha20-Poly1305 KeyUpdate 2^20\n";

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers();

    @TempDir
    Path directory;

    @Test
    void clientRenewsKeys() throws IOException {
        try (Peer client = new Peer(
                directory,
                Integer.toString(SERVERS.of(Way.EXPLICIT).port()),
                Integer.toString(SERVERS.of(Way.IMPLICIT).port()),
                Integer.toString(SERVERS.of(Way.CLEAR_LOGIN).port()))) {
            client.await("TRANSFERRED");
            assertThat(client.count("KeyUpdate: write key updated"))
                    .as("keys renewed of what the client has sent")
                    .isGreaterThan(40);
            assertThat(client.count("KeyUpdate: read key updated"))
                    .as("keys renewed of what the server has sent")
                    .isGreaterThan(40);
        }
    }

    @Test
    void serverRenewsKeys() throws IOException {
        try (Peer server = new Peer(directory)) {
            final String[] ports = server.await("PORTS").substring(6).split(" ");
            KeyUpdateProcess.transfer(
                    Arrays.stream(ports).mapToInt(Integer::parseInt).toArray());
            assertThat(server.count("KeyUpdate: write key updated"))
                    .as("keys renewed of what the server has sent")
                    .isGreaterThan(40);
            assertThat(server.count("KeyUpdate: read key updated"))
                    .as("keys renewed of what the client has sent")
                    .isGreaterThan(40);
        }
    }

    @Test
    void bothRenewKeys() throws IOException {
        try (Peer server = new Peer(directory)) {
            final String[] ports = server.await("PORTS").substring(6).split(" ");
            try (Peer client = new Peer(directory, ports)) {
                client.await("TRANSFERRED");
            }
        }
    }

    /** A virtual machine that runs {@link KeyUpdateProcess}. */
    private static final class Peer implements AutoCloseable {
        private final Process process;
        private final List<String> lines = new ArrayList<>();
        private final Thread reader;

        Peer(final Path directory, final String... args) throws IOException {
            final Path limit = directory.resolve("limit.properties");
            Files.write(limit, LIMIT.getBytes(StandardCharsets.US_ASCII));
            final List<String> command = new ArrayList<>(Arrays.asList(
                    Paths.get(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-Djava.security.properties=" + limit,
                    "-Djavax.net.debug=ssl,handshake",
                    "-Dtls.keys=" + Certificates.directory(),
                    "-classpath",
                    System.getProperty("java.class.path"),
                    KeyUpdateProcess.class.getName()));
            command.addAll(Arrays.asList(args));
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            reader = new Thread(this::read, "output of a peer");
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader in =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    // javax.net.debug is verbose
                    if (line.matches("(PORTS|DONE|TRANSFERRED).*|.*(KeyUpdate: |Error|at net\\.spsv|Caused).*")) {
                        synchronized (lines) {
                            lines.add(line);
                        }
                    }
                }
            } catch (final IOException e) {
                synchronized (lines) {
                    lines.add("(reading the output ended with " + e + ")");
                }
            }
        }

        /** Waits for a line that begins so; fails if the process ends before. */
        String await(final String start) {
            final String[] found = {null};
            Awaitility.await(start).atMost(50, TimeUnit.SECONDS).until(() -> {
                final boolean alive = process.isAlive();
                if (!alive) {
                    reader.join();
                }
                synchronized (lines) {
                    lines.stream().filter(line -> line.startsWith(start)).forEach(line -> found[0] = line);
                    if (!alive && found[0] == null) {
                        throw new AssertionError("a peer has ended:\n" + String.join("\n", lines));
                    }
                }
                return found[0] != null;
            });
            return found[0];
        }

        long count(final String part) {
            synchronized (lines) {
                return lines.stream().filter(line -> line.contains(part)).count();
            }
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
                reader.join();
            } catch (final InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
