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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;

/** A client that wants nothing but to log in and to transfer, again and again, and takes the time. */
final class Ordinary implements AutoCloseable {
    private static final int SIZE = 100_000;
    private static final int LEAST = 20;
    private static final long LONGEST_MILLIS = 20_000;

    private final FtpServerExtension server;
    private final byte[] content = new byte[SIZE];
    private final Thread thread = new Thread(this::run, "ordinary client");
    /** Nanoseconds of one session each. Guarded by itself. */
    private final List<Long> times = new ArrayList<>();

    private volatile boolean stopped;
    private volatile Throwable failure;

    /** Starts the client. */
    Ordinary(final FtpServerExtension server) {
        this.server = server;
        new Random(1).nextBytes(content);
        thread.start();
    }

    private void run() {
        try {
            while (!stopped) {
                final long start = System.nanoTime();
                session();
                synchronized (times) {
                    times.add(System.nanoTime() - start);
                }
            }
        } catch (final RuntimeException | AssertionError e) {
            failure = e;
        }
    }

    private void session() {
        try (RawFtpClient client = server.login().binary()) {
            client.store("ordinary", content);
            if (!Arrays.equals(content, client.retrieve("ordinary"))) {
                throw new AssertionError("another content");
            }
            client.line("QUIT").expect(221);
        }
    }

    /** Waits until there were a few more sessions from now on. */
    Ordinary someMore() {
        final int before = count();
        Awaitility.await("ordinary sessions")
                .atMost(LEAST * LONGEST_MILLIS, TimeUnit.MILLISECONDS)
                .until(() -> failure != null || count() >= before + LEAST);
        return this;
    }

    private int count() {
        synchronized (times) {
            return times.size();
        }
    }

    /** Ends the client; fails if a session failed, or took too long. Returns the times, for humans. */
    String end() throws InterruptedException {
        stopped = true;
        thread.join();
        if (failure != null) {
            throw new AssertionError("an ordinary session failed", failure);
        }
        final List<Long> sorted;
        synchronized (times) {
            sorted = new ArrayList<>(times);
        }
        Collections.sort(sorted);
        assertThat(sorted.get(sorted.size() - 1))
                .as("the longest session, ns")
                .isLessThan(TimeUnit.MILLISECONDS.toNanos(LONGEST_MILLIS));
        return String.format(
                Locale.ROOT,
                "p50 %.1f ms, p95 %.1f ms, max %.1f ms of %d sessions",
                millis(sorted, 0.5),
                millis(sorted, 0.95),
                millis(sorted, 1),
                sorted.size());
    }

    private static double millis(final List<Long> sorted, final double part) {
        return sorted.get(Math.min(sorted.size() - 1, (int) (sorted.size() * part))) / 1e6;
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
