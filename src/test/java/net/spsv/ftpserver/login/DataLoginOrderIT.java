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
package net.spsv.ftpserver.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.FtpException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The data login before the transfer command and after it. In the second order a transfer holds one of FtpServer's few
 * command threads while it waits for a connection that needs one too.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataLoginOrderIT {
    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);
    /** Much longer than anything here may take, so that nothing is served by a timeout. */
    private static final int LONG = 300;

    private static final Duration AT_ONCE = Duration.ofSeconds(20);

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void loginBeforeTheTransferCommand() throws Exception {
        start();
        try (RawFtpClient client = server.login()) {
            try (Socket data = server.connect().dataLogin(client.spsv())) {
                client.line("RETR " + FILE).expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                client.expect(226);
            }
            try (Socket data = server.connect().dataLogin(client.spsv())) {
                client.line("STOR up.txt").expect(150);
                data.getOutputStream().write(CONTENT);
                data.shutdownOutput();
                client.expect(226);
            }
            assertThat(server.content("up.txt")).isEqualTo(CONTENT);
            try (Socket data = server.connect().dataLogin(client.spsv())) {
                client.line("NLST").expect(150);
                assertThat(new String(RawFtpClient.readFully(data), StandardCharsets.US_ASCII))
                        .contains(FILE);
                client.expect(226);
            }
        }
    }

    @Test
    void loginAfterTheTransferCommand() throws Exception {
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint down = client.spsv();
            client.line("RETR " + FILE).expect(150);
            try (Socket data = server.connect().dataLogin(down)) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                client.expect(226);
            }
            final Endpoint up = client.spsv();
            client.line("STOR up.txt").expect(150);
            try (Socket data = server.connect().dataLogin(up)) {
                data.getOutputStream().write(CONTENT);
                data.shutdownOutput();
                client.expect(226);
            }
            assertThat(server.content("up.txt")).isEqualTo(CONTENT);
            final Endpoint list = client.spsv();
            client.line("NLST").expect(150);
            try (Socket data = server.connect().dataLogin(list)) {
                assertThat(new String(RawFtpClient.readFully(data), StandardCharsets.US_ASCII))
                        .contains(FILE);
                client.expect(226);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void asManyWaitingSessionsAsThreadsAreAllServedAtOnce(final int threads) throws Exception {
        server.maxThreads(threads).idleTimeout(LONG).dataIdleTimeout(LONG);
        start();
        server.context().getThreadPoolExecutor().setKeepAliveTime(1, TimeUnit.SECONDS);
        final int core = server.context().getThreadPoolExecutor().getCorePoolSize();
        final List<RawFtpClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < threads; i++) {
                clients.add(server.login());
            }
            final long start = System.nanoTime();
            for (int round = 0; round < 3; round++) {
                serveAll(clients);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
            awaitPoolOf(threads, core);
        } finally {
            clients.forEach(RawFtpClient::close);
        }
    }

    /** Threads that come back all at once, again and again, are not to be mistaken for threads that are needed. */
    @Test
    void poolDoesNotGrowWhenManyStopWaitingTogether() throws Exception {
        final int threads = 8;
        server.maxThreads(threads);
        start();
        final List<RawFtpClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < threads; i++) {
                clients.add(server.login());
            }
            final ThreadPoolExecutor pool = server.context().getThreadPoolExecutor();
            for (int round = 0; round < 30; round++) {
                for (final RawFtpClient client : clients) {
                    client.spsv();
                    client.line("RETR " + FILE).expect(150);
                }
                clients.forEach(client -> client.line("ABOR"));
                for (final RawFtpClient client : clients) {
                    assertThat(client.reply()).matches("(425|426) .*");
                    client.expect(226);
                }
                // The last threads may not have gone home yet, but there are no more with every round.
                assertThat(pool.getMaximumPoolSize()).isLessThanOrEqualTo(3 * threads);
            }
            await().untilAsserted(() -> {
                assertThat(pool.getPoolSize()).isLessThanOrEqualTo(2 * threads);
                assertThat(pool.getMaximumPoolSize()).isLessThanOrEqualTo(2 * threads);
            });
            assertThat(clients.get(0).retrieve(FILE)).isEqualTo(CONTENT);
        } finally {
            clients.forEach(RawFtpClient::close);
        }
    }

    /** Lets every client wait in RETR, and only then opens one data connection after the other. */
    private void serveAll(final List<RawFtpClient> clients) throws IOException {
        final List<Endpoint> endpoints = new ArrayList<>();
        for (final RawFtpClient client : clients) {
            endpoints.add(client.spsv());
            client.line("RETR " + FILE).expect(150);
        }
        final List<RawFtpClient> connections = new ArrayList<>();
        try {
            for (int i = 0; i < clients.size(); i++) {
                connections.add(server.connect().greeted());
            }
            // An ordinary user comes along, and is not made to wait either.
            try (RawFtpClient other = server.login()) {
                other.expectAlive();
            }
            for (int i = 0; i < clients.size(); i++) {
                connections.get(i).line("USER " + endpoints.get(i).user()).expect(331);
            }
            for (int i = 0; i < clients.size(); i++) {
                try (Socket data = connections
                        .get(i)
                        .line("PASS " + endpoints.get(i).token())
                        .spliced()) {
                    assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                    clients.get(i).expect(226);
                }
            }
        } finally {
            connections.forEach(RawFtpClient::close);
        }
    }

    /** A thread was lent for every one that waits, and comes back however the waiting ends. */
    @Test
    void poolIsBackAtItsSizeWhenWaitingEndsWithoutADataConnection() throws Exception {
        server.maxThreads(2).dataIdleTimeout(1);
        start();
        server.context().getThreadPoolExecutor().setKeepAliveTime(1, TimeUnit.SECONDS);
        final int core = server.context().getThreadPoolExecutor().getCorePoolSize();
        try (RawFtpClient late = server.login();
                RawFtpClient gone = server.login()) {
            late.spsv();
            gone.spsv();
            late.line("RETR " + FILE).expect(150);
            gone.line("RETR " + FILE).expect(150);
            gone.reset();
            late.expect(425);
            late.expectAlive();
            assertThat(late.retrieve(FILE)).isEqualTo(CONTENT);
        }
        awaitPoolOf(2, core);
    }

    @Test
    void noDataConnectionWithinTheIdleTimeoutIs425AndTheSessionLives() throws Exception {
        server.dataIdleTimeout(1);
        start();
        final Map<RawFtpClient, Endpoint> clients = new LinkedHashMap<>();
        try {
            final long start = System.nanoTime();
            for (final String command :
                    new String[] {"RETR " + FILE, "STOR up.txt", "APPE up.txt", "LIST", "NLST", "MLSD"}) {
                final RawFtpClient client = server.login();
                clients.put(client, client.spsv());
                client.line(command).expect(150);
            }
            for (final RawFtpClient client : clients.keySet()) {
                client.expect(425);
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isBetween(Duration.ofMillis(900), Duration.ofSeconds(10));
            }
            for (final RawFtpClient client : clients.keySet()) {
                client.expectAlive();
                final Endpoint endpoint = clients.get(client);
                try (RawFtpClient late = server.connect().greeted()) {
                    late.line("USER " + endpoint.user()).expect(331);
                    late.line("PASS " + endpoint.token()).expect(504);
                    late.expectDropped();
                }
                assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
            }
        } finally {
            clients.keySet().forEach(RawFtpClient::close);
        }
    }

    /**
     * The control connection says nothing while its transfer waits, so that FtpServer finds it idle, and would close it
     * as soon as the 425 has been sent.
     */
    @ParameterizedTest
    @CsvSource({"2, 2", "2, 3"})
    void sessionLivesWhenItsOwnIdleTimeoutEndsWhileItWaits(final int idle, final int dataIdle) throws Exception {
        server.idleTimeout(idle).dataIdleTimeout(dataIdle);
        start();
        try (RawFtpClient client = server.login()) {
            client.spsv();
            client.line("RETR " + FILE).expect(150);
            client.expect(425);
            client.expectAlive();
            assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
        }
    }

    @Test
    void sessionLivesWhenItsIdleTimeoutEndsBeforeItsDataConnectionComes() throws Exception {
        server.idleTimeout(2).dataIdleTimeout(LONG);
        start();
        try (RawFtpClient client = server.login();
                RawFtpClient idle = server.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            client.line("RETR " + FILE).expect(150);
            // The server drops what has been idle for as long as the session that waits.
            idle.expectDropped();
            try (Socket data = server.connect().dataLogin(endpoint)) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            }
            client.expect(226);
            client.expectAlive();
        }
    }

    @Test
    void idleSessionWithoutATransferIsDroppedAsEver() throws Exception {
        server.idleTimeout(1);
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            client.expectDropped();
            try (RawFtpClient late = server.connect().greeted()) {
                late.line("USER " + endpoint.user()).expect(331);
                late.line("PASS " + endpoint.token()).expect(504);
            }
        }
    }

    /** Idle threads go home after their idle time; the limit of the pool follows when one is lent again. */
    private void awaitPoolOf(final int threads, final int core) throws IOException {
        final ThreadPoolExecutor pool = server.context().getThreadPoolExecutor();
        await().untilAsserted(() -> {
            assertThat(pool.getPoolSize()).as("threads").isLessThanOrEqualTo(threads);
            assertThat(pool.getActiveCount()).as("busy").isZero();
        });
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            client.line("RETR " + FILE).expect(150);
            try (Socket data = server.connect().dataLogin(endpoint)) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            }
            client.expect(226);
        }
        assertThat(pool.getMaximumPoolSize()).as("limit").isBetween(threads, threads + 1);
        assertThat(pool.getCorePoolSize()).as("core").isEqualTo(core);
    }

    private void start() throws FtpException {
        server.start();
        server.file(FILE, CONTENT);
    }
}
