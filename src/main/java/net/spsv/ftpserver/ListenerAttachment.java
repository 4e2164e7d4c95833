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
package net.spsv.ftpserver;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.login.DataLoginFilter;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.listener.Listener;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.SocketAcceptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the filter in the chains of all listeners, also of one that is stopped and started again and so has a new
 * acceptor, or suspended and resumed and so has new sockets.
 *
 * <p>FtpServer starts its listeners before its Ftplets, so the first sessions may be older than the filter; they get it
 * as well.
 *
 * <p>Threading: safe for all threads.
 */
final class ListenerAttachment {

    private static final Logger LOG = LoggerFactory.getLogger(ListenerAttachment.class);

    /**
     * Bytes that a connection may have in flight until it has said what it is, instead of FtpServer's 512: data that
     * comes right behind a login would squeeze the window, which then takes seconds to open again.
     */
    private static final int SESSION_RECEIVE_BUFFER = 256 * 1024;

    private final MinaInternals internals;

    private final DataLoginFilter filter;

    private final Map<Listener, SocketAcceptor> acceptors = new ConcurrentHashMap<>();

    private final Map<Listener, Set<ServerSocketChannel>> channels = new ConcurrentHashMap<>();

    ListenerAttachment(final MinaInternals internals, final DataLoginFilter filter) {
        this.internals = internals;
        this.filter = filter;
    }

    /**
     * Puts the filter wherever it is missing.
     *
     * @param listeners the server's listeners by name
     * @return the ports on which single-port mode is available now
     * @throws FtpServerConfigurationException if a listener is of a kind that has no place for the filter
     */
    Iterable<Integer> attach(final Map<String, Listener> listeners) {
        final TreeSet<Integer> ports = new TreeSet<>();
        new TreeMap<>(listeners).forEach((name, listener) -> {
            final SocketAcceptor acceptor = internals.acceptor(listener);
            if (acceptor != null) {
                attach(name, listener, acceptor);
                ports.add(listener.getPort());
            } else if (!listener.isStopped()) {
                throw new FtpServerConfigurationException(
                        "Single-port mode needs FtpServer's own nio-listener, but" + " listener \"" + name + "\" is a "
                                + listener.getClass().getName());
            }
        });
        return ports;
    }

    private void attach(final String name, final Listener listener, final SocketAcceptor acceptor) {
        if (acceptors.put(listener, acceptor) != acceptor) {
            if (!filter.attachTo(acceptor.getFilterChain())) {
                throw new FtpServerConfigurationException(
                        "Single-port mode cannot be added to listener \"" + name + "\", which has no command threads");
            }
            acceptor.getSessionConfig().setReceiveBufferSize(SESSION_RECEIVE_BUFFER);
            for (final IoSession session : acceptor.getManagedSessions().values()) {
                filter.attachTo(session.getFilterChain());
            }
        }
        final Set<ServerSocketChannel> listening = internals.listeningChannels(acceptor);
        if (!listening.equals(channels.put(listener, listening))) {
            listening.forEach(ListenerAttachment::scaleReceiveWindow);
        }
    }

    /**
     * Lets the connections to come offer a scaled receive window. {@code NioListener} sets SO_RCVBUF of its socket to
     * 512, and TCP settles the scale at the handshake from the listening socket's buffer: 64 KiB in flight would be the
     * limit of every upload.
     */
    private static void scaleReceiveWindow(final ServerSocketChannel listening) {
        try {
            listening.setOption(StandardSocketOptions.SO_RCVBUF, ChannelDetacher.RECEIVE_BUFFER);
        } catch (IOException e) {
            LOG.warn("Uploads over distance will be slow, the receive window of {} stays small", listening, e);
        }
    }
}
