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

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files up, down and listed through the one port of an FtpServer that its own command line has started. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
class CommandLineServerIT {
    private static final int MEBIBYTE = 1024 * 1024;
    /** {@code max-threads} of the example configuration. */
    private static final int MAX_THREADS = 16;

    private static final int TOKEN_LENGTH = 32;

    @TempDir
    static Path directory;

    private static FtpServerInstallation installation;
    private static FtpServerProcess server;
    private static Random random;
    /** All tokens that the server has given, or that were tried on it. */
    private static final Set<String> TOKENS = new HashSet<>();

    private SinglePortClient client;

    @BeforeAll
    static void startServer() throws IOException {
        final long seed = System.nanoTime();
        System.out.println("CommandLineServerIT: seed " + seed);
        random = new Random(seed);
        installation = FtpServerInstallation.into(directory);
        // a number of threads that does not depend on what the machine has to do
        installation.addJavaOption("-XX:+UseSerialGC");
        installation.addJavaOption("-XX:-UseDynamicNumberOfCompilerThreads");
        server = installation.start();
    }

    @AfterAll
    static void noTokenIsInTheLog() throws Exception {
        if (server != null) {
            server.expectEndWhenTerminated();
            server.close();
            assertThat(server.output()).contains("RECEIVED: SPSV");
            assertThat(tokensIn(server.output())).isEmpty();
        }
    }

    @BeforeEach
    void login() throws IOException {
        client = new SinglePortClient("127.0.0.1", server.port());
        client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
    }

    @AfterEach
    void logout() throws IOException {
        client.close();
        TOKENS.addAll(client.tokens());
    }

    @Test
    void logsVersionPortAndDataUserInOneLineAtStart() throws IOException {
        assertThat(server.pluginLine()).contains("SPSV", version(), "DATACONN");
        assertThat(server.listeningPorts()).containsExactly(server.port());
        client.spsv();
    }

    @Test
    void fileGoesUpAndComesDownThroughTheOnePort() throws Exception {
        final byte[] content = bytes(MEBIBYTE);

        try (Socket data = client.openData()) {
            assertThat(server.listeningPorts()).containsExactly(server.port());
            client.command("150", "STOR up.bin");
            data.getOutputStream().write(content, 0, MEBIBYTE / 2);
            assertThat(server.listeningPorts()).containsExactly(server.port());
            data.getOutputStream().write(content, MEBIBYTE / 2, MEBIBYTE - MEBIBYTE / 2);
        }
        client.expect("226");
        assertThat(digest(Files.readAllBytes(installation.home().resolve("up.bin"))))
                .isEqualTo(digest(content));

        final byte[] down;
        try (Socket data = client.openData()) {
            client.command("150", "RETR up.bin");
            assertThat(server.listeningPorts()).containsExactly(server.port());
            down = SinglePortClient.readToEnd(data);
        }
        client.expect("226");
        assertThat(digest(down)).isEqualTo(digest(content));
    }

    @Test
    void passiveModeOpensAnotherPort() throws IOException {
        // shows that the other tests would see a second port
        client.command("227", "PASV");
        assertThat(server.listeningPorts()).hasSize(2).contains(server.port());
        client.spsv();
        assertThat(server.listeningPorts()).containsExactly(server.port());
    }

    @Test
    void dataLoginMayComeAfterTheTransferCommand() throws Exception {
        final byte[] content = bytes(MEBIBYTE);
        Files.write(installation.home().resolve("late.bin"), content);

        final String endpoint = client.spsv();
        client.command("150", "RETR late.bin");
        final byte[] down;
        try (Socket data = client.openData(endpoint)) {
            down = SinglePortClient.readToEnd(data);
        }
        client.expect("226");
        assertThat(digest(down)).isEqualTo(digest(content));
    }

