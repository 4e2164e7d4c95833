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
import net.spsv.ftpserver.testing.RandomContent;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TLSv1.3 renews keys in the midst of a transfer, at the wish of either end. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class KeyUpdateIT {
    /** Once in 16 mebibytes, where the JDK's own limit is 128 gibibytes. */
    private static final String LIMIT =
            "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^24, ChaCha20-Poly1305 KeyUpdate 2^24\n";

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers();

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "PASV", mode = EnumSource.Mode.EXCLUDE)
    void clientRenewsKeysByHandDuringAnUpload(final Way way) throws IOException {
        final byte[] content = new RandomContent(41, 300_000).bytes();
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3").byRecords()) {
            try (DataConnection data = session.begin("STOR by-hand")) {
                for (int at = 0; at < content.length; at += 100_000) {
                    data.records().write(Arrays.copyOfRange(content, at, at + 100_000));
                    data.records().send(data.records().encryptKeyUpdate());
                }
                data.records().closeNotify();
                // before its close_notify the server answers with new keys of its own
                assertThat(data.records().readToCloseNotify()).isEmpty();
                session.control().expect(226);
            }
            assertThat(SERVERS.of(way).content("by-hand")).isEqualTo(content);
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "PASV", mode = EnumSource.Mode.EXCLUDE)
    void clientRenewsKeysByHandDuringADownload(final Way way) throws IOException {
        final int size = 8 * 1024 * 1024;
        SERVERS.of(way).file("zeros", new byte[size]);
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3").byRecords()) {
            try (DataConnection data = session.begin("RETR zeros")) {
                for (int i = 0; i < 3; i++) {
                    data.records().readSome(1000);
                    data.records().send(data.records().encryptKeyUpdate());
                }
                assertThat(data.records().readToCloseNotify()).hasSize(size - 3000);
                session.control().expect(226);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    /** Uploads only: a JDK that renews keys while it receives does so with every record until the peer has answered. */
    @Test
    void clientRenewsKeys() throws IOException {
        try (Peer client = new Peer(
                directory,
                "up",
                Integer.toString(SERVERS.of(Way.EXPLICIT).port()),
                Integer.toString(SERVERS.of(Way.IMPLICIT).port()),
                Integer.toString(SERVERS.of(Way.CLEAR_LOGIN).port()))) {
            client.await("TRANSFERRED");
            client.expectRenewals();
        }
        KeyUpdateProcess.check(SERVERS);
    }

    /** Downloads only, for the same reason. */
    @Test
    void serverRenewsKeys() throws IOException {
        try (Peer server = new Peer(directory)) {
            final String[] ports = server.await("PORTS").substring(6).split(" ");
            KeyUpdateProcess.transfer(
                    false, Arrays.stream(ports).mapToInt(Integer::parseInt).toArray());
            server.expectRenewals();
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
                    if (line.matches("(PORTS|DONE|TRANSFERRED|Exception|Caused|\\tat net).*|.*KeyUpdate: .*")) {
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

        /** Fails unless the keys of this end were renewed in each transfer, twice. */
        void expectRenewals() {
            synchronized (lines) {
                assertThat(lines.stream().filter(line -> line.contains("key updated")))
                        .as("keys renewed")
                        .hasSizeGreaterThanOrEqualTo(3);
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
