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
package net.spsv.gateway.control;

import java.io.Closeable;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import net.spsv.gateway.wire.PlainWire;
import net.spsv.gateway.wire.Wire;
import net.spsv.protocol.DataCredentials;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two control connections of a session. Whatever the session waits for, both are heard: the end of one is noticed
 * at once, and so is an ABOR that stands behind a command which has not been answered yet.
 *
 * <p>Threading: the session's thread, but for {@link #wakeUp()}, {@link #stop()} and {@link #drop()}.
 */
public final class ControlConnections implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlConnections.class);

    private static final String GOODBYE = "QUIT";

    /** Commands and replies that are read ahead; more are left to the sender's TCP. */
    private static final int AHEAD = 1024;

    /**
     * What is owed to a client that has ended its side, as a script piped into netcat does, before it is left: for each
     * command, but for a transfer that it awaits with a QUIT.
     */
    private static final long GRACE_SECONDS = 5;

    private final String name;

    private TransferWatch transfer;

    private final Selector selector;

    private final PlainWire client;

    private final SelectionKey clientKey;

    private final LineReader fromClient = new LineReader();

    private final Deque<Command> commands = new ArrayDeque<>();

    private final StringBuilder toClient = new StringBuilder();

    private boolean clientEnded;

    /** Whether it has said QUIT before it ended, and was not reset. */
    private boolean farewell;

    /** As {@code System.nanoTime}: when the client had ended its side, or the last command began to be served. */
    private long graceFrom;

    private final Wire server;

    private final SelectionKey serverKey;

    private final LineReader fromServer;

    private final ReplyParser parser = new ReplyParser();

    private final Deque<ReplyLine> replies = new ArrayDeque<>();

    private final StringBuilder toServer = new StringBuilder();

    /** Null as long as the server is there. */
    private ServiceClosingException serverEnded;

    /** Whether the client has been told that the session ends. */
    private boolean closingSaid;

    private volatile boolean stopped;

    /**
     * Joins them.
     *
     * @param name the session's, for the log
     * @param clientChannel connected
     * @param client what goes over the channel
     * @param serverChannel connected
     * @param server what goes over the channel
     * @param fromServer may have read something already
     * @throws IOException if one of the channels is closed
     */
    public ControlConnections(
            final String name,
            final SocketChannel clientChannel,
            final PlainWire client,
            final SocketChannel serverChannel,
            final Wire server,
            final LineReader fromServer)
            throws IOException {
        this.name = name;
        this.client = client;
        this.server = server;
        this.fromServer = fromServer;
        this.selector = Selector.open();
        try {
            this.clientKey = register(clientChannel);
            this.serverKey = register(serverChannel);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    private SelectionKey register(final SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        return channel.register(selector, 0);
    }

    /**
     * Sets what is told of what must not wait until commands are served in their turn.
     *
     * @param watch called by the session's thread, from before anything is waited for
     */
    public void setTransferWatch(final TransferWatch watch) {
        this.transfer = watch;
    }

    /**
     * Waits for the client's next command. What the server says meanwhile goes to the client.
     *
     * @return the command, or null if the client has ended its side
     * @throws ServiceClosingException if the server has gone
     * @throws ClientGoneException if the client takes no replies
     */
    public Command nextCommand() throws IOException {
        while (true) {
            while (!replies.isEmpty()) {
                toClient(replies.remove().text());
            }
            if (serverEnded != null) {
                throw serverEnded;
            }
            if (!commands.isEmpty()) {
                graceFrom = System.nanoTime();
                return commands.remove();
            }
            if (clientEnded) {
                return null;
            }
            exchange(0);
        }
    }

    /**
     * Waits for the server's next line.
     *
     * @return the line
     * @throws ServiceClosingException if the server has gone
     * @throws ClientGoneException if the client has, and nothing is to be expected for it any more
     */
    public ReplyLine nextReplyLine() throws IOException {
        while (replies.isEmpty()) {
            if (serverEnded != null) {
                throw serverEnded;
            }
            if (!clientEnded || farewell && isWaiting(GOODBYE)) {
                exchange(0);
                continue;
            }
            final long left = TimeUnit.SECONDS.toNanos(GRACE_SECONDS) - (System.nanoTime() - graceFrom);
            if (left <= 0) {
                throw new ClientGoneException("has gone", null);
            }
            exchange(TimeUnit.NANOSECONDS.toMillis(left) + 1);
        }
        return replies.remove();
    }

    /**
     * Waits for the server's next reply.
     *
     * @return the reply, complete
     * @throws IOException as {@link #nextReplyLine()}
     */
    public Reply nextReply() throws IOException {
        final List<ReplyLine> lines = new ArrayList<>();
        do {
            if (lines.size() == Reply.MAX_LINES) {
                throw new ServiceClosingException("The server's reply has too many lines");
            }
            lines.add(nextReplyLine());
        } while (!lines.get(lines.size() - 1).isLast());
        return new Reply(lines);
    }

    /**
     * Waits for something that another thread brings about, which calls {@link #wakeUp()} then.
     *
     * @param condition whether it is so
     * @throws IOException if the client takes no replies, or this was stopped
     */
    public void await(final BooleanSupplier condition) throws IOException {
        while (!condition.getAsBoolean()) {
            exchange(0);
        }
    }

    /**
     * Waits for something that another thread brings about, which calls {@link #wakeUp()} then.
     *
     * @param condition whether it is so
     * @param millis how long, more than 0
     * @return whether it is so
     * @throws IOException if the client takes no replies, or this was stopped
     */
    public boolean await(final BooleanSupplier condition, final long millis) throws IOException {
        final long start = System.nanoTime();
        long left = millis;
        while (!condition.getAsBoolean()) {
            if (left <= 0) {
                return false;
            }
            exchange(left);
            left = millis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        }
        return true;
    }

    /** Lets the session's thread look at what it waits for. */
    public void wakeUp() {
        selector.wakeup();
    }

    /** Ends the session, from any thread. */
    public void stop() {
        stopped = true;
        selector.wakeup();
    }

    /** Resets both connections, from any thread. */
    public void drop() {
        client.drop();
        server.drop();
    }

    /**
     * Returns whether the client has sent a command already, behind what is being served.
     *
     * @param verb in capitals
     * @return true if it is still to be served
     */
    public boolean isWaiting(final String verb) {
        return commands.stream().anyMatch(command -> verb.equals(command.verb()));
    }

    /**
     * Sends a reply, or a line of it, at the latest when something is waited for.
     *
     * @param line without its end
     */
    public void toClient(final String line) {
        LOG.debug("{} to client: {}", name, Log.printable(line.startsWith("227 ") ? masked(line) : line));
        closingSaid |= line.startsWith("421 ");
        toClient.append(line).append("\r\n");
    }

    /**
     * Tells the client that the session ends, if the server has not done so.
     *
     * @param reason a sentence without the full stop
     */
    public void sayClosing(final String reason) {
        if (!closingSaid) {
            toClient("421 " + reason + '.');
        }
    }

    /**
     * Sends a command, at the latest when something is waited for.
     *
     * @param line without its end
     */
    public void toServer(final String line) {
        toServer.append(line).append("\r\n");
    }

    /** A server that answers out of step may have sent a token here. */
    private static String masked(final String reply) {
        return reply.matches("227 [^(]*\\([0-9,]+\\).*") ? reply : DataCredentials.masked(reply);
    }

    /** Sends what is to be sent, takes in what has come, and if that is nothing, waits for it. */
    private void exchange(final long timeoutMillis) throws IOException {
        if (stopped) {
            throw new ServiceClosingException("The gateway is shutting down");
        }
        flush();
        final boolean asked = transfer.isClientAskedFor();
        final boolean any = takeIn();
        if (asked) {
            transfer.clientWasHeard();
        }
        if (any) {
            return;
        }
        clientKey.interestOps(isClientHeard() ? SelectionKey.OP_READ : 0);
        serverKey.interestOps(isServerHeard() ? SelectionKey.OP_READ : 0);
        selector.select(timeoutMillis);
        selector.selectedKeys().clear();
    }

    private void flush() throws ClientGoneException {
        if (toServer.length() > 0) {
            try {
                server.write(take(toServer));
            } catch (IOException e) {
                // the server's last words may be there to be read
                LOG.debug("{} cannot write to the server", name, e);
            }
        }
        if (toClient.length() > 0) {
            try {
                client.write(take(toClient));
            } catch (IOException e) {
                throw new ClientGoneException("takes no replies", e);
            }
        }
    }

    private static ByteBuffer take(final StringBuilder lines) {
        final byte[] bytes = lines.toString().getBytes(StandardCharsets.ISO_8859_1);
        lines.setLength(0);
        return ByteBuffer.wrap(bytes);
    }

    private boolean takeIn() throws IOException {
        final boolean server = isServerHeard() && takeInReplies();
        final boolean client = isClientHeard() && takeInCommands();
        return server || client;
    }

    private boolean isServerHeard() {
        return serverEnded == null && replies.size() < AHEAD;
    }

    private boolean isClientHeard() {
        return !clientEnded && commands.size() < AHEAD;
    }

    /** Reads once; false if there was nothing. */
    private boolean takeInReplies() {
        try {
            String line = fromServer.poll();
            if (line == null) {
                final int count = fromServer.fill(server);
                if (count < 0) {
                    serverEnded = new ServiceClosingException("The server has closed the connection");
                }
                if (count <= 0) {
                    return count < 0;
                }
                line = fromServer.poll();
            }
            while (line != null) {
                replies.add(parser.parse(line));
                line = fromServer.poll();
            }
        } catch (IOException e) {
            serverEnded = new ServiceClosingException("The connection to the server is lost: " + Log.reason(e), e);
        }
        return true;
    }

    /** Reads once; false if there was nothing. */
    private boolean takeInCommands() throws IOException {
        try {
            final int count = fromClient.fill(client);
            if (count == 0) {
                return false;
            }
            if (count < 0) {
                clientEnds(isWaiting(GOODBYE));
            }
        } catch (ProtocolException e) {
            toClient("500 Syntax error: " + e.getMessage() + '.');
            flush();
            throw new ClientGoneException("has sent what is no command", e);
        } catch (IOException e) {
            LOG.debug("{} was reset", name, e);
            clientEnds(false);
        }
        for (String line = fromClient.poll(); line != null; line = fromClient.poll()) {
            final Command command = Command.parse(line);
            LOG.debug("{} from client: {}", name, Log.printable(command.masked()));
            commands.add(command);
            if ("ABOR".equals(command.verb())) {
                transfer.interrupt();
            }
        }
        return true;
    }

    /** Without a goodbye it may have died, and what it uploads may look complete and not be. */
    private void clientEnds(final boolean properly) {
        clientEnded = true;
        farewell = properly;
        graceFrom = System.nanoTime();
        if (!properly) {
            transfer.interrupt();
        }
    }

    /** Sends what is to be sent, and ends and closes both. */
    @Override
    public void close() {
        try {
            flush();
        } catch (IOException e) {
            LOG.debug("{} has not got its last reply", name, e);
        }
        try {
            selector.close();
        } catch (IOException e) {
            LOG.debug("A selector did not close cleanly", e);
        }
        try {
            server.end();
        } catch (IOException e) {
            LOG.debug("The server has gone first", e);
        }
        server.close();
        client.endAndClose();
    }
}
