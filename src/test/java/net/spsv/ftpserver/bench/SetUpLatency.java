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
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** What a transfer costs apart from its bytes: an empty file, from the PASV or SPSV command to the 226. */
final class SetUpLatency extends Row {
    private static final String FILE = "empty";

    private final boolean pipelined;
    private final long nanosPerRound;

    SetUpLatency(final boolean pipelined, final double seconds) {
        super(
                pipelined ? "pipelined" : "latency",
                Metric.time(
                        pipelined ? "RETR of an empty file, USER and PASS in one segment" : "RETR of an empty file",
                        "ms"));
        this.pipelined = pipelined;
        this.nanosPerRound = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    @Override
    boolean measures(final DataMode mode) {
        return !pipelined || mode == DataMode.SINGLE_PORT;
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        if (!Files.exists(directory.resolve(FILE))) {
            Files.createFile(directory.resolve(FILE));
        }
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException {
        final DataMode mode = pipelined ? DataMode.SINGLE_PORT_PIPELINED : contender.mode();
        double[] millis = new double[1 << 14];
        int count = 0;
        try (FtpConnection connection = contender.connect()) {
            final long start = System.nanoTime();
            long before = start;
            while (before - start < nanosPerRound) {
                if (connection.retrieve(mode, FILE, 0, false) != 0) {
                    throw new IOException("Received bytes of an empty file");
                }
                final long after = System.nanoTime();
                if (count == millis.length) {
                    millis = Arrays.copyOf(millis, 2 * count);
                }
                millis[count++] = (after - before) / 1e6;
                before = after;
            }
        }
        return new double[] {Metric.median(Arrays.copyOf(millis, count))};
    }
}
