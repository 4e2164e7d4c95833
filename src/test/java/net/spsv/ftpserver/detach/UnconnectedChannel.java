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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A channel without a network, whose peer has sent its FIN, and that tells how it was closed. */
public final class UnconnectedChannel extends SocketChannel {

    private final AtomicInteger resets = new AtomicInteger();

    private final AtomicInteger closes = new AtomicInteger();

    private final AtomicInteger fins = new AtomicInteger();

    /** Opens a channel that is connected to nothing. */
    public UnconnectedChannel() {
        super(SelectorProvider.provider());
    }

    /**
     * Wraps this channel as the detacher does.
     *
     * @return the owner of this channel
     */
    public DetachedChannel detached() {
        return new DetachedChannel(this, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), new byte[0]);
    }

    /**
     * Counts how often a reset was asked for.
     *
     * @return the number of times that SO_LINGER was set to 0
     */
    public int resets() {
        return resets.get();
    }

    /**
     * Counts how often a FIN was asked for.
     *
     * @return the number of times that the output was shut down
     */
    public int fins() {
        return fins.get();
    }

    /**
     * Counts how often the socket was closed.
     *
     * @return 0 or 1, as any {@code SocketChannel}
     */
    public int closes() {
        return closes.get();
    }

    /** {@inheritDoc} */
    @Override
    public <T> SocketChannel setOption(final SocketOption<T> name, final T value) {
        if (name == StandardSocketOptions.SO_LINGER && Integer.valueOf(0).equals(value)) {
            resets.incrementAndGet();
        }
        return this;
    }

    /** {@inheritDoc} */
    @Override
    public SocketChannel shutdownOutput() {
        fins.incrementAndGet();
        return this;
    }

    /** {@inheritDoc} */
    @Override
    protected void implCloseSelectableChannel() {
        closes.incrementAndGet();
    }

    /** {@inheritDoc} */
    @Override
    protected void implConfigureBlocking(final boolean block) {
        // There is nothing to block.
    }

    /** {@inheritDoc} */
    @Override
    public SocketChannel bind(final SocketAddress local) {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public <T> T getOption(final SocketOption<T> name) {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Collections.emptySet();
    }

    /** {@inheritDoc} */
    @Override
    public SocketChannel shutdownInput() {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public Socket socket() {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public boolean isConnected() {
        return false;
    }

    /** {@inheritDoc} */
    @Override
    public boolean isConnectionPending() {
        return false;
    }

    /** {@inheritDoc} */
    @Override
    public boolean connect(final SocketAddress remote) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public boolean finishConnect() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public SocketAddress getRemoteAddress() {
        return null;
    }

    /** {@inheritDoc} */
    @Override
    public SocketAddress getLocalAddress() {
        return null;
    }

    /** {@inheritDoc} */
    @Override
    public int read(final ByteBuffer target) {
        return -1;
    }

    /** {@inheritDoc} */
    @Override
    public long read(final ByteBuffer[] targets, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public int write(final ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    /** {@inheritDoc} */
    @Override
    public long write(final ByteBuffer[] sources, final int offset, final int length) {
        throw new UnsupportedOperationException();
    }
}
