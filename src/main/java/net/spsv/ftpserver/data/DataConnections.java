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
package net.spsv.ftpserver.data;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import net.spsv.ftpserver.detach.ControlInput;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.statistics.Refusal;
import net.spsv.ftpserver.statistics.SinglePortStatistics;
import net.spsv.ftpserver.token.DataToken;
import net.spsv.ftpserver.token.TokenRegistry;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.ServerDataConnectionFactory;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoSession;

/**
 * The single-port data connections of one server: those that are waited for, and those that transfer.
 *
 * <p>Threading: safe for all threads. {@link #prepare} belongs to command threads, {@link #redeem} to I/O threads.
 */
public final class DataConnections {

    /** Where {@code FtpIoSession} keeps its data connection factory; its constant is private. */
    private static final String FACTORY_ATTRIBUTE = FtpIoSession.ATTRIBUTE_PREFIX + "data-connection";

    private final FtpServerContext context;

    private final MinaInternals internals;

    private final boolean requireTls;

    private final CommandThreads commandThreads;

    private final ControlInput controlInput;

    private final SinglePortStatistics statistics = new SinglePortStatistics(() -> tokens().outstanding());

    private final TokenRegistry<PendingDataConnection> tokens =
            new TokenRegistry<>(statistics::redeemed, statistics::expired);

    private final Set<SpsvDataConnectionFactory> armed = ConcurrentHashMap.newKeySet();

    /**
     * Creates the server's data connections.
     *
     * @param context the server
     * @param internals where the socket of a session is found
     * @param requireTls whether a token that was issued over TLS is worth nothing in clear
     */
    public DataConnections(final FtpServerContext context, final MinaInternals internals, final boolean requireTls) {
        this.context = context;
        this.internals = internals;
        this.requireTls = requireTls;
        this.controlInput = new ControlInput(internals);
        this.commandThreads = new CommandThreads(context.getThreadPoolExecutor());
    }

    /**
     * Says whether this FtpServer lets a session's data connection factory be replaced.
     *
     * @return false if it keeps the factory elsewhere than the versions that are known
     */
    public boolean canReplaceFactory() {
        final FtpIoSession probe = new FtpIoSession(new DummySession(), context);
        final SpsvDataConnectionFactory factory = new SpsvDataConnectionFactory(context, null, this);
        probe.setAttribute(FACTORY_ATTRIBUTE, factory);
        return probe.getDataConnection() == factory;
    }

    /**
     * The factory of a session that has used SPSV.
     *
     * @param session a control session
     * @return its factory, or null if the session has never sent SPSV
     */
    public static SpsvDataConnectionFactory of(final IoSession session) {
        final Object factory = session.getAttribute(FACTORY_ATTRIBUTE);
        return factory instanceof SpsvDataConnectionFactory ? (SpsvDataConnectionFactory) factory : null;
    }

    /**
     * Ends whatever data connection was prepared on a control session, and prepares a single-port one.
     *
     * @param session the control session
     * @return the token that its next data connection has to present
     */
    public DataToken prepare(final FtpIoSession session) {
        final ServerDataConnectionFactory present = session.getDataConnection();
        if (present instanceof SpsvDataConnectionFactory) {
            return ((SpsvDataConnectionFactory) present).prepareSinglePort();
        }
        present.closeDataConnection();
        final SpsvDataConnectionFactory factory = new SpsvDataConnectionFactory(context, session, this);
        factory.setSecure(present.isSecure());
        factory.setZipMode(present.isZipMode());
        factory.setServerControlAddress(((InetSocketAddress) session.getLocalAddress()).getAddress());
        session.setAttribute(FACTORY_ATTRIBUTE, factory);
        return factory.prepareSinglePort();
    }

    /**
     * Redeems the token of a data login.
     *
     * @param presented what the peer sent as its password
     * @param peer the peer's address
     * @param overTls whether it was sent inside TLS
     * @param refused is told why, if the token is not worth a connection
     * @return where to deliver the connection, or null
     */
    public PendingDataConnection redeem(
            final String presented, final InetAddress peer, final boolean overTls, final Consumer<Refusal> refused) {
        final Refusal[] objection = {Refusal.UNKNOWN_TOKEN};
        final PendingDataConnection redeemed = tokens.redeem(presented, pending -> {
            final Refusal found = pending.objectionTo(peer, overTls);
            objection[0] = found == null ? Refusal.UNKNOWN_TOKEN : found;
            return found == null;
        });
        if (redeemed == null) {
            refused.accept(objection[0]);
        }
        return redeemed;
    }

    /**
     * What is counted.
     *
     * @return of this server, since its start
     */
    public SinglePortStatistics statistics() {
        return statistics;
    }

    /**
     * Says whether a data login can succeed at the moment.
     *
     * @return true if a token is outstanding
     */
    public boolean isAwaited() {
        return tokens.outstanding() > 0;
    }

    /** Revokes all tokens and drops all data connections, waiting or in use. */
    public void close() {
        armed.forEach(SpsvDataConnectionFactory::controlConnectionEnded);
    }

    MinaInternals internals() {
        return internals;
    }

    boolean isTlsRequired() {
        return requireTls;
    }

    TokenRegistry<PendingDataConnection> tokens() {
        return tokens;
    }

    ControlInput controlInput() {
        return controlInput;
    }

    CommandThreads commandThreads() {
        return commandThreads;
    }

    void add(final SpsvDataConnectionFactory factory) {
        armed.add(factory);
    }

    void remove(final SpsvDataConnectionFactory factory) {
        armed.remove(factory);
    }
}
