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
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.util.function.UnaryOperator;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers without single-port mode, where the gateway may use their passive ports. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FallbackIT {
    private static final UnaryOperator<GatewaySettings> FALLBACK = settings -> settings.fallback(true);

    private Stage stage;
    private ServerSocket passive;

    @BeforeEach
    void listen() throws IOException {
        passive = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        passive.setSoTimeout(20_000);
    }

    @AfterEach
    void close() throws Exception {
        passive.close();
        stage.close();
    }

    private String numbers(final String address) {
        return address + ',' + passive.getLocalPort() / 256 + ',' + passive.getLocalPort() % 256;
    }

    private int passiveFrom(final String reply) throws IOException {
        stage.client().line("EPSV");
        stage.control()
                .expect("SPSV")
                .line("500 unknown")
                .expect("EPSV")
                .line("500 unknown")
                .expect("PASV")
                .line(reply);
        return Stage.port(stage.client().expect(229));
    }

    private void download(final int port) throws IOException {
        try (Peer server = new Peer(passive.accept());
                Peer data = stage.connectData(port)) {
            stage.begin("RETR x");
            server.send((byte) 'x').end();
            assertThat(data.readToEnd()).asString().isEqualTo("x");
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"229 (|||0|)", "229 (|||70000|)", "229 (|||-1|)", "229 nothing"})
    void extendedPassivePortThatIsNoneRefusesTheTransfer(final String fromServer) throws Exception {
        stage = new Stage(FALLBACK).login();
        stage.client().line("EPSV");
        stage.control().expect("SPSV").line("500 unknown").expect("EPSV").line(fromServer);
        assertThat(stage.client().reply()).isEqualTo("425 The server's reply to EPSV is not understood.");
        assertThat(stage.exchange("NOOP", "200 here")).isEqualTo("200 here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"200 (127,0,0,1,4,4)", "331 (127,0,0,1,4,4)", "229 (|||5000|)"})
    void replyToSomethingElseEndsTheSession(final String fromServer) throws Exception {
        stage = new Stage(FALLBACK).login();
        stage.client().line("EPSV");
        stage.control()
                .expect("SPSV")
                .line("500 unknown")
                .expect("EPSV")
                .line("500 unknown")
                .expect("PASV")
                .line(fromServer);
        assertThat(stage.client().reply()).startsWith("421 ");
        stage.client().expectDropped();
    }

    @Test
    void extendedPassivePortIsUsedAndSpsvIsNotTriedAgain() throws Exception {
        stage = new Stage(FALLBACK).login();
        stage.client().line("EPSV");
        stage.control()
                .expect("SPSV")
                .line("502 unknown")
                .expect("EPSV")
                .line("229 Entering Extended Passive Mode (|||" + passive.getLocalPort() + "|)");
        download(Stage.port(stage.client().expect(229)));
        stage.client().line("EPSV");
        stage.control().expect("EPSV").line("229 x (!!!" + passive.getLocalPort() + "!).");
        download(Stage.port(stage.client().expect(229)));
    }

    /** RFC 2577, section 3; and a server behind NAT does not know its address. */
    @ParameterizedTest
    @ValueSource(strings = {"127,0,0,1", "127,0,0,2", "10,0,0,1", "0,0,0,0", "255,255,255,255"})
    void passivePortIsUsedAtTheServersAddressWhateverTheServerSays(final String address) throws Exception {
        stage = new Stage(FALLBACK).login();
        try (ServerSocket foreign = new ServerSocket(passive.getLocalPort(), 1, InetAddress.getByName("127.0.0.2"))) {
            foreign.setSoTimeout(1);
            download(passiveFrom("227 Entering Passive Mode (" + numbers(address) + ")."));
            Assertions.assertThatThrownBy(foreign::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"227 Entering Passive Mode %s", "227 =%s", "227 (%s)", "227 4 ways (%s) 5"})
    void repliesToPasvAreReadAsTheyComeInTheWild(final String form) throws Exception {
        stage = new Stage(FALLBACK).login();
        download(passiveFrom(form.replace("%s", numbers("127,0,0,1"))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "227 nothing; 425 The server's reply to PASV is not understood.",
                "227 (127,0,0,1,256,1); 425 The server's reply to PASV is not understood.",
                "227 (127,0,0,1,0,0); 425 The server's reply to PASV is not understood.",
                "227 (127,0,0,1,1); 425 The server's reply to PASV is not understood.",
                "421 no ports left; 421 no ports left",
                "530 log in; 530 log in"
            })
    void passivePortThatIsNoneRefusesTheTransfer(final String fromServer, final String toClient) throws Exception {
        stage = new Stage(FALLBACK).login();
        stage.client().line("EPSV");
        stage.control()
                .expect("SPSV")
                .line("500 unknown")
                .expect("EPSV")
                .line("500 unknown")
                .expect("PASV")
                .line(fromServer);
        assertThat(stage.client().reply()).isEqualTo(toClient);
        stage.client().line("RETR x").expect(425);
        assertThat(stage.exchange("NOOP", "200 here")).isEqualTo("200 here");
    }

    @Test
    void passivePortWhereNobodyListensRefusesTheTransfer() throws Exception {
        stage = new Stage(FALLBACK).login();
        final String reply = "227 (" + numbers("127,0,0,1") + ')';
        passive.close();
        passiveFrom(reply);
        stage.client().line("RETR x").expect(425);
        assertThat(stage.exchange("NOOP", "200 here")).isEqualTo("200 here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void passivePortIsProtectedWhenTheTransferBegins(final String protocol) throws Exception {
        stage = Stage.tls(FALLBACK, protocol).login();
        final int port = passiveFrom("227 (" + numbers("127,0,0,1") + ')');
        try (Peer server = new Peer(passive.accept());
                Peer data = stage.connectData(port)) {
            stage.begin("STOR x");
            server.secure(Stage.serverContext(), protocol);
            data.send((byte) 'x').end();
            assertThat(server.readToEnd()).asString().isEqualTo("x");
            stage.control().line("226 done");
            stage.client().expect(226);
        }
    }

    @Test
    void passivePortThatIsInClearGetsNothingOfTheFile() throws Exception {
        stage = Stage.tls(FALLBACK, "TLSv1.3").login();
        final int port = passiveFrom("227 (" + numbers("127,0,0,1") + ')');
        try (Peer server = new Peer(passive.accept());
                Peer data = stage.connectData(port)) {
            stage.begin("STOR x");
            data.send(new byte[1000]).end();
            server.line("220 I am no TLS");
            server.expectGone();
            stage.control().line("226 done");
            stage.client().expect(426);
        }
    }

    @Test
    void serversResetInADownloadIsAResetAtTheClient() throws Exception {
        stage = new Stage(FALLBACK).login();
        final int port = passiveFrom("227 (" + numbers("127,0,0,1") + ')');
        try (Peer server = new Peer(passive.accept());
                Peer data = stage.connectData(port)) {
            stage.begin("RETR x");
            server.send((byte) 'x');
            data.readExactly(1);
            server.reset();
            data.expectReset();
            stage.control().line("226 done");
            stage.client().expect(426);
        }
    }

    @Test
    void abortReachesTheServersPassivePort() throws Exception {
        stage = new Stage(FALLBACK).login();
        final int port = passiveFrom("227 (" + numbers("127,0,0,1") + ')');
        try (Peer server = new Peer(passive.accept());
                Peer data = stage.connectData(port)) {
            stage.begin("STOR x");
            stage.client().line("ABOR");
            server.expectReset();
            data.expectReset();
            stage.control().line("426 cut off").expect("ABOR").line("226 aborted");
            stage.client().expect(426);
            stage.client().expect(226);
        }
    }
}
