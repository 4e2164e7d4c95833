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
package net.spsv.ftpserver.login;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.data.Aborts;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.data.PendingDataConnection;
import net.spsv.ftpserver.data.SpsvDataConnectionFactory;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.detach.DetachedEngine;
import net.spsv.ftpserver.detach.WriteQueue;
import net.spsv.ftpserver.statistics.Refusal;
import net.spsv.ftpserver.tls.TlsChannel;
import org.apache.ftpserver.impl.DefaultFtpRequest;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.LocalizedFtpReply;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.SocketSessionConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one connection says to the server, from its first byte until it is a data connection or ends.
 *
 * <p>Lines that are FtpServer's are passed on at once. A line of a data login is held, with all that is behind it,
 * until it is its turn: a mark that was sent through the session's queue on the command threads and then through its
 * write queue has come back. So everything that was passed on has been handled, and every reply is out. That makes
 * pipelined logins safe, also before the greeting, and when the login is done the socket's send buffer is empty and
 * what is held belongs to the data. Lines that are FtpServer's are held alike behind a password, and when
 * {@linkplain CommandsAhead it has enough}.
 *
 * <p>What has come in clear before a TLS handshake is no part of a login inside TLS: somebody on the path may have put
 * it there.
 *
 * <p>Threading: the session's I/O thread.
 */
final class LoginConversation {

    private static final Logger LOG = LoggerFactory.getLogger(LoginConversation.class);

    private static final byte[] DATA_REPLY = "200 DATA\r\n".getBytes(StandardCharsets.US_ASCII);

    /** FtpServer's decoder gives a line up at this length; a line of a login is far shorter. */
    private static final int MAX_LINE = 1024;

    /** Held input beyond this stays in the socket's buffer, in bytes. */
    private static final int MAX_HELD = 16 * 1024;

    /** What is read at a time, in bytes; MINA would go up to 64 KiB. A TLS record makes it 16 KiB all the same. */
    private static final int MAX_READ = 4 * 1024;

    private enum Mode {
        /** Lines are looked at; this includes ordinary sessions that are not logged in yet. */
        LISTENING,
        /** Inside an ordinary line that is too long to be held. */
        LONG_LINE,
        /** The login is done, its TLS handshake is not. */
        HANDSHAKE,
        /** The socket is somebody else's. */
        ADOPTED,
        /** 504 was answered, whatever comes is thrown away. */
        REFUSED
    }

    private final IoSession session;

    private final FtpServerContext context;

    private final DataConnections dataConnections;

    private final ChannelDetacher detacher;

    private final CommandQueue commandQueue;

    private final Refusals refusals;

    private final DataLogin login;

    private final CommandLineBuffer lines = new CommandLineBuffer();

    private final TransferWatch watch = new TransferWatch();

    /** Other threads only read it. */
    private volatile Mode mode = Mode.LISTENING;

    private final CommandsAhead ahead = new CommandsAhead();

    private boolean markUnderway;

    /** Whether the mark has just come back: a line of a data login may be acted on if nothing is ahead of it. */
    private boolean itsTurn;

    /** Whether a line waits for its turn. */
    private boolean held;

    /** Whether it is a line of a data login. Other threads only read it. */
    private volatile boolean loginHeld;

    private boolean inputEnded;

    /** Whether what is received has come inside TLS. */
    private boolean overTls;

    /**
     * Whether TLS has failed. What has come is cut off then, although the engine takes it for ended; and MINA 2.1 hands
     * on in clear what comes next.
     */
    private volatile boolean tlsFailed;

    /** Not null in HANDSHAKE only. */
    private DataHandshake handshake;

    /** Not null in REFUSED only, and only if the peer has to wait for it. */
    private Refusals.Delayed delayedRefusal;

