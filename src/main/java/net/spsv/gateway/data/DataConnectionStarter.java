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

import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Starts data connections.
 *
 * <p>Threading: safe for all threads.
 */
public final class DataConnectionStarter {

    private final Executor threads;

    private final ScheduledExecutorService timer;

    private final long timeoutMillis;

    /**
     * Creates the starter.
     *
     * @param threads runs two tasks for each data connection, which block
     * @param timer ends waits
     * @param timeoutMillis how long a passive port waits for its client
     */
    public DataConnectionStarter(
            final Executor threads, final ScheduledExecutorService timer, final long timeoutMillis) {
        this.threads = threads;
        this.timer = timer;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * Opens a passive port.
     *
     * @param local the address that the client's control connection came to
     * @param client the address that it came from
     * @return listening
     * @throws IOException if there is no free port
     */
    public PassiveEnd listen(final InetAddress local, final InetAddress client) throws IOException {
        return new PassiveEnd(local, client, timer, timeoutMillis);
    }

    /**
     * Starts to fetch both sides.
     *
     * @param clientEnd the client's; owned by the connection, whatever the outcome
     * @param serverEnd the server's; owned by the connection, whatever the outcome
     * @param changed is called, by any thread, when the connection's state has changed
     * @return the connection
     * @throws IOException if there are too many threads
     */
    public DataConnection start(final ClientEnd clientEnd, final ServerEnd serverEnd, final Runnable changed)
            throws IOException {
        final DataConnection connection = new DataConnection(clientEnd, serverEnd, changed);
        try {
            threads.execute(connection::carryUp);
            threads.execute(connection::carryDown);
        } catch (OutOfMemoryError e) {
            // what the JDK says when the system gives it no more threads
            connection.drop("the gateway has no thread left");
            throw new IOException("the gateway has no thread left", e);
        }
        return connection;
    }
}
