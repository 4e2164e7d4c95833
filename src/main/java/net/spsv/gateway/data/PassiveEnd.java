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
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import net.spsv.gateway.control.Log;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for one connection of the client, on a port of its own: PASV and EPSV. */
public final class PassiveEnd implements ClientEnd {

    private static final Logger LOG = LoggerFactory.getLogger(PassiveEnd.class);

    private final ServerSocketChannel listening;

    private final InetAddress client;

    private final InetSocketAddress address;

    private final long timeoutMillis;

    private final Future<?> timeout;

    private volatile boolean timedOut;

    /**
     * Listens.
     *
     * @param local the address that the client's control connection came to
     * @param client the address that it came from: others are dropped (RFC 2577, section 4)
     * @param timer ends the wait
     * @param timeoutMillis how long it lasts
     * @throws IOException if there is no free port
     */
    PassiveEnd(
            final InetAddress local,
            final InetAddress client,
            final ScheduledExecutorService timer,
            final long timeoutMillis)
            throws IOException {
        this.client = client;
        this.timeoutMillis = timeoutMillis;
        this.listening = ServerSocketChannel.open();
        try {
            listening.bind(new InetSocketAddress(local, 0));
            this.address = (InetSocketAddress) listening.getLocalAddress();
        } catch (IOException e) {
            listening.close();
            throw e;
        }
        this.timeout = timer.schedule(this::timeOut, timeoutMillis, TimeUnit.MILLISECONDS);
    }

    private void timeOut() {
        timedOut = true;
        drop();
    }

    /**
     * Returns where the client is to connect.
     *
     * @return address and port
     */
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public SocketChannel open() throws IOException {
        try (ServerSocketChannel open = listening) {
            while (true) {
                final SocketChannel accepted = open.accept();
                final InetSocketAddress from = (InetSocketAddress) accepted.getRemoteAddress();
                if (from != null && from.getAddress().equals(client)) {
                    return accepted;
                }
                LOG.warn(
                        "Dropped a connection to passive port {} that came from elsewhere: {}",
                        address.getPort(),
                        from == null ? "nobody" : Log.address(from));
                accepted.close();
            }
        } catch (ClosedChannelException e) {
            if (!timedOut) {
                throw e;
            }
            final IOException clear =
                    new SocketTimeoutException("nobody has connected for " + timeoutMillis / 1000 + " s");
            clear.initCause(e);
            throw clear;
        } finally {
            timeout.cancel(false);
        }
    }

    @Override
    public boolean isPassive() {
        return true;
    }

    @Override
    public void begin() {
        // the client has been told where to connect
    }

    @Override
    public void drop() {
        timeout.cancel(false);
        try {
            listening.close();
        } catch (IOException e) {
            LOG.debug("A passive port did not close cleanly", e);
        }
    }
}
