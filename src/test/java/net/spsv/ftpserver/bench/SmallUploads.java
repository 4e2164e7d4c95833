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
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Files of 4 KiB, sent one after the other on one control connection, each step waiting for the reply. They go on
 * behind 8 bytes, for the reason that {@link BulkUpload} gives.
 */
final class SmallUploads extends Row {
    private static final int SIZE = SmallDownloads.SIZE;
    private static final int FILES = SmallDownloads.FILES;

    private final long nanosPerRound;
    private final ByteBuffer[] contents = new ByteBuffer[FILES];

    SmallUploads(final double seconds) {
        super("small-stor", Metric.rate("STOR 4 KiB in a loop", "files/s").aimAtLeast(1000));
        this.nanosPerRound = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        for (int number = 0; number < FILES; number++) {
            contents[number] = ByteBuffer.allocateDirect(SIZE);
            Pattern.fill(contents[number], number * SIZE);
        }
    }

    @Override
    void createFiles(final Path directory) {
        // the files come from memory
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException {
        final Path home = contender.server().home();
        for (int number = 0; number < FILES; number++) {
            Pattern.write(home.resolve("upload-" + number), number * SIZE, Pattern.WORD);
        }
        int count = 0;
        long nanos = 0;
        try (FtpConnection connection = contender.connect()) {
            final long start = System.nanoTime();
            for (; nanos < nanosPerRound; nanos = System.nanoTime() - start) {
                final int number = count % FILES;
                connection.resume(contender.mode(), "upload-" + number, Pattern.WORD, contents[number]);
                count++;
            }
        }
        final ByteBuffer buffer = ByteBuffer.allocate(2 * SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (int number = 0; number < FILES; number++) {
            final Path stored = home.resolve("upload-" + number);
            if (number < count) {
                Pattern.checkFile(stored, number * SIZE, SIZE, buffer);
            }
            Files.delete(stored);
        }
        return new double[] {count * 1e9 / nanos};
    }
}
