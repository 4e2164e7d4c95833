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
package net.spsv.ftpserver.data;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;

/** A transfer whose data connection is open, and whose last reply was not read. What fails closes it. */
final class Transfer implements AutoCloseable {
    private final RawFtpClient control;
    private final Socket data;

    Transfer(final RawFtpClient control, final Socket data) {
        this.control = control;
        this.data = data;
    }

    RawFtpClient control() {
        return control;
    }

    Socket data() {
        return data;
    }

    /** Sends some bytes. */
    Transfer send(final byte... bytes) throws IOException {
        return doing(() -> data.getOutputStream().write(bytes));
    }

    /** Reads some bytes, which shows that the server has begun to send. */
    Transfer readSome() throws IOException {
        return doing(() -> {
            final byte[] some = new byte[1024];
            int count = 0;
            while (count < some.length) {
                final int more = data.getInputStream().read(some, count, some.length - count);
                if (more < 0) {
                    throw new AssertionError("the data connection ended after " + count + " bytes");
                }
                count += more;
            }
        });
    }

    /** Waits until nothing more comes in although nothing is read: the server cannot send any more. */
    Transfer awaitStalled() throws IOException {
        final long[] before = {-1};
        return doing(() -> Awaitility.await("the server's send buffer is full")
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    final long now = Sockets.queued(data.getPort(), data.getLocalPort());
                    final boolean stalled = now > 0 && now == before[0];
                    before[0] = now;
                    return stalled;
                }));
    }

    private Transfer doing(final Step step) throws IOException {
        try {
            step.run();
            return this;
        } catch (final IOException | RuntimeException | AssertionError e) {
            data.close();
            throw e;
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Fails unless the server drops the data connection by RST, whatever it has sent before. */
    void expectReset() throws IOException {
        final long received;
        try {
            received = drain(data.getInputStream());
        } catch (final SocketException e) {
            if (e.getMessage().contains("reset")) {
                return;
            }
            throw e;
        }
        throw new AssertionError("the end of a file came after " + received + " bytes, where there should be a reset");
    }

    static long drain(final InputStream in) throws IOException {
        final byte[] buffer = new byte[64 * 1024];
        long total = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            total += count;
        }
        return total;
    }

    @Override
    public void close() throws IOException {
        data.close();
    }
}
