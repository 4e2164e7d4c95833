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
package net.spsv.ftpserver.detach;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket that MINA has let go of: the wire of a data connection in the clear, or what TLS records go over.
 *
 * <p>The socket stays non-blocking. Whoever reads or writes waits on a selector of its own, opened only when there is
 * something to wait for: that gives both directions a timeout, and lets another thread end the wait at once even while
 * the peer does not read, which a blocking {@code sendfile} would not.
 *
 * <p>{@link #finish()} sends FIN, {@link #close()} sends RST.
 */
public final class DetachedChannel implements DataChannel {

    private static final Logger LOG = LoggerFactory.getLogger(DetachedChannel.class);

    private static final int TRIES_PER_TIMEOUT = 10;

    private static final int UNREAD_CHUNK = 8192;

    private static final int UNREAD_CHUNKS = 64;

    private final SocketChannel channel;

    private final InetSocketAddress peer;

    /** What came in the same segment as the login; read before anything else. */
    private final ByteBuffer first;

    private long idleMillis;

    /** Guarded by this. */
    private Selector selector;

    /** Whether the kernel may be sending a file at this moment. Guarded by this. */
    private boolean sendingFile;

    /** The thread to wake when this is closed. Guarded by this. */
    private Thread sleeper;

    /** Guarded by this for changes. */
    private volatile boolean closed;

    /**
     * Takes the channel over: from now on this object closes it.
     *
     * @param channel connected, non-blocking, registered nowhere
     * @param peer the peer's address
     * @param first bytes that were received already
     */
    DetachedChannel(final SocketChannel channel, final InetSocketAddress peer, final byte[] first) {
        this.channel = channel;
        this.peer = peer;
        this.first = ByteBuffer.wrap(first);
    }

    /**
     * The peer's address.
     *
     * @return the address, never looked up in DNS
     */
    public InetSocketAddress peer() {
        return peer;
    }

    /** {@inheritDoc} */
    @Override
    public boolean isProtected() {
        return false;
    }

    /** {@inheritDoc} */
    @Override
    public void beginTransfer(final long millis) {
        idleMillis = millis;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The end is the peer's FIN.
     */
    @Override
    public int read(final ByteBuffer target) throws IOException {
        if (first.hasRemaining()) {
            final int count = Math.min(first.remaining(), target.remaining());
            final ByteBuffer part = first.duplicate();
            part.limit(part.position() + count);
            target.put(part);
            first.position(first.position() + count);
            return count;
        }
        final long deadline = deadline();
        while (true) {
            final int count;
            try {
                count = channel.read(target);
            } catch (IOException e) {
                throw broken(e);
            }
            if (count != 0) {
                ensureOpen();
                return count;
            }
            await(SelectionKey.OP_READ, deadline);
        }
    }

    /**
     * Reads what there is at this moment.
     *
     * @param target where to, with space left
     * @return the number of bytes, also 0; -1 at the peer's FIN
     * @throws SocketException if the connection was reset or closed
     */
    public int readNow(final ByteBuffer target) throws IOException {
        if (first.hasRemaining()) {
            return read(target);
        }
        try {
            return channel.read(target);
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** {@inheritDoc} */
    @Override
    public void write(final ByteBuffer source) throws IOException {
        long deadline = deadline();
        while (source.hasRemaining()) {
            final int count;
            try {
                count = channel.write(source);
            } catch (IOException e) {
                throw broken(e);
            }
            if (count == 0) {
                await(SelectionKey.OP_WRITE, deadline);
            } else {
                deadline = deadline();
            }
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Nothing is copied through this process.
     */
    @Override
    public long write(final FileChannel file, final long position, final long count) throws IOException {
        final long deadline = deadline();
        boolean writable = false;
        while (true) {
            final long written;
            try {
                written = transfer(file, position, count);
            } catch (IOException e) {
                // transferTo does not say which side failed; the file tells by itself.
                file.read(ByteBuffer.allocate(1), position);
                throw broken(e);
            }
            if (written > 0 || position >= file.size() || writable) {
                ensureOpen();
                return written;
            }
            writable = await(SelectionKey.OP_WRITE, deadline);
        }
    }

    /**
     * Sends without letting go of the socket.
     *
     * <p>Before Java 21 a channel that is closed during {@code transferTo} is closed under it: the number of the file
     * descriptor can belong to somebody else's connection by the time the kernel sends. So the close waits for the
     * system call, which does not wait for anybody.
     */
    private long transfer(final FileChannel file, final long position, final long count) throws IOException {
        synchronized (this) {
            ensureOpen();
            sendingFile = true;
        }
        try {
            return file.transferTo(position, count, channel);
        } finally {
            synchronized (this) {
                sendingFile = false;
                if (closed) {
                    channel.close();
                }
            }
        }
    }

    /** {@inheritDoc} */
    @Override
    public synchronized void sleepingBegins() throws SocketException {
        ensureOpen();
        sleeper = Thread.currentThread();
    }

    /** {@inheritDoc} */
    @Override
    public synchronized void sleepingEnds() {
        sleeper = null;
        if (closed) {
            Thread.interrupted();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void finish() throws IOException {
        synchronized (this) {
            ensureOpen();
            closed = true;
            closeSelector();
        }
        try {
            channel.shutdownOutput();
            discardInput();
        } catch (IOException e) {
            throw broken(e);
        } finally {
            channel.close();
        }
    }

    /** With input unread the system would answer the close with a reset, which takes what is in flight with it. */
    private void discardInput() throws IOException {
        final ByteBuffer unread = ByteBuffer.allocate(UNREAD_CHUNK);
        for (int i = 0; i < UNREAD_CHUNKS && channel.read(unread) == UNREAD_CHUNK; i++) {
            unread.clear();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (sleeper != null) {
                sleeper.interrupt();
            }
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException | RuntimeException e) {
                LOG.debug("The peer will not see a reset", e);
            }
            try {
                if (!sendingFile) {
                    channel.close();
                }
            } catch (IOException e) {
                LOG.debug("The socket of a dropped data connection did not close cleanly", e);
            }
            // Last, and by this thread: a socket is freed only when no selector knows it any more, and this wakes
            // the thread that may be waiting.
            closeSelector();
        }
    }

    /** When a peer that makes no progress from now on is to be dropped, as {@code System.nanoTime}. */
    private long deadline() {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(idleMillis);
    }

    /**
     * Waits for the peer.
     *
     * @return false if it is time to try all the same: the system calls a socket writable only when a good part of its
     *     buffer is free, for which a slow reader may take longer than the idle timeout
     */
    private boolean await(final int operation, final long deadline) throws IOException {
        final Selector waitOn = selectorFor(operation);
        final boolean ready;
        try {
            ready = waitOn.select((idleMillis + TRIES_PER_TIMEOUT - 1) / TRIES_PER_TIMEOUT) > 0;
            waitOn.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw broken(e);
        }
        ensureOpen();
        if (!ready && idleMillis > 0 && System.nanoTime() - deadline >= 0) {
            throw new SocketException("No progress on the data connection for " + idleMillis / 1000 + " seconds");
        }
        return ready;
    }

    private synchronized Selector selectorFor(final int operation) throws IOException {
        ensureOpen();
        try {
            if (selector == null) {
                selector = Selector.open();
                channel.register(selector, operation);
            } else {
                channel.keyFor(selector).interestOps(operation);
            }
        } catch (IOException | CancelledKeyException e) {
            throw broken(e);
        }
        return selector;
    }

    private void closeSelector() {
        if (selector != null) {
            try {
                selector.close();
            } catch (IOException e) {
                LOG.debug("A selector did not close cleanly", e);
            }
        }
    }

    /**
     * Refuses to go on with a connection that was dropped.
     *
     * @throws SocketException if this was closed
     */
    public void ensureOpen() throws SocketException {
        if (closed) {
            throw new SocketException("The data connection was closed");
        }
    }

    private SocketException broken(final Exception cause) {
        final SocketException failure =
                new SocketException(closed ? "The data connection was closed" : "Data connection: " + cause);
        failure.initCause(cause);
        return failure;
    }

    @Override
    public String toString() {
        return "data connection from " + peer;
    }
}
