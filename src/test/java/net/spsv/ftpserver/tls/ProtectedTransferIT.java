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

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files and listings over protected data connections, on every way and with both protocols. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ProtectedTransferIT {
    private static final int RECORD = 16 * 1024;
    private static final int MEBIBYTE = 1024 * 1024;
    private static final int RATE = 256 * 1024;
    private static final int[] SIZES = {0, 1, RECORD - 1, RECORD, RECORD + 1, 3 * RECORD, 1_000_003};

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers(server -> server.slowUserRate(RATE));

    private static long seed;

    @BeforeAll
    static void printSeed() {
        seed = System.nanoTime();
        System.out.println("ProtectedTransferIT: seed " + seed);
    }

    static List<Arguments> waysAndProtocols() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : Way.values()) {
            for (final String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
                all.add(Arguments.of(way, protocol));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void filesOfAllSizesGoUpAndComeDownInOneSession(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            // FtpServer's own way has but one order, and waits for delayed ACKs
            final TlsSession.Order[] orders = way.isSinglePort()
                    ? TlsSession.Order.values()
                    : new TlsSession.Order[] {TlsSession.Order.LOGIN_FIRST};
            for (final TlsSession.Order order : orders) {
                session.order(order);
                for (final int size : SIZES) {
                    final byte[] content = new RandomContent(seed + size, size).bytes();
                    final String name = "size-" + size + "-" + order;

                    session.upload(content, "STOR " + name);
                    assertThat(SERVERS.of(way).content(name)).as(name).isEqualTo(content);
                    assertThat(session.download("RETR " + name)).as(name).isEqualTo(content);
                }
            }
            session.control().expectAlive();
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void largeFileGoesUpAndComesDown(final Way way, final String protocol) throws IOException {
        final RandomContent content = new RandomContent(seed, 64 * MEBIBYTE);
        final Path file = SERVERS.path(way, "large");
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            final String sent = session.upload(content, "STOR large");
            assertThat(file).hasSize(content.length());
            assertThat(RandomContent.digest(file)).isEqualTo(sent);
            assertThat(session.downloadDigest("RETR large")).isEqualTo(sent);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void protocolThatTheClientWantsIsTheOneInUse(final Way way, final String protocol) throws IOException {
        SERVERS.file("small", new byte[] {1});
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            try (DataConnection data = session.begin("RETR small")) {
                assertThat(data.socket().getSession().getProtocol()).isEqualTo(protocol);
                assertThat(Certificates.peer(data.socket().getSession())).isEqualTo("CN=listener");
                assertThat(data.socket().getInputStream().read()).isEqualTo(1);
                assertThat(data.socket().getInputStream().read()).isEqualTo(-1);
            }
            session.control().expect(226);
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void listingsComeProtected(final Way way, final String protocol) throws IOException {
        final Path directory = SERVERS.path(way, "listed");
        Files.createDirectories(directory);
        Files.createDirectories(SERVERS.path(way, "nothing"));
        Files.write(directory.resolve("one.txt"), new byte[11]);
        Files.write(directory.resolve("two.txt"), new byte[22]);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            assertThat(text(session.download("LIST listed")).split("\r\n"))
                    .hasSize(2)
                    .anySatisfy(line -> assertThat(line).contains(" 11 ").endsWith("one.txt"))
                    .anySatisfy(line -> assertThat(line).contains(" 22 ").endsWith("two.txt"));
            assertThat(text(session.download("MLSD listed")).split("\r\n"))
                    .hasSize(2)
                    .anySatisfy(line -> assertThat(line).contains("Size=11;").endsWith(" one.txt"))
                    .anySatisfy(line -> assertThat(line).contains("Size=22;").endsWith(" two.txt"));
            assertThat(text(session.download("NLST listed")).split("\r\n"))
                    .containsExactlyInAnyOrder("one.txt", "two.txt");
            assertThat(session.download("LIST nothing")).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void asciiChangesLineEnds(final Way way, final String protocol) throws IOException {
        SERVERS.file("lines", bytes("one\ntwo\n"));
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            assertThat(text(session.download("TYPE A", "RETR lines"))).isEqualTo("one\r\ntwo\r\n");
            session.upload(bytes("three\r\nfour\r\n"), "TYPE A", "STOR stored-lines");
            assertThat(text(SERVERS.of(way).content("stored-lines")))
                    .isEqualTo("three" + System.lineSeparator() + "four" + System.lineSeparator());
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void modeZCompresses(final Way way, final String protocol) throws IOException {
        final byte[] content = new byte[200_000];
        Arrays.fill(content, (byte) 'z');
        SERVERS.file("plain", content);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            session.control().command("MODE Z", 200);
            final byte[] compressed = session.download("RETR plain");
            assertThat(compressed).hasSizeLessThan(10_000);
            assertThat(inflate(compressed)).isEqualTo(content);

            session.upload(deflate(content), "STOR inflated");
            assertThat(SERVERS.of(way).content("inflated")).isEqualTo(content);
            session.control().command("MODE S", 200);
            assertThat(session.download("RETR plain")).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void transferRateHoldsBothWays(final Way way) throws IOException {
        final byte[] content = new RandomContent(seed, RATE).bytes();
        SERVERS.file("slow", content);
        try (TlsSession session = TlsSession.login(
                SERVERS.of(way).port(),
                way,
                "TLSv1.3",
                Certificates.client(),
                FtpServerExtension.SLOW_USER,
                FtpServerExtension.SLOW_USER)) {
            final long start = System.nanoTime();
            assertThat(session.download("RETR slow")).isEqualTo(content);
            final long between = System.nanoTime();
            session.upload(content, "STOR slow-up");
            final long end = System.nanoTime();

            assertThat(SERVERS.of(way).content("slow-up")).isEqualTo(content);
            // FtpServer lets the first buffers through and counts whole milliseconds
            assertThat(Duration.ofNanos(between - start)).isBetween(Duration.ofMillis(700), Duration.ofSeconds(5));
            assertThat(Duration.ofNanos(end - between)).isBetween(Duration.ofMillis(700), Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void uploadsAreAppendedStoredUniquelyAndTakenUpWhereRestSays(final Way way, final String protocol)
            throws IOException {
        final byte[] content = new RandomContent(seed, 100_000).bytes();
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            session.upload(Arrays.copyOf(content, 1000), "STOR appended");
            session.upload(Arrays.copyOfRange(content, 1000, content.length), "APPE appended");
            assertThat(SERVERS.of(way).content("appended")).isEqualTo(content);

            assertThat(session.download("REST 99000", "RETR appended"))
                    .isEqualTo(Arrays.copyOfRange(content, 99_000, content.length));

            session.upload(Arrays.copyOf(content, 70_000), "STOR rest");
            session.upload(Arrays.copyOfRange(content, 60_000, content.length), "REST 60000", "STOR rest");
            assertThat(SERVERS.of(way).content("rest")).isEqualTo(content);

            final List<String> before = names(way);
            session.upload(content, "STOU unique");
            final List<String> added = names(way);
            added.removeAll(before);
            assertThat(added).hasSize(1);
            assertThat(SERVERS.of(way).content(added.get(0))).isEqualTo(content);
            Files.delete(SERVERS.path(way, added.get(0)));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "PASV", mode = EnumSource.Mode.EXCLUDE)
    void singlePortAndProtectedPasvTakeTurns(final Way way) throws IOException {
        final byte[] content = new RandomContent(seed, 50_000).bytes();
        SERVERS.file("turns", content);
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3")) {
            for (int i = 0; i < 5; i++) {
                assertThat(session.download("RETR turns")).isEqualTo(content);
                assertThat(session.through(Way.PASV).download("RETR turns")).isEqualTo(content);
                session.through(Way.PASV).upload(content, "STOR pasv-" + i);
                session.upload(content, "STOR spsv-" + i);
                assertThat(SERVERS.of(way).content("pasv-" + i)).isEqualTo(content);
                assertThat(SERVERS.of(way).content("spsv-" + i)).isEqualTo(content);
            }
        }
    }

    private static List<String> names(final Way way) {
        return new ArrayList<>(Arrays.asList(SERVERS.of(way).home().toFile().list()));
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] deflate(final byte[] content) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, new Deflater())) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    private static byte[] inflate(final byte[] compressed) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] block = new byte[8192];
        try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(compressed))) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                bytes.write(block, 0, count);
            }
        }
        return bytes.toByteArray();
    }
}
