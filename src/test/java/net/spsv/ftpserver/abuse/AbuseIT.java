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

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Crowds that mean no good; ordinary sessions log in and transfer meanwhile, and afterwards nothing is left. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class AbuseIT {
    @RegisterExtension
    static final QuietLog QUIET = new QuietLog();

    private static final int CROWD = 1000;
    private static final int WRONG_TOKENS = 10_000;
    private static final int DESCRIPTORS = 5 * CROWD;

    private final FtpServerExtension server =
            new FtpServerExtension().maxThreads(10).idleTimeout(300);

    @BeforeAll
    static void descriptors() throws IOException {
        Crowd.needsDescriptors(DESCRIPTORS);
    }

    @AfterEach
    void nothingIsLeft() {
        try {
            expectNothingLeft();
        } finally {
            server.stop();
        }
    }

    private void expectNothingLeft() {
        final SinglePortMXBean single = server.ftplet().getStatistics();
        Awaitility.await("nobody is left").atMost(30, TimeUnit.SECONDS).untilAsserted(() -> {
            assertThat(server.statistics().getCurrentConnectionNumber()).isZero();
            assertThat(server.statistics().getCurrentLoginNumber()).isZero();
            assertThat(single.getTokensOutstanding()).isZero();
            assertThat(single.getDataConnectionsWaiting()).isZero();
            assertThat(single.getDataConnectionsActive()).isZero();
            assertThat(single.getRefusalsDelayed()).isZero();
            assertThat(server.context().getThreadPoolExecutor().getMaximumPoolSize())
                    .isEqualTo(10);
        });
        assertThat(single.getTokensIssued()).isEqualTo(single.getTokensRedeemed() + single.getTokensExpired());
    }

    /** Runs ordinary sessions without the abuse and with it, and prints what they took. */
    private void withOrdinarySessions(final String what, final Abuse abuse) throws Exception {
        final String without;
        try (Ordinary ordinary = new Ordinary(server)) {
            // the first ones warm the virtual machine up
            ordinary.someMore();
        }
        try (Ordinary ordinary = new Ordinary(server)) {
            without = ordinary.someMore().someMore().end();
        }
        try (Ordinary ordinary = new Ordinary(server)) {
            final long start = System.nanoTime();
            abuse.happen(ordinary);
            System.out.println("AbuseIT: " + what + ", for " + (System.nanoTime() - start) / 1_000_000
                    + " ms: ordinary sessions take " + ordinary.end() + "; without: " + without);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500})
    void tenThousandWrongTokensAreRefused(final int loginFailureDelay) throws Exception {
        server.loginFailureDelay(loginFailureDelay).start();
        withOrdinarySessions(WRONG_TOKENS + " wrong tokens, login-failure-delay " + loginFailureDelay, ordinary -> {
            for (int i = 0; i < WRONG_TOKENS; i += CROWD) {
                try (Crowd crowd = Crowd.of(CROWD, server.port())) {
                    crowd.send("USER DATACONN\r\nPASS 0123456789abcdef0123456789abcde" + i % 10 + "\r\n");
                    assertThat(crowd.readToEnd())
                            .allSatisfy(said -> assertThat(said)
                                    .containsPattern("(?s)^2?20 .*\\r\\n504 ")
                                    .doesNotContain("200 DATA"));
                }
            }
        });
        assertThat(server.ftplet().getStatistics().getLoginsRefused()).isEqualTo(WRONG_TOKENS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "USER DATACO", "USER DATACONN\r\n", "USER DATACONN\r\nPASS 0123", "AUTH TLS\r\n\u0016"})
    void thousandConnectionsThatStallHoldNobodyUp(final String said) throws Exception {
        server.tls(Certificates.server(Certificates.LISTENER)).start();
        final String where = said.trim().replace("\r\n", " ");
        withOrdinarySessions(CROWD + " connections stalled behind \"" + where + '"', ordinary -> {
            try (Crowd crowd = Crowd.of(CROWD, server.port())) {
                crowd.send(said);
                ordinary.someMore().someMore();
                assertThat(server.statistics().getCurrentConnectionNumber()).isGreaterThanOrEqualTo(CROWD);
            }
        });
    }

    @Test
    void thousandSilentConnectionsEndWithTheLoginTimeout() throws Exception {
        server.loginTimeout(2).start();
        try (Crowd crowd = Crowd.of(CROWD, server.port())) {
            assertThat(crowd.readToEnd()).hasSize(CROWD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\u0016\u0003\u0001"})
    void handshakesThatStallEndWithTheLoginTimeout(final String said) throws Exception {
        server.loginTimeout(1)
                .tls(Certificates.server(Certificates.LISTENER))
                .implicitTls(true)
                .start();
        try (Crowd crowd = Crowd.ofSilent(40, server.port())) {
            crowd.send(said);
            assertThat(crowd.readToEnd()).hasSize(40);
        }
    }

    @Test
    void thousandSilentConnectionsEndWithTheIdleTimeout() throws Exception {
        server.idleTimeout(1).start();
        try (Crowd crowd = Crowd.of(CROWD, server.port())) {
            assertThat(crowd.readToEnd()).hasSize(CROWD);
        }
    }

    @Test
    void thousandIdleDataConnectionsHoldNobodyUp() throws Exception {
        server.start();
        final List<RawFtpClient> sessions = new ArrayList<>();
        final List<Socket> idle = new ArrayList<>();
        try {
            withOrdinarySessions(CROWD + " idle data connections", ordinary -> {
                for (int i = 0; i < CROWD; i++) {
                    final RawFtpClient session = server.login();
                    sessions.add(session);
                    idle.add(RawFtpClient.dataConnection(server.port(), session.spsv()));
                }
                // of the last one the client knows before it is counted
                Awaitility.await().until(() -> server.ftplet().getStatistics().getDataConnectionsWaiting() >= CROWD);
                ordinary.someMore();
            });
            // and each of them is as good as ever
            for (int i = 0; i < CROWD; i += CROWD / 10) {
                sessions.get(i).line("NLST").expect(150);
                assertThat(RawFtpClient.readFully(idle.get(i))).isNotEmpty();
                sessions.get(i).expect(226);
            }
        } finally {
            for (final Socket socket : idle) {
                socket.close();
            }
            sessions.forEach(RawFtpClient::close);
        }
    }

    /** More sessions than there are command threads, and each sends more than is answered in time. */
    @Test
    void floodsOfSpsvHoldNobodyUp() throws Exception {
        server.start();
        final byte[] flood = lines("SPSV", 2000);
        withOrdinarySessions("20 sessions with 2000 SPSV each", ordinary -> {
            final List<RawFtpClient> sessions = new ArrayList<>();
            try {
                for (int i = 0; i < 20; i++) {
                    sessions.add(server.login());
                }
                sessions.forEach(session -> session.sendBytes(flood));
                for (final RawFtpClient session : sessions.subList(0, 10)) {
                    RawFtpClient.Endpoint last = null;
                    for (int i = 0; i < 2000; i++) {
                        last = RawFtpClient.endpoint(session.expect(227));
                    }
                    try (Socket data = RawFtpClient.dataConnection(server.port(), last)) {
                        session.line("NLST").expect(150);
                        assertThat(RawFtpClient.readFully(data)).isNotEmpty();
                        session.expect(226);
                    }
                }
                // at most one token per session is worth something
                assertThat(server.ftplet().getStatistics().getTokensOutstanding())
                        .isLessThanOrEqualTo(21);
            } finally {
                sessions.forEach(RawFtpClient::close);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER ", "USER DATACONN\r\nPASS ", "SPDT DATACONN:", "NOOP ", ""})
    void oversizedLinesHoldNobodyUp(final String start) throws Exception {
        server.start();
        final byte[] much = new byte[256 * 1024];
        Arrays.fill(much, (byte) 'a');
        withOrdinarySessions("50 lines of 5 MiB behind \"" + start.replace("\r\n", " ") + '"', ordinary -> {
            try (Crowd crowd = Crowd.of(50, server.port())) {
                crowd.send(start);
                for (int i = 0; i < 20; i++) {
                    crowd.send(much);
                }
                crowd.send("\r\n");
            }
            ordinary.someMore();
        });
    }

    /** NUL, telnet commands, line ends of all kinds, and what FTP is made of, in no order. */
    @Test
    void randomBytesHoldNobodyUp() throws Exception {
        server.start();
        final long seed = System.nanoTime();
        System.out.println("AbuseIT: seed " + seed);
        final Random random = new Random(seed);
        withOrdinarySessions("1000 connections that send NUL, telnet and random bytes", ordinary -> {
            for (int i = 0; i < 20; i++) {
                try (Crowd crowd = Crowd.of(50, server.port())) {
                    for (final Socket socket : crowd.sockets()) {
                        rave(socket, random);
                    }
                    ordinary.someMore();
                }
            }
        });
    }

    private static void rave(final Socket socket, final Random random) throws IOException {
        final OutputStream out = socket.getOutputStream();
        try {
            for (int i = random.nextInt(50); i >= 0; i--) {
                out.write(piece(random));
            }
            if (random.nextBoolean()) {
                RawFtpClient.reset(socket);
            }
        } catch (final SocketException e) {
            assertThat(e).as("the server ends what it has heard enough of").hasMessageMatching("(?i).*(reset|pipe).*");
        }
    }

    private static byte[] piece(final Random random) {
        final String[] words = {
            "USER",
            " ",
            "DATACONN",
            "\r\n",
            "PASS",
            "SPDT",
            "SPSV",
            "ABOR",
            "AUTH TLS",
            ":",
            "\n",
            "\r",
            "\0",
            "\u00ff\u00f4\u00ff\u00f2",
            "\u00ff\u00f2ABOR\r\n",
            "\u00ff",
            "USER DATACONN\r\n",
            "PASS \0\r\n",
            "u001",
            "USER \u00ff\u00fbDATACONN\r\n",
            "\0USER DATACONN\0\r\n"
        };
        if (random.nextInt(3) > 0) {
            return words[random.nextInt(words.length)].getBytes(StandardCharsets.ISO_8859_1);
        }
        final byte[] noise = new byte[random.nextInt(2000)];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] lines(final String line, final int count) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(line).append("\r\n");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private interface Abuse {
        void happen(Ordinary ordinary) throws Exception;
    }
}
