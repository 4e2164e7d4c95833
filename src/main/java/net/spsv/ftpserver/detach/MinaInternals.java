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
import java.lang.reflect.Modifier;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.apache.ftpserver.DataConnectionConfiguration;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.nio.NioListener;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.polling.AbstractPollingIoAcceptor;
import org.apache.mina.core.service.IoProcessor;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.filter.ssl.SslFilter;
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

    /** The session attribute that holds what TLS needs: an {@code SslHandler}. */
    private final Object sslHandler;

    private final Field sslEngine;

    /** What has come and is not decrypted: null, or a buffer that was compacted. */
    private final Field sslInput;

    /** One name in FtpServer 1.1.4, an array of them in later versions. */
    private final Method enabledProtocols;

    /** Null if this MINA keeps its listening channels elsewhere; only uploads over distance are slower then. */
    private final Field boundHandles;

    private MinaInternals(final Search search) throws ReflectiveOperationException {
        channel = search.field(NioSession.class, "channel");
        selectionKey = search.method(NioSession.class, "getSelectionKey");
        acceptor = search.field(NioListener.class, "acceptor");
        sslHandler = search.field(SslFilter.class, "SSL_HANDLER").get(null);
        final Class<?> handlerType = search.type("org.apache.mina.filter.ssl.SslHandler");
        // MINA 2.2 and MINA 2.1 by turns.
        sslEngine = search.field(handlerType, "mEngine", "sslEngine");
        sslInput = search.field(handlerType, "mDecodeBuffer", "inNetBuffer");
        enabledProtocols = search.method(SslConfiguration.class, "getEnabledProtocols", "getEnabledProtocol");
        boundHandles = findBoundHandles();
        // Public, and missing before MINA 2.0.13 and FtpServer 1.1: the first session would find that out.
        search.publicMethod(IoProcessor.class, "write");
        search.publicMethod(IoSession.class, "closeOnFlush");
        search.publicMethod(NextFilter.class, "inputClosed");
        search.publicMethod(DataConnectionConfiguration.class, "isPassiveIpCheck");
    }

    /**
     * Looks everything up.
     *
     * @return what was found
     * @throws FtpServerConfigurationException if this MINA or FtpServer lacks something that is needed; the message
     *     says which version was found and what was missing
     */
    public static MinaInternals probe() {
        final Search search = new Search();
        try {
            return new MinaInternals(search);
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            throw new FtpServerConfigurationException(
                    "Single-port mode cannot run on MINA " + minaVersion() + " with FtpServer "
                            + known(NioListener.class.getPackage().getImplementationVersion()) + ": it needs "
                            + search.sought
                            + ", which is missing there; use FtpServer 1.1.4, 1.2.0 or 1.2.1 with the MINA"
                            + " that comes with it",
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
        return (SelectionKey) invoke(selectionKey, session);
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

    /**
     * Takes the TLS engine of a session away from MINA, which neither decrypts nor encrypts for this session after
     * this, nor ends its TLS session with it.
     *
     * @param session a session that has an {@code SslFilter} and whose handshake is over; on its I/O thread, outside of
     *     its {@code SslFilter}, with nothing in its write queue
     * @return the engine
     * @throws SSLException if the peer has begun another handshake
     */
    DetachedEngine takeEngine(final IoSession session) throws SSLException {
        final Object handler = session.getAttribute(sslHandler);
        synchronized (handler) {
            final SSLEngine engine = (SSLEngine) get(sslEngine, handler);
            final IoBuffer input = (IoBuffer) get(sslInput, handler);
            if (Modifier.isFinal(sslEngine.getModifiers())) {
                // MINA 2.2 takes a missing handler for a TLS session that is over.
                session.removeAttribute(sslHandler);
            } else {
                // MINA 2.1 takes a missing engine for that, and a missing handler for a fault.
                set(sslEngine, handler, null);
            }
            final byte[] received = new byte[input == null ? 0 : input.flip().remaining()];
            if (input != null) {
                input.get(received);
            }
            return new DetachedEngine(engine, received);
        }
    }

    /**
     * The TLS versions that a configuration allows.
     *
     * @param ssl the configuration of a listener or its data connections
     * @return the versions by their names in the JDK, or null for its default
     */
    public String[] enabledProtocols(final SslConfiguration ssl) {
        final Object enabled = invoke(enabledProtocols, ssl);
        return enabled instanceof String ? new String[] {(String) enabled} : (String[]) enabled;
    }

    private static Object get(final Field field, final Object owner) {
        try {
            return field.get(owner);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void set(final Field field, final Object owner, final Object value) {
        try {
            field.set(owner, value);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object invoke(final Method method, final Object owner) {
        try {
            return method.invoke(owner);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Finds members by the first of their names that there is, and knows what it looked for last. */
    private static final class Search {

        private String sought = "";

        Class<?> type(final String name) throws ClassNotFoundException {
            sought = name;
            return Class.forName(name);
        }

        Field field(final Class<?> owner, final String... names) throws NoSuchFieldException {
            sought = owner.getSimpleName() + '.' + names[0];
            for (final Field field : owner.getDeclaredFields()) {
                if (Arrays.asList(names).contains(field.getName())) {
                    return open(field);
                }
            }
            throw new NoSuchFieldException(sought);
        }

        void publicMethod(final Class<?> owner, final String name) throws NoSuchMethodException {
            sought = owner.getSimpleName() + '.' + name + "()";
            if (Arrays.stream(owner.getMethods())
                    .noneMatch(method -> method.getName().equals(name))) {
                throw new NoSuchMethodException(sought);
            }
        }

        Method method(final Class<?> owner, final String... names) throws NoSuchMethodException {
            sought = owner.getSimpleName() + '.' + names[0] + "()";
            for (final String name : names) {
                for (final Method method : owner.getDeclaredMethods()) {
                    if (method.getName().equals(name) && method.getParameterCount() == 0) {
                        return open(method);
                    }
                }
            }
            throw new NoSuchMethodException(sought);
        }
    }
}
