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
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LogCapture;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A gateway that is closed ends what is under way, whatever it is, and leaves no thread behind. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ShutdownIT {
    private Stage stage;

    @BeforeEach
    void open() throws IOException {
        stage = new Stage();
    }

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private static void expectNoThread() {
        Awaitility.await()
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("spsv-gateway-")));
    }

    private void closeGateway() throws IOException {
        stage.gateway().close();
        expectNoThread();
    }

    @Test
    void idleSessionIsTold() throws Exception {
        stage.login();
        closeGateway();
        stage.client().expect(421);
        assertThat(stage.client().readToEnd()).isEmpty();
        assertThat(stage.control().readToEnd()).isEmpty();
    }

    @Test
    void sessionInACommandIsTold() throws Exception {
        stage.login();
        stage.client().line("NOOP");
        stage.control().expect("NOOP");
        closeGateway();
        stage.client().expect(421);
        stage.control().expectGone();
    }

    @Test
    void transfersAreResetAtBothEnds() throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR file");
            data.send(new byte[1000]);
            server.readExactly(1000);
            closeGateway();
            stage.client().expect(421);
            server.expectReset();
            data.expectReset();
        }
    }

    @Test
    void transferThatIsBlockedIsReset() throws Exception {
        stage.login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR file");
            final Thread sender = new Thread(() -> {
                try {
                    while (true) {
                        server.send(new byte[10_000]);
                    }
                } catch (final IOException e) {
                    // the reset
                }
            });
            sender.start();
            data.readExactly(1000);
            closeGateway();
            sender.join();
            data.expectReset();
        }
    }

    @Test
    void dataLoginIsReset() throws Exception {
        stage.login();
        stage.extendedPassive();
        try (Peer server = stage.tokenCame()) {
            closeGateway();
            server.expectReset();
            stage.client().expect(421);
        }
    }

    /** The first version left this thread and both sockets behind for ever: its timer went before its sessions. */
    @Test
    void sessionWhoseServerHasNotGreetedEnds() throws Exception {
        stage.connect();
        try (Peer server = stage.accept();
                LogCapture log = LogCapture.open()) {
            closeGateway();
            assertThat(log.texts()).isNotEmpty().noneMatch(text -> text.contains("have not ended within"));
            server.expectGone();
            stage.client().expectEnd();
        }
    }

    /** As {@link #sessionWhoseServerHasNotGreetedEnds}. */
    @Test
    void probeWhoseServerHasNotGreetedEnds() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            final Gateway gateway =
                    Gateway.start(new GatewaySettings((InetSocketAddress) silent.getLocalSocketAddress())
                            .listen(new InetSocketAddress("127.0.0.1", 0)));
            try (Socket probe = silent.accept()) {
                stage.gateway().close();
                gateway.close();
                expectNoThread();
                assertThat(probe.isConnected()).isTrue();
            }
        }
    }

    /** As {@link #sessionWhoseServerHasNotGreetedEnds}. */
    @Test
    void probeWhoseServerDoesNotAnswerEnds() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            final Gateway gateway =
                    Gateway.start(new GatewaySettings((InetSocketAddress) silent.getLocalSocketAddress())
                            .listen(new InetSocketAddress("127.0.0.1", 0)));
            try (Peer probe = new Peer(silent.accept())) {
                probe.line("220 hello").expect("FEAT");
                stage.gateway().close();
                gateway.close();
                expectNoThread();
            }
        }
    }

    /** The first version went on writing for a minute. */
    @Test
    void sessionWhoseClientDoesNotReadEnds() throws Exception {
        stage.login();
        stage.client().line("STAT");
        stage.control().expect("STAT").line("211-endless");
        final Thread sender = new Thread(() -> {
            try {
                while (true) {
                    stage.control().line(" more of it, and nobody reads it");
                }
            } catch (final IOException e) {
                // the end
            }
        });
        sender.start();
        Awaitility.await()
                .until(() -> Thread.getAllStackTraces().entrySet().stream()
                        .anyMatch(thread -> Arrays.stream(thread.getValue())
                                .anyMatch(call -> "awaitWritable".equals(call.getMethodName()))));
        closeGateway();
        sender.join();
    }

    @Test
    void nobodyIsServedAfterwardsAndClosingAgainIsNoMistake() throws Exception {
        final int port = stage.gateway().address().getPort();
        closeGateway();
        stage.gateway().close();
        try (RawFtpClient late = RawFtpClient.connect(port)) {
            late.expectDropped();
            throw new AssertionError("somebody listens");
        } catch (final UncheckedIOException e) {
            assertThat(e).hasCauseInstanceOf(ConnectException.class);
        }
        stage.gateway().awaitClose();
    }

    @Test
    void sessionsThatHaveOnlyJustComeEnd() throws Exception {
        stage.gateway().close();
        final InetSocketAddress server = new InetSocketAddress("127.0.0.1", stage.serverPort());
        for (int i = 0; i < 20; i++) {
            final Gateway gateway =
                    Gateway.start(new GatewaySettings(server).listen(new InetSocketAddress("127.0.0.1", 0)));
            final List<RawFtpClient> clients = new ArrayList<>();
            for (int j = 0; j < 10; j++) {
                clients.add(RawFtpClient.connect(gateway.address()));
            }
            gateway.close();
            expectNoThread();
            clients.forEach(RawFtpClient::expectEnd);
            clients.forEach(RawFtpClient::close);
            stage.forgetConnections();
        }
    }
}
