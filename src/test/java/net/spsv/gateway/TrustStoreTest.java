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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import net.spsv.ftpserver.tls.Certificates;
import net.spsv.gateway.remote.Protection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which servers a trust store lets in; two engines shake hands in memory. */
class TrustStoreTest {
    private static final char[] PASSWORD = Certificates.PASSWORD.toCharArray();

    private static Certificate certificate;

    @TempDir
    Path directory;

    @BeforeAll
    static void load() throws Exception {
        final KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Certificates.keyStore(Certificates.LISTENER))) {
            store.load(in, PASSWORD);
        }
        certificate = store.getCertificate(Certificates.LISTENER);
    }

    private Path store(final String type) throws Exception {
        final KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        store.setCertificateEntry("server", certificate);
        final Path file = directory.resolve("trust." + type);
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD);
        }
        return file;
    }

    private static String pem() throws Exception {
        return "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    private Path file(final String content) throws IOException {
        return Files.write(directory.resolve("trust.pem"), content.getBytes(StandardCharsets.US_ASCII));
    }

    /** Shakes hands with the server {@code CN=listener}, as a client that has named it so. */
    private static void shakeHands(final Supplier<SSLContext> contexts, final String name, final boolean verified)
            throws Exception {
        final SSLEngine client = contexts.get().createSSLEngine(name, 21);
        client.setUseClientMode(true);
        if (verified) {
            final SSLParameters parameters = client.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            client.setSSLParameters(parameters);
        }
        final SSLEngine server = Stage.serverContext().createSSLEngine();
        server.setUseClientMode(false);
        final ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
        final ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
        client.beginHandshake();
        server.beginHandshake();
        for (int i = 0; i < 100 && client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING; i++) {
            step(client, toClient, toServer);
            step(server, toServer, toClient);
        }
        assertThat(client.getHandshakeStatus()).isEqualTo(HandshakeStatus.NOT_HANDSHAKING);
        assertThat(client.getSession().getPeerCertificates()).containsExactly(certificate);
    }

    private static void step(final SSLEngine engine, final ByteBuffer in, final ByteBuffer out) throws SSLException {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            engine.wrap(ByteBuffer.allocate(0), out);
        } else if (engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
            in.flip();
            final SSLEngineResult result = engine.unwrap(in, ByteBuffer.allocate(64 * 1024));
            in.compact();
            assertThat(result.getStatus()).isNotEqualTo(SSLEngineResult.Status.CLOSED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"JKS", "PKCS12"})
    void keyStoresOfBothTypesAreRead(final String type) throws Exception {
        shakeHands(TrustStore.of(store(type), PASSWORD), Certificates.LISTENER, true);
    }

    @Test
    void jksNeedsNoPassword() throws Exception {
        shakeHands(TrustStore.of(store("JKS"), null), Certificates.LISTENER, true);
    }

    @Test
    void pemIsReadWithCommentsAndWithAPasswordThatItDoesNotNeed() throws Exception {
        shakeHands(TrustStore.of(file(pem()), null), Certificates.LISTENER, true);
        shakeHands(TrustStore.of(file(pem() + pem()), PASSWORD), Certificates.LISTENER, true);
        shakeHands(TrustStore.of(file("# mine\nsubject=x\n" + pem() + "\n\n"), null), Certificates.LISTENER, true);
        shakeHands(TrustStore.of(file(pem().replace("\n", "\r\n")), null), Certificates.LISTENER, true);
    }

    /** What resumes a session of TLS is the same client of FTP. */
    @Test
    void contextsAreNotShared() throws Exception {
        final Supplier<SSLContext> contexts = TrustStore.of(store("JKS"), PASSWORD);
        assertThat(contexts.get()).isNotSameAs(contexts.get());
    }

    @Test
    void serverOfAnotherNameIsNotTrusted() throws Exception {
        final Supplier<SSLContext> context = TrustStore.of(store("JKS"), PASSWORD);
        assertThatThrownBy(() -> shakeHands(context, "other", true)).isInstanceOf(SSLException.class);
        shakeHands(context, "other", false);
    }

    @Test
    void serverThatTheJdkDoesNotKnowIsNotTrusted() {
        assertThatThrownBy(() -> shakeHands(TrustStore.ofTheJdk(), Certificates.LISTENER, true))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void everyServerIsTrustedIfThatIsWanted() throws Exception {
        shakeHands(TrustStore.ofAll(), "whoever", false);
    }

    @Test
    void trustOfAllStillHasToBeToldToLeaveTheNameAlone() {
        final Protection protection = Protection.tls(Protection.Mode.EXPLICIT, TrustStore.ofAll(), "x", false);
        assertThat(protection.isTls()).isTrue();
        assertThat(protection.isVerified()).isFalse();
    }

    @Test
    void wrongPasswordIsSaidInOneSentence() throws Exception {
        for (final String type : new String[] {"JKS", "PKCS12"}) {
            expectFailure(store(type), "wrong".toCharArray(), "Cannot use trust store ");
        }
    }

    @Test
    void storeWithoutTrustedCertificatesIsRefused() throws Exception {
        final Path keys = Certificates.keyStore(Certificates.LISTENER);
        expectFailure(keys, PASSWORD, "it has no trusted certificate");
        expectFailure(store("PKCS12"), null, "Cannot use trust store ");
    }

    @Test
    void fileThatIsNoStoreIsRefused() throws Exception {
        expectFailure(file(""), null, "Cannot use trust store ");
        expectFailure(file("nonsense"), PASSWORD, "Cannot use trust store ");
        expectFailure(file("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"), null, "Cannot use");
        expectFailure(file("-----BEGIN CERTIFICATE-----\n"), null, "Cannot use trust store ");
        expectFailure(file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), null, "Cannot use");
        expectFailure(directory, null, "Cannot read trust store ");
        expectFailure(directory.resolve("none"), null, "Cannot read trust store ");
    }

    private static void expectFailure(final Path file, final char[] password, final String message) {
        assertThatThrownBy(() -> TrustStore.of(file, password))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(file.toString())
                .hasMessageNotContaining("\n");
    }
}