    LoginConversation(
            final IoSession session,
            final FtpServerContext context,
            final DataConnections dataConnections,
            final ChannelDetacher detacher,
            final CommandQueue commandQueue,
            final Refusals refusals,
            final String dataUser) {
        this.session = session;
        this.context = context;
        this.dataConnections = dataConnections;
        this.detacher = detacher;
        this.commandQueue = commandQueue;
        this.refusals = refusals;
        this.login = new DataLogin(dataUser);
        session.getConfig().setMaxReadBufferSize(MAX_READ);
    }

    void received(final NextFilter next, final byte[] bytes) {
        if (mode == Mode.HANDSHAKE) {
            handshake.received(bytes);
            return;
        }
        if (mode == Mode.ADOPTED || mode == Mode.REFUSED || tlsFailed) {
            return;
        }
        if (!overTls && session.isSecured()) {
            overTls = true;
            lines.takeAll();
            login.restart();
            mode = Mode.LISTENING;
        }
        lines.append(bytes);
        advance(next);
    }

    /**
     * Takes in the peer's FIN.
     *
     * <p>Behind a data login that is held it is the end of an upload, and not FtpServer's business.
     */
    void inputEnded(final NextFilter next) throws Exception {
        if (mode == Mode.HANDSHAKE) {
            handshake.inputEnded();
            return;
        }
        inputEnded = true;
        if (held || mode == Mode.REFUSED) {
            // MINA would report it over and over, and FtpServer would close before the 504 is out.
            session.suspendRead();
        } else {
            next.inputClosed(session);
        }
    }

    /** Takes note that TLS has failed; called by any thread. */
    void tlsFailed() {
        tlsFailed = true;
    }

    /** Whether a line of a data login waits for its turn; called by any thread. */
    boolean isLoginHeld() {
        return loginHeld;
    }

    /** Whether the connection is a user's or a data connection by now; called by any thread. */
    boolean isLoginDone() {
        return mode == Mode.HANDSHAKE || mode == Mode.ADOPTED || isLoggedIn();
    }

    void sessionClosed() {
        if (mode == Mode.HANDSHAKE) {
            handshake.sessionClosed();
        }
        if (delayedRefusal != null) {
            delayedRefusal.cancel();
        }
    }

    private void markReturned(final NextFilter next) {
        ahead.markReturned();
        if (!session.isClosing()) {
            if (overTls) {
                DataLoginFilter.fetchDecrypted(session);
            }
            markUnderway = false;
            itsTurn = true;
            advance(next);
            itsTurn = false;
        }
    }

    private void advance(final NextFilter next) {
        final boolean wasHeld = held;
        held = false;
        loginHeld = false;
        if (mode == Mode.LISTENING || mode == Mode.LONG_LINE) {
            if (isLoggedIn()) {
                readLinesOfUser(next);
            } else {
                readLines(next);
            }
        }
        if (held && lines.remaining() > MAX_HELD) {
            session.suspendRead();
        } else if (wasHeld && !held && mode != Mode.ADOPTED && mode != Mode.HANDSHAKE) {
            release(next);
        }
    }

    private void release(final NextFilter next) {
        if (inputEnded) {
            if (mode != Mode.REFUSED) {
                next.inputClosed(session);
            }
        } else if (session.isReadSuspended()) {
            session.resumeRead();
        }
    }

    private void readLinesOfUser(final NextFilter next) {
        login.loggedIn();
        mode = Mode.LISTENING;
        boolean mayGoOn = true;
        while (mayGoOn && !ahead.isFull(true)) {
            final byte[] line = lines.line();
            mayGoOn = line != null;
            passOver(mayGoOn ? line : lines.rest());
        }
        passOn(next, lines.takePassedOver());
        if (lines.remaining() > 0) {
            awaitTurn(next);
        }
    }

    private void readLines(final NextFilter next) {
        boolean mayGoOn = true;
        while (mayGoOn) {
            switch (mode) {
                case LISTENING:
                    mayGoOn = listen(next);
                    break;
                case LONG_LINE:
                    mayGoOn = skipLongLine(next);
                    break;
                default:
                    return;
            }
        }
        if (mode == Mode.LISTENING || mode == Mode.LONG_LINE) {
            passOn(next, lines.takePassedOver());
        }
    }

