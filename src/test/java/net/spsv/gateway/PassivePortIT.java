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
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client's end of a data connection: who may connect, how long it is waited for, and what is left of it. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class PassivePortIT {
    private Stage stage;

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private void login() throws IOException {
        stage = new Stage().login();
    }

    /** For those who come too late, or do not come. */
    private void loginWithShortTimeout() throws IOException {
        stage = new Stage(settings -> settings.dataTimeout(Duration.ofSeconds(2))).login();
    }

    private static void expectClosed(final int port) {
        Awaitility.await().until(() -> !ListeningPorts.ofThisProcess().contains(port));
    }

    private String active(final ServerSocket listening) {
        return "PORT 127,0,0,1," + listening.getLocalPort() / 256 + ',' + listening.getLocalPort() % 256;
    }

    @Test
    void strangerIsDroppedAndTheRightClientStillGetsThrough() throws Exception {
        login();
        final int port = stage.extendedPassive();
        final Socket stranger = new Socket();
        stranger.bind(new InetSocketAddress("127.0.0.2", 0));
        try (Peer server = stage.dataLogin();
                Peer foreign = stage.connectData(port, stranger)) {
            foreign.expectGone();
            stage.begin("RETR x");
            server.send((byte) 'x').end();
            try (Peer data = stage.connectData(port)) {
                assertThat(data.readToEnd()).asString().isEqualTo("x");
            }
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @Test
    void portIsOpenOnlyAtTheAddressThatTheClientCameTo() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
            assertThat(other.isBound()).isTrue();
            assertThat(server.socket().isConnected()).isTrue();
        }
    }

    @Test
    void portIsClosedAsSoonAsTheClientIsThere() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            expectClosed(port);
            assertThat(server.socket().isConnected() && data.socket().isConnected())
                    .isTrue();
        }
    }

    @Test
    void newPortClosesTheOneBefore() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            final int next = stage.extendedPassive();
            server.expectReset();
            data.expectReset();
            try (Peer second = stage.dataLogin()) {
                stage.extendedPassive();
                second.expectReset();
                expectClosed(next);
                stage.dataLogin().close();
            }
        }
        stage.forgetConnections();
    }

    @Test
    void portThatNobodyComesToIsClosedInTime() throws Exception {
        loginWithShortTimeout();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            server.expectReset();
            expectClosed(port);
            assertThat(stage.client().line("RETR x").expect(425)).contains("nobody has connected for 2 s");
        }
        stage.expectUsable();
    }

    @Test
    void transferThatNobodyConnectsForIsCutOffInTime() throws Exception {
        loginWithShortTimeout();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            stage.begin("STOR x");
            server.expectReset();
            stage.control().line("426 cut off");
            assertThat(stage.client().reply()).isEqualTo("426 cut off");
            expectClosed(port);
        }
        stage.expectUsable();
    }

    @Test
    void finalReplyToATransferThatNobodyConnectsForIsNoSuccess() throws Exception {
        loginWithShortTimeout();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            stage.begin("RETR x");
            server.send((byte) 'x').end();
            stage.control().line("226 done");
            stage.client().expect(426);
            expectClosed(port);
        }
        stage.expectUsable();
    }

    @Test
    void clientThatConnectsAndDoesNoMoreKeepsItsConnection() throws Exception {
        loginWithShortTimeout();
        final int port = stage.extendedPassive();
        try (Peer data = stage.connectData(port);
                Peer server = stage.dataLogin()) {
            data.socket().setSoTimeout(3000);
            assertThat(catchThrowable(() -> data.read(new byte[1]))).isInstanceOf(SocketTimeoutException.class);
            stage.begin("RETR x");
            server.end();
            stage.control().line("226 done");
            stage.client().expect(226);
            assertThat(data.readToEnd()).isEmpty();
        }
    }

    @Test
    void clientMayConnectBehindTheTransferCommand() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            stage.begin("RETR x");
            server.send((byte) 'x');
            try (Peer data = stage.connectData(port)) {
                assertThat(data.readExactly(1)).containsExactly('x');
                server.end();
                assertThat(data.readToEnd()).isEmpty();
            }
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @Test
    void uploadMayBeOverBeforeItsCommand() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            data.send((byte) 'x').end();
            stage.begin("STOR x");
            assertThat(server.readToEnd()).asString().isEqualTo("x");
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @Test
    void downloadMayBeOverBeforeItsReply() throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.client().line("RETR x");
            stage.control().expect("RETR x");
            server.send((byte) 'x').end();
            assertThat(data.readToEnd()).asString().isEqualTo("x");
            stage.control().line("150 go").line("226 done");
            stage.client().expect(150);
            stage.client().expect(226);
        }
    }

    @Test
    void activeModeConnectsWhenTheTransferBegins() throws Exception {
        login();
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            listening.setSoTimeout(20_000);
            stage.client().line(active(listening));
            stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
            stage.client().expect(200);
            try (Peer server = stage.dataLogin()) {
                stage.client().line("STOR x");
                try (Peer data = new Peer(listening.accept())) {
                    stage.control().expect("STOR x").line("150 go");
                    stage.client().expect(150);
                    data.send((byte) 'x').end();
                    assertThat(server.readToEnd()).asString().isEqualTo("x");
                    stage.control().line("226 done");
                    stage.client().expect(226);
                }
            }
        }
    }

    @Test
    void activeModeTowardsAPortWhereNobodyListensIsRefused() throws Exception {
        login();
        final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        final String command = active(listening);
        listening.close();
        stage.client().line(command);
        stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
        stage.client().expect(200);
        try (Peer server = stage.dataLogin()) {
            stage.client().line("RETR x").expect(425);
            server.expectReset();
        }
        stage.expectUsable();
    }

    @Test
    void activeClientsResetInAnUploadIsAResetAtTheServer() throws Exception {
        login();
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            listening.setSoTimeout(20_000);
            stage.client().line("EPRT |1|127.0.0.1|" + listening.getLocalPort() + "|");
            stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
            stage.client().expect(200);
            try (Peer server = stage.dataLogin()) {
                stage.client().line("STOR x");
                try (Peer data = new Peer(listening.accept())) {
                    stage.control().expect("STOR x").line("150 go");
                    stage.client().expect(150);
                    data.send((byte) 'x');
                    server.readExactly(1);
                    data.reset();
                    server.expectReset();
                    stage.control().line("226 what?");
                    stage.client().expect(426);
                }
            }
        }
        stage.expectUsable();
    }

    /** The first version gave up what it had connected to as it gives up what it connects to, and that was a FIN. */
    @ParameterizedTest
    @ValueSource(strings = {"server's reset", "ABOR", "551"})
    void downloadThatIsCutOffIsAResetInActiveModeToo(final String by) throws Exception {
        login();
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            listening.setSoTimeout(20_000);
            stage.client().line(active(listening));
            stage.control().expect("SPSV").line("227 (DATACONN:" + Stage.TOKEN + ")");
            stage.client().expect(200);
            try (Peer server = stage.dataLogin()) {
                stage.client().line("RETR x");
                try (Peer data = new Peer(listening.accept())) {
                    stage.control().expect("RETR x").line("150 go");
                    stage.client().expect(150);
                    server.send((byte) 'x');
                    data.readExactly(1);
                    if ("ABOR".equals(by)) {
                        stage.client().line("ABOR");
                    } else if ("551".equals(by)) {
                        stage.control().line("551 broken");
                    } else {
                        server.reset();
                    }
                    data.expectReset();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endBeforeTheTransferIsAnEmptyFileAndAResetIsNone(final boolean byReset) throws Exception {
        login();
        final int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin()) {
            try (Peer data = stage.connectData(port)) {
                if (byReset) {
                    data.reset();
                    server.expectReset();
                    stage.client().line("STOR x").expect(425);
                } else {
                    data.end();
                    stage.begin("STOR x");
                    assertThat(server.readToEnd()).isEmpty();
                    stage.control().line("226 done");
                    stage.client().expect(226);
                }
            }
        }
        stage.expectUsable();
    }
}
