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

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Client certificates: demanded of data connections as configured, and visible on control connections as ever. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ClientCertificateIT {
    private static final List<String> SEEN = new CopyOnWriteArrayList<>();

    @RegisterExtension
    static final FtpServerExtension DATA_NEEDS = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .dataTls(Certificates.server(Certificates.DATA, "need"))
            .requireTls(false);

    @RegisterExtension
    static final FtpServerExtension DATA_WANTS = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .dataTls(Certificates.server(Certificates.DATA, "want"))
            .requireTls(false);

    @RegisterExtension
    static final FtpServerExtension LISTENER_WANTS = watched(new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER, "want"))
            .requireTls(false));

    @RegisterExtension
    static final FtpServerExtension LISTENER_NEEDS = watched(new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER, "need"))
            .requireTls(false));

    @RegisterExtension
    static final FtpServerExtension IMPLICIT_NEEDS = watched(new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER, "need"))
            .implicitTls(true));

    private static final byte[] CONTENT = new RandomContent(23, 50_000).bytes();

    @BeforeEach
    void source() {
        SEEN.clear();
        for (final FtpServerExtension server :
                new FtpServerExtension[] {DATA_NEEDS, DATA_WANTS, LISTENER_WANTS, LISTENER_NEEDS, IMPLICIT_NEEDS}) {
            server.file("source", CONTENT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void dataConnectionThatNeedsACertificateGetsNothingWithout(final String protocol) throws IOException {
        for (final SSLContext bad :
                new SSLContext[] {Certificates.client(), Certificates.client(Certificates.STRANGER)}) {
            for (final boolean commandFirst : new boolean[] {true, false}) {
                expectRefused(DATA_NEEDS, Certificates.client(), bad, protocol, commandFirst);
            }
        }
        try (TlsSession session =
                TlsSession.login(DATA_NEEDS, Way.CLEAR_LOGIN, protocol, Certificates.client(Certificates.CLIENT))) {
            assertThat(session.download("RETR source")).isEqualTo(CONTENT);
            session.expectUsable(DATA_NEEDS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void clearLoginNeedsTheCertificateThatTheListenerDoes(final String protocol) throws IOException {
        final SSLContext good = Certificates.client(Certificates.CLIENT);
        expectRefused(LISTENER_NEEDS, good, Certificates.client(), protocol, true);
        expectRefused(LISTENER_NEEDS, good, Certificates.client(), protocol, false);
        try (TlsSession session = TlsSession.login(LISTENER_NEEDS, Way.CLEAR_LOGIN, protocol, good)) {
            assertThat(session.download("RETR source")).isEqualTo(CONTENT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void dataConnectionThatWantsACertificateDoesWithout(final String protocol) throws IOException {
        for (final SSLContext context :
                new SSLContext[] {Certificates.client(), Certificates.client(Certificates.CLIENT)}) {
            try (TlsSession session = TlsSession.login(DATA_WANTS, Way.CLEAR_LOGIN, protocol, context)) {
                assertThat(session.download("RETR source")).isEqualTo(CONTENT);
                session.upload(CONTENT, "STOR stored");
                assertThat(DATA_WANTS.content("stored")).isEqualTo(CONTENT);
            }
        }
    }

    static List<Arguments> insideAndProtocols() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : new Way[] {Way.EXPLICIT, Way.IMPLICIT}) {
            all.add(Arguments.of(way, "TLSv1.2"));
            all.add(Arguments.of(way, "TLSv1.3"));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("insideAndProtocols")
    void loginInsideTlsNeedsTheCertificateThatTheListenerDoes(final Way way, final String protocol) throws IOException {
        final FtpServerExtension server = way == Way.IMPLICIT ? IMPLICIT_NEEDS : LISTENER_NEEDS;
        try (TlsSession session = TlsSession.login(server, way, protocol, Certificates.client(Certificates.CLIENT))) {
            final DataConnection data =
                    DataConnection.byRecords(way, protocol, session.control().spsv(), server.port());
            assertThatThrownBy(data::login)
                    .isInstanceOfAny(SSLException.class, SocketException.class, EOFException.class);
            assertThat(session.download("RETR source")).isEqualTo(CONTENT);
        }
    }

    @ParameterizedTest
    @MethodSource("insideAndProtocols")
    void controlConnectionShowsItsCertificateBeforeAndAfterTransfers(final Way way, final String protocol)
            throws IOException {
        final FtpServerExtension server = way == Way.IMPLICIT ? IMPLICIT_NEEDS : LISTENER_WANTS;
        try (TlsSession session = TlsSession.login(server, way, protocol, Certificates.client(Certificates.CLIENT))) {
            session.control().expectAlive();
            assertThat(session.download("RETR source")).isEqualTo(CONTENT);
            session.control().expectAlive();
            if (way == Way.EXPLICIT) {
                session.through(Way.CLEAR_LOGIN).upload(CONTENT, "STOR stored");
            }
            session.control().expectAlive();
        }
        assertThat(SEEN).containsExactly("CN=client", "CN=client", "CN=client");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void controlConnectionWithoutACertificateShowsNone(final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(LISTENER_WANTS, Way.EXPLICIT, protocol, Certificates.client())) {
            assertThat(session.download("RETR source")).isEqualTo(CONTENT);
            session.control().expectAlive();
        }
        assertThat(SEEN).containsExactly("none");
    }

    private static void expectRefused(
            final FtpServerExtension server,
            final SSLContext controlContext,
            final SSLContext dataContext,
            final String protocol,
            final boolean commandFirst)
            throws IOException {
        try (ControlClient control =
                ControlClient.explicit(server.port(), controlContext, protocol).protectedLogin()) {
            try (DataConnection login =
                    DataConnection.byRecords(Way.CLEAR_LOGIN, protocol, control.spsv(), server.port())) {
                login.login();
                if (commandFirst) {
                    control.command("RETR source", 150);
                }
                final TlsConnection data = new TlsConnection(login.plain(), dataContext, protocol);
                // with TLSv1.3 the client's handshake has ended when the server looks at its certificate
                assertThatThrownBy(() -> data.handshake().read(new byte[1]))
                        .isInstanceOfAny(SSLException.class, SocketException.class);
                if (!commandFirst && control.sendCommand("RETR source") != 150) {
                    assertThat(control.getReplyCode()).isEqualTo(425);
                } else {
                    control.expect(425);
                }
            }
            control.expectAlive();
        }
    }

    private static FtpServerExtension watched(final FtpServerExtension server) {
        return server.ftplet("certificates", new DefaultFtplet() {
            @Override
            public FtpletResult beforeCommand(final FtpSession session, final FtpRequest request) {
                if ("NOOP".equals(request.getCommand())) {
                    SEEN.add(name(session.getClientCertificates()));
                }
                return FtpletResult.DEFAULT;
            }
        });
    }

    private static String name(final Certificate... certificates) {
        return certificates == null
                ? "none"
                : ((X509Certificate) certificates[0]).getSubjectX500Principal().getName();
    }
}
