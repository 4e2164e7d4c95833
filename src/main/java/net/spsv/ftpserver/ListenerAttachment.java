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

import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.MinaInternals;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.listener.Listener;
import org.apache.mina.core.filterchain.IoFilter;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.SocketAcceptor;

/**
 * Keeps the filter in the chains of all listeners, also of one that is stopped and started again and so has a new
 * acceptor.
 *
 * <p>FtpServer starts its listeners before its Ftplets, so the first sessions may be older than the filter; they get it
 * as well.
 *
 * <p>Threading: safe for all threads.
 */
final class ListenerAttachment {

    private static final String NAME = "spsv";

    /** The filter that hands everything to FtpServer's command threads; ours must hear it before. */
    private static final String THREAD_POOL = "threadPool";

    private final MinaInternals internals;

    private final IoFilter filter;

    private final Map<Listener, SocketAcceptor> attached = new ConcurrentHashMap<>();

    ListenerAttachment(final MinaInternals internals, final IoFilter filter) {
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
            if (acceptor == null && !listener.isStopped()) {
                throw new FtpServerConfigurationException(
                        "Single-port mode needs FtpServer's own nio-listener, but" + " listener \"" + name + "\" is a "
                                + listener.getClass().getName());
            }
            if (acceptor != null) {
                if (attached.get(listener) != acceptor) {
                    attach(name, acceptor);
                    attached.put(listener, acceptor);
                }
                ports.add(listener.getPort());
            }
        });
        return ports;
    }

    private void attach(final String name, final SocketAcceptor acceptor) {
        if (!acceptor.getFilterChain().contains(THREAD_POOL)) {
            throw new FtpServerConfigurationException("Single-port mode cannot be added to listener \"" + name
                    + "\": its filter chain has no " + THREAD_POOL);
        }
        if (!acceptor.getFilterChain().contains(NAME)) {
            acceptor.getFilterChain().addBefore(THREAD_POOL, NAME, filter);
        }
        for (final IoSession session : acceptor.getManagedSessions().values()) {
            if (session.getFilterChain().contains(THREAD_POOL)
                    && !session.getFilterChain().contains(NAME)) {
                session.getFilterChain().addBefore(THREAD_POOL, NAME, filter);
            }
        }
        internals.setListeningReceiveBuffer(acceptor, ChannelDetacher.RECEIVE_BUFFER);
    }
}
