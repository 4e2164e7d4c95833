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

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.security.GeneralSecurityException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLEngine;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.detach.WriteQueue;
import net.spsv.ftpserver.token.DataToken;
import org.apache.ftpserver.DataConnectionConfiguration;
import org.apache.ftpserver.DataConnectionException;
import org.apache.ftpserver.ftplet.DataConnection;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.IODataConnectionFactory;
import org.apache.ftpserver.ssl.ClientAuth;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.apache.mina.core.session.IoSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data connection factory of a control session that has used SPSV.
 *
 * <p>It extends FtpServer's own, because the transfer commands ask for that class by name, and because PORT, PASV, EPRT
 * and EPSV go on working through it unchanged. The last preparation wins: each ends what the one before had prepared.
 *
 * <p>Threading: FtpServer's commands call it one at a time. The I/O thread of the control session calls
 * {@link #abort()} and {@link #controlConnectionEnded()}, neither of which blocks; it must never call FtpServer's own
 * methods, which are synchronized and hold their lock while PASV waits.
 */
public final class SpsvDataConnectionFactory extends IODataConnectionFactory {

    private static final Logger LOG = LoggerFactory.getLogger(SpsvDataConnectionFactory.class);

    /** How long the I/O thread may take to hear of a control connection's end, in milliseconds. */
    private static final long IO_THREAD_MILLIS = 1000;

    /** The part of an upload's time that it is worth to hear whether its client has died at the end of it. */
    private static final int GRACE_DIVISOR = 100;

    /** Less than this is not worth a wait, for uploads of a few milliseconds: most of them are one segment. */
    private static final long MIN_GRACE_NANOS = 50_000;

    private static final long MAX_GRACE_NANOS = 20_000_000;

    private final FtpIoSession controlSession;

    private final DataConnections dataConnections;

    private final Object lock = new Object();

    /** Whether SPSV was the last preparation. Command threads only. */
    private boolean singlePort;

    /** Guarded by lock; null when nothing is prepared. */
    private PendingDataConnection pending;

    /** Guarded by lock. */
    private DataToken token;

    /** Set when the control connection has ended. Guarded by lock. */
    private boolean controlEnded;

    /** Whether the control connection has ended, while a command thread wants to know. Guarded by lock. */
    private CompletableFuture<Boolean> question;

    private volatile boolean transferring;

    /** Whether a transfer has ended since somebody asked last. */
    private final AtomicBoolean transferEnded = new AtomicBoolean();

    SpsvDataConnectionFactory(
            final FtpServerContext context, final FtpIoSession controlSession, final DataConnections dataConnections) {
        super(context, controlSession);
        this.controlSession = controlSession;
        this.dataConnections = dataConnections;
    }

    DataToken prepareSinglePort() {
        closeDataConnection();
        singlePort = true;
        final boolean ipCheck = configuration().isPassiveIpCheck();
        synchronized (lock) {
            pending = new PendingDataConnection(
                    ipCheck ? peerAddress() : null,
                    dataConnections.isTlsRequired() && controlSession.isSecure(),
                    this::newEngine,
                    channel -> new CountedChannel(channel, dataConnections.statistics()));
            token = dataConnections.tokens().mint(pending);
            dataConnections.statistics().issued();
            dataConnections.add(this);
            if (controlEnded) {
                endPending();
            }
            return token;
        }
    }

    /**
     * Makes what protects a data connection whose login came in clear, if PROT P is in force.
     *
     * <p>It is made without the peer's name, for which the JDK would ask DNS.
     */
    private SSLEngine newEngine() throws DataConnectionException, GeneralSecurityException {
        if (!isSecure()) {
            return null;
        }
        SslConfiguration ssl = configuration().getSslConfiguration();
        if (ssl == null) {
            ssl = controlSession.getListener().getSslConfiguration();
        }
        if (ssl == null) {
            throw new DataConnectionException("Data connections cannot be protected: there is no <ssl> for them");
        }
        final SSLEngine engine = ssl.getSSLContext().createSSLEngine();
        engine.setUseClientMode(false);
        if (ssl.getClientAuth() == ClientAuth.NEED) {
            engine.setNeedClientAuth(true);
        } else if (ssl.getClientAuth() == ClientAuth.WANT) {
            engine.setWantClientAuth(true);
        }
        if (ssl.getEnabledCipherSuites() != null) {
            engine.setEnabledCipherSuites(ssl.getEnabledCipherSuites());
        }
        final String[] protocols = dataConnections.internals().enabledProtocols(ssl);
        if (protocols != null) {
            engine.setEnabledProtocols(protocols);
        }
        return engine;
    }

    /** {@inheritDoc} */
    @Override
    public void setSecure(final boolean secure) {
        synchronized (lock) {
            super.setSecure(secure);
        }
    }

    /** {@inheritDoc} */
    @Override
    public boolean isSecure() {
        // Also asked by the I/O thread of a data login.
        synchronized (lock) {
            return super.isSecure();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void initActiveDataConnection(final InetSocketAddress address) {
        closeDataConnection();
        singlePort = false;
        super.initActiveDataConnection(address);
    }

    /** {@inheritDoc} */
    @Override
    public InetSocketAddress initPassiveDataConnection() throws DataConnectionException {
        closeDataConnection();
        singlePort = false;
        return super.initPassiveDataConnection();
    }

    /**
     * {@inheritDoc}
     *
     * <p>After SPSV this is the control connection's peer as long as a data connection is prepared, else null; the
     * transfer commands take null for 503.
     */
    @Override
    public InetAddress getInetAddress() {
        if (!singlePort) {
            return super.getInetAddress();
        }
        synchronized (lock) {
            return pending == null ? null : peerAddress();
        }
    }

    /** {@inheritDoc} */
    @Override
    public DataConnection openConnection() throws Exception {
        if (!singlePort) {
            return super.openConnection();
        }
        final PendingDataConnection awaited;
        synchronized (lock) {
            awaited = pending;
        }
        if (awaited == null) {
            throw new DataConnectionException("SPSV must be issued first");
        }
        transferring = true;
        if (Aborts.of(controlSession).areOutstanding()) {
            abort();
        }
        final DataChannel channel;
        try {
            channel = await(awaited);
        } catch (IOException e) {
            // Before the 425 is out: who has read it must find the token worthless.
            abort();
            throw e;
        }
        if (isSecure() && !channel.isProtected()) {
            abort();
            throw new DataConnectionException("The data connection logged in before PROT P, and in clear");
        }
        channel.beginTransfer(idleMillis());
        return new SpsvDataConnection(channel, controlSession, this);
    }

    private DataChannel await(final PendingDataConnection awaited) throws IOException {
        if (awaited.hasArrived()) {
            return awaited.await(idleMillis());
        }
        dataConnections.commandThreads().lend();
        try {
            return awaited.await(idleMillis());
        } finally {
            dataConnections.commandThreads().giveBack();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void closeDataConnection() {
        synchronized (lock) {
            endPending();
            pending = null;
            token = null;
            dataConnections.remove(this);
        }
        if (transferring) {
            // In this order, so that there is no moment between the two.
            transferEnded.set(true);
            transferring = false;
        }
        super.closeDataConnection();
    }

    /** Ends a single-port transfer that runs or waits for its connection. */
    public void abort() {
        synchronized (lock) {
            endPending();
        }
    }

    /** Drops the data connection, waiting or in use, and lets no other come. */
    public void controlConnectionEnded() {
        synchronized (lock) {
            controlEnded = true;
            endPending();
            if (question != null) {
                question.complete(true);
            }
        }
    }

    /**
     * Says whether a command of the control session uses or awaits a single-port data connection.
     *
     * @return true from the opening of the connection to its end
     */
    public boolean isTransferring() {
        return transferring;
    }

    /**
     * Says whether a transfer has ended since this was called last. FtpServer ends a transfer when it has written the
     * last reply, which need not be on its way then.
     *
     * @return true once for any number of transfers
     */
    public boolean hasEndedTransfer() {
        return transferEnded.getAndSet(false);
    }

    /**
     * Refuses to call an upload complete when the control connection has ended: a client that dies closes both, and its
     * data connection then ends just like that of a complete file.
     *
     * <p>The end of the control connection may have come first, but MINA may not have read it yet; so its I/O thread is
     * asked to read now. Or it may come right behind: Linux closes the connections of a process that is killed from the
     * newest to the oldest. So there is a little time for it, more for an upload that took long.
     *
     * @param uploadNanos how long the upload took
     * @throws SocketException if the control connection is gone
     */
    void ensureControlConnection(final long uploadNanos) throws SocketException {
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();
        synchronized (lock) {
            question = ended;
            if (controlEnded) {
                ended.complete(true);
            }
        }
        final IoSession session = controlSession.getFilterChain().getSession();
        final CompletableFuture<Boolean> asked = new CompletableFuture<>();
        WriteQueue.then(
                session, () -> asked.complete(dataConnections.controlInput().hasEnded(session)));
        try {
            if (!(Boolean) CompletableFuture.anyOf(asked, ended).get(IO_THREAD_MILLIS, TimeUnit.MILLISECONDS)) {
                final long grace = Math.min(uploadNanos / GRACE_DIVISOR, MAX_GRACE_NANOS);
                if (grace < MIN_GRACE_NANOS) {
                    return;
                }
                ended.get(grace, TimeUnit.NANOSECONDS);
            }
            throw new SocketException("The control connection ended during the transfer");
        } catch (TimeoutException e) {
            LOG.debug("The control connection of {} is alive", session);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SocketException("Interrupted at the end of the transfer");
        }
    }

    private void endPending() {
        if (pending != null) {
            final boolean unused = dataConnections.tokens().revoke(token);
            pending.end(!unused);
        }
    }

    private DataConnectionConfiguration configuration() {
        return controlSession.getListener().getDataConnectionConfiguration();
    }

    private long idleMillis() {
        return configuration().getIdleTime() * 1000L;
    }

    private InetAddress peerAddress() {
        return ((InetSocketAddress) controlSession.getRemoteAddress()).getAddress();
    }
}
