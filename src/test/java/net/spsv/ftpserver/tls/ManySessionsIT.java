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

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many protected transfers at once, all of random bytes and both ways, with digests.
 *
 * <p>The system property {@code tls.mebibytes} is the size of each file, 16 unless told.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ManySessionsIT {
    private static final Way[] WAYS = {Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN};
    private static final int SESSIONS = 50;
    private static final long SIZE = Integer.getInteger("tls.mebibytes", 16) * 1024L * 1024L + 4711;

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers(server -> server.maxThreads(SESSIONS + 2));

    @Test
    void fiftySessionsOfAllWaysTransferBothWaysAtOnce() throws Exception {
        final long seed = System.nanoTime();
        final CyclicBarrier allHaveBegun = new CyclicBarrier(SESSIONS);
        final ExecutorService pool = Executors.newFixedThreadPool(SESSIONS);
        final List<Future<?>> results = new ArrayList<>();
        final long start = System.nanoTime();
        try {
            for (int i = 0; i < SESSIONS; i++) {
                final int number = i;
                results.add(pool.submit(() -> {
                    transfer(WAYS[number % WAYS.length], number, seed + number, allHaveBegun);
                    return null;
                }));
            }
            for (final Future<?> result : results) {
                result.get();
            }
        } finally {
            pool.shutdownNow();
            pool.awaitTermination(10, TimeUnit.SECONDS);
        }
        final Duration took = Duration.ofNanos(System.nanoTime() - start);
        System.out.println("ManySessionsIT: seed " + seed + ", " + SESSIONS + " sessions with " + SIZE
                + " bytes up and down took " + took.toMillis() + " ms");
        for (final Way way : WAYS) {
            Awaitility.await().until(() -> SERVERS.of(way).statistics().getCurrentConnectionNumber() == 0);
        }
    }

    private static void transfer(final Way way, final int number, final long seed, final CyclicBarrier allHaveBegun)
            throws Exception {
        final String protocol = number % 2 == 0 ? "TLSv1.3" : "TLSv1.2";
        final String name = "many-" + number;
        final Path file = SERVERS.path(way, name);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol)) {
            session.control().patience(Duration.ofSeconds(60));
            final String sent;
            try (DataConnection data = session.begin("STOR " + name)) {
                allHaveBegun.await(60, TimeUnit.SECONDS);
                sent = new RandomContent(seed, SIZE).writeTo(data.socket().getOutputStream());
            }
            session.control().expect(226);
            assertThat(file).hasSize(SIZE);
            final String received;
            try (DataConnection data = session.begin("RETR " + name)) {
                received = RandomContent.digest(data.socket().getInputStream());
            }
            session.control().expect(226);
            assertThat(received).isEqualTo(sent);
            assertThat(RandomContent.digest(file)).isEqualTo(sent);
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