    /** Deals with one line; false if there is none, or it has to wait. */
    private boolean listen(final NextFilter next) {
        final byte[] bytes = lines.line();
        if (bytes == null) {
            if (lines.remaining() > MAX_LINE) {
                giveUpOnLine(next);
            }
            return false;
        }
        final String line = new String(bytes, StandardCharsets.UTF_8);
        if (login.isOrdinary(line)) {
            if (!isRoom(next)) {
                return false;
            }
            login.line(line);
            passOver(bytes);
            if ("PASS".equals(DataLogin.verb(line))) {
                ahead.addPassword();
            }
            return true;
        }
        passOn(next, lines.takePassedOver());
        if (!isTurn(next)) {
            return false;
        }
        lines.passOver(bytes);
        lines.takePassedOver();
        act(line);
        return mode == Mode.LISTENING;
    }

    private void giveUpOnLine(final NextFilter next) {
        if (!login.isUnderway()) {
            if (isRoom(next)) {
                passOver(lines.rest());
                mode = Mode.LONG_LINE;
            }
            return;
        }
        passOn(next, lines.takePassedOver());
        if (isTurn(next)) {
            refuse("PASS", Refusal.MALFORMED);
        }
    }

    private boolean skipLongLine(final NextFilter next) {
        if (lines.remaining() == 0 || !isRoom(next)) {
            return false;
        }
        final byte[] end = lines.line();
        if (end == null) {
            passOver(lines.rest());
            return false;
        }
        passOver(end);
        mode = Mode.LISTENING;
        return true;
    }

    private void passOver(final byte[] part) {
        lines.passOver(part);
        ahead.add(part);
    }

    /** Whether FtpServer may get one more line; if not, all before it is passed on. */
    private boolean isRoom(final NextFilter next) {
        if (ahead.isFull(isLoggedIn())) {
            passOn(next, lines.takePassedOver());
            awaitTurn(next);
            return false;
        }
        return true;
    }

    private boolean isTurn(final NextFilter next) {
        if (itsTurn && !ahead.isAny()) {
            itsTurn = false;
            return true;
        }
        loginHeld = true;
        awaitTurn(next);
        return false;
    }

    private void awaitTurn(final NextFilter next) {
        held = true;
        sendMark(next);
    }

    private void sendMark(final NextFilter next) {
        if (!markUnderway) {
            markUnderway = true;
            ahead.marked();
            final Runnable throughWriteQueue = () -> WriteQueue.then(session, () -> markReturned(next));
            if (ahead.isAny()) {
                commandQueue.then(session, throughWriteQueue);
            } else {
                throughWriteQueue.run();
            }
        }
    }

    private void act(final String line) {
        if (overTls != new FtpIoSession(session, context).isSecure()) {
            // It came in clear behind AUTH TLS, from whoever is on the path.
            drop("a line of it came in clear, behind AUTH");
            return;
        }
        switch (login.line(line)) {
            case ASK_PASSWORD:
                reply(331, DataLogin.verb(line));
                break;
            case REDEEM:
                redeem(line);
                break;
            default:
                refuse(DataLogin.verb(line), Refusal.MALFORMED);
        }
    }

    private void redeem(final String line) {
        final PendingDataConnection pending =
                dataConnections.redeem(login.token(), peer(), overTls, why -> refuse(DataLogin.verb(line), why));
        if (pending == null) {
            return;
        }
        mode = Mode.ADOPTED;
        try {
            if (overTls) {
                adoptWithItsTls(pending);
            } else {
                adopt(pending);
            }
        } catch (Exception e) {
            LOG.warn("Data connection from {} was lost at its login: {}", session.getRemoteAddress(), e.toString());
            LOG.debug("Its loss", e);
            dataConnections.statistics().refused(Refusal.LOST);
            pending.close();
            session.closeNow();
        }
    }

