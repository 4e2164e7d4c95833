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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the handshake of a data connection agrees on: certificate, protocol, cipher suite, and the session itself. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TlsHandshakeIT {
    private static final String SUITE = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";

    private static final List<InetAddress> CONNECTED = new CopyOnWriteArrayList<>();

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers(server -> server.ftpletBefore("addresses", new DefaultFtplet() {
        @Override
        public FtpletResult onConnect(final FtpSession session) {
            CONNECTED.add(session.getClientAddress().getAddress());
            return FtpletResult.DEFAULT;
        }
    }));

    /** The same, with a TLS of the data connections' own that differs in everything from the listener's. */
    @RegisterExtension
    static final FtpServerExtension OWN = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .dataTls(Certificates.server(Certificates.DATA, "TLSv1.2", SUITE))
            .requireTls(false);

    private static final byte[] CONTENT = new RandomContent(19, 50_000).bytes();

    @BeforeEach
    void source() {
        SERVERS.file("source", CONTENT);
        OWN.file("source", CONTENT);
        CONNECTED.clear();
    }

    static List<Arguments> waysAndProtocols() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : Way.values()) {
            all.add(Arguments.of(way, "TLSv1.2"));
            all.add(Arguments.of(way, "TLSv1.3"));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("waysAndProtocols")
    void dataConnectionResumesTheSessionOfTheControlConnection(final Way way, final String protocol)
            throws IOException {
        final AtomicInteger certificates = new AtomicInteger();
        final SSLContext context = Certificates.client(certificates);
        try (TlsSession session = TlsSession.login(SERVERS.of(way), way, protocol, context)) {
            assertThat(certificates).hasValue(1);
            // the client finds its sessions by address and port, and PASV's port is another one each time
            final int full = way == Way.PASV ? 1 : 0;
            for (int i = 0; i < 3; i++) {
                certificates.set(0);
                assertThat(session.download("RETR source")).isEqualTo(CONTENT);
                assertThat(certificates)
                        .as("certificates sent to transfer %d", i)
                        .hasValue(full);
            }
        }
    }

    @Test
    void clearLoginShowsTheCertificateOfTheDataConnections() throws IOException {
        try (TlsSession session = TlsSession.login(OWN, Way.CLEAR_LOGIN, "TLSv1.2", Certificates.client());
                DataConnection data = session.begin("RETR source")) {
            assertThat(Certificates.peer(data.socket().getSession())).isEqualTo("CN=data");
            assertThat(data.socket().getSession().getCipherSuite()).isEqualTo(SUITE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void loginInsideTlsShowsTheCertificateOfTheListener(final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(OWN, Way.EXPLICIT, protocol, Certificates.client())) {
            try (DataConnection data = session.begin("RETR source")) {
                assertThat(Certificates.peer(data.socket().getSession())).isEqualTo("CN=listener");
                assertThat(RandomContent.digest(data.socket().getInputStream())).isNotEmpty();
            }
            session.control().expect(226);
        }
    }

    @Test
    void protocolOfTheDataConnectionsHoldsForAClearLogin() throws IOException {
        try (ControlClient control = ControlClient.explicit(OWN.port(), Certificates.client(), "TLSv1.3")
                .protectedLogin()) {
            for (final boolean commandFirst : new boolean[] {true, false}) {
                try (DataConnection data =
                        DataConnection.byRecords(Way.CLEAR_LOGIN, "TLSv1.3", control.spsv(), OWN.port())) {
                    data.login();
                    if (commandFirst) {
                        control.command("RETR source", 150);
                    }
                    assertThatThrownBy(data::secure).isInstanceOf(SSLException.class);
                    if (commandFirst) {
                        control.expect(425);
                    } else {
                        control.expectRefused("RETR source");
                    }
                }
            }
            try (DataConnection data =
                    DataConnection.byRecords(Way.CLEAR_LOGIN, "TLSv1.2", control.spsv(), OWN.port())) {
                data.secure();
                control.command("RETR source", 150);
                assertThat(data.records().readToCloseNotify()).isEqualTo(CONTENT);
                control.expect(226);
            }
        }
    }

    @Test
    void clientWithoutACommonCipherSuiteIsDropped() throws IOException {
        try (ControlClient control = ControlClient.explicit(OWN.port(), Certificates.client(), "TLSv1.3")
                .protectedLogin()) {
            final RawFtpClient.Endpoint endpoint = control.spsv();
            control.command("RETR source", 150);
            try (RawFtpClient raw = RawFtpClient.connect(OWN.port());
                    TlsConnection data = new TlsConnection(raw.dataLogin(endpoint), Certificates.client(), "TLSv1.2")) {
                data.engine().setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
                assertThatThrownBy(data::handshake).isInstanceOf(SSLException.class);
                control.expect(425);
            }
            control.expectAlive();
        }
    }

    @Test
    void handshakeOfAClearLoginWaitsForNoTransferCommand() throws IOException {
        for (final String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (TlsSession session = TlsSession.login(SERVERS, Way.CLEAR_LOGIN, protocol)) {
                try (DataConnection data = session.prepare()) {
                    data.secure();
                    assertThat(data.socket().getSession().getProtocol()).isEqualTo(protocol);
                    session.control().command("RETR source", 150);
                    assertThat(RandomContent.digest(data.socket().getInputStream()))
                            .isNotEmpty();
                }
                session.control().expect(226);
            }
        }
    }

    @Test
    void clearLoginLooksNoNameUp() throws IOException {
        try (RawFtpClient control = SERVERS.of(Way.CLEAR_LOGIN).login().binary()) {
            control.line("PBSZ 0").expect(200);
            control.line("PROT P").expect(200);
            try (DataConnection data = DataConnection.byRecords(
                    Way.CLEAR_LOGIN,
                    "TLSv1.3",
                    control.spsv(),
                    SERVERS.of(Way.CLEAR_LOGIN).port())) {
                data.secure();
                control.line("RETR source").expect(150);
                assertThat(data.records().readToCloseNotify()).isEqualTo(CONTENT);
                control.expect(226);
            }
        }
        // an address that was looked up shows its name in front of the slash
        assertThat(CONNECTED)
                .hasSize(2)
                .allSatisfy(address -> assertThat(address.toString()).isEqualTo("/127.0.0.1"));
    }
}
