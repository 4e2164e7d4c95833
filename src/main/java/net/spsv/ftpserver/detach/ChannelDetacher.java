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
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.apache.mina.core.service.AbstractIoService;
import org.apache.mina.core.session.IoSession;

/**
 * Takes a socket away from MINA, so that MINA never touches it again.
 *
 * <p>Each step has its reason in MINA:
 *
 * <ol>
 *   <li>The {@code SelectionKey} is cancelled: {@code NioProcessor} takes a session with an invalid key for one that is
 *       closing ({@code getState}) and neither reads, writes nor closes its channel from then on.
 *   <li>The last reply goes to the socket directly. There is no other in flight, so its buffer is empty and a few bytes
 *       always fit; if they do not, the peer is gone.
 *   <li>{@code fireSessionDestroyed} tells the listener, the Ftplets and the statistics that the session has ended, and
 *       makes its close future say so, which turns every later close or write of the session into nothing.
 * </ol>
 *
 * <p>Threading: the session's I/O thread only, with no reply of the session in flight.
 */
public final class ChannelDetacher {

    /** Bytes in flight of an upload, asked of the system for every data connection; it may grant less. */
    public static final int RECEIVE_BUFFER = 4 * 1024 * 1024;

    private final MinaInternals internals;

    /**
     * Creates a detacher.
     *
     * @param internals where the socket of a session is found
     */
    public ChannelDetacher(final MinaInternals internals) {
        this.internals = internals;
    }

    /**
     * Takes the TLS engine that protects a session. {@link #detach} or a close of the session must follow at once.
     *
     * @param session the session of a data login, whose login came inside TLS
     * @return the engine
     * @throws IOException if the peer has begun another handshake
     */
    public DetachedEngine takeEngine(final IoSession session) throws IOException {
        return internals.takeEngine(session);
    }

    /**
     * Ends a session for MINA and FtpServer, and lets its connection go on.
     *
     * @param session the session of the data login; it is over when this method ends, in whatever way
     * @param reply the last that the peer gets to read from MINA's time, may be nothing
     * @param first what the peer has sent that is not read yet
     * @return the connection; the caller owns it
     * @throws IOException if the peer is gone already; the socket is closed then
     */
    public DetachedChannel detach(final IoSession session, final ByteBuffer reply, final byte[] first)
            throws IOException {
        final SocketChannel channel = internals.channel(session);
        final DetachedChannel detached =
                new DetachedChannel(channel, (InetSocketAddress) session.getRemoteAddress(), first);
        internals.selectionKey(session).cancel();
        boolean done = false;
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
            channel.write(reply);
            if (reply.hasRemaining()) {
                throw new IOException("The peer of a data login does not read");
            }
            done = true;
            return detached;
        } finally {
            if (!done) {
                detached.close();
            }
            ((AbstractIoService) session.getService()).getListeners().fireSessionDestroyed(session);
        }
    }
}
