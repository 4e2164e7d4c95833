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

import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.data.SpsvDataConnectionFactory;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.WriteQueue;
import net.spsv.ftpserver.token.DataToken;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.DefaultIoFilterChainBuilder;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.filterchain.IoFilterChain;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IdleStatus;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.filter.FilterEvent;
import org.apache.mina.filter.ssl.SslEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears every connection on its I/O thread, before FtpServer's {@code threadPool} filter queues what it says.
 *
 * <p>Until a session is logged in it looks for a data login among the lines and hands all others on untouched and in
 * order; afterwards it watches for what must not wait behind a running transfer: ABOR and the end of the connection. On
 * the way out it puts the token into the 227, which passes FtpServer's logging filter and the Ftplets without it.
 *
 * <p>Threading: {@link #filterWrite} runs on whatever thread writes, {@link #exceptionCaught} on whatever thread fails,
 * everything else on the session's I/O thread.
 */
public final class DataLoginFilter extends IoFilterAdapter {

    /** Stands for the token in the reply that FtpServer and its logs get to see; as long as a token. */
    public static final String TOKEN_PLACEHOLDER = "********************************";

    private static final Logger LOG = LoggerFactory.getLogger(DataLoginFilter.class);

    private static final String NAME = "spsv";

    /** The filter that hands everything to FtpServer's command threads. */
    private static final String THREAD_POOL = "threadPool";

    private static final AttributeKey TOKEN = new AttributeKey(DataLoginFilter.class, "token");

    private final FtpServerContext context;

    private final DataConnections dataConnections;

    private final ChannelDetacher detacher;

    private final CommandQueue commandQueue;

    private final Refusals refusals;

    private final LoginTimeout loginTimeout;

    private final Greetings greetings;

    private final String dataUser;

    /** The attribute of a session that holds its conversation, for this filter only. */
    private final Object conversationKey = new Object();

    /**
     * Creates the filter, which serves all sessions of all listeners.
     *
     * @param context the server
     * @param dataConnections where tokens are redeemed
     * @param detacher takes the sockets of data logins
     * @param refusals tells peers that their data login is refused
     * @param loginTimeout ends connections that do not log in
     * @param greetings holds what must not overtake a handshake
     * @param dataUser the user name of data logins
     */
    public DataLoginFilter(
            final FtpServerContext context,
            final DataConnections dataConnections,
            final ChannelDetacher detacher,
            final Refusals refusals,
            final LoginTimeout loginTimeout,
            final Greetings greetings,
            final String dataUser) {
        this.context = context;
        this.dataConnections = dataConnections;
        this.detacher = detacher;
        this.commandQueue = new CommandQueue(context.getThreadPoolExecutor());
        this.refusals = refusals;
        this.loginTimeout = loginTimeout;
        this.greetings = greetings;
        this.dataUser = dataUser;
    }

    /**
     * Puts this filter into the chain of a session, if it is not there yet, also in the place of one that a start which
     * has failed has left.
     *
     * @param chain the session's filters
     */
    public void attachTo(final IoFilterChain chain) {
        synchronized (chain) {
            if (chain.contains(this)) {
                return;
            }
            if (chain.contains(NAME)) {
                chain.replace(NAME, this);
            } else if (chain.contains(THREAD_POOL)) {
                chain.addBefore(THREAD_POOL, NAME, this);
            }
        }
    }

    /**
     * Puts this filter before the command threads of all sessions to come, also in the place of one that a start which
     * has failed has left.
     *
     * @param builder a listener's filters
     * @return false if the listener has no command threads
     */
    public boolean attachTo(final DefaultIoFilterChainBuilder builder) {
        if (builder.contains(NAME)) {
            builder.replace(NAME, this);
        } else if (builder.contains(THREAD_POOL)) {
            builder.addBefore(THREAD_POOL, NAME, this);
        }
        return builder.contains(this);
    }

    /**
     * Lets the next reply of a session carry a token in the place of {@link #TOKEN_PLACEHOLDER}.
     *
     * @param session the control session
     * @param token the token
     */
    public void revealInNextReply(final IoSession session, final DataToken token) {
        // A session that was being opened when the filter was put into its listener may have been missed.
        attachTo(session.getFilterChain());
        session.setAttribute(TOKEN, token);
    }

    private LoginConversation conversation(final IoSession session) {
        LoginConversation conversation = (LoginConversation) session.getAttribute(conversationKey);
        if (conversation == null) {
            // Not at sessionCreated: a session may be older than this filter.
            final LoginConversation begun = new LoginConversation(
                    session, context, dataConnections, detacher, commandQueue, refusals, dataUser);
            session.setAttributeIfAbsent(conversationKey, begun);
            conversation = (LoginConversation) session.getAttribute(conversationKey);
            if (conversation == begun) {
                loginTimeout.begin(conversation, session);
            }
        }
        return conversation;
    }

    /** {@inheritDoc} */
    @Override
    public void sessionOpened(final NextFilter next, final IoSession session) throws Exception {
        conversation(session);
        greetings.holdDuringHandshake(session);
        next.sessionOpened(session);
    }

    /** {@inheritDoc} */
    @Override
    public void messageReceived(final NextFilter next, final IoSession session, final Object message) {
        greetings.release(session);
        final IoBuffer buffer = (IoBuffer) message;
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        conversation(session).received(next, bytes);
    }

    /** {@inheritDoc} */
    @Override
    public void filterWrite(final NextFilter next, final IoSession session, final WriteRequest request) {
        final DataToken token = (DataToken) session.removeAttribute(TOKEN);
        if (token != null && request.getMessage() instanceof IoBuffer) {
            reveal(token, (IoBuffer) request.getMessage());
        }
        if (!greetings.isHeld(next, session, request)) {
            next.filterWrite(session, request);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>While a session transfers, the data connection has its own idle timeout, and FtpServer would hold this event
     * against the session after the transfer, however long that took. The transfer is not over for the peer before its
     * last reply has left; but that is waited for only once, as a peer need not read it.
     */
    @Override
    public void sessionIdle(final NextFilter next, final IoSession session, final IdleStatus status) {
        final SpsvDataConnectionFactory factory = DataConnections.of(session);
        if (factory == null
                || !factory.isTransferring() && !(factory.hasEndedTransfer() && WriteQueue.isSending(session))) {
            next.sessionIdle(session, status);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>What has come together with the end of a handshake stays in {@code SslFilter} until more is received: in MINA
     * 2.1 if a session ticket is sent, in MINA 2.2 if the handshake needs a delegated task.
     *
     * <p>A session ticket would hold up the next reply, so this is the time to switch Nagle's algorithm off.
     */
    @Override
    public void event(final NextFilter next, final IoSession session, final FilterEvent event) throws Exception {
        next.event(session, event);
        if (event == SslEvent.SECURED) {
            WriteQueue.sendAtOnce(session);
            greetings.release(session);
            WriteQueue.then(session, () -> fetchDecrypted(session));
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>When the peer's end of TLS has come together with its login, {@code SslFilter} of MINA 2.2 answers the next
     * call with an {@code IllegalStateException}, for which FtpServer would close the connection.
     */
    @Override
    public void exceptionCaught(final NextFilter next, final IoSession session, final Throwable cause)
            throws Exception {
        final LoginConversation conversation = conversation(session);
        if (cause instanceof SSLException) {
            conversation.tlsFailed();
        }
        if (cause instanceof IllegalStateException && conversation.isLoginHeld()) {
            LOG.debug("A TLS session has ended behind a data login", cause);
        } else {
            next.exceptionCaught(session, cause);
        }
    }

    /** {@inheritDoc} */
    @Override
    public void inputClosed(final NextFilter next, final IoSession session) throws Exception {
        controlConnectionEnded(session);
        conversation(session).inputEnded(next);
    }

    /** Fetches what {@code SslFilter} has decrypted but not handed on; it does so whenever something is received. */
    static void fetchDecrypted(final IoSession session) {
        session.getFilterChain().fireMessageReceived(IoBuffer.allocate(0));
    }

    /** {@inheritDoc} */
    @Override
    public void sessionClosed(final NextFilter next, final IoSession session) {
        controlConnectionEnded(session);
        conversation(session).sessionClosed();
        loginTimeout.cancel(session);
        greetings.drop(session);
        next.sessionClosed(session);
    }

    private static void controlConnectionEnded(final IoSession session) {
        final SpsvDataConnectionFactory factory = DataConnections.of(session);
        if (factory != null) {
            factory.controlConnectionEnded();
        }
    }

    private static void reveal(final DataToken token, final IoBuffer reply) {
        final byte[] placeholder = TOKEN_PLACEHOLDER.getBytes(StandardCharsets.US_ASCII);
        for (int at = reply.position(); at + placeholder.length <= reply.limit(); at++) {
            if (matches(reply, at, placeholder)) {
                final byte[] value = token.value().getBytes(StandardCharsets.US_ASCII);
                for (int i = 0; i < value.length; i++) {
                    reply.put(at + i, value[i]);
                }
                return;
            }
        }
    }

    private static boolean matches(final IoBuffer reply, final int at, final byte[] sought) {
        for (int i = 0; i < sought.length; i++) {
            if (reply.get(at + i) != sought[i]) {
                return false;
            }
        }
        return true;
    }
}
