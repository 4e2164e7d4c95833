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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that do not speak TLS as they should: they lose their connection, and nobody else notices. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class HostileTlsClientIT {
    private static final Duration IDLE = Duration.ofSeconds(2);
    private static final Duration AT_ONCE = Duration.ofSeconds(10);
    /** Much longer than what is to happen at once may take. */
    private static final int PATIENT_SECONDS = 30;

    private static final int MANY = 20;
    private static final int LARGE = 8 * 1024 * 1024;

    @RegisterExtension
    static final TlsServers SERVERS =
            new TlsServers(server -> server.dataIdleTimeout(PATIENT_SECONDS).maxThreads(2));

    @RegisterExtension
    static final TlsServers IMPATIENT = new TlsServers(
            server -> server.dataIdleTimeout((int) IDLE.getSeconds()).maxThreads(2));

    private static final byte[] CONTENT = new RandomContent(29, 200_000).bytes();
    private static final String RESET = ".*(reset|pipe).*";
    private static final byte[] ALERT_IN_CLEAR = {21, 3, 3, 0, 2, 2, 40};
    private static final byte[] RECORD_TOO_LONG = {23, 3, 3, (byte) 0xff, (byte) 0xff, 1, 2, 3};

    private final List<AutoCloseable> open = new ArrayList<>();

    /** What comes where a ClientHello should. */
    enum NoHandshake {
        HTTP("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
        FTP("RETR source\r\nNOOP\r\nSTOR source\r\n".getBytes(StandardCharsets.US_ASCII)),
        ZEROS(new byte[100_000]),
        RANDOM(new RandomContent(31, 100_000).bytes()),
        ALERT(ALERT_IN_CLEAR),
        DATA_RECORD(new byte[] {23, 3, 3, 0, 5, 1, 2, 3, 4, 5}),
        LONG_RECORD(new byte[] {22, 3, 1, (byte) 0xff, (byte) 0xff, 1, 2, 3}),
        SSL2(new byte[] {(byte) 0x80, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16, 1, 0, (byte) 0x80});

        private final byte[] bytes;

        NoHandshake(final byte... bytes) {
            this.bytes = bytes;
        }
    }

    @BeforeAll
    static void files() {
        SERVERS.file("source", CONTENT);
        IMPATIENT.file("source", CONTENT);
        SERVERS.file("large", new byte[LARGE]);
    }

    static List<Arguments> ways() {
        return Stream.of(Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN)
                .flatMap(way -> Stream.of(Arguments.of(way, "TLSv1.2"), Arguments.of(way, "TLSv1.3")))
                .collect(Collectors.toList());
    }

    static List<Way> singlePortWays() {
        return Arrays.asList(Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        for (final AutoCloseable one : open) {
            one.close();
        }
        for (final TlsServers servers : Arrays.asList(SERVERS, IMPATIENT)) {
            for (final Way way : singlePortWays()) {
                final FtpServerExtension server = servers.of(way);
                Awaitility.await(way + " has nothing left")
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(5))
                        .untilAsserted(() -> {
                            assertThat(server.statistics().getCurrentConnectionNumber())
                                    .isZero();
                            assertThat(server.statistics().getCurrentLoginNumber())
                                    .isZero();
                            assertThat(server.context().getThreadPoolExecutor().getMaximumPoolSize())
                                    .isEqualTo(2);
                        });
            }
        }
    }

    @ParameterizedTest
    @EnumSource(NoHandshake.class)
    void garbageBehindADataLoginInClearEndsTheWaitingTransferAtOnce(final NoHandshake garbage) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, Way.CLEAR_LOGIN, "TLSv1.3")) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            session.control().command("RETR source", 150);
            final Socket data = clearLogin(endpoint);
            final long start = System.nanoTime();
            data.getOutputStream().write(garbage.bytes);
            session.control().expect(425);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
            expectNoContent(data);
            session.expectUsable(SERVERS.of(Way.CLEAR_LOGIN));
        }
    }

    @ParameterizedTest
    @EnumSource(NoHandshake.class)
    void garbageBehindADataLoginInClearEndsTheNextTransferAtOnce(final NoHandshake garbage) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, Way.CLEAR_LOGIN, "TLSv1.3")) {
            final Socket data = clearLogin(session.control().spsv());
            final long start = System.nanoTime();
            data.getOutputStream().write(garbage.bytes);
            expectNoContent(data);
            session.control().expectRefused("RETR source");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
            session.expectUsable(SERVERS.of(Way.CLEAR_LOGIN));
        }
    }

    @ParameterizedTest
    @EnumSource(NoHandshake.class)
    void garbageInPlaceOfAHandshakeBeforeTheLoginIsDropped(final NoHandshake garbage) throws IOException {
        for (final Way way : new Way[] {Way.EXPLICIT, Way.IMPLICIT}) {
            try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3")) {
                session.control().spsv();
                final Socket data = beforeHandshake(way);
                try {
                    data.getOutputStream().write(garbage.bytes);
                    // MINA's alerts are of any length
                    final String answer = new String(RawFtpClient.readFully(data), StandardCharsets.ISO_8859_1);
                    assertThat(answer).doesNotContain("220 ", "331 ", "200 DATA");
                } catch (final SocketException e) {
                    assertThat(e).hasMessageMatching(RESET);
                }
                session.expectUsable(SERVERS.of(way));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RST", "FIN", "RST_LATE", "FIN_LATE"})
    void peerThatLeavesInMidHandshakeEndsTheTransferAtOnce(final String end) throws IOException {
        for (final boolean commandFirst : new boolean[] {true, false}) {
            try (TlsSession session = TlsSession.login(SERVERS, Way.CLEAR_LOGIN, "TLSv1.3")) {
                final RawFtpClient.Endpoint endpoint = session.control().spsv();
                if (commandFirst) {
                    session.control().command("RETR source", 150);
                }
                final Socket data = clearLogin(endpoint);
                final TlsConnection tls = new TlsConnection(data, Certificates.client(), "TLSv1.3");
                final long start = System.nanoTime();
                if (end.endsWith("LATE")) {
                    assertThat(tls.handshakeUpToLastFlight()).isNotEmpty();
                } else {
                    tls.send(Arrays.copyOf(tls.clientHello(), 100));
                }
                if (end.startsWith("RST")) {
                    RawFtpClient.reset(data);
                } else {
                    data.close();
                }
                if (commandFirst) {
                    session.control().expect(425);
                } else {
                    session.control().expectRefused("RETR source");
                }
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
                session.expectUsable(SERVERS.of(Way.CLEAR_LOGIN));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void handshakeThatStallsEndsTheTransferWithTheDataIdleTimeout(final Way way) throws IOException {
        for (final int bytes : new int[] {0, 100}) {
            try (TlsSession session = TlsSession.login(IMPATIENT, way, "TLSv1.3")) {
                final RawFtpClient.Endpoint endpoint = session.control().spsv();
                final long start = System.nanoTime();
                session.control().command("RETR source", 150);
                final Socket data =
                        way == Way.CLEAR_LOGIN ? clearLogin(IMPATIENT, endpoint) : beforeHandshake(IMPATIENT, way);
                sendHalfHello(data, bytes);
                session.control().expect(425);
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isBetween(IDLE.dividedBy(2), IDLE.plusSeconds(4));
                if (way == Way.CLEAR_LOGIN) {
                    expectNoContent(data);
                }
                data.close();
                session.expectUsable(IMPATIENT.of(way));
            }
        }
    }

    @Test
    void handshakeOfAClearLoginThatStallsIsDroppedWithoutATransferCommand() throws IOException {
        for (final int bytes : new int[] {0, 100}) {
            try (TlsSession session = TlsSession.login(IMPATIENT, Way.CLEAR_LOGIN, "TLSv1.3")) {
                final long start = System.nanoTime();
                final Socket data = clearLogin(IMPATIENT, session.control().spsv());
                sendHalfHello(data, bytes);
                expectNoContent(data);
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isBetween(IDLE.dividedBy(2), IDLE.plusSeconds(4));
                session.control().expectRefused("RETR source");
                session.expectUsable(IMPATIENT.of(Way.CLEAR_LOGIN));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void manyHandshakesThatStallHoldNobodyUp(final Way way) throws IOException {
        final List<ControlClient> stalled = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            final ControlClient control = keep(ControlClient.connect(SERVERS, way, Certificates.client()))
                    .protectedLogin();
            final RawFtpClient.Endpoint endpoint = control.spsv();
            final Socket data = way == Way.CLEAR_LOGIN ? clearLogin(endpoint) : beforeHandshake(way);
            sendHalfHello(data, i % 2 * 100);
            stalled.add(control);
        }
        final long start = System.nanoTime();
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3")) {
            for (int i = 0; i < 5; i++) {
                session.expectUsable(SERVERS.of(way));
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
        for (final ControlClient control : stalled) {
            control.expectAlive();
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void manyTransfersWhoseHandshakeStallsHoldNobodyUp(final Way way) throws IOException {
        final List<ControlClient> stalled = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            stalled.add(keep(ControlClient.connect(SERVERS, way, Certificates.client()))
                    .protectedLogin());
        }
        for (final ControlClient control : stalled) {
            final RawFtpClient.Endpoint endpoint = control.spsv();
            control.command("RETR source", 150);
            final Socket data = way == Way.CLEAR_LOGIN ? clearLogin(endpoint) : beforeHandshake(way);
            sendHalfHello(data, 100);
        }
        final long start = System.nanoTime();
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3")) {
            for (int i = 0; i < 5; i++) {
                session.expectUsable(SERVERS.of(way));
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
        for (final ControlClient control : stalled) {
            control.send("ABOR");
            control.expect(425);
            control.expect(226);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void recordThatWasChangedEndsAnUpload(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR broken")) {
                data.records().write(CONTENT);
                final byte[] record = data.records().encrypt(new byte[1000]);
                record[record.length - 10] ^= 1;
                data.records().send(record);
                session.control().expect(426);
                assertCut(data);
            }
            assertThat(Files.size(SERVERS.path(way, "broken"))).isLessThanOrEqualTo(CONTENT.length);
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void whatIsNoRecordEndsAnUpload(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            for (final byte[] bad : new byte[][] {
                RECORD_TOO_LONG, ALERT_IN_CLEAR, "in clear\r\n".getBytes(StandardCharsets.US_ASCII), new byte[4096]
            }) {
                try (DataConnection data = session.begin("STOR broken")) {
                    data.records().write(CONTENT).send(bad);
                    session.control().expect(426);
                    assertCut(data);
                }
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void repeatedRecordEndsAnUpload(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR broken")) {
                final byte[] record = data.records().encrypt(new byte[1000]);
                final byte[] twice = Arrays.copyOf(record, 2 * record.length);
                System.arraycopy(record, 0, twice, record.length, record.length);
                data.records().send(twice);
                session.control().expect(426);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void renegotiationEndsAnUpload(final Way way) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.2").byRecords()) {
            try (DataConnection data = session.begin("STOR renegotiated")) {
                data.records().write(CONTENT);
                data.records().send(data.records().clientHello());
                session.control().expect(426);
                assertCut(data);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void renegotiationDuringADownloadIsNotMade(final Way way) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.2").byRecords()) {
            try (DataConnection data = session.begin("RETR large")) {
                data.records().readSome(100_000);
                data.records().send(data.records().clientHello());
                // a server that reads nothing while it sends does not hear of it, and its close_notify is a surprise
                try {
                    data.records().readToCloseNotify();
                } catch (final SSLException e) {
                    assertThat(e).hasMessageContaining("close_notify");
                } catch (final SocketException e) {
                    assertThat(e).hasMessageMatching(RESET);
                }
                session.control().getReply();
                assertThat(session.control().getReplyCode()).isIn(226, 426);
                assertThat(data.records().engine().getHandshakeSession())
                        .as("the session of a handshake that has got an answer")
                        .isNull();
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("singlePortWays")
    void renegotiationByAnSslSocketEndsTheTransfer(final Way way) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.2")) {
            try (DataConnection data = session.begin("STOR renegotiated")) {
                data.socket().getOutputStream().write(CONTENT);
                assertThatThrownBy(() -> {
                            data.socket().startHandshake();
                            data.socket().getInputStream().read();
                        })
                        .isInstanceOf(IOException.class);
                session.control().expect(426);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void dataFromTheClientDuringADownloadAreIgnored(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("RETR large")) {
                data.records().readSome(1000);
                data.records().write(new byte[1000]);
                assertThat(data.records().readToCloseNotify()).hasSize(LARGE - 1000);
                session.control().expect(226);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @Test
    void dataLoginInClearBehindAuthTlsIsNotActedOn() throws IOException {
        for (final Way way : new Way[] {Way.EXPLICIT, Way.CLEAR_LOGIN}) {
            for (final String injected :
                    new String[] {"USER DATACONN\r\nPASS %s\r\n", "SPDT DATACONN:%s\r\n", "USER DATACONN\r\n"}) {
                try (TlsSession session = TlsSession.login(SERVERS, way, "TLSv1.3");
                        RawFtpClient raw =
                                RawFtpClient.connect(SERVERS.of(way).port()).greeted()) {
                    final String token = session.control().spsv().token();
                    raw.send("AUTH TLS\r\n" + injected.replace("%s", token));
                    expectNoLogin(
                            raw, injected.contains("PASS") || injected.contains("SPDT") ? "NOOP" : "PASS " + token);
                    session.control().expectAlive();
                }
            }
        }
    }

    @Test
    void userInClearBeforeAuthTlsIsNoPartOfTheDataLogin() throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, Way.EXPLICIT, "TLSv1.3");
                RawFtpClient raw =
                        RawFtpClient.connect(SERVERS.of(Way.EXPLICIT).port()).greeted()) {
            final String token = session.control().spsv().token();
            raw.line("USER DATACONN").expect(331);
            raw.line("AUTH TLS");
            expectNoLogin(raw, "PASS " + token);
            session.control().expectAlive();
        }
    }

    /** Makes the handshake and says a line inside; fails if the connection is then a data connection. */
    private static void expectNoLogin(final RawFtpClient raw, final String line) {
        final StringBuilder heard = new StringBuilder();
        try {
            final Lines clear =
                    new Lines(raw.socket().getInputStream(), raw.socket().getOutputStream());
            final String first = clear.line();
            heard.append(first);
            if (first.startsWith("234")) {
                final TlsConnection data = new TlsConnection(raw.socket(), Certificates.client(), "TLSv1.3");
                data.handshake();
                data.lines().send(line + "\r\n");
                heard.append(", inside TLS ").append(data.lines().line());
            }
        } catch (final EOFException | SSLException | SocketException e) {
            heard.append(", then ").append(e);
        } catch (final IOException e) {
            throw new AssertionError("after " + heard, e);
        }
        assertThat(heard.toString()).doesNotContain("200 DATA");
    }

    private <T extends AutoCloseable> T keep(final T one) {
        open.add(one);
        return one;
    }

    private Socket clearLogin(final RawFtpClient.Endpoint endpoint) {
        return clearLogin(SERVERS, endpoint);
    }

    private Socket clearLogin(final TlsServers servers, final RawFtpClient.Endpoint endpoint) {
        return keep(RawFtpClient.dataConnection(servers.of(Way.CLEAR_LOGIN).port(), endpoint));
    }

    private Socket beforeHandshake(final Way way) {
        return beforeHandshake(SERVERS, way);
    }

    /** Returns a connection whose next bytes should be a ClientHello. */
    private Socket beforeHandshake(final TlsServers servers, final Way way) {
        final RawFtpClient raw = keep(RawFtpClient.connect(servers.of(way).port()));
        if (way == Way.EXPLICIT) {
            raw.greeted().line("AUTH TLS").expect(234);
        }
        return raw.socket();
    }

    private static void sendHalfHello(final Socket data, final int bytes) throws IOException {
        final byte[] hello = new TlsConnection(data, Certificates.client(), "TLSv1.3").clientHello();
        data.getOutputStream().write(hello, 0, bytes);
    }

    /** Reads to the end of the connection, which must come by itself; at most an alert comes before. */
    private static void expectNoContent(final Socket data) throws IOException {
        assertThat(TlsConnection.countToTheEnd(data, RESET)).isLessThanOrEqualTo(64);
    }

    private static void assertCut(final DataConnection data) {
        assertThatThrownBy(data.records()::readToCloseNotify)
                .isInstanceOfAny(EOFException.class, SocketException.class, SSLException.class);
    }
}
