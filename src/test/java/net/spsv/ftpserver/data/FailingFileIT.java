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

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import net.spsv.client.SpsvFtpsClient;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.ftp.FTP;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A file system that fails in the middle of a transfer: nobody takes the part for the whole, and nothing is left. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FailingFileIT {
    /** More than one buffer and less than what is sent. */
    private static final int GOOD = 300_000;

    private static final VirtualFiles FILES = new VirtualFiles();

    /** One command thread: if a failure took it along, nobody would be served. */
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension()
            .maxThreads(1)
            .tls(Certificates.server(Certificates.LISTENER))
            .factory(factory -> factory.setFileSystem(FILES));

    @TempDir
    static Path directory;

    private enum Failure {
        IO(() -> new IOException("disk failure")),
        RUNTIME(() -> {
            throw new IllegalStateException("another failure");
        });

        private final Supplier<IOException> cause;

        Failure(final Supplier<IOException> cause) {
            this.cause = cause;
        }
    }

    @BeforeAll
    static void fill() throws IOException {
        for (final Failure failure : Failure.values()) {
            FILES.file("read-" + failure, offset -> new Reading(failure));
            FILES.file("write-" + failure, writing(() -> new Writing(failure)));
        }
        FILES.file("close", writing(Closing::new));
        FILES.file("close-real", writing(ClosingFile::new));
        FILES.file("mem", offset -> new FileInputStream("/proc/self/mem"));
        FILES.file("good", new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) {
                return new ByteArrayInputStream(new byte[4 * GOOD]);
            }

            @Override
            public OutputStream write(final long offset) {
                return new ByteArrayOutputStream();
            }
        });
    }

    @AfterEach
    void nothingWasCountedAndNobodyIsLeft() throws IOException {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        final int downloads = SERVER.statistics().getTotalDownloadNumber();
        try (TransferClient next = TransferClient.login(SERVER)) {
            assertThat(next.upload(DataMode.SPSV_LOGIN_FIRST, new byte[GOOD], "STOR good")
                            .lastReply())
                    .startsWith("226");
            assertThat(next.download(DataMode.SPSV_LOGIN_LAST, "RETR good").data())
                    .hasSize(4 * GOOD);
        }
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads + 1);
        assertThat(SERVER.statistics().getTotalDownloadNumber()).isEqualTo(downloads + 1);
        Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 0);
        assertThat(SERVER.ftplet().getStatistics().getDataConnectionsActive()).isZero();
        assertThat(SERVER.ftplet().getStatistics().getDataConnectionsWaiting()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, TYPE I, MODE S, read-IO",
        "SPSV_LOGIN_LAST, TYPE A, MODE S, read-IO",
        "SPSV_LOGIN_FIRST, TYPE I, MODE Z, read-IO",
        "SPSV_LOGIN_FIRST, TYPE I, MODE S, read-RUNTIME",
        "SPSV_LOGIN_LAST, TYPE I, MODE S, mem"
    })
    void downloadOfAFileThatFailsIsNoFile(
            final DataMode mode, final String type, final String transferMode, final String file) throws IOException {
        final int downloads = SERVER.statistics().getTotalDownloadNumber();
        try (TransferClient client = TransferClient.login(SERVER)) {
            client.command(transferMode, 200);
            try (Transfer download = client.begin(mode, type, "RETR " + file)) {
                download.expectReset();
            }
            assertThat(client.control().reply()).matches("(?s)(551|550|426) .*");
        }
        assertThat(SERVER.statistics().getTotalDownloadNumber()).isEqualTo(downloads);
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, TYPE I, MODE S, STOR write-IO",
        "SPSV_LOGIN_LAST, TYPE A, MODE S, APPE write-IO",
        "SPSV_LOGIN_FIRST, TYPE I, MODE S, STOR write-RUNTIME",
        "SPSV_LOGIN_FIRST, TYPE I, MODE S, STOR close",
        "SPSV_LOGIN_LAST, TYPE I, MODE S, STOR close-real"
    })
    void uploadIntoAFileThatFailsIsNotComplete(
            final DataMode mode, final String type, final String transferMode, final String command)
            throws IOException {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        try (TransferClient client = TransferClient.login(SERVER)) {
            client.command(transferMode, 200);
            try (Transfer upload = client.begin(mode, type, command)) {
                try {
                    upload.send(new byte[4 * GOOD]);
                } catch (final IOException e) {
                    assertThat(e).as("the server ends it").hasMessageMatching("(?i).*(reset|pipe).*");
                }
            }
            assertThat(client.control().reply()).matches("(?s)(551|550|426) .*");
        }
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);
    }

    @ParameterizedTest
    @ValueSource(strings = {"read-IO", "mem"})
    void protectedDownloadOfAFileThatFailsIsNoFile(final String file) throws IOException {
        final SpsvFtpsClient client = protectedClient();
        try {
            boolean whole;
            try {
                whole = client.retrieveFile(file, new ByteArrayOutputStream());
            } catch (final IOException e) {
                client.completePendingCommand();
                whole = false;
            }
            assertThat(whole).isFalse();
            assertThat(client.getReplyCode()).isBetween(400, 599);
            assertThat(client.retrieveFile("good", new ByteArrayOutputStream())).isTrue();
        } finally {
            client.disconnect();
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void protectedUploadIntoAFileThatFailsIsNotComplete(final Failure failure) throws IOException {
        final SpsvFtpsClient client = protectedClient();
        try {
            boolean whole;
            try {
                whole = client.storeFile("write-" + failure, new ByteArrayInputStream(new byte[4 * GOOD]));
            } catch (final IOException e) {
                client.getReply();
                whole = false;
            }
            assertThat(whole).isFalse();
            assertThat(client.getReplyCode()).isBetween(400, 599);
        } finally {
            client.disconnect();
        }
    }

    @Test
    void protectedUploadIntoAFileThatDoesNotCloseIsNotComplete() throws IOException {
        final SpsvFtpsClient client = protectedClient();
        try {
            for (final String file : new String[] {"close", "close-real"}) {
                assertThat(client.storeFile(file, new ByteArrayInputStream(new byte[GOOD])))
                        .isFalse();
                assertThat(client.getReplyCode()).isEqualTo(551);
            }
            assertThat(client.storeFile("good", new ByteArrayInputStream(new byte[GOOD])))
                    .isTrue();
        } finally {
            client.disconnect();
        }
    }

    private static SpsvFtpsClient protectedClient() throws IOException {
        final SpsvFtpsClient client = new SpsvFtpsClient(false, Certificates.client());
        try {
            client.connect("127.0.0.1", SERVER.port());
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            client.execPBSZ(0);
            client.execPROT("P");
            client.setFileType(FTP.BINARY_FILE_TYPE);
            client.enterSinglePortPassiveMode();
            return client;
        } catch (final IOException e) {
            client.disconnect();
            throw e;
        }
    }

    private static VirtualFiles.Streams writing(final Opener opener) {
        return new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) throws IOException {
                throw new IOException("write only");
            }

            @Override
            public OutputStream write(final long offset) throws IOException {
                return opener.open();
            }
        };
    }

    private interface Opener {
        OutputStream open() throws IOException;
    }

    private static final class Reading extends InputStream {
        private final Failure failure;
        private int count;

        Reading(final Failure failure) {
            this.failure = failure;
        }

        @Override
        public int read() throws IOException {
            if (count++ == GOOD) {
                throw failure.cause.get();
            }
            return 'x';
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) throws IOException {
            target[offset] = (byte) read();
            return 1;
        }
    }

    private static final class Writing extends OutputStream {
        private final Failure failure;
        private int count;

        Writing(final Failure failure) {
            this.failure = failure;
        }

        @Override
        public void write(final int octet) throws IOException {
            if (count++ == GOOD) {
                throw failure.cause.get();
            }
        }
    }

    /** As of a store that sends the file on when it has it all. */
    private static final class Closing extends OutputStream {
        @Override
        public void write(final int octet) {
            // so far all is well
        }

        @Override
        public void close() throws IOException {
            throw new IOException("no space left");
        }
    }

    /** As of a network file system that says only at the end that there was no space. */
    private static final class ClosingFile extends FileOutputStream {
        ClosingFile() throws IOException {
            super(Files.createTempFile(directory, "closing", "").toFile());
        }

        @Override
        public void close() throws IOException {
            super.close();
            throw new IOException("no space left");
        }
    }
}
