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
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to where the client listens, once the transfer begins: PORT and EPRT. */
public final class ActiveEnd implements ClientEnd {

    private static final Logger LOG = LoggerFactory.getLogger(ActiveEnd.class);

    private static final int CONNECT_TIMEOUT_MILLIS = 30_000;

    private final InetAddress local;

    private final InetSocketAddress client;

    private final CountDownLatch begun = new CountDownLatch(1);

    /** Guarded by this. */
    private SocketChannel connecting;

    /** Guarded by this. */
    private boolean dropped;

    /**
     * Prepares the connection.
     *
     * @param local the address that the client's control connection came to, which this one goes out from
     * @param client where the client listens
     */
    public ActiveEnd(final InetAddress local, final InetSocketAddress client) {
        this.local = local;
        this.client = client;
    }

    @Override
    public SocketChannel open() throws IOException {
        try {
            begun.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedChannelException();
        }
        final SocketChannel channel;
        synchronized (this) {
            if (dropped) {
                throw new ClosedChannelException();
            }
            channel = SocketChannel.open();
            connecting = channel;
        }
        boolean connected = false;
        try {
            channel.bind(new InetSocketAddress(local, 0));
            channel.socket().connect(client, CONNECT_TIMEOUT_MILLIS);
            handOver();
            connected = true;
            return channel;
        } finally {
            if (!connected) {
                channel.close();
            }
        }
    }

    /** From now on {@link #drop()} has nothing to close: how the connection ends is for its owner to decide. */
    private synchronized void handOver() throws ClosedChannelException {
        connecting = null;
        if (dropped) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isPassive() {
        return false;
    }

    @Override
    public void begin() {
        begun.countDown();
    }

    @Override
    public synchronized void drop() {
        dropped = true;
        begun.countDown();
        if (connecting != null) {
            try {
                connecting.close();
            } catch (IOException e) {
                LOG.debug("A socket did not close cleanly", e);
            }
        }
    }
}
