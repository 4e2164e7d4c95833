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
package net.spsv.ftpserver.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens are good on which connections, and that nothing goes in clear which was to be protected. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class RequireTlsIT {
    /** As an installation gets it that says nothing of requireTls. */
    @RegisterExtension
    static final FtpServerExtension STRICT = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .dataIdleTimeout(5);

    @RegisterExtension
    static final FtpServerExtension LENIENT = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .requireTls(false)
            .dataIdleTimeout(5);

    private static final byte[] CONTENT = new RandomContent(11, 50_000).bytes();
    private static final String TLS = "TLSv1.3";

    @BeforeEach
    void source() {
        STRICT.file("source", CONTENT);
        LENIENT.file("source", CONTENT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tokenFromTlsIsRefusedInClear(final boolean protectedData) throws IOException {
        try (ControlClient control = control(STRICT);
                RawFtpClient data = STRICT.connect().greeted()) {
            if (protectedData) {
                control.command("PBSZ 0", 200);
                control.command("PROT P", 200);
            }
            final RawFtpClient.Endpoint endpoint = control.spsv();
            data.line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token()).expect(504);
            data.expectDropped();
            control.expectAlive();
        }
    }

    @Test
    void tokenFromTlsIsRefusedInClearInTheOneLineForm() throws IOException {
        final long before = refused(STRICT, "NOT_OVER_TLS");
        try (ControlClient control = control(STRICT);
                RawFtpClient data = STRICT.connect().greeted()) {
            data.line("SPDT " + control.spsv()).expect(504);
            data.expectDropped();
            control.expectAlive();
        }
        assertThat(refused(STRICT, "NOT_OVER_TLS")).isEqualTo(before + 1);
    }

    @Test
    void nextTokenIsGoodAfterOneWasRefusedInClear() throws IOException {
        try (TlsSession session = TlsSession.login(STRICT, Way.EXPLICIT, TLS, Certificates.client());
                RawFtpClient data = STRICT.connect().greeted()) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            data.line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token()).expect(504);
            session.expectUsable(STRICT);
        }
    }

    @Test
    void tokenFromClearMayBeUsedOverTls() throws IOException {
        try (RawFtpClient control = STRICT.login().binary()) {
            try (DataConnection data = insideTls(control, STRICT)) {
                control.line("RETR source").expect(150);
                assertThat(data.records().readToCloseNotify()).isEqualTo(CONTENT);
                data.records().expectFin();
                control.expect(226);
            }
            try (DataConnection data = insideTls(control, STRICT)) {
                control.line("STOR stored").expect(150);
                data.records().write(CONTENT).closeNotify();
                control.expect(226);
            }
            assertThat(STRICT.content("stored")).isEqualTo(CONTENT);
            try (DataConnection data = insideTls(control, STRICT)) {
                control.line("STOR stored").expect(150);
                data.records().write(CONTENT).fin();
                control.expect(426);
            }
            assertThat(control.retrieve("source")).isEqualTo(CONTENT);
        }
    }

    @Test
    void handshakeThatFailsBehindTheLoginIsCounted() throws IOException {
        final long before = lost();
        try (ControlClient control = control(LENIENT)) {
            control.command("PBSZ 0", 200);
            control.command("PROT P", 200);
            try (Socket data = RawFtpClient.dataConnection(LENIENT.port(), control.spsv())) {
                data.getOutputStream().write("this is no handshake".getBytes(StandardCharsets.US_ASCII));
                Awaitility.await().until(() -> lost() == before + 1);
            }
            try (Socket data = RawFtpClient.dataConnection(LENIENT.port(), control.spsv())) {
                data.shutdownOutput();
                Awaitility.await().until(() -> lost() == before + 2);
            }
            control.expectAlive();
        }
        assertThat(LENIENT.ftplet().getStatistics().getDataConnectionsWaiting()).isZero();
    }

    private static long lost() {
        return refused(LENIENT, "LOST");
    }

    private static long refused(final FtpServerExtension server, final String why) {
        return server.ftplet().getStatistics().getLoginsRefusedByReason().get(why);
    }

    @Test
    void dataStaysInsideTlsWithProtC() throws IOException {
        for (final FtpServerExtension server : new FtpServerExtension[] {STRICT, LENIENT}) {
            try (ControlClient control = control(server)) {
                control.command("PBSZ 0", 200);
                control.command("PROT C", 200);
                try (DataConnection data = DataConnection.byRecords(Way.EXPLICIT, TLS, control.spsv(), server.port())) {
                    data.login();
                    control.command("RETR source", 150);
                    assertThat(data.records().readToCloseNotify()).isEqualTo(CONTENT);
                    control.expect(226);
                }
                try (DataConnection data = DataConnection.byRecords(Way.EXPLICIT, TLS, control.spsv(), server.port())) {
                    data.login();
                    control.command("STOR stored", 150);
                    data.records().write(CONTENT).closeNotify();
                    control.expect(226);
                }
                assertThat(server.content("stored")).isEqualTo(CONTENT);
            }
        }
    }

    @Test
    void dataLoginInClearWithProtCIsInClearWhereThatIsAllowed() throws IOException {
        try (ControlClient control = control(LENIENT)) {
            control.command("PBSZ 0", 200);
            control.command("PROT C", 200);
            try (Socket data = RawFtpClient.dataConnection(LENIENT.port(), control.spsv())) {
                control.command("RETR source", 150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                control.expect(226);
            }
            try (Socket data = RawFtpClient.dataConnection(LENIENT.port(), control.spsv())) {
                control.command("STOR stored", 150);
                data.getOutputStream().write(CONTENT);
                data.shutdownOutput();
                control.expect(226);
            }
            assertThat(LENIENT.content("stored")).isEqualTo(CONTENT);
        }
    }

    @Test
    void protPOnAControlConnectionInClearProtectsTheData() throws IOException {
        for (final FtpServerExtension server : new FtpServerExtension[] {STRICT, LENIENT}) {
            try (RawFtpClient control = server.login().binary()) {
                control.line("PBSZ 0").expect(200);
                control.line("PROT P").expect(200);
                try (DataConnection data =
                        DataConnection.byRecords(Way.CLEAR_LOGIN, TLS, control.spsv(), server.port())) {
                    data.login();
                    control.line("RETR source").expect(150);
                    data.secure();
                    assertThat(data.records().readToCloseNotify()).isEqualTo(CONTENT);
                    control.expect(226);
                }
            }
        }
    }

    @Test
    void protPBehindADataLoginInClearRefusesTheTransfer() throws IOException {
        for (final String transfer : new String[] {"RETR source", "LIST", "STOR refused"}) {
            try (ControlClient control = control(LENIENT)) {
                control.command("PBSZ 0", 200);
                control.command("PROT C", 200);
                try (Socket data = RawFtpClient.dataConnection(LENIENT.port(), control.spsv())) {
                    control.command("PROT P", 200);
                    control.expectRefused(transfer);
                    assertThat(TlsConnection.countToTheEnd(data, ".*reset.*")).isZero();
                }
                control.expectAlive();
            }
            try (RawFtpClient control = STRICT.login()) {
                try (Socket data = RawFtpClient.dataConnection(STRICT.port(), control.spsv())) {
                    control.line("PROT P").expect(200);
                    String reply = control.line(transfer).reply();
                    if (reply.startsWith("150")) {
                        reply = control.reply();
                    }
                    assertThat(reply).startsWith("425");
                    assertThat(TlsConnection.countToTheEnd(data, ".*reset.*")).isZero();
                }
                control.expectAlive();
            }
        }
    }

    @Test
    void transferOverTlsIsMarkedByTheDataSessionsEndBeforeItsLastReply() throws IOException {
        try (ControlClient control = control(STRICT);
                DataConnection data = DataConnection.byRecords(Way.EXPLICIT, TLS, control.spsv(), STRICT.port())) {
            // What the tests before have closed is gone.
            Awaitility.await().until(() -> STRICT.statistics().getCurrentConnectionNumber() == 1);
            data.login();
            control.command("RETR source", 150);
            data.records().readToCloseNotify();
            control.expect(226);
            assertThat(STRICT.server().getListener("default").getActiveSessions())
                    .hasSize(1);
            // FtpServer counts on its command threads.
            Awaitility.await().until(() -> STRICT.statistics().getCurrentConnectionNumber() == 1);
        }
    }

    @Test
    void wrongTokenIsRefusedInsideTls() throws IOException {
        try (Socket socket = TlsConnection.connect(STRICT.port());
                TlsConnection data = new TlsConnection(socket, Certificates.client(), TLS)) {
            new Lines(socket.getInputStream(), socket.getOutputStream())
                    .expect(220)
                    .send("AUTH TLS\r\n")
                    .expect(234);
            data.handshake();
            data.lines().send("USER DATACONN\r\n").expect(331);
            data.lines().send("PASS 00000000000000000000000000000000\r\n").expect(504);
            assertThat(restOf(data)).isEmpty();
        }
    }

    /** With close_notify on MINA 2.1 and without on MINA 2.2. */
    private static byte[] restOf(final TlsConnection data) throws IOException {
        try {
            return data.readToCloseNotify();
        } catch (final EOFException e) {
            return new byte[0];
        }
    }

    private static ControlClient control(final FtpServerExtension server) throws IOException {
        return ControlClient.explicit(server.port(), Certificates.client())
                .user(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    private static DataConnection insideTls(final RawFtpClient control, final FtpServerExtension server)
            throws IOException {
        return DataConnection.byRecords(Way.EXPLICIT, TLS, control.spsv(), server.port())
                .login();
    }
}
