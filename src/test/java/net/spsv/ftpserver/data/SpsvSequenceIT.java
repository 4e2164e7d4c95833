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
package net.spsv.ftpserver.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.ssl.SslConfigurationFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One SPSV serves one transfer, and the last preparation of a data connection wins. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SpsvSequenceIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    private static final byte[] CONTENT = "in order".getBytes(StandardCharsets.US_ASCII);

    private TransferClient client;

    @BeforeEach
    void login() {
        SERVER.file("source", CONTENT);
        client = TransferClient.login(SERVER);
    }

    @AfterEach
    void logout() {
        client.close();
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, RETR source",
        "SPSV_LOGIN_LAST, RETR source",
        "SPSV_LOGIN_FIRST, STOR target",
        "SPSV_LOGIN_LAST, APPE target",
        "SPSV_LOGIN_LAST, STOU",
        "SPSV_LOGIN_FIRST, LIST",
        "SPSV_LOGIN_LAST, NLST",
        "SPSV_LOGIN_FIRST, MLSD",
        "SPSV_LOGIN_FIRST, RETR missing",
        "SPSV_LOGIN_LAST, STOR missing/target"
    })
    void spsvServesOneTransfer(final DataMode mode, final String command) throws IOException {
        client.transfer(mode, command.matches("(STO|APPE).*") ? new byte[0] : null, command);
        for (final String next : new String[] {"RETR source", "STOR target", "LIST"}) {
            final long start = System.nanoTime();
            assertThat(client.control().line(next).reply()).as(next).matches("(503|425) .*");
            assertThat(System.nanoTime() - start)
                    .as("%s is answered at once", next)
                    .isLessThan(10_000_000_000L);
        }
        client.expectUsable(SERVER);
    }

    @Test
    void transferCommandWithoutAnyPreparationIsAnswered503() {
        for (final String command :
                new String[] {"RETR source", "STOR target", "APPE target", "STOU", "LIST", "NLST", "MLSD"}) {
            client.command(command, 503);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SPSV",
                "PASV",
                "EPSV",
                "PORT 127,0,0,1,200,200",
                "EPRT |1|127.0.0.1|51400|",
                "REIN",
                "ABOR",
                "QUIT"
            })
    void commandHasRevokedTheTokenWhenItIsAnswered(final String command) {
        for (int i = 0; i < 20; i++) {
            try (TransferClient session = TransferClient.login(SERVER);
                    RawFtpClient late = SERVER.connect().greeted()) {
                final RawFtpClient.Endpoint endpoint = session.control().spsv();
                late.line("USER " + endpoint.user()).expect(331);
                assertThat(session.control().line(command).reply()).matches("2\\d\\d .*");
                late.line("PASS " + endpoint.token()).expect(504);
                late.expectDropped();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SPSV",
                "PASV",
                "EPSV",
                "PORT 127,0,0,1,200,200",
                "EPRT |1|127.0.0.1|51400|",
                "REIN",
                "ABOR",
                "QUIT"
            })
    void commandClosesTheWaitingDataConnection(final String command) {
        try (RawFtpClient waiting = SERVER.connect()) {
            waiting.dataLogin(client.control().spsv());
            assertThat(client.control().line(command).reply()).matches("2\\d\\d .*");
            waiting.expectDropped();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endOfTheControlConnectionRevokesTheToken(final boolean reset) {
        final RawFtpClient.Endpoint endpoint = client.control().spsv();
        end(reset);
        awaitNoSession();
        expectWorthless(endpoint);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endOfTheControlConnectionClosesTheWaitingDataConnection(final boolean reset) {
        try (RawFtpClient waiting = SERVER.connect()) {
            waiting.dataLogin(client.control().spsv());
            end(reset);
            waiting.expectDropped();
        }
    }

    @Test
    void sessionThatStartedAnewIsServedAgain() throws IOException {
        client.control().spsv();
        client.command("REIN", 220);
        client.control().login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        client.command("RETR source", 503);
        client.expectUsable(SERVER);
    }

    @Test
    void newSpsvPutsANewTokenInThePlaceOfTheOld() throws IOException {
        final RawFtpClient.Endpoint first = client.control().spsv();
        final RawFtpClient.Endpoint second = client.control().spsv();
        expectWorthless(first);
        client.command("RETR source", 150);
        try (Socket data = RawFtpClient.dataConnection(SERVER.port(), second)) {
            assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
        }
        client.control().expect(226);
    }

    @ParameterizedTest
    @EnumSource(names = {"PASV", "EPSV"})
    void spsvClosesThePassivePort(final DataMode mode) throws IOException {
        final String reply = client.control().line(mode.name()).reply();
        final Matcher numbers = Pattern.compile(mode == DataMode.PASV ? ",(\\d+),(\\d+)\\)" : "\\|(\\d+)()\\|\\)")
                .matcher(reply);
        assertThat(numbers.find()).as(reply).isTrue();
        final int port = mode == DataMode.PASV
                ? Integer.parseInt(numbers.group(1)) * 256 + Integer.parseInt(numbers.group(2))
                : Integer.parseInt(numbers.group(1));
        client.control().spsv();
        assertThatThrownBy(() -> new Socket("127.0.0.1", port).close()).isInstanceOf(ConnectException.class);
    }

    @Test
    void everyModeFollowsEveryOther() throws IOException {
        for (final DataMode first : DataMode.values()) {
            for (final DataMode second : DataMode.values()) {
                assertThat(client.download(first, "RETR source").data())
                        .as("%s", first)
                        .isEqualTo(CONTENT);
                assertThat(client.download(second, "RETR source").data())
                        .as("%s after %s", second, first)
                        .isEqualTo(CONTENT);
            }
        }
    }

    @Test
    void preparationThatIsNotUsedGivesWayToEveryOther() throws IOException {
        for (final DataMode unused : DataMode.values()) {
            for (final DataMode used : DataMode.values()) {
                try (DataMode.Prepared prepared = client.prepare(unused)) {
                    assertThat(client.download(used, "RETR source").data())
                            .as("%s after unused %s", used, unused)
                            .isEqualTo(CONTENT);
                    assertThat(client.upload(used, CONTENT, "STOR target").lastReply())
                            .startsWith("226");
                    assertThat(prepared).isNotNull();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SPSV", "PASV", "EPSV"})
    void portIsDialledOnceForOneTransfer(final String preparation) throws IOException {
        assertThat(client.control().line(preparation).reply()).startsWith("22");
        assertThat(client.download(DataMode.PORT, "RETR source").data()).isEqualTo(CONTENT);
        // The stock server dials the same address again, where nobody listens any more.
        client.command("RETR source", 150);
        client.control().expect(425);
        client.expectUsable(SERVER);
    }

    @Test
    void commandsDuringATransferWaitForItsEnd() throws IOException {
        try (Transfer upload = client.begin(DataMode.SPSV_LOGIN_LAST, "STOR target")) {
            client.control().send("NOOP\r\nSPSV\r\nRETR target\r\n").awaitTaken();
            upload.send(CONTENT);
        }
        client.control().expect(226);
        client.control().expect(200);
        final RawFtpClient.Endpoint endpoint =
                RawFtpClient.endpoint(client.control().expect(227));
        client.control().expect(150);
        try (Socket data = RawFtpClient.dataConnection(SERVER.port(), endpoint)) {
            assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
        }
        client.control().expect(226);
    }

    /** RFC 959, section 4.1.1: the control connection remains open until the transfer has ended. */
    @Test
    void quitDuringATransferLetsItEnd() throws IOException {
        try (Transfer upload = client.begin(DataMode.SPSV_LOGIN_FIRST, "STOR quit")) {
            client.control().line("QUIT").awaitTaken();
            upload.send(CONTENT);
        }
        client.control().expect(226);
        client.control().expect(221);
        client.control().expectDropped();
        assertThat(SERVER.content("quit")).isEqualTo(CONTENT);
    }

    @Test
    void transferModeSurvivesTheSwitchInBothDirections() throws IOException {
        client.command("MODE Z", 200);
        for (final DataMode mode :
                new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.PASV, DataMode.SPSV_LOGIN_LAST, DataMode.PORT}) {
            final Outcome outcome = client.download(mode, "RETR source");
            try (InflaterInputStream inflated = new InflaterInputStream(new ByteArrayInputStream(outcome.data()))) {
                assertThat(inflated).as(mode.name()).hasBinaryContent(CONTENT);
            }
        }
        client.command("MODE S", 200);
        for (final DataMode mode : new DataMode[] {DataMode.PASV, DataMode.SPSV_LOGIN_FIRST}) {
            assertThat(client.download(mode, "RETR source").data())
                    .as(mode.name())
                    .isEqualTo(CONTENT);
        }
    }

    @Test
    void dataTypeSurvivesTheSwitchInBothDirections() throws IOException {
        SERVER.file("text", "a\nb\n".getBytes(StandardCharsets.US_ASCII));
        client.command("TYPE A", 200);
        for (final DataMode mode :
                new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.PASV, DataMode.SPSV_LOGIN_LAST}) {
            assertThat(client.download(mode, "RETR text").data())
                    .as(mode.name())
                    .asString()
                    .isEqualTo("a\r\nb\r\n");
        }
        client.command("TYPE I", 200);
        for (final DataMode mode :
                new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.PASV, DataMode.SPSV_LOGIN_LAST}) {
            assertThat(client.download(mode, "RETR text").data())
                    .as(mode.name())
                    .asString()
                    .isEqualTo("a\nb\n");
        }
    }

    @Test
    void dataProtectionSurvivesTheSwitch(@TempDir final Path directory) throws Exception {
        final FtpServerExtension secured = new FtpServerExtension();
        secured.listener(listener -> listener.setSslConfiguration(certificate(directory)));
        secured.start();
        try (TransferClient session = TransferClient.login(secured)) {
            secured.file("source", CONTENT);
            session.command("PROT P", 200);
            session.command("PROT C", 200);
            assertThat(session.download(DataMode.SPSV_LOGIN_LAST, "RETR source").data())
                    .isEqualTo(CONTENT);
            session.command("PROT P", 200);
            try (DataMode.Prepared prepared = session.prepare(DataMode.PASV);
                    SSLSocket data = overTls(prepared.open())) {
                session.command("RETR source", 150);
                data.startHandshake();
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                session.control().expect(226);
            }
            session.command("PROT C", 200);
            session.expectUsable(secured);
        } finally {
            secured.stop();
        }
    }

    private void end(final boolean reset) {
        if (reset) {
            client.control().reset();
        } else {
            client.control().close();
        }
    }

    private static void awaitNoSession() {
        org.awaitility.Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 0);
    }

    private static void expectWorthless(final RawFtpClient.Endpoint endpoint) {
        try (RawFtpClient data = SERVER.connect().greeted()) {
            data.line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token()).expect(504);
            data.expectDropped();
        }
    }

    private static org.apache.ftpserver.ssl.SslConfiguration certificate(final Path directory) {
        final Path store = directory.resolve("server.p12");
        try {
            final Process keytool = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/keytool",
                            "-genkeypair",
                            "-keyalg",
                            "EC",
                            "-alias",
                            "test",
                            "-dname",
                            "CN=localhost",
                            "-storetype",
                            "PKCS12",
                            "-storepass",
                            "secret",
                            "-keystore",
                            store.toString())
                    .redirectErrorStream(true)
                    .start();
            keytool.getOutputStream().close();
            final byte[] output = new byte[4096];
            final int count = keytool.getInputStream().read(output);
            assertThat(keytool.waitFor())
                    .as(new String(output, 0, Math.max(count, 0), StandardCharsets.UTF_8))
                    .isZero();
        } catch (final IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        final SslConfigurationFactory ssl = new SslConfigurationFactory();
        ssl.setKeystoreFile(store.toFile());
        ssl.setKeystoreType("PKCS12");
        ssl.setKeystorePassword("secret");
        return ssl.createSslConfiguration();
    }

    private static SSLSocket overTls(final Socket plain) throws Exception {
        final SSLContext context = SSLContext.getInstance("TLSv1.2");
        context.init(null, new TrustManager[] {new TrustsAll()}, null);
        return (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", plain.getPort(), true);
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(final java.security.cert.X509Certificate[] chain, final String type) {
            // a test's own certificate
        }

        @Override
        public void checkServerTrusted(final java.security.cert.X509Certificate[] chain, final String type) {
            // a test's own certificate
        }

        @Override
        public java.security.cert.X509Certificate[] getAcceptedIssuers() {
            return new java.security.cert.X509Certificate[0];
        }
    }
}
