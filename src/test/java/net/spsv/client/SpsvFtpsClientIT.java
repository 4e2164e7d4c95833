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

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.DefaultSocketFactory;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPSClient;
import org.apache.commons.net.util.TrustManagerUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The data connection's TLS is the control connection's: what is trusted, shown, demanded and resumed. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SpsvFtpsClientIT {
    private static final byte[] SMALL = {1, 2, 3};

    @RegisterExtension
    static final Servers SERVERS = new Servers();

    @RegisterExtension
    static final FtpServerExtension NEEDS_CERTIFICATE =
            new FtpServerExtension().tls(Certificates.server(Certificates.LISTENER, "need"));

    @RegisterExtension
    static final FtpServerExtension WITHOUT_PLUGIN = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .plugin(false);

    private SpsvFtpsClient client;

    @BeforeEach
    void files() {
        for (final Kind kind : Kind.values()) {
            SERVERS.of(kind).file("small", SMALL);
        }
        NEEDS_CERTIFICATE.file("small", SMALL);
        WITHOUT_PLUGIN.file("small", SMALL);
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    private SpsvFtpsClient use(final SpsvFtpsClient next) {
        client = next;
        return next;
    }

    private static FtpServerExtension server(final boolean implicit) {
        return SERVERS.of(implicit ? Kind.IMPLICIT : Kind.EXPLICIT);
    }

    private void expectUsable() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile("small", out))
                .as(client.getReplyString())
                .isTrue();
        assertThat(out.toByteArray()).isEqualTo(SMALL);
        assertThat(client.storeFile("stored", new ByteArrayInputStream(SMALL))).isTrue();
    }

    static List<Arguments> implicitAndProtocols() {
        final List<Arguments> all = new ArrayList<>();
        for (final boolean implicit : new boolean[] {false, true}) {
            for (final String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
                all.add(Arguments.of(implicit, protocol));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("implicitAndProtocols")
    void sessionOfTheControlConnectionIsResumed(final boolean implicit, final String protocol) throws IOException {
        final AtomicInteger certificates = new AtomicInteger();
        final List<SSLSession> sessions = new ArrayList<>();
        use(new SpsvFtpsClient(implicit, Certificates.client(certificates)) {
            @Override
            protected Socket _openDataConnection_(final String command, final String arg) throws IOException {
                final Socket socket = super._openDataConnection_(command, arg);
                sessions.add(((SSLSocket) socket).getSession());
                return socket;
            }
        });
        client.setEnabledProtocols(new String[] {protocol});
        Kind.login((FTPSClient) client, server(implicit));
        for (int i = 0; i < 3; i++) {
            expectUsable();
        }
        assertThat(certificates).hasValue(1);
        assertThat(sessions)
                .hasSize(6)
                .allSatisfy(session -> assertThat(session.getProtocol()).isEqualTo(protocol));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void suitesAndProtocolsAreTheOnesThatWereEnabled(final boolean implicit) throws IOException {
        final String suite = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        final List<SSLSocket> prepared = new ArrayList<>();
        use(new SpsvFtpsClient(implicit, Certificates.client()) {
            @Override
            protected void _prepareDataSocket_(final Socket socket) {
                prepared.add((SSLSocket) socket);
            }
        });
        client.setEnabledProtocols(new String[] {"TLSv1.2"});
        client.setEnabledCipherSuites(new String[] {suite});
        Kind.login((FTPSClient) client, server(implicit));
        expectUsable();
        assertThat(prepared).hasSize(2).allSatisfy(socket -> {
            assertThat(socket.getSession().getCipherSuite()).isEqualTo(suite);
            assertThat(socket.getEnabledCipherSuites()).containsExactly(suite);
            assertThat(socket.getEnabledProtocols()).containsExactly("TLSv1.2");
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void managersMakeTheContextOfBothConnections(final boolean implicit) throws Exception {
        final FtpServerExtension server = implicit ? server(true) : NEEDS_CERTIFICATE;
        use(new SpsvFtpsClient("TLSv1.2", implicit));
        client.setTrustManager(trust(Certificates.LISTENER));
        client.setKeyManager(key(Certificates.CLIENT));
        Kind.login((FTPSClient) client, server);
        expectUsable();
        assertThat(client.getEnabledProtocols()).contains("TLSv1.2");

        client.disconnect();
        client.setTrustManager(trust(Certificates.DATA));
        Kind.login((FTPSClient) client, server);
        expectUsable();
    }

    @Test
    void dataConnectionWithoutASessionToResumeShowsTheCertificateItself() throws Exception {
        final List<SSLSession> sessions = new ArrayList<>();
        use(new SpsvFtpsClient("TLSv1.2") {
            @Override
            protected Socket _openDataConnection_(final String command, final String arg) throws IOException {
                (sessions.isEmpty() ? ((SSLSocket) _socket_).getSession() : sessions.get(sessions.size() - 1))
                        .invalidate();
                final Socket socket = super._openDataConnection_(command, arg);
                sessions.add(((SSLSocket) socket).getSession());
                return socket;
            }
        });
        client.setTrustManager(trust(Certificates.LISTENER));
        client.setKeyManager(key(Certificates.CLIENT));
        Kind.login((FTPSClient) client, NEEDS_CERTIFICATE);
        expectUsable();
        assertThat(sessions)
                .hasSize(2)
                .allSatisfy(
                        session -> assertThat(session.getLocalCertificates()).isNotNull());
        assertThat(sessions.get(0).getId()).isNotEqualTo(sessions.get(1).getId());
    }

    @Test
    void serverThatIsNotTrustedGetsNoSession() throws Exception {
        use(new SpsvFtpsClient());
        client.setTrustManager(trust(Certificates.STRANGER));
        assertThatThrownBy(() -> client.connect("127.0.0.1", server(false).port()))
                .isInstanceOf(SSLException.class);
        client.disconnect();
        use(new SpsvFtpsClient(true));
        client.setTrustManager(trust(Certificates.STRANGER));
        assertThatThrownBy(() -> client.connect("127.0.0.1", server(true).port()))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void wrongNameInTheCertificateIsFoundOnTheDataConnectionToo() throws IOException {
        use(new SpsvFtpsClient(Certificates.client()));
        client.setEnabledProtocols(new String[] {"TLSv1.2"});
        Kind.login((FTPSClient) client, server(false));
        expectUsable();
        client.setEnabledSessionCreation(true);
        client.setEndpointCheckingEnabled(true);
        assertThatThrownBy(this::expectUsable).isInstanceOf(SSLException.class);
        client.setEndpointCheckingEnabled(false);
        expectUsable();

        final List<String> names = new ArrayList<>();
        client.setHostnameVerifier((name, session) -> {
            names.add(name);
            return names.size() < 3;
        });
        expectUsable();
        assertThatThrownBy(this::expectUsable)
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("Hostname");
        assertThat(names).containsExactly("127.0.0.1", "127.0.0.1", "127.0.0.1");
    }

    @Test
    void rightNameInTheCertificatePassesTheCheck() throws IOException {
        use(new SpsvFtpsClient(Certificates.client()));
        client.setEndpointCheckingEnabled(true);
        client.setSocketFactory(new OneHost());
        client.setDefaultTimeout(20_000);
        client.connect(Certificates.LISTENER, server(false).port());
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        client.execPBSZ(0);
        client.execPROT("P");
        client.enterSinglePortPassiveMode();
        expectUsable();
    }

    @Test
    void noNewSessionIsMadeWhereNoneMayBe() throws IOException {
        final SSLContext context = Certificates.client();
        use(new SpsvFtpsClient(context));
        client.setEnabledProtocols(new String[] {"TLSv1.2"});
        Kind.login((FTPSClient) client, server(false));
        client.setEnabledSessionCreation(false);
        expectUsable();
        final SSLSessionContext sessions = context.getClientSessionContext();
        Collections.list(sessions.getIds())
                .forEach(id -> sessions.getSession(id).invalidate());
        assertThatThrownBy(this::expectUsable).isInstanceOf(SSLException.class);
        client.setEnabledSessionCreation(true);
        expectUsable();
    }

    @Test
    void clientThatConnectsByAddressResumesItsSessionToo() throws IOException {
        final AtomicInteger certificates = new AtomicInteger();
        use(new SpsvFtpsClient(Certificates.client(certificates)));
        client.setDefaultTimeout(20_000);
        client.connect(InetAddress.getByName("127.0.0.1"), server(false).port());
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        client.enterSinglePortPassiveMode();
        expectUsable();
        assertThat(certificates).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void dataConnectionIsInsideTlsWhateverProtSays(final boolean implicit) throws IOException {
        final List<Socket> opened = new ArrayList<>();
        use(new SpsvFtpsClient(implicit, Certificates.client()) {
            @Override
            protected Socket _openDataConnection_(final String command, final String arg) throws IOException {
                final Socket socket = super._openDataConnection_(command, arg);
                opened.add(socket);
                return socket;
            }
        });
        client.setDefaultTimeout(20_000);
        client.connect("127.0.0.1", server(implicit).port());
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        client.enterSinglePortPassiveMode();
        expectUsable();
        client.execPBSZ(0);
        client.execPROT("P");
        expectUsable();
        client.execPROT("C");
        expectUsable();
        assertThat(opened).hasSize(6).allMatch(socket -> socket instanceof SSLSocket);
    }

    @Test
    void fallbackIsProtectedAsInTheBaseClass() throws Exception {
        use(new SpsvFtpsClient());
        client.setTrustManager(trust(Certificates.LISTENER));
        client.setPassiveFallback(true);
        Kind.login((FTPSClient) client, WITHOUT_PLUGIN);
        expectUsable();
        client.execPROT("C");
        expectUsable();
    }

    @Test
    void authIsSaidAsOnTheControlConnection() throws IOException {
        use(new SpsvFtpsClient(Certificates.client()));
        client.setAuthValue("SSL");
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        Kind.login((FTPSClient) client, server(false));
        expectUsable();
        assertThat(listener.heard().stream().filter("> AUTH SSL"::equals)).hasSize(3);
    }

    @Test
    void serverThatDoesNotProtectTheDataConnectionDoesNotGetTheToken() throws Exception {
        final SSLContext serverContext =
                Certificates.server(Certificates.LISTENER).getSSLContext();
        for (final String answer : new String[] {"502 Not here", "530 No", "200 Fine", "234-\r\n331 x\r\n234 TLS"}) {
            try (TlsControlServer server = new TlsControlServer(serverContext, answer, "\r\n331 token\r\n200 DATA")) {
                use(new SpsvFtpsClient(Certificates.client()));
                client.setDefaultTimeout(20_000);
                client.setConnectTimeout(5_000);
                client.connect("127.0.0.1", server.port());
                client.login("u001", "xyz");
                client.enterSinglePortPassiveMode();
                assertThatThrownBy(client::listNames).isInstanceOf(IOException.class);
                client.disconnect();
                server.awaitEnd();
                assertThat(server.dataLines()).containsExactly("AUTH TLS");
            }
        }
    }

    @Test
    void handshakeThatStallsIsGivenUp() throws Exception {
        final SSLContext serverContext =
                Certificates.server(Certificates.LISTENER).getSSLContext();
        try (TlsControlServer server = new TlsControlServer(serverContext, "234 TLS", "")) {
            use(new SpsvFtpsClient(Certificates.client()));
            client.setDefaultTimeout(20_000);
            client.connect("127.0.0.1", server.port());
            client.login("u001", "xyz");
            client.enterSinglePortPassiveMode();
            client.setDataTimeout(Duration.ofMillis(300));
            assertThatThrownBy(client::listNames).isInstanceOf(SocketTimeoutException.class);
            server.awaitEnd();
            client.disconnect();
        }
    }

    @Test
    void handshakeThatDripsIsGivenUp() throws Exception {
        try (ScriptedServer server = new ScriptedServer()) {
            server.reply("AUTH", "234 TLS").reply("PROT", "200 done").onData(peer -> {
                peer.send("220 data\r\n");
                peer.line();
                peer.send("234 TLS\r\n");
                // the header of a long handshake message, which then comes a byte at a time
                peer.send(new byte[] {22, 3, 3, 0x3f, 0});
                peer.drip();
            });
            loginInClear(server);
            client.setDataTimeout(Duration.ofMillis(500));
            assertThatThrownBy(client::listNames).isInstanceOf(SocketTimeoutException.class);
            server.expectDataEnd();
        }
    }

    /** As it is after CCC, and PROT P. */
    private void loginInClear(final ScriptedServer server) throws IOException {
        use(new SpsvFtpsClient(Certificates.client()) {
            @Override
            protected void sslNegotiation() {
                // the control connection stays in clear
            }
        });
        client.setDefaultTimeout(20_000);
        client.connect("127.0.0.1", server.port());
        client.login("u001", "xyz");
        client.execPROT("P");
        client.enterSinglePortPassiveMode();
    }

    @ParameterizedTest
    @ValueSource(strings = {"(007aB)", "(DATACONN:007aB)"})
    void loginOfEitherKindIsSentInsideTlsAndItsErrorsAreHeard(final String brackets) throws Exception {
        final SSLContext serverContext =
                Certificates.server(Certificates.LISTENER).getSSLContext();
        final boolean spdt = !brackets.contains(":");
        try (ScriptedServer server = new ScriptedServer()) {
            server.reply("AUTH", "234 TLS")
                    .reply("PROT", "200 done")
                    .reply("SPSV", "227 Entering single-port mode " + brackets)
                    .onData(peer -> {
                        peer.line();
                        peer.send("220 data\r\n234 TLS\r\n");
                        peer.startTls(serverContext);
                        peer.line();
                        if (!spdt) {
                            peer.line();
                            peer.send("331 token\r\n");
                        }
                        peer.send("504 Not this time\r\n");
                        peer.awaitEnd();
                    });
            loginInClear(server);
            assertThatThrownBy(client::listNames)
                    .isInstanceOf(SpsvException.class)
                    .hasMessageContaining("504 Not this time");
            server.expectDataEnd();
            assertThat(server.dataLines())
                    .startsWith(
                            spdt
                                    ? new String[] {"AUTH TLS", "SPDT 007aB"}
                                    : new String[] {"AUTH TLS", "USER DATACONN", "PASS 007aB"});
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionThatEndsInsideTlsBeforeItsLoginIsRefused(final boolean properly) throws Exception {
        final SSLContext serverContext =
                Certificates.server(Certificates.LISTENER).getSSLContext();
        try (ScriptedServer server = new ScriptedServer()) {
            server.reply("AUTH", "234 TLS").reply("PROT", "200 done").onData(peer -> {
                final Socket tcp = peer.socket();
                peer.line();
                peer.send("220 data\r\n234 TLS\r\n");
                peer.startTls(serverContext);
                peer.line();
                peer.line();
                peer.send("331 token\r\n200 DA");
                (properly ? peer.socket() : tcp).close();
            });
            loginInClear(server);
            assertThatThrownBy(client::listNames)
                    .isInstanceOf(SpsvException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void controlConnectionInClearProtectsItsDataConnectionsIfProtSaysSo() throws Exception {
        final List<Socket> prepared = new ArrayList<>();
        try (ScriptedServer server = new ScriptedServer()) {
            server.reply("AUTH", "234 TLS")
                    .reply("PROT", "200 done")
                    .reply("NLST", "150 data follows")
                    .onData(ScriptedServer.dataLogin((byte) 'a'));
            // as it is after CCC
            use(new SpsvFtpsClient(Certificates.client()) {
                @Override
                protected void sslNegotiation() {
                    // the control connection stays in clear
                }

                @Override
                protected void _prepareDataSocket_(final Socket socket) {
                    prepared.add(socket);
                }
            });
            client.setDefaultTimeout(20_000);
            client.connect("127.0.0.1", server.port());
            client.login("u001", "xyz");
            client.enterSinglePortPassiveMode();
            final Socket clear = client._openDataConnection_("NLST", null);
            assertThat(clear).isNotInstanceOf(SSLSocket.class);
            assertThat(prepared).containsExactly(clear);
            clear.close();
            assertThat(server.dataLines()).containsExactly("USER DATACONN", "PASS 007aB");

            client.execPROT("P");
            server.dataLines().clear();
            server.onData(peer -> {
                // AUTH does not wait for the greeting
                peer.line();
                peer.send("220 data\r\n502 No TLS here\r\n");
                peer.awaitEnd();
            });
            assertThatThrownBy(client::listNames)
                    .isInstanceOf(SpsvException.class)
                    .hasMessageContaining("502 No TLS here");
            assertThat(server.dataLines()).containsExactly("AUTH TLS");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void largeListingsAndModeZComeInside(final boolean implicit) throws IOException {
        final FtpServerExtension server = server(implicit);
        Files.createDirectories(server.home().resolve("many"));
        for (int i = 0; i < 500; i++) {
            Files.write(server.home().resolve("many").resolve("file-" + i), new byte[i]);
        }
        use(new SpsvFtpsClient(implicit, Certificates.client()));
        Kind.login((FTPSClient) client, server);
        assertThat(client.listFiles("many")).hasSize(500);
        client.setFileTransferMode(FTP.DEFLATE_TRANSFER_MODE);
        assertThat(client.mlistDir("many")).hasSize(500);
        expectUsable();
    }

    private static TrustManager trust(final String name) throws GeneralSecurityException, IOException {
        return TrustManagerUtils.getDefaultTrustManager(trusting(name));
    }

    private static KeyStore trusting(final String name) throws GeneralSecurityException, IOException {
        final KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(name, store(name).getCertificate(name));
        return trusted;
    }

    private static KeyManager key(final String name) throws GeneralSecurityException, IOException {
        final KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store(name), Certificates.PASSWORD.toCharArray());
        return factory.getKeyManagers()[0];
    }

    private static KeyStore store(final String name) throws GeneralSecurityException, IOException {
        final KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Certificates.keyStore(name))) {
            store.load(in, Certificates.PASSWORD.toCharArray());
        }
        return store;
    }

    /** Finds every host on loopback. */
    private static final class OneHost extends DefaultSocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(final SocketAddress endpoint, final int timeout) throws IOException {
                    super.connect(
                            new InetSocketAddress("127.0.0.1", ((InetSocketAddress) endpoint).getPort()), timeout);
                }
            };
        }
    }
}
