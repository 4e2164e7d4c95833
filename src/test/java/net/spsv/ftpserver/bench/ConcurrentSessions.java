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
package net.spsv.ftpserver.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many sessions that are logged in and then, at one signal, fetch one file each. */
final class ConcurrentSessions extends Row {
    private static final int SESSIONS = 100;
    private static final int SIZE = 1 << 20;
    private static final String FILE = "session-download";

    private final ByteBuffer[] buffers = new ByteBuffer[SESSIONS];

    ConcurrentSessions() {
        super(
                "sessions",
                Metric.count(SESSIONS + " sessions fetch 1 MiB at once: errors").aimAtMost(0),
                Metric.time("until the last one has it", "ms"),
                Metric.time("until half of them have it (p50)", "ms"),
                Metric.time("until 95 of them have it (p95)", "ms"));
        for (int number = 0; number < SESSIONS; number++) {
            buffers[number] = ByteBuffer.allocateDirect(1 << 16);
        }
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        Pattern.write(directory.resolve(FILE), 0, SIZE);
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException, InterruptedException {
        final List<FtpConnection> connections = new ArrayList<>();
        final ExecutorService threads = Executors.newFixedThreadPool(SESSIONS);
        try {
            for (final ByteBuffer buffer : buffers) {
                connections.add(contender.server().connect(Security.NONE, buffer));
            }
            final CountDownLatch ready = new CountDownLatch(SESSIONS);
            final CountDownLatch signal = new CountDownLatch(1);
            final List<Future<Long>> ends = new ArrayList<>();
            for (final FtpConnection connection : connections) {
                ends.add(threads.submit(() -> {
                    ready.countDown();
                    signal.await();
                    if (connection.retrieve(contender.mode(), FILE, 0, true) != SIZE) {
                        throw new IOException("Received too little or too much");
                    }
                    return System.nanoTime();
                }));
            }
            ready.await();
            final long start = System.nanoTime();
            signal.countDown();
            return figures(contender, ends, start);
        } finally {
            for (final FtpConnection connection : connections) {
                connection.close();
            }
            threads.shutdownNow();
        }
    }

    private static double[] figures(final Contender contender, final List<Future<Long>> ends, final long start)
            throws InterruptedException {
        final double[] millis = new double[SESSIONS];
        int done = 0;
        for (final Future<Long> end : ends) {
            try {
                millis[done] = (end.get() - start) / 1e6;
                done++;
            } catch (ExecutionException e) {
                System.err.println("      " + contender.name() + ": " + e.getCause());
            }
        }
        final double[] successes = Arrays.copyOf(millis, done);
        return new double[] {
            SESSIONS - done,
            Metric.percentile(successes, 100),
            Metric.percentile(successes, 50),
            Metric.percentile(successes, 95)
        };
    }
}
