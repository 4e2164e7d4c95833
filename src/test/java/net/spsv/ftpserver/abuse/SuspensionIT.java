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

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.listener.Listener;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that is suspended, or whose listener is stopped, while single-port mode is at work; and what comes then. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SuspensionIT {
    private static final int THREADS = 4;

    private final FtpServerExtension server = new FtpServerExtension().maxThreads(THREADS);

    private enum Way {
        SUSPEND_SERVER,
        SUSPEND_LISTENER,
        STOP_LISTENER
    }

    @BeforeEach
    void start() throws Exception {
        server.start();
        try (RandomAccessFile file =
                new RandomAccessFile(server.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private void interrupt(final Way way) {
        final int port = server.port();
        final Listener listener = server.server().getListener("default");
        switch (way) {
            case SUSPEND_SERVER:
                server.server().suspend();
                break;
            case SUSPEND_LISTENER:
                listener.suspend();
                break;
            default:
                listener.stop();
        }
        ListeningPorts.awaitClosed(port);
    }

    private void goOn(final Way way) {
        final Listener listener = server.server().getListener("default");
        switch (way) {
            case SUSPEND_SERVER:
                server.server().resume();
                break;
            case SUSPEND_LISTENER:
                listener.resume();
                break;
            default:
                listener.start(server.context());
        }
    }

    /** Ends a pause with a token that was issued before it, and ordinary use. */
    private void expectServedAgain(final Endpoint old) {
        final SinglePortMXBean single = server.ftplet().getStatistics();
        Awaitility.await("nothing is left").atMost(10, TimeUnit.SECONDS).untilAsserted(() -> {
            assertThat(server.statistics().getCurrentConnectionNumber()).isZero();
            assertThat(server.statistics().getCurrentLoginNumber()).isZero();
            assertThat(single.getTokensOutstanding()).isZero();
            assertThat(single.getDataConnectionsWaiting()).isZero();
            assertThat(single.getDataConnectionsActive()).isZero();
            assertThat(server.context().getThreadPoolExecutor().getMaximumPoolSize())
                    .isEqualTo(THREADS);
        });
        try (RawFtpClient data = server.connect().greeted()) {
            data.line("USER " + old.user()).expect(331);
            data.line("PASS " + old.token()).expect(504);
        }
        try (RawFtpClient client = server.login().binary()) {
            client.store("after", (byte) 1, (byte) 2);
            assertThat(client.retrieve("after")).containsExactly(1, 2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void transfersThatRunAreNotCalledComplete(final Way way) throws IOException {
        try (RawFtpClient uploader = server.login().binary();
                RawFtpClient downloader = server.login().binary();
                Socket upload = RawFtpClient.dataConnection(server.port(), uploader.spsv());
                Socket download = RawFtpClient.dataConnection(server.port(), downloader.spsv());
                RawFtpClient other = server.login()) {
            uploader.line("STOR part").expect(150);
            upload.getOutputStream().write(new byte[1000]);
            downloader.line("RETR endless").expect(150);
            assertThat(download.getInputStream().read()).isZero();
            final Path part = server.home().resolve("part");
            Awaitility.await().until(() -> Files.exists(part) && Files.size(part) == 1000);
            final Endpoint token = other.spsv();

            interrupt(way);
            expectReset(upload);
            expectReset(download);
            goOn(way);
            expectServedAgain(token);
        }
        assertThat(server.statistics().getTotalUploadNumber()).isOne();
        assertThat(server.statistics().getTotalDownloadNumber()).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void whatWaitsIsDropped(final Way way) {
        try (RawFtpClient client = server.login();
                RawFtpClient transferring = server.login();
                RawFtpClient halfway = server.connect().greeted();
                RawFtpClient waiting = server.connect()) {
            waiting.dataLogin(client.spsv());
            final Endpoint awaited = transferring.spsv();
            transferring.line("STOR awaited").expect(150);
            halfway.line("USER " + awaited.user()).expect(331);

            interrupt(way);
            waiting.expectDropped();
            transferring.expectEnd();
            halfway.expectDropped();
            goOn(way);
            expectServedAgain(awaited);
        }
        assertThat(server.statistics().getTotalUploadNumber()).isOne();
    }

    /** Tells a server that is gone from one that has ended the file. */
    private static void expectReset(final Socket data) throws IOException {
        final byte[] buffer = new byte[64 * 1024];
        try {
            int count;
            do {
                count = data.getInputStream().read(buffer);
            } while (count >= 0);
        } catch (final SocketException e) {
            assertThat(e).hasMessageContaining("reset");
            return;
        }
        throw new AssertionError("the end of a file, where there should be a reset");
    }
}
