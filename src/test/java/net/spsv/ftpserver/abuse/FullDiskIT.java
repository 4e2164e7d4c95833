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
package net.spsv.ftpserver.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import net.spsv.client.SpsvFtpClient;
import net.spsv.client.SpsvFtpsClient;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.SystemCommand;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A disk of 1 MiB that is full in the middle of an upload. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FullDiskIT {
    private static final int DISK = 1024 * 1024;

    @RegisterExtension
    static final FtpServerExtension SERVER =
            new FtpServerExtension().maxThreads(1).tls(Certificates.server(Certificates.LISTENER));

    private static Path disk;

    @BeforeAll
    static void mount() throws IOException {
        final String what = "FullDiskIT is skipped, uploads onto a full disk are not shown";
        if (!"0".equals(SystemCommand.run("id", "-u").anyOutput())) {
            Prerequisites.skip(what, "mounting needs root");
        }
        final Path directory = Files.createDirectory(SERVER.home().resolve("small"));
        final SystemCommand mount =
                SystemCommand.run("mount", "-t", "tmpfs", "-o", "size=" + DISK, "tmpfs", directory.toString());
        if (!mount.succeeded()) {
            Prerequisites.missing(what, mount.toString());
        }
        disk = directory;
    }

    @AfterAll
    static void unmount() {
        if (disk != null) {
            SystemCommand.run("umount", disk.toString()).output();
        }
    }

    @AfterEach
    void nobodyIsLeft() {
        Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 0);
        assertThat(SERVER.ftplet().getStatistics().getDataConnectionsActive()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"TYPE I, STOR", "TYPE A, STOR", "TYPE I, APPE"})
    void uploadThatDoesNotFitIsNotComplete(final String type, final String command) throws IOException {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        try (RawFtpClient client = SERVER.login()) {
            client.line(type).expect(200);
            try (Socket data = RawFtpClient.dataConnection(SERVER.port(), client.spsv())) {
                client.line(command + " small/large").expect(150);
                try {
                    data.getOutputStream().write(new byte[4 * DISK]);
                    data.shutdownOutput();
                } catch (final IOException e) {
                    assertThat(e).as("the server ends it").hasMessageMatching("(?i).*(reset|pipe).*");
                }
                client.expect(551);
            }
            assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);

            client.line("DELE small/large").expect(250);
            client.store("small/little", new byte[DISK / 2]);
            assertThat(client.binary().retrieve("small/little")).hasSize(DISK / 2);
            client.line("DELE small/little").expect(250);
        }
    }

    @Test
    void commonsNetClientIsToldThatItsUploadDoesNotFit() throws IOException {
        uploads(new SpsvFtpClient());
    }

    @Test
    void protectedUploadThatDoesNotFitIsNotComplete() throws IOException {
        uploads(new SpsvFtpsClient(false, Certificates.client()));
    }

    private static void uploads(final FTPClient client) throws IOException {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        try {
            client.connect("127.0.0.1", SERVER.port());
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            client.setFileType(FTP.BINARY_FILE_TYPE);
            if (client instanceof SpsvFtpsClient) {
                ((SpsvFtpsClient) client).execPBSZ(0);
                ((SpsvFtpsClient) client).execPROT("P");
                ((SpsvFtpsClient) client).enterSinglePortPassiveMode();
            } else {
                ((SpsvFtpClient) client).enterSinglePortPassiveMode();
            }
            boolean whole;
            try {
                whole = client.storeFile("small/large", new ByteArrayInputStream(new byte[4 * DISK]));
            } catch (final IOException e) {
                client.getReply();
                whole = false;
            }
            assertThat(whole).isFalse();
            assertThat(client.getReplyCode()).isEqualTo(551);
            assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);
            assertThat(client.deleteFile("small/large")).isTrue();
            assertThat(client.storeFile("small/little", new ByteArrayInputStream(new byte[DISK / 2])))
                    .isTrue();
            assertThat(client.deleteFile("small/little")).isTrue();
        } finally {
            client.disconnect();
        }
    }
}
