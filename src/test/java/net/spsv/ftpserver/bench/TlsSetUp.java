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

/** Until a protected data connection carries something: from the PASV or SPSV command to the first byte of a RETR. */
final class TlsSetUp extends Row {
    private static final String FILE = "tls-set-up";
    private static final int SIZE = 1024;

    private final Handshakes handshakes;
    private final long nanosPerRound;

    TlsSetUp(final Handshakes handshakes, final double seconds) {
        super(
                id(handshakes),
                true,
                Metric.time("first byte of a RETR, " + title(handshakes), "ms").aimAtGain(1),
                Metric.share("full handshakes among these"));
        this.handshakes = handshakes;
        this.nanosPerRound = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    private static String id(final Handshakes handshakes) {
        switch (handshakes) {
            case OF_THE_JDK:
                return "tls-setup";
            case RESUMED:
                return "tls-setup-resumed";
            default:
                return "tls-setup-full";
        }
    }

    private static String title(final Handshakes handshakes) {
        switch (handshakes) {
            case OF_THE_JDK:
                return "sessions resumed as a JDK client does";
            case RESUMED:
                return "sessions resumed across ports";
            default:
                return "full handshakes";
        }
    }

    @Override
    void createFiles(final Path directory) throws IOException {
        if (!Files.exists(directory.resolve(FILE))) {
            Pattern.write(directory.resolve(FILE), 0, SIZE);
        }
    }

    @Override
    double[] sample(final Contender contender, final boolean warmUp) throws IOException {
        double[] millis = new double[1 << 14];
        int count = 0;
        try (FtpConnection connection = contender.connect()) {
            connection.use(handshakes);
            final long fullBefore = contender.server().tls().fullHandshakes();
            final long start = System.nanoTime();
            while (System.nanoTime() - start < nanosPerRound) {
                if (count == millis.length) {
                    millis = Arrays.copyOf(millis, 2 * count);
                }
                millis[count++] = connection.nanosToFirstByte(contender.mode(), FILE) / 1e6;
            }
            final long full = contender.server().tls().fullHandshakes() - fullBefore;
            return new double[] {Metric.median(Arrays.copyOf(millis, count)), 100.0 * full / count};
        }
    }
}
