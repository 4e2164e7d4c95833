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
import java.io.InputStream;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.nio.NioListener;
import org.apache.mina.core.polling.AbstractPollingIoAcceptor;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.SocketAcceptor;
import org.apache.mina.transport.socket.nio.NioSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that this plugin knows of MINA's and FtpServer's private parts, and all of its reflection.
 *
 * <p>Everything that is needed is looked up when the server starts, so that an unknown version is refused then and not
 * at somebody's first transfer.
 *
 * <p>Threading: immutable, safe for all threads.
 */
public final class MinaInternals {

    private static final Logger LOG = LoggerFactory.getLogger(MinaInternals.class);

    private final Field channel;

    private final Method selectionKey;

    private final Field acceptor;

    /** Null if this MINA keeps its listening channels elsewhere; only uploads over distance are slower then. */
    private final Field boundHandles;

    private MinaInternals(
            final Field channel, final Method selectionKey, final Field acceptor, final Field boundHandles) {
        this.channel = channel;
        this.selectionKey = selectionKey;
        this.acceptor = acceptor;
        this.boundHandles = boundHandles;
    }

    /**
     * Looks everything up.
     *
     * @return what was found
     * @throws FtpServerConfigurationException if this MINA or FtpServer lacks something that is needed; the message
     *     says which version was found and what was missing
     */
    public static MinaInternals probe() {
        String sought = "NioSession.channel";
        try {
            final Field channel = open(NioSession.class.getDeclaredField("channel"));
            sought = "NioSession.getSelectionKey()";
            final Method selectionKey = open(NioSession.class.getDeclaredMethod("getSelectionKey"));
            sought = "NioListener.acceptor";
            final Field acceptor = open(NioListener.class.getDeclaredField("acceptor"));
            return new MinaInternals(channel, selectionKey, acceptor, findBoundHandles());
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            throw new FtpServerConfigurationException(
                    "Single-port mode cannot run on MINA " + minaVersion() + " with FtpServer "
                            + known(NioListener.class.getPackage().getImplementationVersion()) + ": it needs " + sought
                            + ", which is missing there; use FtpServer 1.2.1 with MINA 2.2.4",
                    e);
        }
    }

    private static Field findBoundHandles() {
        try {
            return open(AbstractPollingIoAcceptor.class.getDeclaredField("boundHandles"));
        } catch (NoSuchFieldException e) {
            LOG.debug("This MINA has no AbstractPollingIoAcceptor.boundHandles; the receive window stays as it is", e);
            return null;
        }
    }

    private static <T extends AccessibleObject> T open(final T member) {
        member.setAccessible(true);
        return member;
    }

    /** MINA's manifest is made for OSGi and has no implementation version; what Maven left in the jar has it. */
    private static String minaVersion() {
        final Properties artifact = new Properties();
        try (InputStream in =
                IoSession.class.getResourceAsStream("/META-INF/maven/org.apache.mina/mina-core/pom.properties")) {
            if (in != null) {
                artifact.load(in);
            }
        } catch (IOException e) {
            LOG.debug("The version of MINA cannot be read", e);
        }
        return known(artifact.getProperty("version"));
    }

    private static String known(final String version) {
        return version == null ? "(version unknown)" : version;
    }

    /**
     * The socket of a session.
     *
     * @param session a session of a {@code NioSocketAcceptor}
     * @return its channel
     */
    SocketChannel channel(final IoSession session) {
        return (SocketChannel) get(channel, session);
    }

    /**
     * The key that the session's I/O processor selects it by.
     *
     * @param session a session of a {@code NioSocketAcceptor}
     * @return its key
     */
    SelectionKey selectionKey(final IoSession session) {
        try {
            return (SelectionKey) selectionKey.invoke(session);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The acceptor that a listener runs at the moment.
     *
     * @param listener any listener
     * @return its acceptor, or null if it is stopped or not one of FtpServer's own NIO listeners
     */
    public SocketAcceptor acceptor(final Listener listener) {
        return listener instanceof NioListener ? (SocketAcceptor) get(acceptor, listener) : null;
    }

    /**
     * The listening sockets of an acceptor, which are others after the listener was suspended.
     *
     * @param socketAcceptor a bound acceptor
     * @return its sockets; empty if this MINA keeps them elsewhere
     */
    public Set<ServerSocketChannel> listeningChannels(final SocketAcceptor socketAcceptor) {
        final Set<ServerSocketChannel> channels = new HashSet<>();
        if (boundHandles != null && boundHandles.getDeclaringClass().isInstance(socketAcceptor)) {
            final Map<?, ?> handles = (Map<?, ?>) get(boundHandles, socketAcceptor);
            synchronized (handles) {
                for (final Object handle : handles.values()) {
                    if (handle instanceof ServerSocketChannel) {
                        channels.add((ServerSocketChannel) handle);
                    }
                }
            }
        }
        return channels;
    }

    private static Object get(final Field field, final Object owner) {
        try {
            return field.get(owner);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
