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
import java.nio.file.Path;

/** One large file that is in the page cache, fetched over one connection. */
final class BulkDownload extends Row {
    private final int mebibytes;

    BulkDownload(final boolean secure, final int mebibytes) {
        super(
                secure ? "tls-retr" : "retr",
                secure,
                Metric.rate("RETR " + mebibytes + " MiB", "MiB/s").aimAtGain(secure ? 1 : 3),
                Metric.time("the server's CPU time for it", "ms"),
                Metric.time("the client's CPU time for it", "ms"));
        this.mebibytes = mebibytes;
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        BulkUpload.createFile(directory, mebibytes);
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException, InterruptedException {
        try (FtpConnection connection = contender.connect()) {
            final double cpuMillis = contender.server().cpuMillis();
            final double ownMillis = FtpConnection.cpuMillis();
            final long start = System.nanoTime();
            final long size = connection.retrieve(contender.mode(), BulkUpload.SOURCE, 0, warmUp);
            final long nanos = System.nanoTime() - start;
            final double ownUsedMillis = FtpConnection.cpuMillis() - ownMillis;
            final double usedMillis = contender.server().cpuMillis() - cpuMillis;
            if (size != (long) mebibytes << 20) {
                throw new IOException("Received " + size + " bytes instead of " + mebibytes + " MiB");
            }
            return new double[] {mebibytes * 1e9 / nanos, usedMillis, ownUsedMillis};
        }
    }
}
