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
package net.spsv.gateway.session;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import net.spsv.gateway.control.ControlConnections;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.ServiceClosingException;
import net.spsv.gateway.data.DataConnectionStarter;
import net.spsv.gateway.remote.RemoteConnection;
import net.spsv.gateway.remote.RemoteServer;
import net.spsv.gateway.wire.PlainWire;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's session, from its connection to its end.
 *
 * <p>Threading: {@link #run()} and {@link #logEnd()} are the session's thread's; {@link #stop()} may be called by any.
 */
public final class Session implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final String name;

    private final SocketChannel channel;

    private final PlainWire client;

    private final RemoteServer server;

    private final DataConnectionStarter dataConnections;

    private final boolean fallback;

    private final long start = System.nanoTime();

    /** Guarded by this. */
    private ControlConnections controls;

    /** Guarded by this. */
    private boolean stopped;

    private Transfers transfers;

    /** Null as long as it is not known. */
    private InetSocketAddress address;

    /** Why the session has ended before its time; empty if it has not. */
    private String failure = "";

    /**
     * Prepares the session.
     *
     * @param number for the log
     * @param channel the client's control connection, owned by this object from now on
     * @param server that it is for
     * @param dataConnections starts them
     * @param fallback whether a server without SPSV is asked for a passive port
     */
    public Session(
            final long number,
            final SocketChannel channel,
            final RemoteServer server,
            final DataConnectionStarter dataConnections,
            final boolean fallback) {
        this.name = "Session " + number;
        this.channel = channel;
        this.client = new PlainWire(channel);
        this.server = server;
        this.dataConnections = dataConnections;
        this.fallback = fallback;
    }

    /** Serves the client to the end. */
    @Override
    public void run() {
        try {
            address = (InetSocketAddress) channel.getRemoteAddress();
            LOG.debug("{} begins: {}", name, Log.address(address));
            // telnet's Data Mark comes as urgent data, and belongs where it was sent
            channel.socket().setOOBInline(true);
            channel.socket().setTcpNoDelay(true);
            channel.socket().setKeepAlive(true);
            serve(connect());
        } catch (IOException e) {
            failure = Log.reason(e);
        } finally {
            client.close();
        }
    }

    private RemoteConnection connect() throws IOException {
        try {
            return server.openControl(name);
        } catch (IOException e) {
            final String reason = "No connection to " + server + ": " + Log.reason(e);
            refuse(client, channel, reason);
            throw new IOException(reason, e);
        }
    }

    /** Logs that the session has ended, once {@link #run()} has returned. */
    public void logEnd() {
        final double seconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) / 1000.0;
        final String text = String.format(
                Locale.ROOT,
                "%s of %s ended after %.1f s: %s%s",
                name,
                address == null ? "nobody" : Log.address(address),
                seconds,
                transfers == null ? "0 transfers, 0 bytes down, 0 bytes up" : transfers,
                failure.isEmpty() ? "" : " (" + failure + ')');
        LOG.info(text);
    }

    /**
     * Tells a client that there is no session for it, and closes its connection.
     *
     * @param client what goes over the channel
     * @param channel connected
     * @param reason a sentence without the full stop
     */
    public static void refuse(final PlainWire client, final SocketChannel channel, final String reason) {
        try {
            channel.configureBlocking(false);
            client.write(ByteBuffer.wrap(("421 " + reason + ".\r\n").getBytes(StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            LOG.debug("The client has gone first", e);
        }
        client.endAndClose();
    }

    private void serve(final RemoteConnection remote) throws IOException {
        try (ControlConnections both = join(remote)) {
            transfers = new Transfers(
                    name,
                    both,
                    remote,
                    dataConnections,
                    fallback,
                    channel.socket().getLocalAddress(),
                    channel.socket().getInetAddress());
            try {
                new Dialogue(name, both, transfers, server.protection().isTls()).run(remote.greeting());
            } catch (ServiceClosingException e) {
                both.sayClosing(e.getMessage());
                throw e;
            } finally {
                transfers.release("the session has ended");
            }
        } finally {
            remote.wire().close();
        }
    }

    private synchronized ControlConnections join(final RemoteConnection remote) throws IOException {
        try {
            if (stopped) {
                throw new IOException("The gateway is shutting down");
            }
            controls = new ControlConnections(name, channel, client, remote.channel(), remote.wire(), remote.lines());
            return controls;
        } catch (IOException e) {
            refuse(client, channel, Log.reason(e));
            throw e;
        }
    }

    /** Ends the session with 421, or with a reset if it has not begun. */
    public synchronized void stop() {
        stopped = true;
        if (controls != null) {
            controls.stop();
        } else {
            client.drop();
        }
    }

    /** Ends the session with a reset, where it does not heed {@link #stop()} because a peer does not read. */
    public synchronized void drop() {
        client.drop();
        if (controls != null) {
            controls.drop();
        }
    }
}
