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

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.impl.ServerFtpStatistics;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A part of a file is never taken for the whole, by the server or by the client. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TruncationIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    private static final int SIZE = 100_000;

    private TransferClient client;
    private int uploads;
    private int downloads;

    @BeforeAll
    static void fill() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(SERVER.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
    }

    @BeforeEach
    void login() {
        client = TransferClient.login(SERVER).receiveBuffer(64 * 1024);
        uploads = SERVER.statistics().getTotalUploadNumber();
        downloads = SERVER.statistics().getTotalDownloadNumber();
    }

    @AfterEach
    void nothingIsCountedAndNobodyIsLeft() {
        client.close();
        final ServerFtpStatistics statistics = SERVER.statistics();
        Awaitility.await("all connections are gone")
                .until(() -> statistics.getCurrentConnectionNumber() == 0 && statistics.getCurrentLoginNumber() == 0);
        assertThat(statistics.getTotalUploadNumber()).as("uploads").isEqualTo(uploads);
        assertThat(statistics.getTotalDownloadNumber()).as("downloads").isEqualTo(downloads);
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, STOR, TYPE I",
        "SPSV_LOGIN_LAST, STOR, TYPE A",
        "SPSV_LOGIN_FIRST, APPE, TYPE I",
        "SPSV_LOGIN_LAST, STOU, TYPE I"
    })
    void uploadThatIsResetIsAnswered426(final DataMode mode, final String command, final String type)
            throws IOException {
        try (Transfer upload = client.begin(mode, type, command + " reset").send(new byte[SIZE])) {
            RawFtpClient.reset(upload.data());
            client.control().expect(426);
        }
        client.control().expectAlive();
    }

    @Test
    void uploadThatIsResetBeforeItsFirstByteIsAnswered426() throws IOException {
        for (final DataMode mode : new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.SPSV_LOGIN_LAST}) {
            try (Transfer upload = client.begin(mode, "STOR reset")) {
                RawFtpClient.reset(upload.data());
                client.control().expect(426);
            }
        }
    }

    @Test
    void waitingDataConnectionThatIsResetBeforeTheCommandIsAnswered426() {
        final RawFtpClient waiting = SERVER.connect();
        waiting.dataLogin(client.control().spsv());
        waiting.sendBytes(new byte[SIZE]);
        waiting.reset();
        client.command("STOR reset", 150);
        client.control().expect(426);
    }

    @Test
    void compressedUploadThatEndsEarlyIsAnswered551() throws IOException {
        final byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        final ByteArrayOutputStream deflated = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(deflated)) {
            out.write(content);
        }
        client.command("MODE Z", 200);
        final Outcome outcome = client.upload(
                DataMode.SPSV_LOGIN_LAST, Arrays.copyOf(deflated.toByteArray(), deflated.size() / 2), "STOR cut");
        assertThat(outcome.lastReply()).startsWith("551");
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, false, TYPE I",
        "SPSV_LOGIN_LAST, true, TYPE I",
        "SPSV_LOGIN_FIRST, true, TYPE A",
        "SPSV_LOGIN_LAST, false, TYPE A"
    })
    void uploadEndsWithTheControlConnection(final DataMode mode, final boolean reset, final String type)
            throws IOException {
        try (Transfer upload = client.begin(mode, type, "STOR orphan").send(new byte[SIZE])) {
            end(client, reset);
            upload.expectReset();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void downloadEndsWithTheControlConnection(final boolean reset) throws IOException {
        for (final String transferMode : new String[] {"MODE S", "MODE Z"}) {
            final TransferClient gone = TransferClient.login(SERVER);
            try (Transfer download = gone.begin(DataMode.SPSV_LOGIN_LAST, transferMode, "RETR endless")
                    .readSome()) {
                end(gone, reset);
                download.expectReset();
            }
        }
    }

    @Test
    void waitForADataConnectionEndsWithTheControlConnection() {
        for (final boolean reset : new boolean[] {false, true}) {
            final TransferClient gone = TransferClient.login(SERVER);
            final RawFtpClient.Endpoint endpoint = gone.control().spsv();
            gone.command("STOR orphan", 150);
            end(gone, reset);
            Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 1);
            try (RawFtpClient late = SERVER.connect().greeted()) {
                late.line("USER " + endpoint.user()).expect(331);
                late.line("PASS " + endpoint.token()).expect(504);
                late.expectDropped();
            }
        }
    }

    /** A client that ends closes both its connections, and the data connection then ends as with a complete file. */
    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, false, TYPE I",
        "SPSV_LOGIN_LAST, false, TYPE I",
        "SPSV_LOGIN_FIRST, true, TYPE I",
        "SPSV_LOGIN_FIRST, false, TYPE A"
    })
    void uploadWhoseControlConnectionEndedJustBeforeIsNotCounted(
            final DataMode mode, final boolean reset, final String type) throws IOException {
        for (int i = 0; i < 100; i++) {
            final TransferClient killed = TransferClient.login(SERVER);
            try (Transfer upload = killed.begin(mode, type, "STOR killed").send(new byte[i * 100])) {
                end(killed, reset);
                upload.data().close();
            }
        }
    }

    @Test
    void downloadWhosePeerClosesIsAnswered426() throws IOException {
        for (final DataMode mode : new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.SPSV_LOGIN_LAST}) {
            try (Transfer download = client.begin(mode, "RETR endless").readSome()) {
                download.data().close();
                client.control().expect(426);
            }
            try (Transfer download =
                    client.begin(mode, "TYPE A", "RETR endless").readSome()) {
                RawFtpClient.reset(download.data());
                client.control().expect(426);
            }
        }
        client.control().expectAlive();
    }

    @Test
    void connectionCountsOfSiteStatReturnToWhereTheyWere() throws IOException {
        try (RawFtpClient admin =
                SERVER.connect().greeted().login(FtpServerExtension.ADMIN, FtpServerExtension.ADMIN)) {
            final String[] before = currentCounts(admin);
            try (TransferClient session = TransferClient.login(SERVER);
                    Transfer upload = session.begin(DataMode.SPSV_LOGIN_LAST, "STOR counted")
                            .send(new byte[SIZE])) {
                assertThat(currentCounts(admin))
                        .as("the data connection is not counted any more")
                        .isNotEqualTo(before);
                RawFtpClient.reset(upload.data());
                session.control().expect(426);
                try (Transfer download =
                        session.begin(DataMode.SPSV_LOGIN_FIRST, "RETR endless").readSome()) {
                    end(session, false);
                    download.expectReset();
                }
            }
            Awaitility.await("counts as before: " + String.join(", ", before))
                    .until(() -> Arrays.equals(currentCounts(admin), before));
        }
    }

    private static String[] currentCounts(final RawFtpClient admin) {
        return Arrays.stream(admin.line("SITE STAT").expect(200).split("\n"))
                .filter(line -> line.contains("Current"))
                .toArray(String[]::new);
    }

    private static void end(final TransferClient session, final boolean reset) {
        if (reset) {
            session.control().reset();
        } else {
            session.close();
        }
    }
}
