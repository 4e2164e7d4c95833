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
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway protects all that goes between it and the server, and talks to the right server only. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TlsGatewayIT {
    private static final int SIZE = 16 * 1024 * 1024;
    private static final String STORE_PASSWORD = "Store-Password-4711";
    private static final String USER = "protected";
    private static final String PASSWORD = "Account-Password-4711";

    @RegisterExtension
    static final FtpServerExtension EXPLICIT = server(Certificates.NAMED, false);

    @RegisterExtension
    static final FtpServerExtension IMPLICIT = server(Certificates.NAMED, true);

    /** Its certificate is for the name {@code listener}. */
    @RegisterExtension
    static final FtpServerExtension NAMELESS = server(Certificates.LISTENER, false);

    @RegisterExtension
    static final FtpServerExtension CLEAR =
            new FtpServerExtension().user(USER, PASSWORD).singlePortOnly(true);

    @TempDir
    static Path directory;

    private GatewayProcess gateway;

    private static FtpServerExtension server(final String certificate, final boolean implicit) {
        return new FtpServerExtension()
                .tls(Certificates.server(certificate))
                .implicitTls(implicit)
                .user(USER, PASSWORD)
                .singlePortOnly(true);
    }

    @BeforeAll
    static void requireCurl() {
        Prerequisites.commands("TlsGatewayIT is skipped, the gateway is not shown to protect connections", "curl");
    }

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
            assertThat(gateway.output()).doesNotContain(PASSWORD, STORE_PASSWORD, "\tat ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"explicit", "implicit"})
    void filesGoBothWays(final String tls) throws Exception {
        final FtpServerExtension server = serverOf(tls);
        start(server, "--tls", tls, "--truststore", store("PKCS12"), "--truststore-password-file", passwordFile());
        final Curl curl = curl();
        final Path file = directory.resolve("file.bin");
        final Path again = directory.resolve("again.bin");
        final String digest = new RandomContent(tls.hashCode(), SIZE).writeTo(file);

        curl.succeed("-T", file.toString(), curl.url("file.bin"));
        curl.succeed("-o", again.toString(), curl.url("file.bin"));

        assertThat(RandomContent.digest(server.home().resolve("file.bin"))).isEqualTo(digest);
        assertThat(RandomContent.digest(again)).isEqualTo(digest);
        assertThat(curl.succeed("--list-only", curl.url(""))).contains("file.bin");
        assertThat(curl.succeed("--ftp-port", "-", "--list-only", curl.url(""))).contains("file.bin");
        assertThat(gateway.out().get(0)).contains("(" + tls + " TLS)");
        assertThat(gateway.log()).noneMatch(line -> line.contains("WARN") || line.contains("ERROR"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"explicit", "implicit"})
    void nothingGoesInClear(final String tls) throws Exception {
        final byte[] content = new RandomContent(4711, 20_000).bytes();
        final FtpServerExtension server = serverOf(tls);
        server.file("secret.bin", content);
        final String inClear = new String(content, 5000, 16, StandardCharsets.ISO_8859_1);
        try (RecordingRelay relay = new RecordingRelay(server.port())) {
            gateway = GatewayProcess.start(relay.port(), "--tls", tls, "--truststore", store("PEM"));
            final Curl curl = curl();

            curl.succeed("-o", directory.resolve("secret.bin").toString(), curl.url("secret.bin"));
            curl.succeed("-T", directory.resolve("secret.bin").toString(), curl.url("again.bin"));

            gateway.awaitSessions(2);
            gateway.close();
            assertThat(server.content("again.bin")).isEqualTo(content);
            assertThat(relay.connections()).isGreaterThanOrEqualTo(4);
            assertThat(relay.fromServer()).doesNotContain(inClear, "DATACONN:", "331 ");
            assertThat(relay.fromGateway()).doesNotContain(inClear, PASSWORD, "PASS ", "DATACONN");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PKCS12", "JKS", "PEM"})
    void trustStoreMayBeOfAnyKind(final String type) throws Exception {
        if ("PEM".equals(type)) {
            start(EXPLICIT, "--tls", "explicit", "--truststore", store(type));
        } else {
            start(
                    EXPLICIT,
                    "--tls",
                    "explicit",
                    "--truststore",
                    store(type),
                    "--truststore-password-file",
                    passwordFile());
        }
        final Curl curl = curl();

        curl.succeed("--list-only", curl.url(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"explicit", "implicit"})
    void serverWithACertificateOfSomebodyElseIsRefused(final String tls) throws Exception {
        start(serverOf(tls), "--tls", tls, "--truststore", pem(Certificates.STRANGER));

        assertRefused();
    }

    @Test
    void serverThatTheJdkDoesNotTrustIsRefused() throws Exception {
        start(EXPLICIT, "--tls", "explicit");

        assertRefused();
    }

    @Test
    void serverWithACertificateForAnotherHostIsRefused() throws Exception {
        start(NAMELESS, "--tls", "explicit", "--truststore", pem(Certificates.LISTENER));

        assertRefused();
    }

    @ParameterizedTest
    @ValueSource(strings = {"explicit", "implicit"})
    void serverNameIsWhatTheCertificateMustBeFor(final String tls) throws Exception {
        start(serverOf(tls), "--tls", tls, "--truststore", store("PEM"), "--server-name", "other.example.org");
        assertRefused();
        gateway.close();

        start(serverOf(tls), "--tls", tls, "--truststore", store("PEM"), "--server-name", "ftp.example.org");
        final Curl curl = curl();
        curl.succeed("--list-only", curl.url(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"explicit", "implicit"})
    void insecureTrustsAnyCertificateAndSaysSo(final String tls) throws Exception {
        final FtpServerExtension server = "implicit".equals(tls) ? IMPLICIT : NAMELESS;
        start(server, "--tls", tls, "--insecure");
        final Curl curl = curl();

        curl.succeed("--list-only", curl.url(""));

        assertThat(gateway.out().get(0)).contains("(" + tls + " TLS, certificate not verified)");
    }

    @Test
    void serverWithoutTlsIsRefusedBeforeThePasswordIsSent() throws Exception {
        try (RecordingRelay relay = new RecordingRelay(CLEAR.port())) {
            gateway = GatewayProcess.start(relay.port(), "--tls", "explicit", "--insecure");
            try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
                client.send("USER " + USER + "\r\nPASS " + PASSWORD + "\r\n");
                client.expect(421);
                client.expectEnd();
            }
            gateway.awaitLog("why it cannot serve", line -> line.contains(" WARN ") && line.contains("protect"));
            gateway.close();
            assertThat(relay.fromGateway()).contains("AUTH TLS").doesNotContain("USER", "PASS");
        }
    }

    @Test
    void localClientsNeedNoTls() throws Exception {
        start(EXPLICIT, "--tls", "explicit", "--truststore", store("PEM"));
        try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
            client.greeted();
            client.line("AUTH TLS").expect(502);
            client.login(USER, PASSWORD);
            client.line("PBSZ 0").expect(503);
            client.line("PROT C").expect(503);
            client.line("CCC").expect(502);
            assertThat(client.line("FEAT").expect(211)).doesNotContain("AUTH", "PBSZ", "PROT", "SPSV");
            client.expectAlive();
        }
    }

    private static FtpServerExtension serverOf(final String tls) {
        return "implicit".equals(tls) ? IMPLICIT : EXPLICIT;
    }

    private void start(final FtpServerExtension server, final String... options) throws IOException {
        gateway = GatewayProcess.start(server.port(), options);
    }

    private Curl curl() {
        return new Curl(gateway, USER, PASSWORD);
    }

    /** The session is refused before anything is asked of the client, and the log says why. */
    private void assertRefused() {
        try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
            client.expect(421);
            client.expectDropped();
        }
        final Pattern reason = Pattern.compile("(?i)certif|subject alternative");
        gateway.awaitLog(
                "the reason at its start",
                line -> line.contains(" WARN ") && reason.matcher(line).find());
        gateway.awaitSessions(1);
        assertThat(gateway.sessions()).allSatisfy(line -> assertThat(line).containsPattern(reason));
    }

    private static String passwordFile() throws IOException {
        final Path file = directory.resolve("password.txt");
        Files.write(file, (STORE_PASSWORD + "\nanother line\n").getBytes(StandardCharsets.UTF_8));
        return file.toString();
    }

    /** Returns a file of some kind with the certificate of the servers, and another one. */
    private static String store(final String type) throws IOException, GeneralSecurityException {
        if ("PEM".equals(type)) {
            return pem(Certificates.STRANGER, Certificates.NAMED);
        }
        final KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        for (final String name : new String[] {Certificates.STRANGER, Certificates.NAMED}) {
            store.setCertificateEntry(name, Certificates.certificate(name));
        }
        final Path file = directory.resolve("trust." + type);
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, STORE_PASSWORD.toCharArray());
        }
        return file.toString();
    }

    private static String pem(final String... names) throws IOException, GeneralSecurityException {
        final StringBuilder text = new StringBuilder();
        for (final String name : names) {
            final Certificate certificate = Certificates.certificate(name);
            text.append(name)
                    .append(" signs itself\n-----BEGIN CERTIFICATE-----\n")
                    .append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
        }
        final Path file = directory.resolve(String.join("-", names) + ".pem");
        Files.write(file, text.toString().getBytes(StandardCharsets.US_ASCII));
        return file.toString();
    }
}
