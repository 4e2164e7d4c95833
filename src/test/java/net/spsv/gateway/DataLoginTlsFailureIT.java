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
import java.util.function.UnaryOperator;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers, or who is between, that would have the gateway do without TLS: not a byte of the file goes in clear. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataLoginTlsFailureIT {
    private Stage stage;

    @AfterEach
    void close() throws Exception {
        stage.close();
    }

    private void open() throws IOException {
        open(settings -> settings);
    }

    private void openWithShortTimeout() throws IOException {
        open(settings -> settings.connectTimeout(Duration.ofSeconds(2)));
    }

    private void open(final UnaryOperator<GatewaySettings> more) throws IOException {
        stage = Stage.tls(more, "TLSv1.3", "TLSv1.2");
    }

    private void expectSessionRefused(final Peer server, final String reason) throws IOException {
        assertThat(stage.client().expect(421)).contains(reason);
        assertThat(stage.client().readToEnd()).isEmpty();
        server.expectGone();
    }

    @ParameterizedTest
    @ValueSource(strings = {"500 what?", "502 no", "530 no", "200 fine", "334 ADAT=", "234-TLS\r\n235 no"})
    void authThatIsRefusedEndsTheSession(final String reply) throws Exception {
        open();
        stage.connect();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS").line(reply)) {
            if (reply.contains("\r\n")) {
                server.fin();
            }
            expectSessionRefused(server, "");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"500 what?", "502 no", "431 not now", "200 fine"})
    void authThatIsRefusedOnTheSecondConnectionRefusesTheTransfer(final String reply) throws Exception {
        open();
        stage.login();
        stage.extendedPassive();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS").line(reply)) {
            server.expectGone();
            assertThat(stage.client().line("STOR x").expect(425)).contains("does not protect the connection");
        }
        stage.expectUsable();
    }

    /** What is injected behind AUTH's reply must not pass for something that came inside TLS. */
    @Test
    void whatComesInClearBehindAuthEndsTheSession() throws Exception {
        open();
        stage.connect();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS")) {
            server.send("234 go on\r\n230 in already\r\n".getBytes(StandardCharsets.US_ASCII));
            expectSessionRefused(server, "in clear");
        }
    }

    @Test
    void whatComesInClearBehindAuthOnTheSecondConnectionRefusesTheTransfer() throws Exception {
        open();
        stage.login();
        stage.extendedPassive();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS")) {
            server.send("234 go on\r\n331 token\r\n200 DATA\r\n".getBytes(StandardCharsets.US_ASCII));
            server.expectGone();
            assertThat(stage.client().line("STOR x").expect(425)).contains("in clear");
        }
        stage.expectUsable();
    }

    @Test
    void whatComesInClearInPlaceOfTheHandshakeEndsTheSession() throws Exception {
        open();
        stage.connect();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS").line("234 go on")) {
            server.read(new byte[1]);
            server.line("230 in already");
            expectSessionRefused(server, "TLS");
        }
    }

    @Test
    void handshakeThatStallsEndsTheSessionInTime() throws Exception {
        openWithShortTimeout();
        stage.connect();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS").line("234 go on")) {
            expectSessionRefused(server, "no answer within 2 s");
        }
    }

    @Test
    void handshakeThatStallsOnTheSecondConnectionRefusesTheTransfer() throws Exception {
        openWithShortTimeout();
        stage.login();
        stage.extendedPassive();
        try (Peer server = stage.accept().line("220 hello").expect("AUTH TLS").line("234 go on")) {
            assertThat(stage.client().line("STOR x").expect(425)).contains("no answer within 2 s");
            server.expectGone();
        }
        stage.expectUsable();
    }

    @Test
    void serverThatDoesNotProtectDataEndsTheSession() throws Exception {
        open();
        stage.connect();
        try (Peer server = stage.greet()) {
            stage.client().greeted().line("USER u001");
            server.expect("USER u001").line("331 password");
            stage.client().expect(331);
            stage.client().line("PASS xyz");
            server.expect("PASS xyz")
                    .line("230 in")
                    .expect("PBSZ 0")
                    .line("200 PBSZ=0")
                    .expect("PROT P")
                    .line("534 no");
            expectSessionRefused(server, "does not protect data connections: 534 no");
        }
    }

    @Test
    void dataIsProtectedAgainAfterRein() throws Exception {
        open();
        stage.login();
        stage.exchange("REIN", "220 anew");
        stage.logInAgain().expectUsable();
    }

    @Test
    void bytesBehindTheLastReplyAreTheFilesFirst() throws Exception {
        open();
        stage.login();
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

    /** TLS 1.3: a request to renew, which the peer answers with a renewal of its own, in the middle of files. */
    @Test
    void keysMayBeRenewedInTheMiddleOfFiles() throws Exception {
        open();
        stage.login();
        int port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("RETR x");
            for (int i = 0; i < 5; i++) {
                server.send((byte) 'a').tls().send(server.tls().encryptKeyUpdate());
                assertThat(data.readExactly(1)).containsExactly('a');
            }
            server.end();
            assertThat(data.readToEnd()).isEmpty();
            stage.control().line("226 done");
            stage.client().expect(226);
            assertThat(server.readToEnd()).isEmpty();
        }
        port = stage.extendedPassive();
        try (Peer server = stage.dataLogin();
                Peer data = stage.connectData(port)) {
            stage.begin("STOR x");
            for (int i = 0; i < 5; i++) {
                server.tls().send(server.tls().encryptKeyUpdate());
                data.send((byte) 'b');
                assertThat(server.readExactly(1)).containsExactly('b');
            }
            data.end();
            assertThat(server.readToEnd()).isEmpty();
            stage.control().line("226 done");
            stage.client().expect(226);
        }
        stage.control().tls().send(stage.control().tls().encryptKeyUpdate());
        stage.expectUsable();
    }
}