    @Test
    void listingsComeThroughTheOnePort() throws IOException {
        Files.createDirectories(installation.home().resolve("listed"));
        Files.write(installation.home().resolve("listed/one.txt"), bytes(11));
        Files.write(installation.home().resolve("listed/two.txt"), bytes(22));

        assertThat(text(client.receive("LIST listed")).split("\r\n"))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains(" 11 ").endsWith("one.txt"))
                .anySatisfy(line -> assertThat(line).contains(" 22 ").endsWith("two.txt"));
        assertThat(text(client.receive("MLSD listed")).split("\r\n"))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("Size=11;").endsWith(" one.txt"))
                .anySatisfy(line -> assertThat(line).contains("Size=22;").endsWith(" two.txt"));
        assertThat(text(client.receive("NLST listed"))).contains("one.txt\r\n", "two.txt\r\n");
        assertThat(server.listeningPorts()).containsExactly(server.port());
    }

    @Test
    void uploadIsAppended() throws Exception {
        final byte[] content = bytes(MEBIBYTE);
        client.transmit("STOR appended.bin", Arrays.copyOf(content, 1000));
        client.transmit("APPE appended.bin", Arrays.copyOfRange(content, 1000, MEBIBYTE));

        assertThat(digest(client.receive("RETR appended.bin"))).isEqualTo(digest(content));
    }

    @Test
    void transfersAreTakenUpWhereRestSays() throws Exception {
        final byte[] content = bytes(MEBIBYTE);
        client.transmit("STOR rest.bin", Arrays.copyOf(content, 700_000));
        try (Socket data = client.openData()) {
            client.command("350", "REST 600000");
            client.transmit("STOR rest.bin", Arrays.copyOfRange(content, 600_000, MEBIBYTE), data);
        }
        assertThat(digest(Files.readAllBytes(installation.home().resolve("rest.bin"))))
                .isEqualTo(digest(content));

        try (Socket data = client.openData()) {
            client.command("350", "REST 1048000");
            assertThat(client.receive("RETR rest.bin", data))
                    .isEqualTo(Arrays.copyOfRange(content, 1_048_000, MEBIBYTE));
        }
    }

    @Test
    void aborEndsADownloadThatNobodyReads() throws IOException {
        final Path large = installation.home().resolve("large.bin");
        Files.write(large, new byte[32 * MEBIBYTE]);

        try (Socket data = client.openData()) {
            client.command("150", "RETR large.bin");
            assertThat(data.getInputStream().read())
                    .as("the transfer has begun")
                    .isZero();
            final long start = System.nanoTime();
            client.command("426", "ABOR");
            client.expect("226");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
            assertThat(drain(data)).isLessThan(32L * MEBIBYTE);
        }
        client.command("200", "NOOP");
        Files.delete(large);
    }

    @Test
    void aborRightBehindThe150EndsTheTransferAsOneThatHasBegun() throws IOException {
        // more than fits into the sockets' buffers
        Files.write(installation.home().resolve("abort.bin"), new byte[32 * MEBIBYTE]);

        for (int i = 0; i < 20; i++) {
            for (final String transfer : Arrays.asList("RETR abort.bin", "STOR aborted.bin")) {
                try (Socket data = client.openData()) {
                    client.command("150", transfer);
                    client.send("ABOR");
                    client.expect("426");
                    client.expect("226");
                    assertThat(drain(data)).as(transfer).isLessThan(32L * MEBIBYTE);
                }
            }
        }
    }

    @Test
    void thousandTransfersLeaveNoThreadAndNoDescriptorBehind() throws IOException {
        final byte[] content = bytes(4096);
        client.transmit("STOR small.bin", content);
        for (int i = 0; i < 100; i++) {
            transfer(i, content);
        }
        final List<String> descriptors = server.descriptors();
        final List<String> threads = server.threads();
        // FtpServer starts up to max-threads of these, when it likes, and sends them home after 30 idle seconds; the
        // plugin one more if it waits for a data connection
        final long commandThreads =
                threads.stream().filter(name -> name.startsWith("pool-3-")).count();

        for (int i = 0; i < 1000; i++) {
            transfer(i, content);
        }

        Awaitility.await()
                .untilAsserted(() -> assertThat(server.descriptors())
                        .as("descriptors; before: %s", descriptors)
                        .hasSizeLessThanOrEqualTo(descriptors.size()));
        Awaitility.await()
                .untilAsserted(() -> assertThat(server.threads())
                        .as("threads; before: %s", threads)
                        .hasSizeLessThanOrEqualTo(
                                (int) (threads.size() - commandThreads + Math.max(commandThreads, MAX_THREADS + 1))));
    }

    @Test
    void refusedDataLoginIsAWarningThatNamesThePeerAndNotTheToken() throws IOException {
        final String spent = client.spsv();
        client.openData(spent).close();

        assertThatThrownBy(() -> client.openData(spent)).hasMessageContaining("504");

        final String line = Awaitility.await()
                .until(
                        () -> server.lines().stream()
                                .filter(logged -> logged.contains("WARN") && logged.contains("net.spsv"))
                                .findFirst()
                                .orElse(null),
                        Objects::nonNull);
        assertThat(line).contains("127.0.0.1").doesNotContain(spent.substring(spent.indexOf(':') + 1));
    }

    @Test
    void manyClientsInBothOrdersAtOnceNeedNoMoreThreadsThanThatWait() throws Exception {
        final byte[] content = bytes(200_000);
        Files.write(installation.home().resolve("shared.bin"), content);
        final int clients = 30;
        final ExecutorService pool = Executors.newFixedThreadPool(clients);
        try {
            final List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                final int number = i;
                results.add(pool.submit(() -> {
                    fetchInBothOrders(number, content);
                    return null;
                }));
            }
            for (final Future<?> result : results) {
                result.get();
            }
        } catch (final ExecutionException e) {
            throw new AssertionError("The server has warned of: " + server.warnings(), e);
        } finally {
            pool.shutdownNow();
        }
        // the first two pools are MINA's own, the acceptor's and the processors'
        assertThat(server.threads().stream().filter(name -> name.matches("pool-[^12]-.*")))
                .hasSizeLessThanOrEqualTo(MAX_THREADS + clients);
    }

    private static void fetchInBothOrders(final int number, final byte[] content) throws IOException {
        try (SinglePortClient one = new SinglePortClient("127.0.0.1", server.port())) {
            one.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
            for (int i = 0; i < 20; i++) {
                if ((number + i) % 2 == 0) {
                    assertThat(one.receive("RETR shared.bin")).isEqualTo(content);
                } else {
                    final String endpoint = one.spsv();
                    one.command("150", "RETR shared.bin");
                    try (Socket data = one.openData(endpoint)) {
                        assertThat(SinglePortClient.readToEnd(data)).isEqualTo(content);
                    }
                    one.expect("226");
                }
            }
        }
    }

    private void transfer(final int number, final byte[] content) throws IOException {
        switch (number % 3) {
            case 0:
                assertThat(client.receive("RETR small.bin")).isEqualTo(content);
                break;
            case 1:
                client.transmit("STOR small" + number % 7 + ".bin", content);
                break;
            default:
                assertThat(text(client.receive("LIST"))).contains("small.bin");
        }
    }

    private static List<String> tokensIn(final String log) {
        assertThat(TOKENS).isNotEmpty().allSatisfy(token -> assertThat(token).hasSize(TOKEN_LENGTH));
        return IntStream.rangeClosed(0, log.length() - TOKEN_LENGTH)
                .mapToObj(start -> log.substring(start, start + TOKEN_LENGTH))
                .filter(TOKENS::contains)
                .collect(Collectors.toList());
    }

    private static String version() {
        final Matcher matcher =
                Pattern.compile("ftpserver-spsv-(\\S+)\\.jar$").matcher(System.getProperty("plugin.jar"));
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }

    private static byte[] bytes(final int count) {
        final byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String digest(final byte[] bytes) throws NoSuchAlgorithmException {
        return new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes)).toString(16);
    }

    /** Reads what is left in a connection that the server has cut, and counts it. */
    private static long drain(final Socket data) throws IOException {
        final byte[] buffer = new byte[64 * 1024];
        long total = 0;
        try {
            for (int count = data.getInputStream().read(buffer);
                    count >= 0;
                    count = data.getInputStream().read(buffer)) {
                total += count;
            }
        } catch (final SocketException e) {
            // reset: as good an end as any here
            return total;
        }
        return total;
    }
}
