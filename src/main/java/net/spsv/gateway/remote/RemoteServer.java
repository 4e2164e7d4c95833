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
package net.spsv.gateway.remote;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import net.spsv.gateway.control.Log;

/**
 * The server whose one port everything goes to.
 *
 * <p>Threading: safe for all threads.
 */
public final class RemoteServer {

    private final InetSocketAddress address;

    private final Protection protection;

    private final long timeoutMillis;

    private final ScheduledExecutorService timer;

    /** Whose thread waits for the server, and for nothing else. */
    private final Set<RemoteConnection> waiting = ConcurrentHashMap.newKeySet();

    private volatile boolean closed;

    /**
     * Describes the server; nothing is sent.
     *
     * @param address need not be resolved: its name is looked up for each session
     * @param protection of every connection
     * @param timeoutMillis how long it may take until a connection can be used
     * @param timer ends connections that take longer
     */
    public RemoteServer(
            final InetSocketAddress address,
            final Protection protection,
            final long timeoutMillis,
            final ScheduledExecutorService timer) {
        this.address = address;
        this.protection = protection;
        this.timeoutMillis = timeoutMillis;
        this.timer = timer;
    }

    /**
     * Returns the protection.
     *
     * @return of every connection
     */
    public Protection protection() {
        return protection;
    }

    /** An engine for any connection: sessions are resumed by name and port, and there is no other. */
    SSLEngine newEngine(final SSLContext context) {
        return protection.engine(context, address.getPort());
    }

    long timeoutMillis() {
        return timeoutMillis;
    }

    ScheduledFuture<?> after(final long millis, final Runnable action) {
        return timer.schedule(action, millis, TimeUnit.MILLISECONDS);
    }

    /**
     * Opens a control connection, to the first of the server's addresses that answers, up to and with its greeting and
     * its TLS. Blocks. The addresses share the time that there is.
     *
     * @param name for the log
     * @return the connection
     * @throws IOException if there is none to be had
     */
    public RemoteConnection openControl(final String name) throws IOException {
        IOException failure = null;
        final InetAddress[] candidates = addresses();
        final SSLContext context = protection.newContext();
        for (final InetAddress candidate : candidates) {
            final RemoteConnection connection = new RemoteConnection(
                    this,
                    new InetSocketAddress(candidate, address.getPort()),
                    context,
                    RemoteConnection.Use.CONTROL,
                    timeoutMillis / candidates.length,
                    name);
            beginWait(connection);
            try {
                connection.open();
                return connection;
            } catch (RemoteRefusalException e) {
                throw e;
            } catch (IOException e) {
                // of a server that is there and not as it should be there is more to be told
                if (failure == null || failure instanceof ConnectException) {
                    failure = e;
                }
            } finally {
                endWait(connection);
            }
        }
        throw failure == null ? new UnknownHostException(address.getHostString()) : failure;
    }

    /** Lets {@link #close()} end this connection, too. */
    void beginWait(final RemoteConnection connection) {
        waiting.add(connection);
        if (closed) {
            connection.drop();
        }
    }

    void endWait(final RemoteConnection connection) {
        waiting.remove(connection);
    }

    /** Ends the control connections that are being opened, and those that are opened later. */
    public void close() {
        closed = true;
        waiting.forEach(RemoteConnection::drop);
    }

    boolean isClosed() {
        return closed;
    }

    private InetAddress[] addresses() throws UnknownHostException {
        try {
            return InetAddress.getAllByName(address.getHostString());
        } catch (UnknownHostException e) {
            final UnknownHostException clear = new UnknownHostException("there is no host of that name");
            clear.initCause(e);
            throw clear;
        }
    }

    @Override
    public String toString() {
        return Log.address(address);
    }
}
