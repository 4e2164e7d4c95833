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
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.wire.PlainWire;
import net.spsv.gateway.wire.Wire;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One data connection of a session, from PASV, EPSV, PORT or EPRT to its end. What comes in at one end goes out at the
 * other, as it is: an end is passed on as an end, anything else as a reset.
 *
 * <p>Threading: two threads of its own, which block: one fetches the client's end and then carries what the client
 * sends, the other fetches the server's end and then carries what the server sends. All methods may be called by any
 * thread and do not block.
 */
public final class DataConnection {

    private static final Logger LOG = LoggerFactory.getLogger(DataConnection.class);

    private static final int BUFFER_SIZE = 128 * 1024;

    /** One for each thread that carries, because direct buffers are dear to allocate. */
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_SIZE));

    /** The life of a data connection; it only goes forward, and what is over is not dropped any more. */
    private enum State {
        /** Being set up, or carrying. */
        OPEN,
        /** The server has ended its side, and the client is being told. */
        SERVER_ENDED,
        /** The client has been told. */
        ENDED,
        /** Reset, at both ends. */
        DROPPED
    }

    private final ClientEnd clientEnd;

    private final ServerEnd serverEnd;

    private final Runnable changed;

    private final LongAdder bytesUp = new LongAdder();

    private final LongAdder bytesDown = new LongAdder();

    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    private final CompletableFuture<Wire> client = new CompletableFuture<>();

    private final CompletableFuture<Void> reached = new CompletableFuture<>();

    private final CompletableFuture<Wire> server = new CompletableFuture<>();

    private final CompletableFuture<Direction> direction = new CompletableFuture<>();

    /** Whether all that the client sends has been written to the server. */
    private volatile boolean uploadWritten;

    /** When the server has been told that the upload is complete. */
    private final CompletableFuture<Void> uploaded = new CompletableFuture<>();

    /** When the client has been told that the download is complete. */
    private final CompletableFuture<Void> downloaded = new CompletableFuture<>();

    private volatile String failure;

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
    public void begin(final Direction towards) {
        direction.complete(towards);
        clientEnd.begin();
    }

    /**
     * Returns whether this was used already.
     *
     * @return true after {@link #begin}, but not if it had failed before
     */
    public boolean hasBegun() {
        return direction.isDone() && !direction.isCompletedExceptionally();
    }

    /**
     * Returns whether the server can be told to begin. With a passive port the client may connect later.
     *
     * @return true also if this has failed
     */
    public boolean isReady() {
        return reached.isDone() && (clientEnd.isPassive() || client.isDone());
    }

    /**
     * Returns whether the transfer is over, as far as this connection can tell.
     *
     * @return true also if this has failed
     */
    public boolean isOver() {
        return direction.getNow(Direction.DOWNLOAD) == Direction.UPLOAD ? uploaded.isDone() : downloaded.isDone();
    }

    /** Does something once the client has connected, has been connected to, or never will. */
    void whenClientIsThere(final Runnable action) {
        client.whenComplete((wire, dropped) -> action.run());
    }

    /**
     * Returns why this was dropped.
     *
     * @return null if it was not
     */
    public String failure() {
        return failure;
    }

    /** Fetches the client's end and carries what comes from there. */
    void carryUp() {
        try {
            final Wire from = acquire(clientEnd.open());
            changed.run();
            final Wire to = server.join();
            carry(from, to, bytesUp);
            // In a download it means nothing, and a server might take a close_notify for the end of it all.
            if (direction.join() == Direction.UPLOAD) {
                uploadWritten = true;
                to.end();
            }
            uploaded.complete(null);
            changed.run();
        } catch (IOException | CompletionException e) {
            if (state.get() == State.OPEN) {
                drop("client", e);
            }
        } catch (RuntimeException | Error e) {
            drop("client", e);
            throw e;
        }
    }

    private Wire acquire(final SocketChannel channel) throws IOException {
        final Wire wire = new PlainWire(channel);
        if (!client.complete(wire)) {
            wire.drop();
            throw new ClosedChannelException();
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        return wire;
    }

    /** Fetches the server's end and carries what comes from there. */
    void carryDown() {
        try {
            serverEnd.reach();
            reached.complete(null);
            changed.run();
            final Wire from = serverEnd.open();
            server.complete(from);
            final Wire to = client.join();
            final ByteBuffer first = serverEnd.first();
            bytesDown.add(first.remaining());
            to.write(first);
            carry(from, to, bytesDown);
            end(from, to);
        } catch (IOException | CompletionException e) {
            if (uploadWritten) {
                LOG.debug("The server did not wait for the end of an upload's connection", e);
                client.join().close();
                serverEnd.drop();
            } else {
                drop("server", e);
            }
        } catch (RuntimeException | Error e) {
            drop("server", e);
            throw e;
        }
    }

    private void end(final Wire from, final Wire to) throws IOException {
        if (direction.join() == Direction.UPLOAD) {
            // a server may end the side on which it has nothing to say, and reads on
            to.end();
            uploaded.join();
        }
        advance(State.OPEN, State.SERVER_ENDED);
        to.end();
        advance(State.SERVER_ENDED, State.ENDED);
        downloaded.complete(null);
        changed.run();
        // As a server does, which would not read on either.
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

    private void advance(final State from, final State to) throws ClosedChannelException {
        if (!state.compareAndSet(from, to)) {
            throw new ClosedChannelException();
        }
    }

    private static void carry(final Wire from, final Wire to, final LongAdder count) throws IOException {
        final ByteBuffer buffer = BUFFER.get();
        buffer.clear();
        while (from.read(buffer) >= 0) {
            buffer.flip();
            count.add(buffer.remaining());
            to.write(buffer);
            buffer.clear();
        }
    }

    private void drop(final String where, final Throwable cause) {
        LOG.debug("The {}'s end of a data connection failed", where, cause);
        drop(Log.reason(cause instanceof CompletionException ? cause.getCause() : cause));
    }

    /**
     * Resets both ends, unless it is all over.
     *
     * @param reason for the client
     */
    public void drop(final String reason) {
        giveUp(reason, Wire::drop);
    }

    /**
     * Does without this connection, as the server has refused the transfer: to the client it just ends.
     *
     * @param reason for the log
     */
    public void cancel(final String reason) {
        giveUp(reason, Wire::close);
    }

    private void giveUp(final String reason, final Consumer<Wire> farewell) {
        final State before = state.getAndUpdate(current -> current == State.ENDED ? current : State.DROPPED);
        if (before == State.ENDED || before == State.DROPPED) {
            return;
        }
        failure = reason;
        clientEnd.drop();
        serverEnd.drop();
        final IOException dropped = new IOException(reason);
        if (!client.completeExceptionally(dropped)) {
            farewell.accept(client.join());
        }
        reached.completeExceptionally(dropped);
        server.completeExceptionally(dropped);
        uploaded.completeExceptionally(dropped);
        downloaded.completeExceptionally(dropped);
        direction.completeExceptionally(dropped);
        changed.run();
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
}
