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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.function.UnaryOperator;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LogCapture;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that do not give what they should: the session, or its transfer, is refused and nothing hangs. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataLoginFailureIT {
    private static final UnaryOperator<GatewaySettings> SHORT =
            settings -> settings.connectTimeout(Duration.ofSeconds(2));

    private Stage stage;

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private void login() throws IOException {
        stage = new Stage().login();
    }

    /** The transfer command has not reached the server, and the next one can. */
    private void expectRefused(final String reason) throws IOException {
        assertThat(stage.client().line("STOR x").expect(425)).contains(reason).doesNotContain(Stage.TOKEN);
        stage.expectUsable();
    }

    /** All replies that follow would be taken for those to other commands, and one of them has a token in it. */
    @ParameterizedTest
    @ValueSource(strings = {"200 ok", "331 what?", "229 (|||5000|)", "150 go"})
    void replyThatIsNoneToSpsvEndsTheSession(final String fromServer) throws Exception {
        login();
        stage.client().line("PASV");
        stage.control().expect("SPSV").line(fromServer).line("227 late (DATACONN:" + Stage.TOKEN + ")");
        assertThat(stage.client().reply()).isEqualTo("421 The server answers out of step.");
        stage.client().expectDropped();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "530 log in first; 530 log in first",
                "421 too many; 421 too many",
                "504-no~504 no; 504-no~504 no",
                "425 not now; 425 not now",
                "227 Entering single-port mode; 425 The server's reply to SPSV is not understood.",
                "227 (127,0,0,1,4,5) (; 425 The server's reply to SPSV is not understood.",
                "227 (a:b:c); 425 The server's reply to SPSV is not understood.",
                "227 (a b); 425 The server's reply to SPSV is not understood.",
                "227 (); 425 The server's reply to SPSV is not understood."
            })
    void spsvIsRefusedAsTheServerSays(final String fromServer, final String toClient) throws Exception {
        login();
        for (final String command :
                new String[] {"PASV", "EPSV", "PORT 127,0,0,1,200,200", "EPRT |1|127.0.0.1|5000|"}) {
            stage.client().line(command);
            stage.control().expect("SPSV").line(fromServer.replace("~", "\r\n"));
            assertThat(stage.client().reply()).isEqualTo(toClient.replace('~', '\n'));
        }
        stage.client().line("RETR x").expect(425);
        stage.expectUsable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"500 what?", "502 no", "202 superfluous"})
    void serverWithoutSinglePortModeIsToldOfOnce(final String reply) throws Exception {
        login();
        stage.client().line("EPSV");
        stage.control().expect("SPSV").line(reply);
        assertThat(stage.client().expect(502)).contains("no single-port mode (SPSV)");
        for (final String command :
                new String[] {"PASV", "EPSV", "PORT 127,0,0,1,200,200", "EPRT |1|127.0.0.1|5000|"}) {
            assertThat(stage.client().line(command).expect(502)).contains("no single-port mode (SPSV)");
        }
        assertThat(stage.exchange("NOOP", "200 here")).isEqualTo("200 here");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "504 unknown token",
                "530 no",
                "200 ok",
                "200 DATA ",
                "200 data",
                "230 in",
                "200-DATA\r\n200 DATA!"
            })
    void tokenThatIsNotTakenRefusesTheTransfer(final String reply) throws Exception {
        login();
        stage.extendedPassive();
        try (Peer server = stage.tokenCame().line(reply)) {
            server.expectGone();
            expectRefused("does not take the token");
        }
    }

    @Test
    void tokenInTheServersAnswerIsNotShown() throws Exception {
        try (LogCapture log = LogCapture.open()) {
            login();
            stage.extendedPassive();
            try (Peer server = stage.tokenCame().line("504 who is " + Stage.TOKEN + "?")) {
                server.expectGone();
                expectRefused("who is ***?");
            }
            assertThat(log.texts()).isNotEmpty().noneMatch(text -> text.contains(Stage.TOKEN));
            assertThat(log.texts()).noneMatch(text -> text.contains("xyz"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"530 who?", "230 in", "200 DATA", "500 what?"})
    void dataUserThatIsNotKnownRefusesTheTransfer(final String reply) throws Exception {
        login();
        stage.extendedPassive();
        try (Peer server = stage.greet().expect("USER DATACONN").line(reply)) {
            server.expectGone();
            expectRefused("does not know the data user");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"421 too many", "530 not you", "331 what?", "421-too\r\n421 many"})
    void greetingThatIsNoneRefusesTheTransfer(final String reply) throws Exception {
        login();
        stage.extendedPassive();
        try (Peer server = stage.accept().line(reply)) {
            server.expectGone();
            expectRefused("does not take the connection");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void serverThatStallsRefusesTheTransferInTime(final int step) throws Exception {
        stage = new Stage(SHORT).login();
        stage.extendedPassive();
        try (Peer server = stage.accept()) {
            if (step > 0) {
                server.line("220 hello");
            }
            if (step > 1) {
                server.expect("USER DATACONN").line("331 token");
            }
            if (step > 2) {
                server.expect("PASS " + Stage.TOKEN).line("200-almost");
            }
            expectRefused("no answer within 2 s");
            server.expectGone();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatLeavesRefusesTheTransfer(final boolean byReset) throws Exception {
        login();
        for (int step = 0; step < 3; step++) {
            stage.extendedPassive();
            try (Peer server = stage.accept()) {
                if (step > 0) {
                    server.line("220 hello").expect("USER DATACONN").expect("PASS " + Stage.TOKEN);
                }
                if (step > 1) {
                    server.line("331 token");
                }
                if (byReset) {
                    server.reset();
                } else {
                    server.socket().close();
                }
                expectRefused("Cannot open data connection: ");
            }
        }
    }

    @Test
    void serverThatSaysNothingUsefulForEverRefusesTheTransfer() throws Exception {
        login();
        stage.extendedPassive();
        try (Peer server = stage.accept()) {
            server.send(String.join("", Collections.nCopies(1001, "220-x\r\n")).getBytes(StandardCharsets.US_ASCII));
            expectRefused("too many lines");
        }
        stage.extendedPassive();
        try (Peer server = stage.accept()) {
            server.send(new byte[8192]);
            expectRefused("longer than 8192 bytes");
        }
    }

    /** Such revisions of the draft log in by SPDT. */
    @Test
    void identifierAloneIsAnsweredBySpdt() throws Exception {
        login();
        stage.client().line("EPSV");
        stage.control().expect("SPSV").line("227 Entering single-port mode (abc123)");
        final int port = Stage.port(stage.client().expect(229));
        try (Peer server = stage.greet().expect("SPDT abc123").line("200 DATA");
                Peer data = stage.connectData(port)) {
            stage.begin("RETR x");
            server.send((byte) 'x').end();
            assertThat(data.readToEnd()).asString().isEqualTo("x");
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @Test
    void bytesBehindTheLastReplyAreTheFilesFirst() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.tokenCame();
                Peer data = stage.connectData(port)) {
            server.send("200 DATA\r\n200 DATA\r\nthe file".getBytes(StandardCharsets.US_ASCII));
            stage.begin("RETR x");
            server.end();
            assertThat(data.readToEnd()).asString().isEqualTo("200 DATA\r\nthe file");
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "421 too many users; 421 too many users",
                "530 not you; 530 not you",
                "331 what?; 331 what?",
                "hello; no FTP reply",
                "~; no FTP reply"
            })
    void serverThatTakesNoSessionIsQuoted(final String greeting, final String quoted) throws Exception {
        stage = new Stage().connect();
        try (Peer server = stage.accept().line(greeting.replace("~", ""))) {
            assertThat(stage.client().expect(421)).contains(quoted);
            assertThat(stage.client().readToEnd()).isEmpty();
            server.expectGone();
        }
    }

    @Test
    void serverThatNeverGreetsEndsTheSessionInTime() throws Exception {
        stage = new Stage(SHORT).connect();
        try (Peer server = stage.accept()) {
            assertThat(stage.client().expect(421)).contains("no answer within 2 s");
            assertThat(stage.client().readToEnd()).isEmpty();
            server.expectGone();
        }
    }

    @Test
    void serverThatLeavesWithoutAWordEndsTheSession() throws Exception {
        stage = new Stage().connect();
        stage.accept().close();
        stage.client().expect(421);
        assertThat(stage.client().readToEnd()).isEmpty();
    }

    @Test
    void oneSessionTooManyIsRefusedAndTheNextIsNot() throws Exception {
        stage = new Stage(settings -> settings.maxSessions(1)).login();
        final RawFtpClient first = stage.client();
        stage.connect().client().expect(421);
        assertThat(stage.client().readToEnd()).isEmpty();
        try (LogCapture log = LogCapture.open()) {
            first.close();
            stage.control().expectGone();
            Awaitility.await().until(() -> log.texts().stream().anyMatch(text -> text.contains("Session 1 of ")));
        }
        // the place is free before the end is logged
        stage.login().expectUsable();
    }
}
