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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicLong;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gateway does with each command, literally. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class CommandIT {
    private Stage stage;

    @BeforeEach
    void open() throws IOException {
        stage = new Stage().login();
    }

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private String answer(final String command) {
        return stage.client().line(command).reply();
    }

    /** Nothing but what comes next is what the server has got. */
    private void expectNothingAtTheServer() throws IOException {
        assertThat(stage.exchange("NOOP", "200 here")).isEqualTo("200 here");
    }

    /** A server might take another separator for a blank, and see a command that the gateway has not seen. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "AUTH\tTLS",
                "PORT\t127,0,0,1,200,200",
                "SPSV\u0000",
                "PASS\tsecret",
                "R\u0000ETR x",
                "\u00c3\u00a4\u00f6",
                ":x",
                "Host: example.org"
            })
    void lineThatIsNoCommandDoesNotGetToTheServer(final String line) throws Exception {
        stage.client().line(line);
        assertThat(stage.client().reply()).startsWith("500 ");
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1",
                "POST /x HTTP/1.1",
                "put /x HTTP/1.0",
                "HEAD / HTTP/1.1",
                "CONNECT a:1 HTTP/1.1"
            })
    void webPageCannotMakeABrowserSpeakFtp(final String line) throws Exception {
        stage.client().send(line + "\r\nHost: example.org\r\n\r\nUSER joe\r\nDELE x\r\n");
        assertThat(stage.client().reply()).startsWith("421 ");
        stage.client().expectDropped();
        stage.control().expectGone();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NOOP",
                "PWD",
                "XPWD",
                "CWD /a b",
                "CDUP",
                "XCUP",
                "MKD  two blanks",
                "RNFR trailing blank ",
                "SITE CHMOD 644 x",
                "TYPE I",
                "MODE Z",
                "STRU F",
                "REST 100",
                "SIZE x",
                "MDTM x",
                "MFMT 20200101000000 x",
                "MLST x",
                "STAT x",
                "HELP",
                "SYST",
                "OPTS UTF8 ON",
                "ALLO 100",
                "HOST example.org",
                "LANG en",
                "ABOR",
                "NONSENSE",
                "list2 x",
                "X",
                "XX",
                "CWD \u00ff\u00fe\u0080",
                "CWD a\u0000b",
                "CWD a\rb",
                "CWD a\tb",
                "NOOP \u0001"
            })
    void whatTheGatewayHasNoPartInGoesThroughAsItIs(final String command) throws Exception {
        assertThat(stage.exchange(command, "257 \u00ff\u00e4 done")).isEqualTo("257 \u00ff\u00e4 done");
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @ValueSource(strings = {"100 wait\r\n200 done", "200-many\r\n lines\r\n200-200\r\n2000 no\r\n200 done", "350 more"})
    void repliesGoThroughAsTheyAre(final String reply) throws Exception {
        stage.client().line("SITE X");
        stage.control().expect("SITE X").line(reply);
        assertThat(stage.client().read(reply.length() + 2))
                .asString(StandardCharsets.ISO_8859_1)
                .isEqualTo(reply + "\r\n");
        expectNothingAtTheServer();
    }

    @Test
    void replyOfACodeAloneGoesThrough() throws Exception {
        stage.client().line("NOOP");
        stage.control().expect("NOOP").line("200");
        assertThat(stage.client().read(5)).asString().isEqualTo("200\r\n");
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AUTH TLS",
                "auth ssl",
                "XAUTH TLS",
                "ADAT x",
                "MIC x",
                "CONF x",
                "ENC x",
                "CCC",
                "SPSV",
                "spsv",
                "XSPSV",
                "SPDT x",
                "LPRT 4,4,127,0,0,1,2,200,200",
                "LPSV"
            })
    void whatWouldPassTheGatewayByIsNotImplemented(final String command) throws Exception {
        assertThat(answer(command)).startsWith("502 ");
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PBSZ 0", "PROT P", "PROT C", "prot"})
    void protectionIsOutOfSequence(final String command) throws Exception {
        assertThat(answer(command)).startsWith("503 ");
        expectNothingAtTheServer();
    }

    @Test
    void passiveModeIsAnsweredWithTheAddressThatTheClientCameTo() throws Exception {
        stage.client().line("PASV");
        stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
        assertThat(stage.client().reply()).matches("227 Entering Passive Mode \\(127,0,0,1,[0-9]+,[0-9]+\\)\\.");
        stage.dataLogin();
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @ValueSource(strings = {"EPSV", "epsv", "EPSV 1", "EPSV ", "XEPSV"})
    void extendedPassiveModeIsAnsweredWithAPort(final String command) throws Exception {
        stage.client().line(command);
        stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
        assertThat(stage.client().reply()).matches("229 Entering Extended Passive Mode \\(\\|\\|\\|[0-9]+\\|\\)\\.");
        stage.dataLogin();
        expectNothingAtTheServer();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "EPSV 2; 522 Network protocol not supported, use (1).",
                "EPSV 9; 522 Network protocol not supported, use (1).",
                "EPSV 99999; 522 Network protocol not supported, use (1).",
                "EPSV 999999; 501 Syntax error in the parameter of EPSV.",
                "EPSV x; 501 Syntax error in the parameter of EPSV.",
                "EPSV 1 2; 501 Syntax error in the parameter of EPSV.",
                "EPSV -1; 501 Syntax error in the parameter of EPSV.",
                "EPSV ALLES; 501 Syntax error in the parameter of EPSV.",
                "EPRT |2|::1|5000|; 522 Network protocol not supported, use (1).",
                "EPRT |3|x|5000|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|127.0.0.1|5000; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|127.0.0.1|65536|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|127.0.0.1|-1|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|::1|5000|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|localhost|5000|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|127.1|5000|; 501 Syntax error in the parameter of EPRT.",
                "EPRT |1|999.0.0.1|5000|; 501 Syntax error in the parameter of EPRT.",
                "EPRT; 501 Syntax error in the parameter of EPRT.",
                "PORT; 501 Syntax error in the parameter of PORT.",
                "PORT 127,0,0,1,19; 501 Syntax error in the parameter of PORT.",
                "PORT 127,0,0,1,19,136,1; 501 Syntax error in the parameter of PORT.",
                "PORT 127,0,0,1,256,1; 501 Syntax error in the parameter of PORT.",
                "PORT 127,0,0,1,-1,1; 501 Syntax error in the parameter of PORT.",
                "PORT 127, 0,0,1,19,136; 501 Syntax error in the parameter of PORT.",
                "PORT 127.0.0.1.19.136; 501 Syntax error in the parameter of PORT.",
                "PORT 127,0,0,1,99999999999,1; 501 Syntax error in the parameter of PORT."
            })
    void argumentsThatCannotBeServedAreRefused(final String command, final String reply) throws Exception {
        assertThat(answer(command)).isEqualTo(reply);
        expectNothingAtTheServer();
    }

    /** RFC 2577, section 3: the bounce attack. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "PORT 127,0,0,2,19,136",
                "PORT 10,0,0,1,19,136",
                "PORT 0,0,0,0,19,136",
                "PORT 255,255,255,255,19,136",
                "EPRT |1|127.0.0.2|5000|",
                "EPRT |1|192.0.2.1|5000|",
                "PORT 127,0,0,1,0,0",
                "PORT 127,0,0,1,0,25",
                "PORT 127,0,0,1,3,255",
                "EPRT |1|127.0.0.1|0|",
                "EPRT |1|127.0.0.1|1023|"
            })
    void portsOfOthersAndOfServicesAreRefused(final String command) throws Exception {
        assertThat(answer(command)).startsWith("504 ");
        expectNothingAtTheServer();
        assertThat(answer("RETR x")).startsWith("425 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"EPSV ALL", "EPSV all", "epsv All"})
    void onlyEpsvIsAllowedBehindEpsvAll(final String command) throws Exception {
        assertThat(answer(command)).startsWith("200 ");
        assertThat(answer("PASV")).startsWith("503 ");
        assertThat(answer("PORT 127,0,0,1,19,136")).startsWith("503 ");
        assertThat(answer("PORT nonsense")).startsWith("503 ");
        assertThat(answer("EPRT |1|127.0.0.1|5000|")).startsWith("503 ");
        assertThat(answer("EPRT |2|::1|5000|")).startsWith("503 ");
        stage.expectUsable();
        assertThat(stage.exchange("REIN", "220 anew")).isEqualTo("220 anew");
        stage.logInAgain();
        stage.client().line("PASV");
        stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
        stage.client().expect(227);
        stage.dataLogin();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RETR x", "LIST", "NLST", "MLSD /", "STOR x", "STOU", "APPE x", "XRETR x"})
    void transferWithNothingPreparedIsRefusedByTheGateway(final String command) throws Exception {
        assertThat(answer(command)).startsWith("425 ");
        expectNothingAtTheServer();
        stage.expectUsable();
        assertThat(answer(command)).startsWith("425 ");
    }

    @Test
    void featuresAreThoseOfTheGateway() throws Exception {
        stage.client().line("FEAT");
        stage.control()
                .expect("FEAT")
                .line("211-What I can:")
                .line(" AUTH TLS;SSL")
                .line(" auth ssl")
                .line(" MLST type*;size*;")
                .line(" SPSV")
                .line(" EPSV")
                .line(" PBSZ")
                .line(" PROT")
                .line(" UTF8")
                .line("211 That is all");
        assertThat(stage.client().reply())
                .isEqualTo("211-Features:\n MLST type*;size*;\n UTF8\n EPRT\n EPSV\n PASV\n211 End");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "211 none; 211-Features:~ EPRT~ EPSV~ PASV~211 End",
                "500 what?; 500 what?",
                "530 log in first; 530 log in first",
                "502-no~502 no; 502-no~502 no"
            })
    void repliesToFeatWithoutFeatures(final String fromServer, final String toClient) throws Exception {
        assertThat(stage.exchange("FEAT", fromServer.replace("~", "\r\n"))).isEqualTo(toClient.replace('~', '\n'));
    }

    @Test
    void reinClosesWhatIsPrepared() throws Exception {
        stage.extendedPassive();
        final Peer server = stage.dataLogin();
        assertThat(stage.exchange("REIN", "220 anew")).isEqualTo("220 anew");
        server.expectReset();
        assertThat(answer("RETR x")).startsWith("425 ");
        stage.logInAgain().expectUsable();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void restartReachesTheServerOnEitherSideOfEpsv(final boolean before) throws Exception {
        if (before) {
            stage.exchange("REST 100", "350 ok");
        }
        final int port = stage.extendedPassive();
        if (!before) {
            stage.exchange("REST 100", "350 ok");
        }
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR x");
            server.end();
            stage.control().line("226 done");
            stage.client().expect(226);
            assertThat(data.readToEnd()).isEmpty();
        }
    }

    /**
     * A transfer that the gateway has refused by itself uses the restart up, as one that the server has refused does;
     * else the next file would come without its beginning.
     */
    @Test
    void restartDoesNotOutliveATransferThatTheGatewayRefused() throws Exception {
        stage.exchange("REST 100", "350 ok");
        stage.client().line("RETR x");
        stage.control().expect("REST 0").line("350 ok");
        stage.client().expect(425);
        assertThat(answer("RETR x")).startsWith("425 ");
        stage.expectUsable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "   ", "\u00ff\u00f4\u00ff\u00f2"})
    void lineWithoutACommandIsAnsweredByTheGateway(final String line) throws Exception {
        assertThat(answer(line)).startsWith("500 ");
        expectNothingAtTheServer();
    }

    @Test
    void manyCommandsInOneSegmentAreServedInTurn() throws Exception {
        final int count = 1000;
        stage.client().send(String.join("", Collections.nCopies(count, "NOOP\r\n")));
        for (int i = 0; i < count; i++) {
            stage.control().expect("NOOP").line("200 " + i);
            assertThat(stage.client().reply()).isEqualTo("200 " + i);
        }
    }

    @Test
    void commandsComeOneByteAtATime() throws Exception {
        stage.client().sendApart(Fragments.single("NOOP\r\nCWD x\r\n"));
        stage.control().expect("NOOP").line("200 one").expect("CWD x").line("250 two");
        assertThat(stage.client().reply()).isEqualTo("200 one");
        assertThat(stage.client().reply()).isEqualTo("250 two");
    }

    @Test
    void repliesComeOneByteAtATime() throws Exception {
        stage.client().line("STAT");
        stage.control().expect("STAT");
        for (final byte[] octet : Fragments.single("211-a\r\n b\r\n211 c\r\n")) {
            stage.control().send(octet);
        }
        assertThat(stage.client().reply()).isEqualTo("211-a\n b\n211 c");
    }

    @Test
    void lineFeedAloneEndsALine() throws Exception {
        stage.client().send("NOOP\nCWD x\n");
        stage.control().expect("NOOP").send("200 one\n".getBytes(StandardCharsets.US_ASCII));
        stage.control().expect("CWD x").send("250 two\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(stage.client().reply()).isEqualTo("200 one");
        assertThat(stage.client().reply()).isEqualTo("250 two");
    }

    @Test
    void longestLinePassesAndALongerOneEndsTheSession() throws Exception {
        final String longest = "CWD " + String.join("", Collections.nCopies(8192 - 6, "x"));
        stage.client().line(longest);
        stage.control().expect(longest).line("250 long");
        stage.client().expect(250);
        stage.client().send(longest + "xxx");
        assertThat(stage.client().reply()).startsWith("500 ");
        stage.client().expectEnd();
        stage.control().expectGone();
    }

    @Test
    void loginIsPassedOnToTheByte() throws Exception {
        stage.exchange("REIN", "220 anew");
        assertThat(stage.exchange("USER a@b \u00e4 ", "331-one\r\n331 two")).isEqualTo("331-one\n331 two");
        assertThat(stage.exchange("PASS  blanks everywhere  ", "332 account?")).isEqualTo("332 account?");
        assertThat(stage.exchange("ACCT x", "230-Welcome\r\n230 in")).isEqualTo("230-Welcome\n230 in");
        stage.expectUsable();
    }

    @Test
    void greetingOfManyLinesComesThrough() throws Exception {
        stage.connect();
        stage.accept().line("220-Hello").line("  220 not yet").line("220 ready");
        assertThat(stage.client().reply()).isEqualTo("220-Hello\n  220 not yet\n220 ready");
    }

    @Test
    void serverThatIsNotReadyAtOnceIsWaitedFor() throws Exception {
        stage.connect();
        stage.accept().line("120 in a minute").line("220 ready");
        assertThat(stage.client().reply()).isEqualTo("220 ready");
    }

    /** What is not served yet is left to the client's TCP, and not to the gateway's memory. */
    @Test
    void floodOfCommandsIsNotTakenInAheadOfTheServer() throws Exception {
        final byte[] flood =
                String.join("", Collections.nCopies(100_000, "NOOP\r\n")).getBytes(StandardCharsets.US_ASCII);
        final AtomicLong sent = new AtomicLong();
        final Thread sender = new Thread(() -> {
            try {
                while (true) {
                    stage.client().socket().getOutputStream().write(flood);
                    sent.addAndGet(flood.length);
                }
            } catch (final IOException e) {
                // the end of the test
            }
        });
        sender.start();
        for (int i = 0; i < 1000; i++) {
            stage.control().expect("NOOP").line("200 here");
            stage.client().expect(200);
        }
        final AtomicLong before = new AtomicLong(-1);
        Awaitility.await().pollInterval(Duration.ofSeconds(1)).until(() -> before.getAndSet(sent.get()) == sent.get());
        assertThat(sent.get()).isLessThan(50_000_000L);
        stage.client().reset();
        assertThatThrownBy(() -> {
                    while (true) {
                        stage.control().line("200 to nobody");
                    }
                })
                .isInstanceOf(SocketException.class);
        sender.join();
    }
}
