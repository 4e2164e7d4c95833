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

import java.io.Closeable;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLEngine;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.statistics.Refusal;

/**
 * The hand-off of one data connection from the I/O thread, where it logs in, to the command thread that transfers.
 *
 * <p>It is delivered or ended, whichever is first, once. What was delivered stays reachable from here, so that ending
 * the hand-off also ends a transfer that is under way.
 *
 * <p>Threading: safe for all threads; only {@link #await} blocks.
 */
public final class PendingDataConnection implements Closeable {

    private final InetAddress onlyFrom;

    private final boolean onlyOverTls;

    private final Callable<SSLEngine> protection;

    private final UnaryOperator<DataChannel> wrapper;

    private final CompletableFuture<DataChannel> arrival = new CompletableFuture<>();

    /** Set when the hand-off was ended while the connection was between its login and here. Guarded by this. */
    private boolean ended;

    /** What to close if the hand-off ends while the connection is in its handshake. Guarded by this. */
    private Runnable handshake;

    /**
     * Opens the hand-off.
     *
     * @param onlyFrom the address that the data connection must come from, null for any
     * @param onlyOverTls whether its login must come inside TLS
     * @param protection makes the engine of a connection whose login came in clear; null for one that stays so
     * @param wrapper is put around what is delivered
     */
    PendingDataConnection(
            final InetAddress onlyFrom,
            final boolean onlyOverTls,
            final Callable<SSLEngine> protection,
            final UnaryOperator<DataChannel> wrapper) {
        this.onlyFrom = onlyFrom;
        this.onlyOverTls = onlyOverTls;
        this.protection = protection;
        this.wrapper = wrapper;
    }

    /**
     * Says whether a peer may become this data connection.
     *
     * @param peer its address
     * @param overTls whether its login came inside TLS
     * @return null if it may; the reason if the listener checks addresses and this is another one than the control
     *     connection's, or if TLS is required
     */
    Refusal objectionTo(final InetAddress peer, final boolean overTls) {
        if (onlyFrom != null && !onlyFrom.equals(peer)) {
            return Refusal.OTHER_ADDRESS;
        }
        return onlyOverTls && !overTls ? Refusal.NOT_OVER_TLS : null;
    }

    /**
     * Makes what protects a connection whose login came in clear.
     *
     * @return a new engine in server mode, or null if data goes in clear too
     * @throws Exception if TLS is asked for and not configured, or wrongly
     */
    public SSLEngine newEngine() throws Exception {
        return protection.call();
    }

    /**
     * Takes note that the connection is in its TLS handshake, until it is delivered.
     *
     * @param drop closes it; must not block
     */
    public synchronized void awaitHandshake(final Runnable drop) {
        handshake = drop;
        if (ended || arrival.isDone()) {
            close();
        }
    }

    /**
     * Hands a channel over.
     *
     * @param opened the channel; owned by this object afterwards, whatever the outcome
     */
    public synchronized void deliver(final DataChannel opened) {
        final DataChannel channel = wrapper.apply(opened);
        if (!arrival.complete(channel) || ended) {
            channel.close();
        }
    }

    boolean hasArrived() {
        return arrival.isDone();
    }

    /**
     * Waits for the channel.
     *
     * @param millis milliseconds, 0 for ever
     * @return the channel
     * @throws SocketTimeoutException if nobody came in time
     * @throws SocketException if the hand-off was ended
     */
    DataChannel await(final long millis) throws SocketTimeoutException, SocketException {
        try {
            return millis == 0 ? arrival.get() : arrival.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new SocketTimeoutException("No data connection within " + millis / 1000 + " seconds");
        } catch (CancellationException e) {
            throw ended(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ended(e);
        }
    }

    private static SocketException ended(final Exception cause) {
        final SocketException ended = new SocketException("The data connection was given up");
        ended.initCause(cause);
        return ended;
    }

    /**
     * Ends the hand-off and drops the data connection if there is one, or as soon as there is.
     *
     * @param redeemed whether a peer has logged in: it may believe by now that the transfer is under way, so a transfer
     *     gets its connection, closed, and fails like any other that is cut off
     */
    synchronized void end(final boolean redeemed) {
        if (redeemed && !arrival.isDone() && handshake == null) {
            ended = true;
        } else {
            close();
        }
    }

    /** Ends the hand-off and drops the data connection if there is one. */
    @Override
    public synchronized void close() {
        if (!arrival.cancel(false) && !arrival.isCancelled()) {
            arrival.join().close();
        } else if (handshake != null) {
            handshake.run();
        }
    }
}
