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
package net.spsv.gateway.wire;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A TCP connection as it is. */
public final class PlainWire implements Wire {

    private static final Logger LOG = LoggerFactory.getLogger(PlainWire.class);

    /** How long the peer of a control connection may leave replies or commands unread. */
    private static final long PATIENCE_SECONDS = 60;

    private static final int UNREAD_CHUNK = 8192;

    private static final int UNREAD_CHUNKS = 64;

    private final SocketChannel channel;

    /** What a writer of a non-blocking channel waits on. Guarded by this. */
    private Selector waiting;

    /**
     * Takes the channel over.
     *
     * @param channel to be connected before anything is read or written
     */
    public PlainWire(final SocketChannel channel) {
        this.channel = channel;
    }

    /** {@inheritDoc} */
    @Override
    public int read(final ByteBuffer target) throws IOException {
        return channel.read(target);
    }

    /** {@inheritDoc} */
    @Override
    public void write(final ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            if (channel.write(source) == 0) {
                awaitWritable();
            }
        }
    }

    private void awaitWritable() throws IOException {
        try (Selector selector = Selector.open()) {
            synchronized (this) {
                channel.register(selector, SelectionKey.OP_WRITE);
                waiting = selector;
            }
            final int ready = selector.select(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            if (!channel.isOpen()) {
                throw new ClosedChannelException();
            }
            if (ready == 0) {
                throw new SocketTimeoutException("nothing was read for " + PATIENCE_SECONDS + " s");
            }
        } finally {
            synchronized (this) {
                waiting = null;
            }
        }
    }

    /** {@inheritDoc} */
    @Override
    public void end() throws IOException {
        channel.shutdownOutput();
    }

    /**
     * Ends and closes a non-blocking channel. What the peer has sent already is read first: with input unread, the
     * system would answer the close with a reset, which takes the last reply with it.
     */
    public void endAndClose() {
        try {
            end();
            final ByteBuffer unread = ByteBuffer.allocate(UNREAD_CHUNK);
            for (int i = 0; i < UNREAD_CHUNKS && channel.read(unread) > 0; i++) {
                unread.clear();
            }
        } catch (IOException e) {
            LOG.debug("The peer has gone first", e);
        } finally {
            close();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("A socket did not close cleanly", e);
        }
        synchronized (this) {
            if (waiting != null) {
                waiting.wakeup();
            }
        }
    }

    /** {@inheritDoc} */
    @Override
    public void drop() {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("The peer will not see a reset", e);
        }
        close();
    }
}
