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
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session of which one side has gone ends at the other side, too, whatever it is about. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ConnectionLossIT {
    private Stage stage;

    @BeforeEach
    void open() throws IOException {
        stage = new Stage();
    }

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    /** How a client or a server goes. */
    private static void leave(final boolean byReset, final Peer peer) throws IOException {
        if (byReset) {
            peer.reset();
        } else {
            peer.close();
        }
    }

    private void clientLeaves(final boolean byReset) {
        if (byReset) {
            stage.client().reset();
        } else {
            stage.client().close();
        }
    }

    private void expectClosing() {
        assertThat(stage.client().expect(421)).doesNotContain("null");
        assertThat(stage.client().readToEnd()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatGoesWhileIdleIsNoticedAtOnce(final boolean byReset) throws Exception {
        stage.login();
        leave(byReset, stage.control());
        expectClosing();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatGoesInACommandIsNoticed(final boolean byReset) throws Exception {
        stage.login();
        stage.client().line("CWD /");
        stage.control().expect("CWD /");
        leave(byReset, stage.control());
        expectClosing();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatGoesInAReplyIsNoticed(final boolean byReset) throws Exception {
        stage.login();
        stage.client().line("STAT");
        stage.control().expect("STAT").line("211-half a reply").send((byte) '2');
        assertThat(stage.client().read("211-half a reply\r\n".length())).isNotEmpty();
        leave(byReset, stage.control());
        expectClosing();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatGoesInADownloadIsAResetAtTheClient(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR file");
            server.send(new byte[1000]);
            data.readExactly(1000);
            leave(byReset, stage.control());
            expectClosing();
            data.expectReset();
            server.expectReset();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatGoesInAnUploadIsAResetAtBothEnds(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            data.send(new byte[1000]);
            server.readExactly(1000);
            leave(byReset, stage.control());
            expectClosing();
            data.expectReset();
            server.expectReset();
        }
    }

    /** RFC 959, section 4.1.1: a QUIT lets a transfer under way come to its end. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void uploadOfAClientThatHasSaidGoodbyeIsComplete(final boolean halfClosed) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        final byte[] file = new byte[3_000_000];
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            stage.client().line("QUIT");
            if (halfClosed) {
                stage.client().socket().shutdownOutput();
            } else {
                stage.client().close();
            }
            final Thread sender = new Thread(() -> {
                try {
                    data.send(file).end();
                } catch (final IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            sender.start();
            server.readExactly(1_000_000);
            assertThat(server.readToEnd()).hasSize(2_000_000);
            sender.join();
            stage.control().line("226 done");
            stage.control().expect("QUIT").line("221 goodbye");
            if (halfClosed) {
                stage.client().expect(226);
                stage.client().expect(221);
            }
            stage.control().expectGone();
        }
    }

    @Test
    void serversOwnClosingReplyIsPassedOnAndNotDoubled() throws Exception {
        stage.login();
        stage.control().line("421 Timeout, goodbye");
        stage.control().close();
        assertThat(stage.client().reply()).isEqualTo("421 Timeout, goodbye");
        assertThat(stage.client().readToEnd()).isEmpty();
    }

    @Test
    void serversOwnClosingReplyOfManyLinesIsPassedOnAndNotDoubled() throws Exception {
        stage.login();
        stage.control().line("421-Timeout").line("421 Goodbye");
        stage.control().close();
        assertThat(stage.client().reply()).isEqualTo("421-Timeout\n421 Goodbye");
        assertThat(stage.client().readToEnd()).isEmpty();
    }

    @Test
    void serversClosingReplyToACommandIsPassedOnAndNotDoubled() throws Exception {
        stage.login();
        stage.client().line("EPSV");
        stage.control().expect("SPSV").line("421 Too late");
        stage.control().close();
        assertThat(stage.client().reply()).isEqualTo("421 Too late");
        assertThat(stage.client().readToEnd()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello",
                "",
                "999 no such code",
                "2000 no such code",
                "20",
                "200_",
                "-ERR",
                "HTTP/1.1 400 Bad Request",
                "\u0000\u0000\u0000"
            })
    void whatIsNoReplyEndsTheSession(final String line) throws Exception {
        stage.login();
        stage.client().line("NOOP");
        stage.control().expect("NOOP").line(line);
        expectClosing();
        stage.control().expectGone();
    }

    @Test
    void replyThatComesWithWhatIsNoneIsPassedOn() throws Exception {
        stage.login();
        stage.client().line("NOOP");
        stage.control().expect("NOOP").send("200 fine\r\nnonsense\r\n".getBytes("US-ASCII"));
        stage.client().expect(200);
        expectClosing();
    }

    @Test
    void serversEndlessLineEndsTheSession() throws Exception {
        stage.login();
        stage.client().line("NOOP");
        stage.control().expect("NOOP").send(new byte[8192]).expectGone();
        expectClosing();
    }

    /** Of a reply that is read as a whole. */
    @Test
    void serversEndlessReplyEndsTheSession() throws Exception {
        stage.login();
        stage.client().line("FEAT");
        stage.control().expect("FEAT").line("211-Features");
        try {
            for (int i = 0; i < 1_000_000; i++) {
                stage.control().line(" FEATURE " + i);
            }
            throw new AssertionError("a million features were taken");
        } catch (final SocketException e) {
            expectClosing();
        }
    }

    /** Of a reply that need not be read as a whole. */
    @Test
    void longReplyIsPassedOnAsItComes() throws Exception {
        stage.login();
        stage.client().line("STAT /");
        stage.control().expect("STAT /").line("213-Listing");
        for (int i = 0; i < 5000; i++) {
            stage.control().line(" line " + i);
        }
        stage.control().line("213 End");
        assertThat(stage.client().reply().split("\n")).hasSize(5002);
        stage.expectUsable();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesWhileIdleIsNoticedByTheServer(final boolean byReset) throws Exception {
        stage.login();
        clientLeaves(byReset);
        stage.control().expectGone();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesBeforeTheGreetingIsNoticedByTheServer(final boolean byReset) throws Exception {
        stage.connect();
        try (Peer control = stage.accept()) {
            clientLeaves(byReset);
            control.line("220 hello?").expectGone();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesInACommandIsNoticedByAServerThatDoesNotAnswer(final boolean byReset) throws Exception {
        stage.login();
        stage.client().line("SITE SLEEP");
        stage.control().expect("SITE SLEEP");
        clientLeaves(byReset);
        stage.control().expectGone();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesBehindEpsvLeavesNothing(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            clientLeaves(byReset);
            stage.control().expectGone();
            server.expectReset();
            Awaitility.await().until(() -> !ListeningPorts.ofThisProcess().contains(port));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesInAnUploadIsAResetAtTheServer(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            data.send(new byte[1000]);
            server.readExactly(1000);
            clientLeaves(byReset);
            server.expectReset();
            data.expectReset();
            stage.control().line("426 cut off").expectGone();
        }
    }

    /** As a process does that is killed: what it has sent ends like a whole file. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesBeforeItsUploadEndsIsAResetAtTheServer(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            data.send(new byte[1000]);
            clientLeaves(byReset);
            data.end();
            server.expectReset();
            stage.control().line("426 cut off").expectGone();
        }
    }

    /** As {@link #clientThatGoesBeforeItsUploadEndsIsAResetAtTheServer}, in the order in which Linux ends them. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesRightBehindTheEndOfItsUploadIsAResetAtTheServer(final boolean byReset) throws Exception {
        boolean right = false;
        while (!right) {
            stage.login();
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(new byte[1000]);
                server.readExactly(1000);
                // the longer an upload takes the more time there is for what comes behind it
                final long begun = System.nanoTime();
                Awaitility.await().until(() -> System.nanoTime() - begun > TimeUnit.MILLISECONDS.toNanos(500));
                final long end = System.nanoTime();
                data.end();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
                clientLeaves(byReset);
                // a machine that was too busy for it shows nothing
                right = System.nanoTime() - end < TimeUnit.MILLISECONDS.toNanos(15);
                if (right) {
                    server.expectReset();
                    stage.control().line("426 cut off").expectGone();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatGoesInADownloadIsAResetAtTheServer(final boolean byReset) throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR file");
            server.send(new byte[1000]);
            data.readExactly(1000);
            clientLeaves(byReset);
            server.expectReset();
            data.expectReset();
            stage.control().line("426 cut off").expectGone();
        }
    }

    /** As {@code printf 'NOOP\r\nNOOP\r\n' | nc} does. */
    @Test
    void clientThatHasOnlyEndedItsSideGetsItsReplies() throws Exception {
        stage.login();
        stage.client().send("NOOP\r\nNOOP\r\n");
        stage.client().socket().shutdownOutput();
        stage.control().expect("NOOP").line("200 one").expect("NOOP").line("200 two");
        assertThat(stage.client().readToEnd()).asString().isEqualTo("200 one\r\n200 two\r\n");
        stage.control().expectGone();
    }

    @Test
    void quitIsPassedOnAndEndsBoth() throws Exception {
        stage.login();
        assertThat(stage.exchange("QUIT", "221 bye")).isEqualTo("221 bye");
        assertThat(stage.client().readToEnd()).isEmpty();
        assertThat(stage.control().readToEnd()).isEmpty();
    }

    @Test
    void quitInATransferWaitsForItsEnd() throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            stage.client().line("QUIT");
            data.send(new byte[1000]).end();
            assertThat(server.readToEnd()).hasSize(1000);
            stage.control().line("226 done").expect("QUIT").line("221 bye");
            stage.client().expect(226);
            stage.client().expect(221);
            assertThat(stage.client().readToEnd()).isEmpty();
        }
    }

    @Test
    void quitLeavesNoPassivePort() throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            stage.exchange("QUIT", "221 bye");
            server.expectReset();
            Awaitility.await().until(() -> !ListeningPorts.ofThisProcess().contains(port));
        }
    }
}
