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
package net.spsv.gateway.data;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Starts data connections.
 *
 * <p>Threading: safe for all threads.
 */
public final class DataConnections {

    private final Executor threads;

    private final ScheduledExecutorService timer;

    private final long timeoutMillis;

    /**
     * Creates the starter.
     *
     * @param threads runs two tasks for each data connection, which block
     * @param timer ends connections that wait for their client for too long
     * @param timeoutMillis how long a passive port waits
     */
    public DataConnections(final Executor threads, final ScheduledExecutorService timer, final long timeoutMillis) {
        this.threads = threads;
        this.timer = timer;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * Starts to fetch both ends.
     *
     * @param clientEnd the client's
     * @param serverEnd the server's
     * @param changed is called, by any thread, when the connection's state has changed
     * @return the connection
     */
    public DataConnection start(final ClientEnd clientEnd, final ServerEnd serverEnd, final Runnable changed) {
        final DataConnection connection = new DataConnection(clientEnd, serverEnd, changed);
        threads.execute(connection::carryUp);
        threads.execute(connection::carryDown);
        if (clientEnd.isPassive()) {
            final ScheduledFuture<?> timeout = timer.schedule(
                    () -> connection.drop("nobody has connected for " + timeoutMillis / 1000 + " s"),
                    timeoutMillis,
                    TimeUnit.MILLISECONDS);
            connection.whenClientIsThere(() -> timeout.cancel(false));
        }
        return connection;
    }
}
