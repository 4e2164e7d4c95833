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
package net.spsv.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.apache.commons.net.MalformedServerReplyException;
import org.apache.commons.net.ProtocolCommandEvent;
import org.apache.commons.net.ProtocolCommandListener;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPConnectionClosedException;
import org.apache.commons.net.io.CopyStreamException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that do not keep to the draft, or speak another revision of it, or do not know it at all. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class HostileServerIT {
    private static final byte[] CONTENT = "200 DATA\r\n\u0000\u0001 the file".getBytes(StandardCharsets.US_ASCII);

    private final SpsvFtpClient client = new SpsvFtpClient();
    private final Listener listener = new Listener();
    private ScriptedServer server;

    @BeforeEach
    void login() throws IOException {
        server = new ScriptedServer();
        client.setDefaultTimeout(20_000);
        client.setDataTimeout(Duration.ofSeconds(10));
        client.addProtocolCommandListener(listener);
        client.connect("127.0.0.1", server.port());
        client.login("u001", "xyz");
        client.setFileType(FTP.BINARY_FILE_TYPE);
        client.enterSinglePortPassiveMode();
    }

    @AfterEach
    void close() throws IOException {
        client.disconnect();
        server.close();
    }

    private byte[] retrieve() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile("file", out)).as(client.getReplyString()).isTrue();
        return out.toByteArray();
    }

    /** The data login fails, the second connection is closed, and the session can go on. */
    private SpsvException expectFailure() throws Exception {
        final SpsvException failure = catchThrowableOfType(
                SpsvException.class, () -> client.retrieveFile("file", new ByteArrayOutputStream()));
        assertThat(failure).isNotNull().hasMessageNotContaining("007aB");
        assertThat(server.controlLines()).doesNotContain("RETR file");
        assertThat(client.getReplyString()).doesNotContain("007aB");
        server.expectDataEnd();
        server.onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
        return failure;
    }

    @Test
    void bytesRightBehindTheLoginBelongToTheFile() throws IOException {
        server.onData(ScriptedServer.dataLogin(CONTENT));
        for (int i = 0; i < 3; i++) {
            assertThat(retrieve()).isEqualTo(CONTENT);
        }
        assertThat(server.dataLines().subList(0, 2)).containsExactly("USER DATACONN", "PASS 007aB");
    }

    @Test
    void userAndTokenAreSentWithoutWaitingForAnything() throws IOException {
        server.onData(peer -> {
            final byte[] both = new byte[27];
            int count = 0;
            while (count < both.length) {
                count += peer.socket().getInputStream().read(both, count, both.length - count);
            }
            assertThat(new String(both, StandardCharsets.US_ASCII)).isEqualTo("USER DATACONN\r\nPASS 007aB\r\n");
            peer.send("220 data\r\n331 token\r\n200 DATA\r\n");
            peer.send(CONTENT);
        });
        assertThat(retrieve()).isEqualTo(CONTENT);
        assertThat(listener.heard())
                .containsSubsequence("> USER DATACONN", "> PASS ***", "< 220 data", "< 331 token", "< 200 DATA");
    }

    @Test
    void longGreetingsAndPreliminaryOnesAreReadToTheirEnd() throws IOException {
        server.onData(peer -> {
            peer.send("120 wait a little\r\n");
            peer.send("220-Welcome\r\n2200 rules follow\r\n220-\r\n\r\n 220 is not the end\r\n221 nor is this\r\n"
                    + "220 end\r\n");
            peer.line();
            peer.line();
            peer.send("331-To\r\n331 ken\r\n");
            peer.send("200 DATA\r\n");
            peer.send(CONTENT);
        });
        assertThat(retrieve()).isEqualTo(CONTENT);
        assertThat(listener.heard()).contains("< 120 wait a little", "< 331-To\r\n331 ken", "< 200 DATA");
    }

    @Test
    void repliesMayComeInAnyPieces() throws IOException {
        server.onData(peer -> {
            for (final byte b : "220 data\r\n".getBytes(StandardCharsets.US_ASCII)) {
                peer.send(new byte[] {b});
            }
            peer.line();
            peer.line();
            for (final byte b : "331 token\r\n200 DATA\r\n".getBytes(StandardCharsets.US_ASCII)) {
                peer.send(new byte[] {b});
            }
            peer.send(CONTENT);
        });
        assertThat(retrieve()).isEqualTo(CONTENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "200 OK\r\n",
                "200 DATA \r\n",
                "200 data\r\n",
                "200 DATA\n",
                "200-DATA\r\n200 DATA\r\n",
                "230 Logged in as a real user\r\n",
                "504 No such token\r\n",
                "421 Come back later\r\n"
            })
    void replyOtherThanDataIsAnErrorWithTheServersText(final String answer) throws Exception {
        server.onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            peer.send("331 token\r\n" + answer);
            peer.awaitEnd();
        });
        final SpsvException failure = expectFailure();
        assertThat(failure).hasMessageContaining(answer.trim());
        assertThat(failure.getReplyCode()).isEqualTo(Integer.parseInt(answer.substring(0, 3)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"230 No password needed", "200 DATA", "530 Unknown user", "504 No", "421 Too many users"})
    void userThatIsNotAskedForItsTokenIsAnErrorWithTheServersText(final String answer) throws Exception {
        server.onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            peer.send(answer + "\r\n200 DATA\r\n");
            peer.awaitEnd();
        });
        assertThat(expectFailure()).hasMessageContaining(answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"421 Too many users", "530 Not you", "331 What", "120 Soon\r\n120 Sooner"})
    void greetingThatIsNoneIsAnErrorWithTheServersText(final String greeting) throws Exception {
        server.onData(peer -> {
            peer.send(greeting + "\r\n");
            peer.awaitEnd();
        });
        assertThat(expectFailure()).hasMessageContaining(greeting.substring(greeting.lastIndexOf('\n') + 1));
    }

    @Test
    void textOfAServerThatTurnsTheConnectionAwayAndDoesNotReadIsHeard() throws Exception {
        server.onData(peer -> {
            peer.send("421 Too many users\r\n");
            // what came meanwhile and was not read makes the end a reset
            peer.socket().getInputStream().read();
        });
        assertThat(expectFailure()).hasMessageContaining("421 Too many users");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "220 data\r\n", "220 data\r\n331 token\r\n200 DATA\r"})
    void connectionThatIsResetBeforeItsLoginIsRefused(final String said) throws Exception {
        server.onData(peer -> {
            peer.send(said);
            peer.line();
            peer.socket().setSoLinger(true, 0);
        });
        final SpsvException failure = expectFailure();
        assertThat(failure).hasMessageContaining("closed");
        assertThat(failure.getReplyCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 400 Bad Request\r\n", "\u0015\u0003\u0003", "22", "2200 x\r\n", "\r\n", "99 \r\n"})
    void bytesThatAreNoReplyAreRefusedAtOnce(final String bytes) throws Exception {
        server.onData(peer -> {
            peer.send(bytes);
            if (bytes.length() > 2) {
                peer.awaitEnd();
            }
        });
        assertThat(expectFailure().getReplyCode()).isZero();
    }

    @Test
    void endlessLineIsRefused() throws Exception {
        final byte[] line = new byte[64 * 1024];
        Arrays.fill(line, (byte) '2');
        server.onData(peer -> {
            peer.send("220 ");
            for (int i = 0; i < 100; i++) {
                peer.send(line);
            }
        });
        assertThat(expectFailure()).hasMessageContaining("endless line");
    }

    @Test
    void endlessReplyIsRefused() throws Exception {
        server.onData(peer -> {
            for (int i = 0; i < 100_000; i++) {
                peer.send("220-and so on\r\n");
            }
        });
        assertThat(expectFailure()).hasMessageContaining("lines");
    }

    @Test
    void connectionThatEndsBeforeItsLoginIsRefused() throws Exception {
        server.onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            peer.send("331 token\r\n200 DA");
        });
        assertThat(expectFailure()).hasMessageContaining("closed");
    }

    @Test
    void replyThatRepeatsTheTokenGivesItToNobody() throws Exception {
        server.onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            peer.send("331 is it 007aB?\r\n504 it is not 007aB\r\n");
            peer.awaitEnd();
        });
        assertThat(expectFailure()).hasMessageContaining("504 it is not ***");
        assertThat(listener.heard())
                .contains("< 331 is it ***?", "< 504 it is not ***", "> PASS ***", "> USER DATACONN")
                .contains("< 227 Entering single-port mode (DATACONN:***)")
                .noneMatch(line -> line.contains("007aB"));
    }

    @Test
    void serverThatFallsSilentIsGivenUp() throws Exception {
        for (final String said : new String[] {"", "220", "220 data\r\n", "220 data\r\n331 x\r\n200 DATA\r"}) {
            server.onData(peer -> {
                peer.send(said);
                peer.awaitEnd();
            });
            client.setDataTimeout(Duration.ofMillis(300));
            assertThatThrownBy(this::retrieve).isInstanceOf(SocketTimeoutException.class);
            client.setDataTimeout(Duration.ofSeconds(-1));
            client.setConnectTimeout(300);
            assertThatThrownBy(this::retrieve).as("without a data timeout").isInstanceOf(SocketTimeoutException.class);
            client.setConnectTimeout(10_000);
        }
        server.expectDataEnd();
        server.onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
    }

    @Test
    void serverThatDripsIsGivenUp() throws Exception {
        server.onData(peer -> {
            peer.send("220-");
            peer.drip();
        });
        client.setDataTimeout(Duration.ofMillis(500));
        assertThatThrownBy(this::retrieve).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void downloadThatIsResetIsAnExceptionThoughTheServerSays226() throws IOException {
        server.onData(peer -> {
            ScriptedServer.dataLogin(CONTENT).run(peer);
            peer.socket().setSoLinger(true, 0);
        });
        assertThatThrownBy(this::retrieve).isInstanceOf(CopyStreamException.class);
        assertThat(client.completePendingCommand()).isTrue();
        server.onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
    }

    @Test
    void downloadThatTheServerCallsIncompleteIsFalse() throws IOException {
        server.onData(ScriptedServer.dataLogin(CONTENT)).afterTransfer("426 cut off");
        assertThat(client.retrieveFile("file", new ByteArrayOutputStream())).isFalse();
        assertThat(client.getReplyCode()).isEqualTo(426);
    }

    @Test
    void downloadThatStallsIsGivenUpAfterTheDataTimeout() throws Exception {
        client.addProtocolCommandListener(new ProtocolCommandListener() {
            @Override
            public void protocolCommandSent(final ProtocolCommandEvent event) {
                // of no interest
            }

            @Override
            public void protocolReplyReceived(final ProtocolCommandEvent event) {
                if (event.getMessage().startsWith("200 DATA")) {
                    // not before, as it is the time for the login as well
                    client.setDataTimeout(Duration.ofMillis(300));
                }
            }
        });
        server.onData(peer -> {
            ScriptedServer.dataLogin(CONTENT).run(peer);
            peer.awaitEnd();
        });
        assertThatThrownBy(this::retrieve).hasRootCauseInstanceOf(SocketTimeoutException.class);
        server.expectDataEnd();
        assertThat(client.completePendingCommand()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "227 no brackets",
                "227 empty ()",
                "227 (:token)",
                "227 (user:)",
                "227 (user:to:ken)",
                "227 (user:to ken)",
                "227 (us er:token)",
                "227 (us\rer:token)",
                "227 (user:tok\u007fen)",
                "227 (user:tok\u00e4n)",
                "227 (user:token",
                "227 user:token)",
                "227 (123456789012345678901234567890123:token)",
                "227 (user:123456789012345678901234567890123)",
                "227 (user:tok\ten)",
                "227 (user:token\nPASS x)"
            })
    void replyThatIsNotTheDraftsIsRefused(final String reply) throws IOException {
        server.charset(StandardCharsets.ISO_8859_1).reply("SPSV", reply);
        assertThatThrownBy(this::retrieve)
                .isInstanceOf(MalformedServerReplyException.class)
                .hasMessageNotContaining("token");
        assertThat(server.dataLines()).isEmpty();
        assertThat(server.controlLines()).doesNotContain("RETR file");
        server.reply("SPSV", "227 (DATACONN:007aB)").onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
    }

    static List<Arguments> repliesOfTheDraft() {
        final String longest = "12345678901234567890123456789012";
        return Arrays.asList(
                Arguments.of("227 (info) mode (U:T)", "U", "T"),
                Arguments.of("227-Entering single-port\r\n227 mode (D!x~:T|.-_).", "D!x~", "T|.-_"),
                Arguments.of("227 (" + longest + ':' + longest + ')', longest, longest));
    }

    @ParameterizedTest
    @MethodSource("repliesOfTheDraft")
    void whatTheDraftAllowsIsSentAsItCame(final String reply, final String user, final String pass) throws IOException {
        server.reply("SPSV", reply).onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
        assertThat(server.dataLines()).containsExactly("USER " + user, "PASS " + pass);
    }

    @Test
    void bracketsWithoutColonAreTheDialectWithSpdt() throws IOException {
        server.reply("SPSV", "227 Entering single-port mode (007aB)").onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.send("200 DATA\r\n");
            peer.send(CONTENT);
        });
        assertThat(retrieve()).isEqualTo(CONTENT);
        assertThat(server.dataLines()).containsExactly("SPDT 007aB");
        assertThat(listener.heard())
                .contains("< 227 Entering single-port mode (***)", "> SPDT ***", "< 200 DATA")
                .noneMatch(line -> line.contains("007aB"));
    }

    @Test
    void identifierThatIsRefusedIsAnErrorWithTheServersText() throws Exception {
        server.reply("SPSV", "227 Entering single-port mode (007aB)").onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.send("500 Never heard of it\r\n");
            peer.awaitEnd();
        });
        assertThatThrownBy(this::retrieve)
                .isInstanceOf(SpsvException.class)
                .hasMessageContaining("500 Never heard of it");
        server.expectDataEnd();
    }

    @Test
    void textIsReadInTheControlEncoding() {
        client.setControlEncoding("UTF-8");
        server.charset(StandardCharsets.UTF_8).onData(peer -> {
            peer.send("220 data\r\n");
            peer.line();
            peer.line();
            peer.send("331 token\r\n504 Sch\u00f6ner Token\r\n");
            peer.awaitEnd();
        });
        assertThatThrownBy(this::retrieve).hasMessageContaining("504 Sch\u00f6ner Token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"500 What", "502 Not here", "202 Superfluous"})
    void serverWithoutSpsvIsToldApartOnce(final String refusal) throws IOException {
        server.reply("SPSV", refusal);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(this::retrieve)
                    .isInstanceOfSatisfying(
                            SpsvUnsupportedException.class,
                            e -> assertThat(e.getReplyCode()).isEqualTo(Integer.parseInt(refusal.substring(0, 3))))
                    .hasMessageContaining(refusal);
        }
        assertThat(server.controlLines()).doesNotContain("PASV", "EPSV", "RETR file");
        assertThat(server.controlLines().stream().filter("SPSV"::equals)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"530 Log in first", "501 Too early", "425 Not now"})
    void otherRefusalOfSpsvIsLikeThatOfAnyCommand(final String refusal) throws IOException {
        server.reply("SPSV", refusal);
        client.setPassiveFallback(true);
        assertThat(client.retrieveFileStream("file")).isNull();
        assertThat(client.getReplyString()).startsWith(refusal);
        server.reply("SPSV", "227 (DATACONN:007aB)").onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
    }

    @Test
    void refusalThatEndsTheSessionIsCommonsNetsException() {
        server.reply("SPSV", "421 Going down");
        assertThatThrownBy(this::retrieve).isInstanceOf(FTPConnectionClosedException.class);
    }

    @Test
    void fallbackUsesPasvOfTheSameServer() throws IOException {
        server.reply("SPSV", "500 What")
                .reply("PASV", "227 (127,0,0,1," + (server.port() >> 8) + "," + (server.port() & 255) + ")")
                .onData(peer -> peer.send(CONTENT));
        client.setPassiveFallback(true);
        assertThat(client.isPassiveFallback()).isTrue();
        for (int i = 0; i < 2; i++) {
            assertThat(retrieve()).isEqualTo(CONTENT);
        }
        assertThat(server.controlLines().subList(3, server.controlLines().size()))
                .containsExactly("SPSV", "PASV", "RETR file", "PASV", "RETR file");
        assertThat(listener.heard()).as("the address of PASV is no token").anyMatch(line -> line.contains("127,0,0,1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "227 late (DATACONN:007aB)",
                "227 late (007aB)",
                "227 (127,0,0,1,2,3) (DATACONN:007aB)",
                "227 (DATACONN:007aB) (127,0,0,1,2,3)",
                "227 late (DATACONN:007aB"
            })
    void tokenThatComesInAnswerToAnotherCommandIsMaskedToo(final String reply) throws IOException {
        for (final String command : new String[] {"PASV", "NOOP"}) {
            server.reply(command, reply);
            client.sendCommand(command);
            assertThat(listener.heard().toString()).contains("227").doesNotContain("007aB");
        }
        server.reply("PASV", "227 Entering Passive Mode (127,0,0,1,2,3).");
        client.sendCommand("PASV");
        assertThat(listener.heard()).contains("< 227 Entering Passive Mode (127,0,0,1,2,3).");
    }

    @Test
    void restartOffsetOutlivesADataConnectionThatFails() throws IOException {
        server.onData(peer -> {
            peer.send("421 Not now\r\n");
            peer.awaitEnd();
        });
        client.setRestartOffset(5);
        assertThatThrownBy(this::retrieve).isInstanceOf(SpsvException.class);
        assertThat(client.getRestartOffset()).isEqualTo(5);
        server.onData(ScriptedServer.dataLogin(CONTENT));
        assertThat(retrieve()).isEqualTo(CONTENT);
        assertThat(server.controlLines()).endsWith("SPSV", "REST 5", "RETR file");
    }

    @Test
    void refusedRestAndRefusedCommandCloseTheDataConnection() throws Exception {
        for (final String verb : new String[] {"REST", "RETR"}) {
            server.reply(verb, "501 No").onData(peer -> {
                ScriptedServer.dataLogin().run(peer);
                peer.awaitEnd();
            });
            client.setRestartOffset(5);
            assertThat(client.retrieveFileStream("file")).isNull();
            assertThat(client.getReplyCode()).isEqualTo(501);
            server.expectDataEnd();
            server.reply("REST", "350 offset");
        }
    }

    @Test
    void listenerThatThrowsLeavesNoConnectionOpen() throws Exception {
        client.addProtocolCommandListener(new ProtocolCommandListener() {
            @Override
            public void protocolCommandSent(final ProtocolCommandEvent event) {
                if ("PASS".equals(event.getCommand())) {
                    throw new IllegalStateException("a listener's mistake");
                }
            }

            @Override
            public void protocolReplyReceived(final ProtocolCommandEvent event) {
                // of no interest
            }
        });
        server.onData(peer -> {
            peer.send("220 data\r\n");
            peer.awaitEnd();
        });
        assertThatThrownBy(this::retrieve).isInstanceOf(IllegalStateException.class);
        server.expectDataEnd();
    }
}
