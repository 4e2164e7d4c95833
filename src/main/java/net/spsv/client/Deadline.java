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
package net.spsv.client;

import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

/** The time for all of a data login, however many reads it takes. */
final class Deadline {

    private final int timeoutMillis;

    private final long start = System.nanoTime();

    /**
     * Starts the clock.
     *
     * @param timeoutMillis for everything; 0 is no limit
     */
    Deadline(final int timeoutMillis) {
        this.timeoutMillis = timeoutMillis;
    }

    /** Gives the socket's next read what is left of the time. */
    void limit(final Socket socket) throws SocketException, SocketTimeoutException {
        if (timeoutMillis == 0) {
            socket.setSoTimeout(0);
            return;
        }
        final long left = timeoutMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        if (left <= 0) {
            throw new SocketTimeoutException("the server took more than " + timeoutMillis + " ms");
        }
        socket.setSoTimeout((int) left);
    }
}
