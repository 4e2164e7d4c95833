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
package net.spsv.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import net.spsv.ftpserver.testing.LogCapture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many sessions at once, and many transfers in one, which leave nothing behind. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ManySessionsIT {
    private static final int SESSIONS = 200;
    /** Fewer than the server's port has room for: a connection that finds none is tried again after seconds only. */
    private static final int LOGINS_AT_ONCE = 40;

    private static final int TIMEOUT_MILLIS = 30_000;

    @RegisterExtension
    static final FtpServerExtension SERVER =
            new FtpServerExtension().singlePortOnly(true).maxThreads(2 * SESSIONS);

    private final Semaphore logins = new Semaphore(LOGINS_AT_ONCE);
    private final CountDownLatch loggedIn = new CountDownLatch(SESSIONS);
    private Gateway gateway;

    @BeforeEach
    void open() throws Exception {
        gateway = Gateway.start(new GatewaySettings(new InetSocketAddress("127.0.0.1", SERVER.port()))
                .listen(new InetSocketAddress("127.0.0.1", 0))
                .dataTimeout(Duration.ofSeconds(20)));
    }

    @AfterEach
    void close() throws Exception {
        gateway.close();
        Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 0);
        assertThat(ListeningPorts.ofThisProcess()).containsExactly(SERVER.port());
    }

    private static byte[] content(final int number) {
        final byte[] content = new byte[10_000 + number];
        Arrays.fill(content, (byte) number);
        return content;
    }

    private Void session(final int number) throws Exception {
        final LocalClient.Mode mode = LocalClient.Mode.values()[number % LocalClient.Mode.values().length];
        try (LocalClient client = login(mode)) {
            // data connections may find no room
            client.control().socket().setSoTimeout(TIMEOUT_MILLIS);
            loggedIn.countDown();
            assertThat(loggedIn.await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
            for (int i = 0; i < 3; i++) {
                client.upload("STOR file" + number, content(number));
                assertThat(client.download("RETR file" + number)).isEqualTo(content(number));
            }
        }
        return null;
    }

    private LocalClient login(final LocalClient.Mode mode) throws InterruptedException {
        logins.acquire();
        try {
            return LocalClient.login(gateway, mode);
        } finally {
            logins.release();
        }
    }

    @Test
    void twoHundredSessionsAtOnceGetTheirOwnFiles() throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(SESSIONS);
        try {
            final List<Future<Void>> sessions = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                final int number = i;
                sessions.add(threads.submit(() -> session(number)));
            }
            for (final Future<Void> one : sessions) {
                one.get(120, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void thousandTransfersInARowNeedNoMoreThanOne() throws Exception {
        SERVER.file("small", content(1));
        try (LocalClient client = LocalClient.login(gateway, LocalClient.Mode.EPSV)) {
            for (int i = 0; i < 500; i++) {
                assertThat(client.download("RETR small")).hasSize(content(1).length);
                client.upload("STOR up", content(2));
            }
            Awaitility.await().until(() -> SERVER.statistics().getCurrentConnectionNumber() == 1);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(ListeningPorts.ofThisProcess())
                            .containsExactlyInAnyOrder(
                                    SERVER.port(), gateway.address().getPort()));
        }
    }

    @Test
    void closeInTheMiddleOfManyTransfersEndsThemAll() throws Exception {
        SERVER.file("big", new byte[20_000_000]);
        final List<LocalClient> clients = new ArrayList<>();
        final List<Peer> transfers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            final LocalClient client =
                    LocalClient.login(gateway, LocalClient.Mode.values()[i % LocalClient.Mode.values().length]);
            clients.add(client);
            transfers.add(client.begin(i % 2 == 0 ? "RETR big" : "STOR part" + i));
        }
        try (LogCapture log = LogCapture.open()) {
            gateway.close();
            assertThat(log.texts()).isNotEmpty().noneMatch(text -> text.contains("have not ended within"));
        }
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).control().expect(421);
            transfers.get(i).expectReset();
            transfers.get(i).close();
            clients.get(i).close();
        }
    }
}
