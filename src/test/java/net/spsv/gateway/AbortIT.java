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
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import net.spsv.ftpserver.testing.LogCapture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** ABOR, which the gateway has to hear while it waits for something else, and after which the session goes on. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class AbortIT {
    private static final char IAC = 255;
    private static final char INTERRUPT_PROCESS = 244;
    private static final char DATA_MARK = 242;
    private static final byte[] BLOCK = new byte[64 * 1024];

    private Stage stage;

    @BeforeEach
    void open() throws IOException {
        stage = new Stage().login();
    }

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private void expectAborted(final Peer server) throws IOException {
        server.expectReset();
        expectReplies();
    }

    private void expectReplies() throws IOException {
        stage.control().line("426 cut off").expect("ABOR").line("226 aborted");
        assertThat(stage.client().reply()).isEqualTo("426 cut off");
        assertThat(stage.client().reply()).isEqualTo("226 aborted");
        stage.expectUsable();
    }

    /** Sends until nothing goes any more, as nobody reads at the other end. */
    private static Thread flood(final Peer peer) {
        final Thread thread = new Thread(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    peer.send(BLOCK);
                }
            } catch (final IOException e) {
                // the reset that the test waits for
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void abortEndsADownloadThatTheClientDoesNotRead() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR endless");
            final Thread sender = flood(server);
            data.readExactly(1000);
            stage.client().line("ABOR");
            sender.join();
            data.expectReset();
            expectReplies();
        }
    }

    @Test
    void abortEndsAnUploadThatTheServerDoesNotRead() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR endless");
            final Thread sender = flood(data);
            server.readExactly(1000);
            stage.client().line("ABOR");
            sender.join();
            expectAborted(server);
        }
    }

    @Test
    void abortInAnUploadThatRestsIsAResetAtTheServer() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            data.send(BLOCK);
            server.readExactly(BLOCK.length);
            stage.client().line("ABOR");
            data.expectReset();
            expectAborted(server);
        }
    }

    @Test
    void serverThatHasSentAllBeforeAnAbortDoesNotMakeItASuccess() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            stage.begin("RETR file");
            server.send(BLOCK).end();
            stage.control().line("226 done");
            stage.client().line("ABOR").expect(426);
            stage.control().expect("ABOR").line("226 nothing to abort");
            stage.client().expect(226);
        }
        assertThat(ListeningPorts.ofThisProcess()).doesNotContain(port);
        stage.expectUsable();
    }

    @Test
    void telnetsSynchInFrontOfAbortIsNoPartOfIt() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR file");
            server.send(BLOCK);
            data.readExactly(1000);
            stage.client().send("" + IAC + INTERRUPT_PROCESS + IAC);
            stage.client().sendUrgent(DATA_MARK);
            stage.client().line("ABOR");
            expectAborted(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00ff\u00f4\u00f2ABOR", "\u00ff\u00f4\u00ff\u00f2ABOR", "\u00f2ABOR", "abor", "XABOR"})
    void abortIsHeardInEveryForm(final String form) throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR file");
            server.send(BLOCK);
            data.readExactly(1000);
            stage.client().line(form);
            server.expectReset();
            stage.control()
                    .line("426 cut off")
                    .expect(form.replaceAll("[\u00f0-\u00ff]", ""))
                    .line("226 aborted");
            stage.client().expect(426);
            stage.client().expect(226);
            stage.expectUsable();
        }
    }

    @Test
    void abortBeforeTheTransferClosesThePassivePort() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            assertThat(stage.exchange("ABOR", "226 nothing to abort")).isEqualTo("226 nothing to abort");
            server.expectReset();
            Awaitility.await().until(() -> !ListeningPorts.ofThisProcess().contains(port));
            stage.client().line("RETR file").expect(425);
            stage.expectUsable();
        }
    }

    @Test
    void abortAfterATransferReachesTheServerAlone() throws Exception {
        stage.expectUsable();
        assertThat(stage.exchange("ABOR", "225 nothing to abort")).isEqualTo("225 nothing to abort");
        stage.expectUsable();
    }

    @Test
    void abortWhileTheDataLoginIsUnderWayEndsIt() throws Exception {
        stage.extendedPassive();
        try (Peer server = stage.tokenCame()) {
            stage.client().line("RETR file").line("ABOR").expect(425);
            server.expectReset();
            stage.control().expect("ABOR").line("226 aborted");
            stage.client().expect(226);
        }
        stage.expectUsable();
    }

    @Test
    void abortWhileTheServerHasNotGreetedTheDataConnectionEndsIt() throws Exception {
        stage.extendedPassive();
        try (Peer server = stage.accept()) {
            stage.client().line("RETR file").line("ABOR").expect(425);
            server.expectReset();
            stage.control().expect("ABOR").line("226 aborted");
            stage.client().expect(226);
        }
        stage.expectUsable();
    }

    @Test
    void abortWhileTheServerHasNotAnsweredTheTransferCommandEndsIt() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.client().line("RETR slow");
            stage.control().expect("RETR slow");
            stage.client().line("ABOR");
            data.expectReset();
            expectAborted(server);
        }
    }

    /** The first version heard an ABOR only where there was a data connection when it came. */
    @Test
    void abortInOneSegmentWithTheTransferCommandIsHeard() throws Exception {
        try (LogCapture log = LogCapture.open();
                ServerSocket active =
                        new ServerSocket(0, 1, stage.client().socket().getLocalAddress())) {
            active.setSoTimeout(20_000);
            stage.client()
                    .send("PORT 127,0,0,1," + active.getLocalPort() / 256 + ',' + active.getLocalPort() % 256
                            + "\r\nRETR endless\r\nABOR\r\n");
            stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
            stage.client().expect(200);
            stage.client().expect(425);
            stage.control().expect("ABOR").line("226 aborted");
            stage.client().expect(226);
            // given up maybe before, maybe after it was connected
            Awaitility.await("the second connection is given up")
                    .until(() -> log.texts().stream().anyMatch(text -> text.contains("The server's side of a data")));
            stage.forgetConnections();
        }
        stage.expectUsable();
    }

    @Test
    void twoAbortsAreTwoCommands() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            stage.client().send("ABOR\r\nABOR\r\n");
            server.expectReset();
            data.expectReset();
            stage.control().line("426 cut off").expect("ABOR").line("226 aborted");
            stage.client().expect(426);
            stage.client().expect(226);
            stage.control().expect("ABOR").line("226 aborted");
            stage.client().expect(226);
        }
        stage.expectUsable();
    }

    @Test
    void commandsBehindAnAbortAreServed() throws Exception {
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            stage.client().send("ABOR\r\nNOOP\r\nEPSV\r\n");
            server.expectReset();
            data.expectReset();
            stage.control()
                    .line("426 cut off")
                    .expect("ABOR")
                    .line("226 aborted")
                    .expect("NOOP")
                    .line("200 here");
            stage.client().expect(426);
            stage.client().expect(226);
            stage.client().expect(200);
            stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
            final int next = Stage.port(stage.client().expect(229));
            try (Peer second = stage.dataLogin();
                    Socket third = new Socket("127.0.0.1", next)) {
                stage.begin("RETR file");
                second.end();
                stage.control().line("226 done");
                stage.client().expect(226);
                assertThat(third.getInputStream().read()).isEqualTo(-1);
            }
        }
        stage.expectUsable();
    }

    /** As behind a firewall that drops what it does not like: a backlog that is full. */
    @Test
    void abortEndsAnActiveConnectionThatDoesNotComeAbout() throws Exception {
        try (ServerSocket active =
                new ServerSocket(0, 1, stage.client().socket().getLocalAddress())) {
            final List<Socket> backlog = new ArrayList<>();
            try {
                fill(active, backlog);
                stage.client().line("EPRT |1|127.0.0.1|" + active.getLocalPort() + "|");
                stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
                stage.client().expect(200);
                try (Peer server = stage.dataLogin()) {
                    stage.client().line("RETR x").line("ABOR").expect(425);
                    server.expectReset();
                    stage.control().expect("ABOR").line("226 aborted");
                    stage.client().expect(226);
                }
            } finally {
                for (final Socket one : backlog) {
                    one.close();
                }
            }
        }
        stage.expectUsable();
    }

    /** One that takes its time may be the machine's fault, two in a row are not. */
    private static void fill(final ServerSocket listening, final List<Socket> backlog) throws IOException {
        int late = 0;
        while (late < 2) {
            final Socket one = new Socket();
            backlog.add(one);
            try {
                one.connect(listening.getLocalSocketAddress(), 500);
                late = 0;
            } catch (final SocketTimeoutException e) {
                late++;
            }
        }
    }
}
