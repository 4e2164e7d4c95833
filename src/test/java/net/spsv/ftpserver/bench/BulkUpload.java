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
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One large file, sent from the page cache over one connection.
 *
 * <p>The upload goes on behind 8 bytes that are there already. FtpServer cuts a file that is stored from its beginning
 * to nothing, even a new one, and a file that was cut to nothing is written to the disk by some file systems
 * (ext4, XFS) when it is closed: that would measure the disk.
 */
final class BulkUpload extends Row {
    /** The file that is sent; {@link BulkDownload} fetches it. */
    static final String SOURCE = "bulk";

    private static final String FILE = "bulk-upload";

    private final int mebibytes;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);

    BulkUpload(final boolean secure, final int mebibytes) {
        super(
                secure ? "tls-stor" : "stor",
                secure,
                Metric.rate("STOR " + mebibytes + " MiB", "MiB/s").aimAtGain(secure ? 1 : 1.8),
                Metric.time("the server's CPU time for it", "ms"),
                Metric.time("the client's CPU time for it", "ms"));
        this.mebibytes = mebibytes;
    }

    static void createFile(final Path directory, final int mebibytes) throws IOException {
        final Path file = directory.resolve(SOURCE);
        if (!Files.exists(file)) {
            Pattern.write(file, 0, (long) mebibytes << 20);
        }
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        createFile(directory, mebibytes);
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException, InterruptedException {
        final Path home = contender.server().home();
        final Path stored = home.resolve(FILE);
        Pattern.write(stored, 0, Pattern.WORD);
        try (FtpConnection connection = contender.connect();
                FileChannel source = FileChannel.open(home.resolve(SOURCE), StandardOpenOption.READ)) {
            final double cpuMillis = contender.server().cpuMillis();
            final double ownMillis = FtpConnection.cpuMillis();
            final long start = System.nanoTime();
            connection.resume(contender.mode(), FILE, Pattern.WORD, source);
            final long nanos = System.nanoTime() - start;
            final double ownUsedMillis = FtpConnection.cpuMillis() - ownMillis;
            final double usedMillis = contender.server().cpuMillis() - cpuMillis;
            Pattern.checkFile(stored, 0, (long) mebibytes << 20, buffer);
            return new double[] {mebibytes * 1e9 / nanos, usedMillis, ownUsedMillis};
        } finally {
            Files.deleteIfExists(stored);
        }
    }
}
