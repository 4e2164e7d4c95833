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

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.command.SpsvMessages;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.data.PendingDataConnection;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.detach.UnconnectedChannel;
import org.apache.ftpserver.DataConnectionConfigurationFactory;
import org.apache.ftpserver.impl.DefaultFtpServerContext;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.listener.nio.FtpServerProtocolCodecFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.service.IoHandlerAdapter;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IdleStatus;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.filter.codec.ProtocolCodecFilter;
import org.apache.mina.filter.codec.ProtocolDecoderException;

/**
 * One session of a server without a network and without threads: the filter under test between a wire and a stand-in
 * for FtpServer, which answers each line with a reply of its own.
 *
 * <p>The caller's thread is the I/O thread. The command threads come to life in {@link #runCommands()} only, so that a
 * test decides who is first. Replies are taken by the network at once, unless it is told to {@link #stall()}.
 */
final class ScriptedServer {

    final DummySession session = new DummySession();

    final FtpIoSession ftpSession;

    final DataConnections dataConnections;

    final DataLoginFilter filter;

    private final DefaultFtpServerContext context = new DefaultFtpServerContext() {
        @Override
        public synchronized ThreadPoolExecutor getThreadPoolExecutor() {
            return commandPool;
        }
    };

    private final MinaInternals internals = MinaInternals.probe();

    private final CommandPool commandPool = new CommandPool();

    private final StringBuilder handed = new StringBuilder();

    private final StringBuilder handled = new StringBuilder();

    private final StringBuilder wire = new StringBuilder();

    private String token = "";

    private boolean inputEnded;

    private int idleEvents;

    private int repliesSent;

    private boolean closeHeard;

    ScriptedServer() {
        this(null);
    }

    /** A session that was opened before the filter was there. */
    static ScriptedServer withoutFilter() {
        final ScriptedServer server = new ScriptedServer();
        server.session.getFilterChain().remove(server.filter);
        return server;
    }

