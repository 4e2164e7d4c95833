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

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code FtpServer.stop()} ends soon and leaves no socket, whatever the data connections are doing. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class StopIT {
    @RegisterExtension
    final FtpServerExtension server = new FtpServerExtension().slowUserRate(256);

    /**
     * FtpServer waits 5 s for its command threads, and one stop in a few hundred leaves an idle one to it, with the
     * plugin or without. That one goes when it has been idle for this long, as far as it knew when it became idle; so
     * what takes the 5 s is a thread that is not idle.
     */
    @BeforeEach
    void idleThreadsEndSoon() {
        server.context().getThreadPoolExecutor().setKeepAliveTime(1, TimeUnit.SECONDS);
    }

    @Test
    void stopsWhileATransferWaitsForItsDataConnection() {
        try (TransferClient client = TransferClient.login(server)) {
            client.control().spsv();
            client.command("STOR waiting", 150);
            stop();
        }
    }

    @Test
    void stopsWhileDataConnectionsWait() {
        try (TransferClient client = TransferClient.login(server);
                RawFtpClient waiting = server.connect()) {
            waiting.dataLogin(client.control().spsv());
            stop();
            waiting.expectDropped();
        }
    }

    @Test
    void stopsWhileADataLoginIsUnderWay() {
        try (TransferClient client = TransferClient.login(server);
                RawFtpClient halfway = server.connect()) {
            halfway.greeted().line("USER " + client.control().spsv().user()).expect(331);
            stop();
            halfway.expectDropped();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TYPE I", "TYPE A"})
    void stopsWhileAPeerDoesNotRead(final String type) throws IOException {
        endlessFile();
        try (TransferClient client = TransferClient.login(server).receiveBuffer(64 * 1024);
                Transfer download = client.begin(DataMode.SPSV_LOGIN_LAST, type, "RETR endless")
                        .readSome()
                        .awaitStalled()) {
            stop();
            download.expectReset();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TYPE I", "TYPE A"})
    void stopsWhileAPeerDoesNotSend(final String type) throws IOException {
        try (TransferClient client = TransferClient.login(server);
                Transfer upload = client.begin(DataMode.SPSV_LOGIN_LAST, type, "STOR busy")
                        .send(new byte[100_000])) {
            stop();
            upload.expectReset();
        }
    }

    /** At this rate the server sleeps for a quarter of a minute behind the first few kilobytes. */
    @Test
    void stopsWhileARateSlowsATransferDown() throws IOException {
        final String slow = FtpServerExtension.SLOW_USER;
        try (TransferClient client = TransferClient.login(server, slow, slow);
                Transfer upload =
                        client.begin(DataMode.SPSV_LOGIN_LAST, "STOR slow").send(new byte[100_000])) {
            Awaitility.await().until(() -> Files.exists(server.home().resolve("slow")));
            stop();
            upload.expectReset();
        }
    }

    @Test
    void stopsWhileManyDoAllOfThat() throws IOException {
        endlessFile();
        final List<Closeable> connections = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            final TransferClient client = TransferClient.login(server).receiveBuffer(64 * 1024);
            connections.add(client::close);
            switch (i % 4) {
                case 0:
                    client.control().spsv();
                    client.command("RETR endless", 150);
                    break;
                case 1:
                    connections.add(client.begin(DataMode.SPSV_LOGIN_FIRST, "RETR endless")
                            .readSome()::close);
                    break;
                case 2:
                    connections.add(client.begin(DataMode.SPSV_LOGIN_LAST, "STOR busy" + i)
                            .send(new byte[9])::close);
                    break;
                default:
                    connections.add(client.prepare(DataMode.SPSV_LOGIN_FIRST));
            }
        }
        stop();
        for (final Closeable connection : connections) {
            connection.close();
        }
    }

    private void endlessFile() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(server.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
    }

    private void stop() {
        final int port = server.port();
        final long start = System.nanoTime();
        server.server().stop();
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
                .as("ms")
                .isLessThan(5000);
        // What the acceptor's own threads have in hand they let go by themselves.
        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(Sockets.heldAt(port)).as("sockets").isEmpty());
    }
}
