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
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.TimeZone;
import java.util.stream.Collectors;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPClientConfig;
import org.apache.commons.net.ftp.FTPFile;
import org.apache.commons.net.ftp.FTPReply;
import org.apache.commons.net.ftp.FTPSClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What Commons Net's own tests ask of FTPClient and FTPSClient, in single-port mode, and what is next to it. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class CommonsNetTestsIT {
    private static final Instant MODIFIED = Instant.parse("2021-03-04T05:06:07Z");

    @RegisterExtension
    static final Servers SERVERS = new Servers();

    private FtpServerExtension server;
    private FTPClient client;

    /** Logs in as Commons Net's tests do, looking at every reply. */
    private void login(final Kind kind) throws IOException {
        server = SERVERS.of(kind);
        client = kind.create();
        client.setControlKeepAliveReplyTimeout(null);
        assertThat(client.getControlKeepAliveReplyTimeoutDuration()).isZero();
        client.setControlKeepAliveReplyTimeout(Duration.ofSeconds(60));
        client.setControlKeepAliveTimeout(null);
        assertThat(client.getControlKeepAliveTimeoutDuration()).isZero();
        client.setControlKeepAliveTimeout(Duration.ofSeconds(61));
        client.setDataTimeout(null);
        assertThat(client.getDataTimeout()).isZero();
        client.setDefaultTimeout(20_000);
        client.connect("localhost", server.port());
        expectPositive();
        assertThat(client.getRemotePort()).isEqualTo(server.port());
        assertThat(client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD))
                .isTrue();
        expectPositive();
        client.setFileType(FTP.BINARY_FILE_TYPE);
        expectPositive();
        if (client instanceof FTPSClient) {
            ((FTPSClient) client).execPBSZ(0);
            expectPositive();
            ((FTPSClient) client).execPROT("P");
            expectPositive();
        }
        Kind.enterSinglePort(client);
    }

    private void expectPositive() {
        assertThat(FTPReply.isPositiveCompletion(client.getReplyCode()))
                .as(client.getReplyString())
                .isTrue();
    }

    @BeforeEach
    void files() throws IOException {
        for (final Kind kind : Kind.values()) {
            Files.setLastModifiedTime(SERVERS.of(kind).file("file.txt", new byte[123]), FileTime.from(MODIFIED));
            SERVERS.of(kind).file(".hidden", new byte[1]);
        }
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    @ParameterizedTest
    @EnumSource
    void openClose(final Kind kind) throws IOException {
        login(kind);
        client.disconnect();
        assertThat(client.isConnected()).isFalse();
        assertThat(client.isAvailable()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void hasFeature(final Kind kind) throws IOException {
        login(kind);
        assertThat(client.hasFeature("SPSV")).isTrue();
        assertThat(client.hasFeature("MDTM")).isTrue();
        assertThat(client.hasFeature("XYZ")).isFalse();
        assertThat(client.featureValues("REST")).containsExactly("STREAM");
    }

    @ParameterizedTest
    @EnumSource
    void listFilesOfAnyPathName(final Kind kind) throws IOException {
        login(kind);
        for (int i = 0; i < 2; i++) {
            assertThat(names(client.listFiles(""))).contains("file.txt");
            assertThat(names(client.listFiles(null))).contains("file.txt");
            assertThat(names(client.listFiles("/"))).contains("file.txt");
            assertThat(client.listFiles("   Junk   ")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void hiddenFilesAreListedIfAskedFor(final Kind kind) throws IOException {
        login(kind);
        assertThat(names(client.listFiles())).doesNotContain(".hidden");
        client.setListHiddenFiles(true);
        assertThat(names(client.listFiles())).contains(".hidden", "file.txt");
        assertThat(names(client.listFiles("/"))).contains(".hidden", "file.txt");
        assertThat(client.listNames()).contains(".hidden", "file.txt");
    }

    @ParameterizedTest
    @EnumSource
    void listingIsReadAsTheServersSystemOrTheConfigurationSays(final Kind kind) throws IOException {
        login(kind);
        final Listener listener = new Listener();
        client.addProtocolCommandListener(listener);
        assertThat(names(client.listFiles())).contains("file.txt");
        assertThat(listener.heard().subList(0, 3)).containsSubsequence("> SYST", "> SPSV");
        client.disconnect();

        final FTPClientConfig config = new FTPClientConfig(FTPClientConfig.SYST_UNIX);
        config.setServerTimeZoneId(TimeZone.getDefault().getID());
        client.configure(config);
        Kind.login(client, server);
        listener.heard().clear();
        final FTPFile file = Arrays.stream(client.listFiles())
                .filter(each -> "file.txt".equals(each.getName()))
                .findFirst()
                .get();
        assertThat(listener.heard()).doesNotContain("> SYST");
        assertThat(file.getSize()).isEqualTo(123);
        assertThat(file.getTimestampInstant()).isCloseTo(MODIFIED, within(1, ChronoUnit.DAYS));
        assertThat(client.mlistDir())
                .filteredOn(each -> "file.txt".equals(each.getName()))
                .extracting(FTPFile::getTimestampInstant)
                .containsExactly(MODIFIED);
    }

    @ParameterizedTest
    @EnumSource
    void mdtmAndSize(final Kind kind) throws IOException {
        login(kind);
        assertThat(client.getModificationTime("/file.txt")).contains("20210304050607");
        assertThat(client.mdtmInstant("/file.txt")).isEqualTo(MODIFIED);
        assertThat(client.mdtmFile("/file.txt").getTimestampInstant()).isEqualTo(MODIFIED);
        assertThat(client.mdtmCalendar("/file.txt").toInstant()).isEqualTo(MODIFIED);
        assertThat(client.getSize("/file.txt")).isEqualTo("123");
        assertThat(client.mdtmInstant("/missing")).isNull();
        assertThat(names(client.listFiles())).as("in between").contains("file.txt");
        assertThat(client.mdtmInstant("/file.txt")).isEqualTo(MODIFIED);
    }

    @ParameterizedTest
    @EnumSource
    void retrieveFileTwice(final Kind kind) throws IOException {
        login(kind);
        for (int i = 0; i < 2; i++) {
            final ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(client.retrieveFile("/file.txt", out)).isTrue();
            assertThat(out.size()).isEqualTo(123);
        }
    }

    @ParameterizedTest
    @EnumSource
    void namesInTheControlEncoding(final Kind kind) throws IOException {
        client = kind.create();
        client.setControlEncoding("UTF-8");
        Kind.login(client, SERVERS.of(kind));
        assertThat(client.makeDirectory("sch\u00f6n-\u4e2d")).isTrue();
        assertThat(client.listNames()).contains("sch\u00f6n-\u4e2d");
        assertThat(names(client.listFiles())).contains("sch\u00f6n-\u4e2d");
    }

    @ParameterizedTest
    @EnumSource
    void serverWithAnAddressOfIpV6(final Kind kind) throws Exception {
        final FtpServerExtension six = kind.server().serverAddress("::1").passiveIpCheck(true);
        six.start();
        try {
            six.file("file.txt", new byte[123]);
            client = Kind.login(kind.create(), "::1", six);
            final Listener listener = new Listener();
            client.addProtocolCommandListener(listener);
            assertThat(client.listNames()).containsExactly("file.txt");
            assertThat(names(client.listFiles())).containsExactly("file.txt");
            final ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(client.retrieveFile("file.txt", out)).isTrue();
            assertThat(out.size()).isEqualTo(123);
            assertThat(listener.heard()).contains("> SPSV").doesNotContain("> EPSV", "> PASV");
        } finally {
            client.disconnect();
            six.stop();
        }
    }

    private static List<String> names(final FTPFile... files) {
        return Arrays.stream(files).map(FTPFile::getName).collect(Collectors.toList());
    }
}