    private void adoptWithItsTls(final PendingDataConnection pending) throws IOException {
        if (tlsFailed) {
            throw new SSLException("its TLS session has failed");
        }
        final DetachedEngine tls = detacher.takeEngine(session);
        final ByteBuffer reply = tls.wrap(ByteBuffer.wrap(DATA_REPLY));
        deliver(
                pending,
                new TlsChannel(detacher.detach(session, reply, tls.received()), tls.engine(), lines.takeAll()));
    }

    private void adopt(final PendingDataConnection pending) throws Exception {
        final SSLEngine engine = pending.newEngine();
        if (engine == null) {
            deliver(pending, detacher.detach(session, ByteBuffer.wrap(DATA_REPLY), lines.takeAll()));
            return;
        }
        WriteQueue.sendAtOnce(session);
        // An upload may follow the handshake before the socket changes hands.
        ((SocketSessionConfig) session.getConfig()).setReceiveBufferSize(ChannelDetacher.RECEIVE_BUFFER);
        handshake = new DataHandshake(
                session,
                pending,
                engine,
                detacher,
                commandQueue,
                () -> dataConnections.statistics().refused(Refusal.LOST));
        mode = Mode.HANDSHAKE;
        limitIdleTime();
        if (session.isReadSuspended()) {
            session.resumeRead();
        }
        handshake.begin(DATA_REPLY, lines.takeAll());
        if (inputEnded) {
            handshake.inputEnded();
        }
    }

    /** From now on it is a data connection that stalls, if it does. */
    private void limitIdleTime() {
        final int seconds = new FtpIoSession(session, context)
                .getListener()
                .getDataConnectionConfiguration()
                .getIdleTime();
        if (seconds > 0) {
            session.getConfig().setBothIdleTime(seconds);
        }
    }

    private static void deliver(final PendingDataConnection pending, final DataChannel channel) {
        LOG.debug("{} is open", channel);
        pending.deliver(channel);
    }

    private void drop(final String why) {
        mode = Mode.REFUSED;
        LOG.warn("Data login from {} dropped: {}", session.getRemoteAddress(), why);
        dataConnections.statistics().refused(Refusal.MALFORMED);
        session.closeNow();
    }

    private void refuse(final String verb, final Refusal why) {
        mode = Mode.REFUSED;
        lines.takeAll();
        LOG.warn("Data login from {} refused: {}", session.getRemoteAddress(), why);
        delayedRefusal = refusals.tell(peer(), why, () -> {
            try {
                reply(504, verb);
            } finally {
                session.closeOnFlush();
            }
        });
    }

    private InetAddress peer() {
        return ((InetSocketAddress) session.getRemoteAddress()).getAddress();
    }

    private void reply(final int code, final String verb) {
        final FtpIoSession ftpSession = new FtpIoSession(session, context);
        ftpSession.write(
                LocalizedFtpReply.translate(ftpSession, new DefaultFtpRequest(verb), context, code, "SPSV", null));
    }

    private void passOn(final NextFilter next, final byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        if (isLoggedIn()) {
            passOnForUser(next, bytes);
        } else {
            next.messageReceived(session, IoBuffer.wrap(bytes));
        }
        if (ahead.isHalfFull(isLoggedIn())) {
            sendMark(next);
        }
    }

    private void passOnForUser(final NextFilter next, final byte[] bytes) {
        final List<byte[]> parts = watch.scan(bytes);
        for (final byte[] part : parts.subList(0, parts.size() - 1)) {
            passAbortOn(next, part);
        }
        final byte[] rest = parts.get(parts.size() - 1);
        if (rest.length > 0) {
            next.messageReceived(session, IoBuffer.wrap(rest));
        }
    }

    private void passAbortOn(final NextFilter next, final byte[] bytes) {
        final Aborts aborts = Aborts.of(session);
        aborts.seen();
        final SpsvDataConnectionFactory factory = DataConnections.of(session);
        if (factory != null) {
            factory.abort();
        }
        next.messageReceived(session, IoBuffer.wrap(bytes));
        commandQueue.then(session, aborts::handled);
    }

    private boolean isLoggedIn() {
        return new FtpIoSession(session, context).isLoggedIn();
    }
}
