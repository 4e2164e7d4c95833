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
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.stream.Collectors;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** However many transfers there were, and however they ended, the running server holds what it held before. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LeakIT {
    private static final int THREADS = 4;

    @RegisterExtension
    final FtpServerExtension server = new FtpServerExtension().maxThreads(THREADS);

    private final byte[] content = new byte[20_000];
    private Set<Thread> threads;
    private int descriptors;

    @BeforeEach
    void warmUp() throws IOException {
        new Random(1).nextBytes(content);
        server.file("source", content);
        try (RandomAccessFile file =
                new RandomAccessFile(server.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
        // As many command threads as there may be, and each has had its share of everything.
        final List<TransferClient> all = new ArrayList<>();
        final List<RawFtpClient.Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final TransferClient client = TransferClient.login(server);
            client.expectUsable(server);
            endpoints.add(client.control().spsv());
            all.add(client);
        }
        for (int i = 0; i < THREADS; i++) {
            all.get(i).command("RETR source", 150);
        }
        for (int i = 0; i < THREADS; i++) {
            RawFtpClient.readFully(RawFtpClient.dataConnection(server.port(), endpoints.get(i)));
            all.get(i).control().expect(226);
            all.get(i).close();
        }
        awaitNoConnection();
        System.gc();
        threads = otherThreads();
        descriptors = Sockets.descriptors();
    }

    @Test
    void thousandTransfersLeaveNoThreadAndNoDescriptorBehind() throws IOException {
        final DataMode[] modes = {DataMode.SPSV_LOGIN_FIRST, DataMode.SPSV_LOGIN_LAST};
        try (TransferClient client = TransferClient.login(server)) {
            for (int i = 0; i < 1000; i++) {
                final DataMode mode = modes[i % 2];
                final String type = i % 7 == 0 ? "TYPE A" : "TYPE I";
                switch (i % 5) {
                    case 0:
                        assertThat(client.upload(mode, content, type, "STOR target")
                                        .lastReply())
                                .startsWith("226");
                        break;
                    case 1:
                        assertThat(client.download(mode, type, "LIST").lastReply())
                                .startsWith("226");
                        break;
                    case 2:
                        client.command("MODE Z", 200);
                        assertThat(client.download(mode, type, "RETR source").lastReply())
                                .startsWith("226");
                        client.command("MODE S", 200);
                        break;
                    default:
                        assertThat(client.download(mode, "TYPE I", "RETR source")
                                        .data())
                                .isEqualTo(content);
                }
            }
        }
        expectNothingLeft();
    }

    @SuppressWarnings("try") // closed or left open on purpose
    @Test
    void threeHundredTransfersThatFailLeaveNoThreadAndNoDescriptorBehind() throws IOException {
        for (int i = 0; i < 50; i++) {
            final DataMode mode = i % 2 == 0 ? DataMode.SPSV_LOGIN_FIRST : DataMode.SPSV_LOGIN_LAST;
            try (TransferClient client = TransferClient.login(server)) {
                client.control().spsv();
                client.download(mode, "RETR missing");
                try (Transfer upload = client.begin(mode, "STOR failed").send(content)) {
                    RawFtpClient.reset(upload.data());
                    client.control().expect(426);
                }
                try (Transfer download = client.begin(mode, "RETR endless").readSome()) {
                    download.data().close();
                    client.control().expect(426);
                }
                try (Transfer download = client.begin(mode, "RETR endless").readSome()) {
                    client.command("ABOR", 426);
                    client.control().expect(226);
                    download.expectReset();
                }
                client.control().spsv();
                client.command("STOR waited", 150);
                client.command("ABOR", 425);
                client.control().expect(226);
                try (Transfer download = client.begin(mode, "RETR endless").readSome()) {
                    client.close();
                    download.expectReset();
                }
            }
        }
        expectNothingLeft();
    }

    private void expectNothingLeft() throws IOException {
        awaitNoConnection();
        Awaitility.await("at most " + descriptors + " descriptors")
                .untilAsserted(() -> assertThat(Sockets.descriptors()).isLessThanOrEqualTo(descriptors));
        Awaitility.await("command threads").untilAsserted(() -> {
            assertThat(commandPool().getPoolSize()).isLessThanOrEqualTo(THREADS);
            assertThat(commandPool().getMaximumPoolSize()).isEqualTo(THREADS);
        });
        Awaitility.await("other threads")
                .untilAsserted(() -> assertThat(otherThreads()).isSubsetOf(threads));
        Files.delete(server.home().resolve("endless"));
    }

    private ThreadPoolExecutor commandPool() {
        return server.context().getThreadPoolExecutor();
    }

    /**
     * All but the command threads, which come and go within their limit, those of MINA that are idle and end by
     * themselves, and the one that asks.
     */
    private static Set<Thread> otherThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("awaitility"))
                .filter(thread -> Arrays.stream(thread.getStackTrace())
                        .noneMatch(frame -> frame.getClassName().contains("OrderedThreadPoolExecutor")
                                || frame.getClassName().contains("SynchronousQueue")))
                .collect(Collectors.toSet());
    }

    private void awaitNoConnection() {
        Awaitility.await().until(() -> server.statistics().getCurrentConnectionNumber() == 0);
    }
}
