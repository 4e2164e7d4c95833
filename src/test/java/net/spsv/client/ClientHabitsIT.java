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
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPReply;
import org.apache.commons.net.ftp.FTPSClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What programs do with Commons Net clients around transfers: give up, go on, switch modes, connect again, listen. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ClientHabitsIT {
    private static final byte[] SMALL = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final int LARGE = 64 * 1024 * 1024;
    private static final int CHUNK = 1024 * 1024;

    @RegisterExtension
    static final Servers SERVERS =
            new Servers(server -> server.singlePortOnly(false).dataConnections(data -> data.setActiveIpCheck(true)));

    private FtpServerExtension server;
    private FTPClient client;

    @BeforeEach
    void files() {
        for (final Kind kind : Kind.values()) {
            SERVERS.of(kind).file("small", SMALL);
        }
    }

    private void login(final Kind kind) throws IOException {
        server = SERVERS.of(kind);
        client = Kind.login(kind.create(), server);
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    private void expectUsable() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile("small", out))
                .as(client.getReplyString())
                .isTrue();
        assertThat(out.toByteArray()).isEqualTo(SMALL);
    }

    private void expectMode(final boolean singlePort, final int mode) {
        assertThat(Kind.isSinglePort(client)).isEqualTo(singlePort);
        assertThat(client.getDataConnectionMode()).isEqualTo(mode);
    }

    private String expectTransferBy(final String verb) throws IOException {
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        expectUsable();
        client.removeProtocolCommandListener(listener);
        assertThat(listener.heard()).isNotEmpty();
        assertThat(listener.heard().get(0)).startsWith("> " + verb);
        return listener.heard().toString();
    }

    @ParameterizedTest
    @EnumSource
    void everyOtherModeSwitchesBack(final Kind kind) throws IOException {
        login(kind);
        expectMode(true, FTPClient.PASSIVE_LOCAL_DATA_CONNECTION_MODE);
        expectTransferBy("SPSV");
        client.enterLocalPassiveMode();
        expectMode(false, FTPClient.PASSIVE_LOCAL_DATA_CONNECTION_MODE);
        expectTransferBy("PASV");
        Kind.enterSinglePort(client);
        expectTransferBy("SPSV");
        client.enterLocalActiveMode();
        expectMode(false, FTPClient.ACTIVE_LOCAL_DATA_CONNECTION_MODE);
        if (kind == Kind.PLAIN) {
            expectTransferBy("PORT");
        }
        Kind.enterSinglePort(client);
        assertThat(client.enterRemotePassiveMode()).isTrue();
        expectMode(false, FTPClient.PASSIVE_REMOTE_DATA_CONNECTION_MODE);
        Kind.enterSinglePort(client);
        assertThat(client.enterRemoteActiveMode(InetAddress.getByName("127.0.0.1"), 2048))
                .isTrue();
        expectMode(false, FTPClient.ACTIVE_REMOTE_DATA_CONNECTION_MODE);
        Kind.enterSinglePort(client);
        assertThat(client.enterRemoteActiveMode(InetAddress.getByName("127.0.0.2"), 2048))
                .as("a foreign address")
                .isFalse();
        expectMode(true, FTPClient.PASSIVE_LOCAL_DATA_CONNECTION_MODE);
        expectTransferBy("SPSV");
    }

    @Test
    void settingsOfOtherModesChangeNothingUntilTheseAreEntered() throws IOException {
        login(Kind.PLAIN);
        client.setUseEPSVwithIPv4(true);
        client.setReportActiveExternalIPAddress("127.0.0.9");
        assertThat(expectTransferBy("SPSV")).doesNotContain("EPSV").doesNotContain("PORT");
        client.enterLocalPassiveMode();
        expectTransferBy("EPSV");
        client.enterLocalActiveMode();
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        assertThat(client.listNames()).as("an address that is not the client's").isNull();
        assertThat(listener.heard().get(0)).startsWith("> PORT 127,0,0,9,");
        Kind.enterSinglePort(client);
        expectTransferBy("SPSV");
    }

    @ParameterizedTest
    @EnumSource
    void whatOneServerCannotDoIsNotHeldAgainstTheNext(final Kind kind) throws Exception {
        final FtpServerExtension stock = kind.server().plugin(false);
        stock.start();
        try {
            client = Kind.login(kind.create(), stock);
            assertThatThrownBy(client::listNames).isInstanceOf(SpsvUnsupportedException.class);
            client.disconnect();
            Kind.login(client, SERVERS.of(kind));
            expectTransferBy("SPSV");
            client.disconnect();
            Kind.login(client, stock);
            assertThatThrownBy(client::listNames).isInstanceOf(SpsvUnsupportedException.class);
            assertThat(client.getReplyString()).startsWith("50");
        } finally {
            client.disconnect();
            stock.stop();
        }
    }

    @ParameterizedTest
    @EnumSource
    void passiveModeTakesOverWhereTheServerHasNoSinglePortMode(final Kind kind) throws Exception {
        final FtpServerExtension stock = kind.server().plugin(false);
        stock.start();
        try {
            stock.file("small", SMALL);
            client = Kind.login(kind.create(), stock);
            assertThatThrownBy(this::expectUsable)
                    .isInstanceOf(SpsvUnsupportedException.class)
                    .hasMessageContaining("SPSV")
                    .hasMessageContaining("50");
            Kind.setPassiveFallback(client, true);
            expectTransferBy("PASV");
            expectMode(true, FTPClient.PASSIVE_LOCAL_DATA_CONNECTION_MODE);
            client.setUseEPSVwithIPv4(true);
            expectTransferBy("EPSV");

            client.disconnect();
            Kind.login(client, stock);
            assertThat(expectTransferBy("SPSV"))
                    .as("a new connection asks anew")
                    .contains("EPSV");
        } finally {
            client.disconnect();
            stock.stop();
        }
    }

    @ParameterizedTest
    @EnumSource
    void sameObjectConnectsAgain(final Kind kind) throws IOException {
        login(kind);
        for (int i = 0; i < 3; i++) {
            client.setFileTransferMode(FTP.DEFLATE_TRANSFER_MODE);
            expectUsable();
            if (i == 1) {
                client.logout();
            }
            client.disconnect();
            assertThat(Kind.isSinglePort(client)).isFalse();
            Kind.login(client, server);
            assertThat(expectTransferBy("SPSV"))
                    .as("MODE Z went with its session")
                    .contains("200 DATA");
        }
    }

    @ParameterizedTest
    @EnumSource
    void reinitializedSessionStartsWithTheDefaults(final Kind kind) throws IOException {
        login(kind);
        client.setFileTransferMode(FTP.DEFLATE_TRANSFER_MODE);
        expectUsable();
        assertThat(client.reinitialize()).isTrue();
        expectMode(false, FTPClient.ACTIVE_LOCAL_DATA_CONNECTION_MODE);
        Kind.enterSinglePort(client);
        assertThat(client.listNames()).as("nobody is logged in").isNull();
        assertThat(client.getReplyCode()).isEqualTo(530);
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        client.setFileType(FTP.BINARY_FILE_TYPE);
        client.setFileTransferMode(FTP.STREAM_TRANSFER_MODE);
        expectTransferBy("SPSV");
    }

    @ParameterizedTest
    @EnumSource
    void abortEndsADownloadAndTheSessionGoesOn(final Kind kind) throws IOException {
        login(kind);
        large();
        for (int i = 0; i < 2; i++) {
            final InputStream in = client.retrieveFileStream("large");
            assertThat(in.read(new byte[1000])).isPositive();
            assertThat(client.abort()).as("the transfer's 426 comes first").isFalse();
            assertThat(client.getReplyCode()).isEqualTo(426);
            assertThat(client.completePendingCommand()).isTrue();
            assertThat(client.getReplyCode()).isEqualTo(226);
            closeBroken(in);
            expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void abortEndsAnUploadAndTheSessionGoesOn(final Kind kind) throws IOException {
        login(kind);
        for (int i = 0; i < 2; i++) {
            final OutputStream out = client.storeFileStream("aborted");
            out.write(SMALL);
            out.flush();
            assertThat(client.abort()).as("the transfer's 426 comes first").isFalse();
            assertThat(client.getReplyCode()).isEqualTo(426);
            assertThat(client.completePendingCommand()).isTrue();
            assertThat(client.getReplyCode()).isEqualTo(226);
            closeBroken(out);
            expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void downloadThatIsClosedEarlyIsReportedAndTheSessionGoesOn(final Kind kind) throws IOException {
        login(kind);
        large();
        final InputStream in = client.retrieveFileStream("large");
        assertThat(in.read(new byte[1000])).isPositive();
        closeBroken(in);
        assertThat(client.completePendingCommand()).isFalse();
        assertThat(client.getReplyCode()).isEqualTo(426);
        expectUsable();
    }

    private static void closeBroken(final Closeable stream) {
        try {
            stream.close();
        } catch (final IOException expected) {
            // the end of a connection that is broken already
        }
    }

    private void large() throws IOException {
        try (OutputStream out = Files.newOutputStream(server.home().resolve("large"))) {
            final byte[] chunk = new byte[CHUNK];
            for (int i = 0; i < LARGE / CHUNK; i++) {
                out.write(chunk);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void disconnectInTheMiddleOfATransferLeavesNothingBehind(final Kind kind) throws IOException {
        login(kind);
        large();
        final int before = server.statistics().getCurrentConnectionNumber();
        final InputStream in = client.retrieveFileStream("large");
        assertThat(in.read()).isZero();
        client.disconnect();
        closeBroken(in);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> server.statistics().getCurrentConnectionNumber() < before);

        Kind.login(client, server);
        final OutputStream out = client.storeFileStream("half");
        out.write(SMALL);
        out.flush();
        client.disconnect();
        closeBroken(out);
        Kind.login(client, server);
        expectUsable();
    }

    @ParameterizedTest
    @EnumSource
    void keepAliveNoopsGoThroughALongTransfer(final Kind kind) throws IOException {
        login(kind);
        client.setBufferSize(5_000);
        client.setControlKeepAliveTimeout(Duration.ofMillis(1));
        client.setControlKeepAliveReplyTimeout(Duration.ofMillis(500));
        final byte[] content = new byte[10_000];
        Arrays.fill(content, (byte) 'k');
        final InputStream slowly = new FilterInputStream(new ByteArrayInputStream(content)) {
            @Override
            public int read(final byte[] buffer, final int offset, final int length) throws IOException {
                final long end = System.nanoTime() + Duration.ofMillis(5).toNanos();
                while (System.nanoTime() < end) {
                    Thread.yield();
                }
                final int count = super.read(buffer, offset, Math.min(length, 5_000));
                if (count < 0) {
                    // the reply to the upload may take longer than a NOOP waits for one that cannot come before
                    client.setSoTimeout(20_000);
                }
                return count;
            }
        };
        assertThat(client.storeFile("slow", slowly)).isTrue();
        assertThat(server.content("slow")).isEqualTo(content);
        assertThat(noops(client)).as("NOOPs that were sent").isPositive();
        expectUsable();
    }

    @ParameterizedTest
    @EnumSource
    void keepAliveNoopsGoThroughALongDownload(final Kind kind) throws IOException {
        login(kind);
        final byte[] content = new byte[10_000];
        Arrays.fill(content, (byte) 'k');
        server.file("slow", content);
        client.setBufferSize(5_000);
        client.setControlKeepAliveTimeout(Duration.ofMillis(1));
        client.setControlKeepAliveReplyTimeout(Duration.ofSeconds(20));
        final ByteArrayOutputStream slowly = new ByteArrayOutputStream() {
            @Override
            public void write(final byte[] buffer, final int offset, final int length) {
                final long end = System.nanoTime() + Duration.ofMillis(5).toNanos();
                while (System.nanoTime() < end) {
                    Thread.yield();
                }
                super.write(buffer, offset, length);
            }
        };
        assertThat(client.retrieveFile("slow", slowly)).isTrue();
        assertThat(slowly.toByteArray()).isEqualTo(content);
        assertThat(noops(client)).as("NOOPs that were sent").isPositive();
        expectUsable();
    }

    @SuppressWarnings("deprecation")
    private static int noops(final FTPClient client) {
        final int[] counts = client.getCslDebug();
        return counts[0] + counts[1];
    }

    @Test
    void listenersHearBothConnectionsButNotTheToken() throws IOException {
        final List<String> raw = new CopyOnWriteArrayList<>();
        client = new SpsvFtpClient() {
            @Override
            protected void fireReplyReceived(final int replyCode, final String reply) {
                raw.add(reply);
                super.fireReplyReceived(replyCode, reply);
            }
        };
        server = SERVERS.of(Kind.PLAIN);
        Kind.login(client, server);
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        raw.clear();
        expectUsable();

        final Matcher token = Pattern.compile("\\(DATACONN:(\\w{32})\\)").matcher(raw.toString());
        assertThat(token.find()).isTrue();
        assertThat(listener.heard().toString()).doesNotContain(token.group(1));
        assertThat(listener.heard().stream().map(line -> line.replaceAll("^(< (?!227|200)\\d+).*", "$1")))
                .containsExactly(
                        "> SPSV",
                        "< 227 Entering single-port mode (DATACONN:***)",
                        "> USER DATACONN",
                        "> PASS ***",
                        "< 220",
                        "< 331",
                        "< 200 DATA",
                        "> RETR small",
                        "< 150",
                        "< 226");
    }

    @ParameterizedTest
    @EnumSource(names = {"EXPLICIT", "IMPLICIT"})
    void listenersHearWhatIsSaidInsideTls(final Kind kind) throws IOException {
        login(kind);
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        expectUsable();
        assertThat(String.join("\n", listener.heard()).replaceAll("(?m)^(< (?!227|200)\\d+).*", "$1"))
                .isEqualTo("> SPSV\n< 227 Entering single-port mode (DATACONN:***)\n"
                        + (kind == Kind.EXPLICIT
                                ? "> AUTH TLS\n< 220\n< 234\n> USER DATACONN\n> PASS ***"
                                : "> USER DATACONN\n> PASS ***\n< 220")
                        + "\n< 331\n< 200 DATA\n> RETR small\n< 150\n< 226");
    }

    @ParameterizedTest
    @EnumSource
    void tokenOfAnSpsvSentByHandIsMaskedToo(final Kind kind) throws IOException {
        login(kind);
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        assertThat(client.sendCommand("SPSV")).isEqualTo(FTPReply.ENTERING_PASSIVE_MODE);
        assertThat(client.getReplyString()).as("the reply itself").containsPattern("DATACONN:\\w{32}");
        assertThat(listener.heard().get(1)).endsWith("(DATACONN:***)");
        expectUsable();
    }

    @Test
    void manyTransfersOfOneSessionKeepNoConnections() throws IOException {
        final SpsvFtpsClient ftps = new SpsvFtpsClient(Certificates.client());
        client = ftps;
        server = SERVERS.of(Kind.EXPLICIT);
        Kind.login((FTPSClient) ftps, server);
        for (int i = 0; i < 100; i++) {
            expectUsable();
        }
        Awaitility.await()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> server.statistics().getCurrentConnectionNumber() == 1);
    }
}
