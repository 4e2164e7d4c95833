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
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The ways to TLS of a server that FtpServer's own command line has started, with {@code <ssl>} elements in its file.
 * Of the protocols, these can name TLSv1.2 only.
 */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
class TlsCommandLineServerIT {
    private static final String PROTOCOL = "TLSv1.2";
    private static final int SIZE = 16 * 1024 * 1024;

    @TempDir
    static Path directory;

    private static final Map<Way, FtpServerInstallation> INSTALLATIONS = new EnumMap<>(Way.class);
    private static final Map<Way, FtpServerProcess> SERVERS = new EnumMap<>(Way.class);

    @BeforeAll
    static void startServers() throws IOException {
        for (final Way way : Way.values()) {
            if (way.isSinglePort()) {
                final FtpServerInstallation installation =
                        FtpServerInstallation.into(Files.createDirectory(directory.resolve(way.name())));
                installation.useTls(
                        way == Way.IMPLICIT, Certificates.keyStore(Certificates.LISTENER), Certificates.PASSWORD);
                if (way == Way.CLEAR_LOGIN) {
                    installation.requireTls(false);
                    installation.useDataTls(
                            Certificates.keyStore(Certificates.DATA),
                            Certificates.PASSWORD,
                            "NEED",
                            Certificates.serverTrust());
                }
                INSTALLATIONS.put(way, installation);
                SERVERS.put(way, installation.start());
            }
        }
    }

    @AfterAll
    static void stopServers() {
        SERVERS.values().forEach(FtpServerProcess::close);
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "PASV", mode = EnumSource.Mode.EXCLUDE)
    void filesGoUpAndComeDownThroughTheOnePort(final Way way) throws IOException {
        final RandomContent content = new RandomContent(37, SIZE);
        try (TlsSession session = session(way, Certificates.client(Certificates.CLIENT))) {
            for (int i = 0; i < 3; i++) {
                final String sent = session.upload(content, "STOR up.bin");
                assertThat(RandomContent.digest(INSTALLATIONS.get(way).home().resolve("up.bin")))
                        .isEqualTo(sent);
                assertThat(session.downloadDigest("RETR up.bin")).isEqualTo(sent);
                assertThat(session.download("NLST")).isEqualTo("up.bin\r\n".getBytes("US-ASCII"));
                assertThat(SERVERS.get(way).listeningPorts())
                        .containsExactly(SERVERS.get(way).port());
            }
        }
        assertThat(SERVERS.get(way).output()).doesNotContain("Exception");
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "PASV", mode = EnumSource.Mode.EXCLUDE)
    void uploadWithoutCloseNotifyIsNotWhole(final Way way) throws IOException {
        try (TlsSession session =
                session(way, Certificates.client(Certificates.CLIENT)).byRecords()) {
            try (DataConnection data = session.begin("STOR cut.bin")) {
                data.records().write(new byte[100_000]).fin();
                session.control().expect(426);
            }
            session.control().command("DELE cut.bin", 250);
        }
    }

    @Test
    void clearLoginIsRefusedByDefault() throws IOException {
        try (TlsSession session = session(Way.EXPLICIT, Certificates.client());
                RawFtpClient data =
                        RawFtpClient.connect(SERVERS.get(Way.EXPLICIT).port()).greeted()) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            data.line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token()).expect(504);
            data.expectDropped();
        }
    }

    @Test
    void clearLoginShowsAndNeedsTheCertificatesOfTheDataConnections() throws IOException {
        try (TlsSession session = session(Way.CLEAR_LOGIN, Certificates.client(Certificates.CLIENT))) {
            try (DataConnection data = session.begin("STOR certified.bin")) {
                assertThat(Certificates.peer(data.socket().getSession())).isEqualTo("CN=data");
            }
            session.control().expect(226);
            session.control().command("DELE certified.bin", 250);
        }
        try (TlsSession session = session(Way.CLEAR_LOGIN, Certificates.client());
                DataConnection data = session.prepare().login()) {
            session.control().command("NLST", 150);
            assertThatThrownBy(data::secure).isInstanceOfAny(SSLException.class, SocketException.class);
            session.control().expect(425);
        }
    }

    private static TlsSession session(final Way way, final SSLContext context) throws IOException {
        return TlsSession.login(
                SERVERS.get(way).port(),
                way,
                PROTOCOL,
                context,
                FtpServerInstallation.USER,
                FtpServerInstallation.PASSWORD);
    }
}
