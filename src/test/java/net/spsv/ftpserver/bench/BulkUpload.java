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

/** One large file, sent from the page cache over one connection into a new file. */
final class BulkUpload extends Row {
    private static final String SOURCE = "bulk-upload-source";
    private static final String FILE = "bulk-upload";

    private final int mebibytes;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);

    BulkUpload(final int mebibytes) {
        super("stor", Metric.rate("STOR " + mebibytes + " MiB", "MiB/s").aimAtGain(1.8));
        this.mebibytes = mebibytes;
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        Pattern.write(directory.resolve(SOURCE), 0, (long) mebibytes << 20);
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException {
        final Path home = contender.server().home();
        final Path stored = home.resolve(FILE);
        try (FtpConnection connection = contender.server().connect();
                FileChannel source = FileChannel.open(home.resolve(SOURCE), StandardOpenOption.READ)) {
            final long start = System.nanoTime();
            connection.store(contender.mode(), FILE, source);
            final long nanos = System.nanoTime() - start;
            Pattern.checkFile(stored, 0, (long) mebibytes << 20, buffer);
            return new double[] {mebibytes * 1e9 / nanos};
        } finally {
            Files.deleteIfExists(stored);
        }
    }
}
