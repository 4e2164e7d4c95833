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
import java.io.InterruptedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.wire.PlainWire;
import net.spsv.gateway.wire.Wire;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One data connection of a session, from PASV, EPSV, PORT or EPRT to its end. What comes in at one side goes out at the
 * other, as it is: an end is passed on as an end, anything else as a reset.
 *
 * <p>When is it over? A download is when the server has ended its side and the client has been told. An upload is when
 * the client has ended its side and the server has been told; whether it has all of it is then for the server's reply
 * to say. An end of the other side, where no file comes from, means nothing.
 *
 * <p>Threading: two threads of its own, which block: one fetches the client's side and then carries what the client
 * sends, the other fetches the server's side and then carries what the server sends. All methods that are not theirs
 * may be called by any thread and do not block.
 */
public final class DataConnection {

    private static final Logger LOG = LoggerFactory.getLogger(DataConnection.class);

    private static final int BUFFER_SIZE = 32 * 1024;

    /** One for each thread that carries, because direct buffers are dear to allocate. */
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_SIZE));

    /** For files that come faster than small buffers are handed on; measured, more does not help. */
    private static final int LARGE_SIZE = 1024 * 1024;

    /** Bounds the memory that they take; transfers beyond this do with a small one. */
    private static final Semaphore LARGE_LEFT = new Semaphore(64);

    /** Large ones that are not in use. */
    private static final Queue<ByteBuffer> LARGE = new ConcurrentLinkedQueue<>();

    /** How long the session's thread may take to say that the client is there. */
    private static final long SESSION_MILLIS = 1000;

    /** The part of an upload's time that it is worth to hear whether its client has died at the end of it. */
    private static final int GRACE_DIVISOR = 20;

    /** Less than this is not worth a wait, for uploads of a few milliseconds: most of them are one segment. */
    private static final long MIN_GRACE_NANOS = 50_000;

    private static final long MAX_GRACE_NANOS = 20_000_000;

    /** It only goes forward. */
    private enum State {
        /** Being set up, or carrying. */
        OPEN,
        /** The server does not want the transfer; the client's side ends as soon as it is there. */
        CANCELLED,
        /** The file has been carried to its end. */
        OVER,
        /** Both sides were reset. */
        FAILED
    }

    private final ClientEnd clientEnd;

    private final ServerEnd serverEnd;

    private final Runnable changed;

    private final LongAdder bytesUp = new LongAdder();

    private final LongAdder bytesDown = new LongAdder();

    /** Opens when the session's thread has heard the client's control connection behind the end of an upload. */
    private final CountDownLatch clientHeard = new CountDownLatch(1);

    private final CountDownLatch givenUp = new CountDownLatch(1);

    /** This and all below is guarded by this. */
    private State state = State.OPEN;

    /** Null as long as it is not there. */
    private Wire client;

    /** Whether the server can be told to begin. */
    private boolean serverReached;

    /** Null as long as it is not there. */
    private Wire server;

    /** Null as long as the client has not said what it wants. */
    private Direction direction;

    /** When the transfer began, as {@code System.nanoTime}. */
    private long begunAt;

    /** Whether all of an upload was written to the server, and the session's thread is to look for the client. */
    private boolean clientAskedFor;

    /** Whether whoever gets the file is being told that this was all of it. */
    private boolean ending;

    /** Null unless it has failed. */
    private String failure;

    /**
     * Prepares the connection.
     *
     * @param clientEnd fetched by {@link #carryUp()}
     * @param serverEnd fetched by {@link #carryDown()}
     * @param changed is called whenever one of the questions may have another answer
     */
    DataConnection(final ClientEnd clientEnd, final ServerEnd serverEnd, final Runnable changed) {
        this.clientEnd = clientEnd;
        this.serverEnd = serverEnd;
        this.changed = changed;
    }

    /**
     * Tells that the client wants to transfer a file now.
     *
     * @param towards where the file goes
     */
    public synchronized void begin(final Direction towards) {
        direction = towards;
        begunAt = System.nanoTime();
        notifyAll();
        clientEnd.begin();
    }

    /**
     * Returns whether an upload has ended, and is complete if its client has not died: one that does closes both its
     * connections, and its data connection then ends just like that of a complete file.
     *
     * @return true until {@link #clientIsThere()} is called
     */
    public synchronized boolean isClientAskedFor() {
        return clientAskedFor && state == State.OPEN && clientHeard.getCount() > 0;
    }

    /** Tells that the client's control connection was heard after {@link #isClientAskedFor()}, and had not ended. */
    public void clientIsThere() {
        clientHeard.countDown();
    }

    /**
     * Returns whether this was used already.
     *
     * @return true after {@link #begin}
     */
    public synchronized boolean hasBegun() {
        return direction != null;
    }

    /**
     * Returns whether both sides are there and no byte has come from either.
     *
     * @return false if there may still be something to be carried
     */
    public synchronized boolean isUnused() {
        return client != null && server != null && bytesUp() + bytesDown() == 0;
    }

    /**
     * Returns whether the server can be told to begin. With a passive port the client may connect later.
     *
     * @return true also if this has failed
     */
    public synchronized boolean isReady() {
        return state != State.OPEN || serverReached && (clientEnd.isPassive() || client != null);
    }

    /**
     * Returns whether the transfer is over, as far as this connection can tell.
     *
     * @return true also if this has failed
     */
    public synchronized boolean isOver() {
        return state != State.OPEN;
    }

    /**
     * Returns why this has failed.
     *
     * @return null if it has not
     */
    public synchronized String failure() {
        return failure;
    }

    /**
     * Returns how much the client has sent.
     *
     * @return bytes, so far
     */
    public long bytesUp() {
        return bytesUp.sum();
    }

    /**
     * Returns how much the server has sent.
     *
     * @return bytes, so far
     */
    public long bytesDown() {
        return bytesDown.sum();
    }

    /** Fetches the client's side and carries what comes from there. */
    void carryUp() {
        try {
            final Wire from = acquireClient(clientEnd.open());
            final Wire to = awaitServer();
            carry(from, to, bytesUp);
            if (awaitDirection() == Direction.UPLOAD) {
                awaitClientsDeath();
                to.end();
                over();
            }
        } catch (IOException e) {
            fail("client", e);
        } catch (RuntimeException | Error e) {
            fail("client", e);
            throw e;
        }
    }

    /** Fetches the server's side and carries what comes from there. */
    void carryDown() {
        try {
            serverEnd.reach();
            serverIsReached();
            final Wire from = acquireServer(serverEnd.open());
            final Wire to = awaitClient();
            final ByteBuffer first = serverEnd.first();
            bytesDown.add(first.remaining());
            to.write(first);
            carry(from, to, bytesDown);
            if (awaitDirection() == Direction.DOWNLOAD) {
                ending();
                endDownload(to);
                over();
            } else {
                to.end();
                awaitEndOfUpload();
            }
            part(from, to);
        } catch (IOException e) {
            fail("server", e);
        } catch (RuntimeException | Error e) {
            fail("server", e);
            throw e;
        }
    }

    private static void carry(final Wire from, final Wire to, final LongAdder count) throws IOException {
        if (!carry(from, to, count, BUFFER.get(), true)) {
            return;
        }
        if (!LARGE_LEFT.tryAcquire()) {
            carry(from, to, count, BUFFER.get(), false);
            return;
        }
        try {
            final ByteBuffer free = LARGE.poll();
            final ByteBuffer large = free == null ? ByteBuffer.allocateDirect(LARGE_SIZE) : free;
            try {
                carry(from, to, count, large, false);
            } finally {
                LARGE.add(large);
            }
        } finally {
            LARGE_LEFT.release();
        }
    }

    /** Carries to the end, or until the buffer has been too small once; true if it was. */
    private static boolean carry(
            final Wire from, final Wire to, final LongAdder count, final ByteBuffer buffer, final boolean untilFull)
            throws IOException {
        buffer.clear();
        while (from.read(buffer) >= 0) {
            // a TLS record is not split, so half of it is full
            final boolean full = buffer.position() >= buffer.capacity() / 2;
            buffer.flip();
            count.add(buffer.remaining());
            to.write(buffer);
            buffer.clear();
            if (full && untilFull) {
                return true;
            }
        }
        return false;
    }

    private static void endDownload(final Wire to) {
        try {
            to.end();
        } catch (IOException e) {
            LOG.debug("The client does not wait for the end of its download", e);
        }
    }

    /** Lets both go, as a server does when a file is complete, which would not read on either. */
    private void part(final Wire from, final Wire to) {
        to.close();
        if (bytesUp.sum() == 0) {
            try {
                from.end();
            } catch (IOException e) {
                LOG.debug("The server does not wait for the farewell", e);
            }
        }
        from.close();
    }

    private Wire acquireClient(final SocketChannel channel) throws IOException {
        final Wire wire = new PlainWire(channel);
        synchronized (this) {
            if (state != State.OPEN) {
                letGoOf(wire);
                throw new ClosedChannelException();
            }
            client = wire;
            notifyAll();
        }
        changed.run();
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        return wire;
    }

    private void letGoOf(final Wire wire) {
        if (state == State.FAILED) {
            wire.drop();
        } else {
            wire.close();
        }
    }

    private void serverIsReached() {
        synchronized (this) {
            serverReached = true;
        }
        changed.run();
    }

    private synchronized Wire acquireServer(final Wire wire) throws IOException {
        ensureOpen();
        server = wire;
        notifyAll();
        return wire;
    }

    private synchronized Wire awaitClient() throws IOException {
        await(() -> client != null);
        return client;
    }

    private synchronized Wire awaitServer() throws IOException {
        await(() -> server != null);
        return server;
    }

    private synchronized Direction awaitDirection() throws IOException {
        await(() -> direction != null);
        return direction;
    }

    private synchronized void awaitEndOfUpload() throws IOException {
        await(() -> state == State.OVER);
    }

    private synchronized void await(final BooleanSupplier condition) throws IOException {
        while (!condition.getAsBoolean()) {
            ensureOpen();
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    private void ensureOpen() throws ClosedChannelException {
        if (state != State.OPEN) {
            throw new ClosedChannelException();
        }
    }

    private void askForClient() {
        synchronized (this) {
            clientAskedFor = true;
        }
        changed.run();
    }

    /**
     * The end of the control connection may have come first. Or it may come right behind: Linux closes the connections
     * of a process that is killed from the newest to the oldest. So there is a little time for it, more for an upload
     * that took long. Then the session's thread is asked to look: on a busy machine it may not have come to it.
     */
    private void awaitClientsDeath() throws IOException {
        try {
            final long grace = Math.min((System.nanoTime() - begunAt()) / GRACE_DIVISOR, MAX_GRACE_NANOS);
            if (grace >= MIN_GRACE_NANOS && givenUp.await(grace, TimeUnit.NANOSECONDS)) {
                LOG.debug("The client has died, or has changed its mind, at the end of its upload");
            }
            askForClient();
            if (!clientHeard.await(SESSION_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.debug("The session's thread has something else to do than to look for its client");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        ending();
    }

    private synchronized void ending() throws ClosedChannelException {
        ensureOpen();
        ending = true;
    }

    private synchronized long begunAt() {
        return begunAt;
    }

    private void over() {
        synchronized (this) {
            if (state == State.OPEN) {
                state = State.OVER;
                notifyAll();
            }
        }
        changed.run();
    }

    private void fail(final String where, final Throwable cause) {
        LOG.debug("The {}'s side of a data connection has ended", where, cause);
        synchronized (this) {
            if (state == State.CANCELLED) {
                return;
            }
            if (ending && state == State.OPEN) {
                // Who got the file did not wait for the end of the connection; the server's reply tells if it has it.
                state = State.OVER;
            }
        }
        giveUp(State.FAILED, Log.reason(cause));
    }

    /**
     * Resets both sides, unless the file has been carried to its end.
     *
     * @param reason for the client
     */
    public void drop(final String reason) {
        giveUp(State.FAILED, reason);
    }

    /** Does without this connection, as the server has refused the transfer: to the client it just ends. */
    public void cancel() {
        giveUp(State.CANCELLED, null);
    }

    private void giveUp(final State next, final String reason) {
        synchronized (this) {
            if (state == State.OPEN) {
                state = next;
                failure = reason;
            }
            if (state == State.OVER && direction == Direction.DOWNLOAD) {
                // the thread that carried it lets go of both
                return;
            }
            if (client != null) {
                letGoOf(client);
            }
            if (next == State.FAILED) {
                clientEnd.drop();
            }
            notifyAll();
        }
        givenUp.countDown();
        clientHeard.countDown();
        serverEnd.drop();
        changed.run();
    }
}
