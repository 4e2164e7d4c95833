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

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.ftplet.FtpException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that stalls is dropped after the idle timeout of data connections; one that is slow is not. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class StalledPeerIT {
    private static final int IDLE_SECONDS = 2;
    /** For peers that are slow on purpose, and must not be taken for stalled when they are held up as well. */
    private static final int PATIENT_SECONDS = 4;

    /** One command thread: whoever holds it holds up everybody else. */
    @RegisterExtension
    final FtpServerExtension server = new FtpServerExtension().maxThreads(1).dataIdleTimeout(IDLE_SECONDS);

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, TYPE I, MODE S",
        "SPSV_LOGIN_LAST, TYPE I, MODE S",
        "SPSV_LOGIN_FIRST, TYPE A, MODE S"
    })
    void peerThatStopsReadingIsDroppedAndGivesItsThreadBack(
            final DataMode mode, final String type, final String transferMode) throws IOException {
        endlessFile();
        try (TransferClient client = TransferClient.login(server).receiveBuffer(64 * 1024);
                RawFtpClient other = server.connect()) {
            other.greeted();
            client.command(transferMode, 200);
            final long start = System.nanoTime();
            try (Transfer download = client.begin(mode, type, "RETR endless")) {
                download.readSome();
                other.line("USER " + FtpServerExtension.USER).expect(331);
                client.control().expect(426);
                assertDroppedInTime(start);
                download.expectReset();
            }
            assertThat(server.statistics().getTotalDownloadNumber()).isZero();
            client.expectUsable(server);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, STOR stalled, 100000", "SPSV_LOGIN_LAST, STOR stalled, 100000",
        "SPSV_LOGIN_FIRST, APPE stalled, 0", "SPSV_LOGIN_LAST, STOU, 1"
    })
    void peerThatStopsSendingIsDroppedAndGivesItsThreadBack(final DataMode mode, final String command, final int sent)
            throws IOException {
        try (TransferClient client = TransferClient.login(server);
                RawFtpClient other = server.connect()) {
            other.greeted();
            final long start = System.nanoTime();
            try (Transfer upload = client.begin(mode, command)) {
                upload.send(new byte[sent]);
                other.line("USER " + FtpServerExtension.USER).expect(331);
                assertThat(client.control().reply()).matches("(426|551) .*");
                assertDroppedInTime(start);
                upload.expectReset();
            }
            assertThat(server.statistics().getTotalUploadNumber()).isZero();
            client.expectUsable(server);
        }
    }

    @Test
    void transferWhoseDataConnectionNeverComesIsAnswered425() throws IOException {
        try (TransferClient client = TransferClient.login(server)) {
            for (final String command : new String[] {"STOR never", "LIST"}) {
                client.control().spsv();
                final long start = System.nanoTime();
                client.command(command, 150);
                client.control().expect(425);
                assertDroppedInTime(start);
            }
            client.expectUsable(server);
        }
    }

    @Test
    void connectionThatSaysNothingGivesTheThreadBack() throws IOException {
        server.file("small", new byte[] {'o', 'k'});
        try (TransferClient client = TransferClient.login(server)) {
            final RawFtpClient.Endpoint endpoint = client.control().spsv();
            client.command("RETR small", 150);
            try (RawFtpClient silent = server.connect().greeted()) {
                silent.line("USER " + endpoint.user()).expect(331);
                client.control().expect(425);
                silent.line("PASS " + endpoint.token()).expect(504);
                silent.expectDropped();
            }
            client.expectUsable(server);
        }
    }

    @Test
    void slowReaderIsNotDropped() throws Exception {
        restart(PATIENT_SECONDS);
        final byte[] content = new byte[8 * 1024 * 1024];
        new Random(1).nextBytes(content);
        server.file("large", content);
        try (TransferClient client = TransferClient.login(server).receiveBuffer(64 * 1024);
                Transfer download = client.begin(DataMode.SPSV_LOGIN_FIRST, "RETR large")) {
            final InputStream in = download.data().getInputStream();
            final byte[] received = new byte[content.length];
            final int[] count = {0};
            // 75 KB a second, so the server's send buffer does not become half empty within the idle timeout.
            Pace.run(30, 200, () -> {
                final int end = count[0] + 15_000;
                while (count[0] < end) {
                    count[0] += in.read(received, count[0], end - count[0]);
                }
                return null;
            });
            assertThat(client.control().socket().getInputStream().available())
                    .as("replies in between")
                    .isZero();
            int more = in.read(received, count[0], received.length - count[0]);
            while (more > 0) {
                count[0] += more;
                more = in.read(received, count[0], received.length - count[0]);
            }
            assertThat(count[0]).isEqualTo(content.length);
            assertThat(received).isEqualTo(content);
            client.control().expect(226);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TYPE I", "TYPE A"})
    void slowSenderIsNotDropped(final String type) throws Exception {
        restart(PATIENT_SECONDS);
        try (TransferClient client = TransferClient.login(server)) {
            try (Transfer upload = client.begin(DataMode.SPSV_LOGIN_LAST, type, "STOR slow")) {
                Pace.run(5, 1000, () -> upload.send((byte) 'x'));
            }
            client.control().expect(226);
            assertThat(server.content("slow")).asString().isEqualTo("xxxxx");
        }
    }

    @Test
    void idleTimeoutOfTheControlConnectionDoesNotEndALongTransfer() throws Exception {
        final FtpServerExtension impatient =
                new FtpServerExtension().idleTimeout(2).dataIdleTimeout(10);
        impatient.start();
        try (TransferClient client = TransferClient.login(impatient)) {
            try (Transfer upload = client.begin(DataMode.SPSV_LOGIN_FIRST, "STOR slow")) {
                // More than two seconds of nothing, three times: the control connection is idle, the data connection is
                // not.
                Pace.run(2, 2400, () -> upload.send((byte) 'x'));
                Pace.run(1, 2400, () -> null);
            }
            client.control().expect(226);
            client.control().expectAlive();
            assertThat(impatient.content("slow")).asString().isEqualTo("xx");
            final RawFtpClient.Endpoint endpoint = client.control().spsv();
            client.command("RETR slow", 150);
            Pace.run(1, 4000, () -> null);
            try (Socket late = RawFtpClient.dataConnection(impatient.port(), endpoint)) {
                assertThat(RawFtpClient.readFully(late)).asString().isEqualTo("xx");
            }
            client.control().expect(226);
            client.control().expectAlive();
            client.control().expectDropped();
        } finally {
            impatient.stop();
        }
    }

    @Test
    void idleControlConnectionTakesItsWaitingDataConnectionAlong() throws Exception {
        final FtpServerExtension impatient =
                new FtpServerExtension().idleTimeout(2).dataIdleTimeout(10);
        impatient.start();
        try (TransferClient client = TransferClient.login(impatient);
                RawFtpClient waiting = impatient.connect()) {
            waiting.dataLogin(client.control().spsv());
            client.control().expectDropped();
            waiting.expectDropped();
            Awaitility.await().until(() -> impatient.statistics().getCurrentConnectionNumber() == 0);
        } finally {
            impatient.stop();
        }
    }

    private void restart(final int dataIdleSeconds) throws FtpException {
        server.stop();
        server.dataIdleTimeout(dataIdleSeconds).start();
    }

    private void endlessFile() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(server.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
    }

    private static void assertDroppedInTime(final long start) {
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
                .as("ms until the peer was dropped")
                .isBetween(990L * IDLE_SECONDS, 1000L * IDLE_SECONDS + 5000);
    }
}