    /** Another session of the same server, or the first one. */
    ScriptedServer(final DataConnections shared) {
        context.setMessageResource(new SpsvMessages(context.getMessageResource(), () -> false));
        dataConnections = shared == null ? new DataConnections(context, internals, true) : shared;
        ftpSession = new FtpIoSession(session, context);
        dataIdleTimeout(20);
        session.setRemoteAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_000));
        session.setLocalAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 21));
        session.getFilterChain().addLast("wire", new Wire());
        session.getFilterChain().addLast("threadPool", new ThreadPool());
        session.getFilterChain().addLast("codec", new ProtocolCodecFilter(new FtpServerProtocolCodecFactory()));
        session.setHandler(new Commands());
        filter = new DataLoginFilter(
                context,
                dataConnections,
                new ChannelDetacher(internals),
                new Refusals(null, () -> 0, dataConnections.statistics()),
                new LoginTimeout(null, 0),
                new Greetings(null),
                "DATACONN");
        filter.attachTo(session.getFilterChain());
        session.getFilterChain().fireSessionOpened();
    }

    /** Sets for how many seconds a transfer waits for its data connection; 20 unless told, more than a test takes. */
    ScriptedServer dataIdleTimeout(final int seconds) {
        final DataConnectionConfigurationFactory data = new DataConnectionConfigurationFactory();
        data.setIdleTime(seconds);
        final ListenerFactory listener = new ListenerFactory();
        listener.setDataConnectionConfiguration(data.createDataConnectionConfiguration());
        ftpSession.setListener(listener.createListener());
        return this;
    }

    /** Lets the greeting go out. */
    ScriptedServer greeted() {
        runCommands();
        wire.setLength(0);
        return this;
    }

    /** Logs a real user in, past everything. */
    ScriptedServer loggedIn() {
        greeted();
        final BaseUser user = new BaseUser();
        user.setName("me");
        ftpSession.setUser(user);
        return this;
    }

    void receive(final String text) {
        receive(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void receive(final byte[]... pieces) {
        for (final byte[] piece : pieces) {
            session.getFilterChain().fireMessageReceived(IoBuffer.wrap(piece.clone()));
        }
    }

    void receiveFin() {
        session.getFilterChain().fireInputClosed();
    }

    /** Lets the command threads do all there is to do. */
    void runCommands() {
        for (Runnable next = commandPool.work.poll(); next != null; next = commandPool.work.poll()) {
            next.run();
        }
    }

    /** Whether the command threads have something to do. */
    boolean hasCommands() {
        return !commandPool.work.isEmpty();
    }

    /** Lets a data connection come with the token that SPSV has made last. */
    void dataConnectionComes() {
        final PendingDataConnection pending =
                dataConnections.redeem(token, InetAddress.getLoopbackAddress(), false, why -> {});
        assertThat(pending).isNotNull();
        pending.deliver(new UnconnectedChannel().detached());
    }

    /** Lets the network take no more replies. */
    void stall() {
        session.suspendWrite();
    }

    /** Lets the network take one of the replies that wait, or a mark between them. */
    void sendOne() {
        session.getProcessor().flush(session);
    }

    /** Lets the network take what waits, and all that comes. */
    void flow() {
        session.resumeWrite();
        while (!session.getWriteRequestQueue().isEmpty(session)) {
            sendOne();
        }
    }

    /** What the filter has handed on to FtpServer's queue, all together. */
    String handed() {
        return handed.toString();
    }

    /** The lines that FtpServer has dealt with, each with a bar behind it. */
    String handled() {
        return handled.toString();
    }

    /** The replies that were written. */
    String wire() {
        return wire.toString();
    }

    /** The codes of the replies that were written. */
    List<String> codes() {
        final List<String> codes = new ArrayList<>();
        for (final String line : wire.toString().split("\r\n")) {
            codes.add(line.replaceFirst(" .*", ""));
        }
        return codes;
    }

    boolean isClosed() {
        return session.isClosing();
    }

    boolean isInputEnded() {
        return inputEnded;
    }

    int idleEvents() {
        return idleEvents;
    }

    int repliesSent() {
        return repliesSent;
    }

    boolean isCloseHeard() {
        return closeHeard;
    }

    void idle() {
        session.getFilterChain().fireSessionIdle(IdleStatus.BOTH_IDLE);
    }

    /** The side of the network. */
    private final class Wire extends IoFilterAdapter {
        @Override
        public void filterWrite(final NextFilter next, final IoSession from, final WriteRequest request) {
            final IoBuffer reply = (IoBuffer) request.getMessage();
            wire.append(StandardCharsets.UTF_8.decode(reply.duplicate().buf()));
            next.filterWrite(from, request);
        }
    }

    /** In the place of MINA's {@code ExecutorFilter}. */
    private final class ThreadPool extends IoFilterAdapter {
        @Override
        public void sessionOpened(final NextFilter next, final IoSession from) {
            commandPool.work.add(() -> next.sessionOpened(from));
        }

        @Override
        public void messageReceived(final NextFilter next, final IoSession from, final Object message) {
            handed.append(StandardCharsets.ISO_8859_1.decode(
                    ((IoBuffer) message).duplicate().buf()));
            commandPool.work.add(() -> next.messageReceived(from, message));
        }

        @Override
        public void inputClosed(final NextFilter next, final IoSession from) {
            inputEnded = true;
        }

        @Override
        public void sessionIdle(final NextFilter next, final IoSession from, final IdleStatus status) {
            idleEvents++;
        }
    }

    /** FtpServer's commands, as far as they matter here. */
    private final class Commands extends IoHandlerAdapter {
        @Override
        public void sessionOpened(final IoSession from) {
            from.write("220 ready\r\n");
        }

        @Override
        public void messageReceived(final IoSession from, final Object message) throws Exception {
            final String line = (String) message;
            handled.append(line).append('|');
            switch (DataLogin.verb(line)) {
                case "USER":
                    ftpSession.setUserArgument(line.substring(line.indexOf(' ') + 1));
                    from.write("331 who\r\n");
                    break;
                case "PASS":
                    logIn(from, line);
                    break;
                case "REIN":
                    ftpSession.reinitialize();
                    from.write("220 again\r\n");
                    break;
                case "SPSV":
                    token = dataConnections.prepare(ftpSession).value();
                    from.write("227 token\r\n");
                    break;
                case "RETR":
                    retrieve(from);
                    break;
                case "ABOR":
                    ftpSession.getDataConnection().closeDataConnection();
                    from.write("226 aborted\r\n");
                    break;
                default:
                    from.write("200 " + line.length() + "\r\n");
                    break;
            }
        }

        private void logIn(final IoSession from, final String line) {
            if (ftpSession.getUserArgument() == null || !line.endsWith(" right")) {
                from.write("530 no\r\n");
                return;
            }
            final BaseUser user = new BaseUser();
            user.setName(ftpSession.getUserArgument());
            ftpSession.setUser(user);
            from.write("230 in\r\n");
        }

        private void retrieve(final IoSession from) throws Exception {
            if (ftpSession.getDataConnection().getInetAddress() == null) {
                from.write("503 nothing is prepared\r\n");
                return;
            }
            from.write("150 here it comes\r\n");
            try {
                ftpSession.getDataConnection().openConnection();
                from.write("226 done\r\n");
            } catch (SocketTimeoutException e) {
                from.write("425 nobody came\r\n");
            } catch (SocketException e) {
                from.write("426 given up\r\n");
            } finally {
                ftpSession.getDataConnection().closeDataConnection();
            }
        }

        @Override
        public void messageSent(final IoSession from, final Object message) {
            repliesSent++;
        }

        @Override
        public void sessionClosed(final IoSession from) {
            closeHeard = true;
        }

        @Override
        public void exceptionCaught(final IoSession from, final Throwable cause) {
            if (!(cause instanceof ProtocolDecoderException)) {
                throw new AssertionError(cause);
            }
            from.write("501 too long\r\n");
        }
    }

    /** Threads that work when they are told to. */
    private static final class CommandPool extends ThreadPoolExecutor {
        private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();

        CommandPool() {
            super(0, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        }

        @Override
        public void execute(final Runnable task) {
            work.add(task);
        }
    }
}
