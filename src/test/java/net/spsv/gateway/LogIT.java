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

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LogCapture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gateway writes into its log, and what it does not. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LogIT {
    private final LogCapture log = LogCapture.open();

    private ServerSocket listening;

    @BeforeEach
    void listen() throws IOException {
        listening = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
        listening.setSoTimeout(20_000);
    }

    @AfterEach
    void close() throws IOException {
        log.close();
        listening.close();
    }

    private Gateway start(final boolean fallback) throws IOException {
        return Gateway.start(new GatewaySettings(new InetSocketAddress("127.0.0.1", listening.getLocalPort()))
                .listen(new InetSocketAddress("127.0.0.1", 0))
                .connectTimeout(Duration.ofSeconds(2))
                .fallback(fallback));
    }

    private List<ILoggingEvent> important() {
        return log.ofPlugin(Level.INFO);
    }

    private ILoggingEvent one() {
        Awaitility.await().until(() -> !important().isEmpty());
        assertThat(important()).hasSize(1);
        return important().get(0);
    }

    private void expectOne(final Level level, final String message) {
        assertThat(one().getLevel()).isEqualTo(level);
        assertThat(one().getFormattedMessage()).contains(message);
    }

    @Test
    void serverWithSinglePortModeIsToldOf() throws Exception {
        try (Gateway gateway = start(false);
                Peer probe = new Peer(listening.accept())) {
            assertThat(gateway.address().getPort()).isPositive();
            probe.line("220 hello").expect("FEAT").line("211-x").line(" SPSV").line("211 x");
            expectOne(Level.INFO, "has single-port mode (SPSV)");
            probe.expectGone();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverWithoutIsWarnedOf(final boolean fallback) throws Exception {
        try (Gateway gateway = start(fallback);
                Peer probe = new Peer(listening.accept())) {
            assertThat(gateway.address().getPort()).isPositive();
            probe.line("220 hello").expect("FEAT").line("211-x").line(" EPSV").line("211 x");
            expectOne(Level.WARN, "no single-port mode (SPSV)");
            assertThat(one().getFormattedMessage().contains("its passive ports will be used"))
                    .isEqualTo(fallback);
            probe.expectGone();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "530 log in; 331 token; 504 no; INFO; has single-port mode (SPSV)",
                "500 what; 331 token; 504 no; INFO; has single-port mode (SPSV)",
                "530 log in; 331 token; 530 no; WARN; no single-port mode (SPSV)",
                "530 log in; 530 who; ''; WARN; no single-port mode (SPSV)"
            })
    void serverThatTellsItsFeaturesOnlyToUsersIsTriedWithAToken(
            final String toFeat, final String toUser, final String toPass, final String level, final String message)
            throws Exception {
        try (Gateway gateway = start(false);
                Peer probe = new Peer(listening.accept())) {
            assertThat(gateway.address().getPort()).isPositive();
            probe.line("220 hello")
                    .expect("FEAT")
                    .line(toFeat)
                    .expect("USER DATACONN")
                    .line(toUser);
            if (!toPass.isEmpty()) {
                probe.expect("PASS 0").line(toPass);
            }
            expectOne(Level.toLevel(level), message);
            probe.expectGone();
        }
    }

    @Test
    void serverThatCannotBeReachedIsWarnedOf() throws Exception {
        listening.close();
        try (Gateway gateway = start(false)) {
            assertThat(gateway.address().getPort()).isPositive();
            expectOne(Level.WARN, "No connection to 127.0.0.1:");
        }
    }

    @Test
    void serverThatDoesNotAnswerTheProbeIsWarnedOfInTime() throws Exception {
        try (Gateway gateway = start(false);
                Peer probe = new Peer(listening.accept())) {
            assertThat(gateway.address().getPort()).isPositive();
            probe.line("220 hello").expect("FEAT");
            expectOne(Level.WARN, "It is not known whether 127.0.0.1:");
            probe.expectGone();
        }
    }

    @Test
    void probeThatTheGatewaysEndCutsShortIsNoWarning() throws Exception {
        final Gateway gateway = start(false);
        try (Peer probe = new Peer(listening.accept())) {
            gateway.close();
            probe.expectGone();
        }
        assertThat(important()).isEmpty();
    }

    @Test
    void sessionIsOneLineAtItsEnd() throws Exception {
        try (Stage stage = new Stage()) {
            Awaitility.await().until(() -> !important().isEmpty());
            log.clear();
            stage.login().expectUsable();
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR x");
                data.send(new byte[1000]).end();
                server.readToEnd();
                stage.control().line("226 done");
                stage.client().expect(226);
            }
            stage.exchange("QUIT", "221 bye");
            assertThat(one().getFormattedMessage())
                    .matches("Session 1 of 127\\.0\\.0\\.1:[0-9]+ ended after [0-9]+\\.[0-9] s:"
                            + " 2 transfers, 4 bytes down, 1000 bytes up");
            assertThat(one().getLevel()).isEqualTo(Level.INFO);
        }
    }

    @Test
    void sessionThatTheServerLeavesSaysSo() throws Exception {
        try (Stage stage = new Stage()) {
            Awaitility.await().until(() -> !important().isEmpty());
            log.clear();
            stage.login().control().close();
            stage.client().expect(421);
            assertThat(one().getFormattedMessage())
                    .endsWith("0 transfers, 0 bytes down, 0 bytes up (The server has closed the connection)");
        }
    }

    @Test
    void neitherPasswordsNorTokensNorControlCharactersAreLogged() throws Exception {
        try (Stage stage = new Stage()) {
            stage.login().expectUsable();
            stage.exchange("ACCT xyz", "230 in");
            stage.client().line("CWD a\u001b[2Jb\rc");
            stage.control().expect("CWD a\u001b[2Jb\rc").line("550 a\u001b[2Jb\rc");
            stage.client().reply();
        }
        assertThat(log.texts())
                .anyMatch(text -> text.contains("PASS ***"))
                .anyMatch(text -> text.contains("CWD a?[2Jb?c"))
                .noneMatch(text -> text.contains("xyz") || text.contains(Stage.TOKEN))
                .noneMatch(text -> text.contains("\u001b") || text.contains("\r"));
    }
}
