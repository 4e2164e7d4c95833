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
import java.nio.file.Path;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that has no single-port mode: FtpServer without the plugin. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class WithoutSpsvIT {
    private static final int SIZE = 4 * 1024 * 1024;
    private static final String MISSING = "no single-port mode (SPSV)";

    @RegisterExtension
    static final FtpServerExtension STOCK = new FtpServerExtension().plugin(false);

    /** Implicit, as MINA 2.1 without the plugin loses a USER that comes right behind the handshake of AUTH TLS. */
    @RegisterExtension
    static final FtpServerExtension STOCK_TLS = new FtpServerExtension()
            .plugin(false)
            .tls(Certificates.server(Certificates.LISTENER))
            .implicitTls(true);

    @TempDir
    static Path directory;

    private GatewayProcess gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
            assertThat(gateway.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void transfersAreRefusedAndTheReasonIsNamed() throws IOException {
        gateway = GatewayProcess.start(STOCK.port());

        gateway.awaitLog("what is missing", line -> line.contains(" WARN ") && line.contains(MISSING));
        try (RawFtpClient client = login()) {
            assertThat(client.line("EPSV").expect(502)).contains(MISSING);
            assertThat(client.line("PASV").expect(502)).contains(MISSING);
            assertThat(client.line("PORT 127,0,0,1,200,200").expect(502)).contains(MISSING);
            assertThat(client.line("EPRT |1|127.0.0.1|51400|").expect(502)).contains(MISSING);
            client.line("LIST").expect(425);
            client.expectAlive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--disable-epsv", "--ftp-port -"})
    void fallbackTakesThePortsOfTheServer(final String mode) throws IOException {
        gateway = GatewayProcess.start(STOCK.port(), "--fallback");

        assertFilesGoBothWays(STOCK, mode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--ftp-port -"})
    void fallbackServesWithTls(final String mode) throws IOException {
        gateway = GatewayProcess.start(STOCK_TLS.port(), "--fallback", "--tls", "implicit", "--insecure");

        assertFilesGoBothWays(STOCK_TLS, mode);
    }

    @Test
    void fallbackIsNamedAtTheStart() throws IOException {
        gateway = GatewayProcess.start(STOCK.port(), "--fallback");

        assertThat(gateway.awaitLog("whether the server has SPSV", line -> line.contains("SPSV")))
                .contains(MISSING);
    }

    private void assertFilesGoBothWays(final FtpServerExtension server, final String mode) throws IOException {
        Prerequisites.commands("WithoutSpsvIT is skipped, the gateway is not shown to use passive ports", "curl");
        final Curl curl = new Curl(gateway, FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        final String[] options = mode.split(" ");
        final Path file = directory.resolve("file.bin");
        final Path again = directory.resolve("again.bin");
        final String digest = new RandomContent(mode.hashCode(), SIZE).writeTo(file);

        curl.succeed(Curl.words(options, "-T", file.toString(), curl.url("file.bin")));
        curl.succeed(Curl.words(options, "-o", again.toString(), curl.url("file.bin")));

        assertThat(RandomContent.digest(server.home().resolve("file.bin"))).isEqualTo(digest);
        assertThat(RandomContent.digest(again)).isEqualTo(digest);
        assertThat(curl.succeed(Curl.words(options, "--list-only", curl.url(""))))
                .contains("file.bin");
    }

    private RawFtpClient login() {
        return RawFtpClient.connect(gateway.port())
                .greeted()
                .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }
}
