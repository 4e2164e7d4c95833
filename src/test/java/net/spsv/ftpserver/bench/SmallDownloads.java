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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Files of 4 KiB, fetched one after the other on one control connection, each step waiting for the reply. */
final class SmallDownloads extends Row {
    static final int SIZE = 4096;
    static final int FILES = 100;

    private final long nanosPerRound;

    SmallDownloads(final boolean secure, final double seconds) {
        super(secure ? "tls-small-retr" : "small-retr", secure, metric(secure));
        this.nanosPerRound = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    private static Metric metric(final boolean secure) {
        final Metric metric = Metric.rate("RETR 4 KiB in a loop", "files/s");
        return secure ? metric.aimAtGain(1) : metric.aimAtLeast(1000);
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        for (int number = 0; number < FILES; number++) {
            final Path file = directory.resolve("small-" + number);
            if (!Files.exists(file)) {
                Pattern.write(file, number * SIZE, SIZE);
            }
        }
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException {
        try (FtpConnection connection = contender.connect()) {
            final long start = System.nanoTime();
            long nanos = 0;
            int count = 0;
            for (; nanos < nanosPerRound; nanos = System.nanoTime() - start) {
                final int number = count % FILES;
                final long size = connection.retrieve(contender.mode(), "small-" + number, number * SIZE, true);
                if (size != SIZE) {
                    throw new IOException("Received " + size + " bytes instead of " + SIZE);
                }
                count++;
            }
            return new double[] {count * 1e9 / nanos};
        }
    }
}
