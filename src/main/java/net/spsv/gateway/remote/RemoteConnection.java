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
package net.spsv.gateway.remote;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import net.spsv.gateway.control.LineReader;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.Reply;
import net.spsv.gateway.control.ReplyLine;
import net.spsv.gateway.control.ReplyParser;
import net.spsv.gateway.wire.PlainWire;
import net.spsv.gateway.wire.TlsWire;
import net.spsv.gateway.wire.Wire;
import net.spsv.protocol.DataCredentials;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to the server's port, from its beginning to where it can be used: as a control connection behind the
 * greeting, or as a data connection behind {@code 200 DATA}. Both begin alike, as the server cannot know which it is.
 *
 * <p>Threading: one thread at a time, which blocks, but for {@link #drop()}. Until the connection can be used, the
 * server's timeout ends what takes too long.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-3">
 *      draft-rosenau-ftp-single-port-02, section 3</a>
 */
public final class RemoteConnection {

    /** What a connection is for, which decides about its buffers. */
    public enum Use {
        /** Lines. */
        CONTROL(1),
        /** Files. */
        DATA(8);

        private final int records;

        Use(final int records) {
            this.records = records;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(RemoteConnection.class);

    /** Exactly this, section 3. */
    private static final String DATA_READY = "200 DATA";

    private static final int AUTH_ACCEPTED = 234;

    private static final int PASSWORD_WANTED = 331;

    private final RemoteServer server;

    private final InetSocketAddress address;

    /** Shared with the data connections of the same session, which resume its TLS, and with nobody else. */
    private final SSLContext context;

    private final Use use;

    private final long timeoutMillis;

    private final String name;

    private final LineReader lines = new LineReader();

    private final ReplyParser parser = new ReplyParser();

    private final SocketChannel channel;

    private final Wire tcp;

    /** The TCP connection, or the TLS on top of it. */
    private Wire wire;

    private ScheduledFuture<?> timeout;

    private volatile boolean timedOut;

    private Reply greeting;

    /**
     * Prepares a connection.
     *
     * @param server that it goes to
     * @param address which of the server's addresses
     * @param context null if there is no TLS
     * @param use what it is for
     * @param timeoutMillis how long it may take until it can be used
     * @param name for the log
     * @throws IOException if there is no socket to be had
     */
    RemoteConnection(
            final RemoteServer server,
            final InetSocketAddress address,
            final SSLContext context,
            final Use use,
            final long timeoutMillis,
            final String name)
            throws IOException {
        this.server = server;
        this.address = address;
        this.context = context;
        this.use = use;
        this.timeoutMillis = timeoutMillis;
        this.name = name;
        this.channel = SocketChannel.open();
        this.tcp = new PlainWire(channel);
        this.wire = tcp;
    }

    /**
     * Prepares a data connection to where this one goes, as a name may stand for many servers.
     *
     * @return a connection that is not open
     * @throws IOException if there is no socket to be had
     */
    public RemoteConnection second() throws IOException {
        return second(address.getPort());
    }

    /**
     * Prepares a data connection to the server that this one goes to.
     *
     * @param port which of its ports
     * @return a connection that is not open
     * @throws IOException if there is no socket to be had
     */
    public RemoteConnection second(final int port) throws IOException {
        return new RemoteConnection(
                server,
                new InetSocketAddress(address.getAddress(), port),
                context,
                Use.DATA,
                server.timeoutMillis(),
                name + " data");
    }

    /**
     * Connects, takes the greeting and protects the connection.
     *
     * @throws RemoteRefusalException if the server does not want to
     * @throws IOException if there is no connection to be had
     */
    void open() throws IOException {
        try {
            timeout = server.after(timeoutMillis, this::timeOut);
            connect();
            final Protection.Mode mode = server.protection().mode();
            if (mode == Protection.Mode.IMPLICIT) {
                secure();
            }
            takeGreeting();
            if (mode == Protection.Mode.EXPLICIT) {
                authenticate();
                secure();
            }
            if (use == Use.CONTROL) {
                ready();
            }
        } catch (IOException e) {
            throw ended(e);
        }
    }

    /**
     * Opens a data connection, which is ready for the file afterwards.
     *
     * @param credentials what the server answered to SPSV
     * @throws IOException if there is no connection to be had, or the server does not take the token
     */
    public void openData(final DataCredentials credentials) throws IOException {
        open();
        try {
            logIn(credentials);
            ready();
        } catch (IOException e) {
            throw ended(e);
        }
    }

    /**
     * Opens a data connection to a port that the server has opened, in the clear at first.
     *
     * @throws IOException if there is no connection to be had
     */
    public void openPassive() throws IOException {
        try {
            timeout = server.after(timeoutMillis, this::timeOut);
            connect();
            ready();
        } catch (IOException e) {
            throw ended(e);
        }
    }

    /**
     * Protects a data connection to a port that the server has opened, if it is to be protected. The server answers
     * when its transfer begins, so this may take any time.
     *
     * @throws IOException if the server is not trusted, or the connection ends
     */
    public void securePassive() throws IOException {
        if (server.protection().isTls()) {
            secure();
        }
    }

    /**
     * Sends a command and waits for its reply.
     *
     * @param command without its end
     * @return the last reply to it, preliminary ones are passed over
     * @throws IOException if the connection ends meanwhile
     */
    Reply exchange(final String command) throws IOException {
        send(command);
        return reply();
    }

    private void connect() throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        channel.socket().connect(address, (int) timeoutMillis);
    }

    private void secure() throws IOException {
        // what came in clear is no part of what comes inside TLS
        if (lines.rest().hasRemaining()) {
            throw new ProtocolException("The server sent something in clear in front of the TLS handshake");
        }
        final TlsWire tls = new TlsWire(tcp, server.newEngine(context), use.records);
        tls.handshake();
        wire = tls;
    }

    private void takeGreeting() throws IOException {
        greeting = reply();
        if (!Reply.isCompletion(greeting.code())) {
            throw refused("The server does not take the connection", greeting, "");
        }
    }

    private void authenticate() throws IOException {
        final Reply answer = exchange("AUTH TLS");
        if (answer.code() != AUTH_ACCEPTED) {
            throw refused("The server does not protect the connection", answer, "");
        }
    }

    private void logIn(final DataCredentials credentials) throws IOException {
        if (credentials.isSpdt()) {
            LOG.debug("{} to server: SPDT {}", name, DataCredentials.MASK);
            write("SPDT " + credentials.token() + "\r\n");
        } else {
            LOG.debug("{} to server: USER {}, PASS {}", name, credentials.user(), DataCredentials.MASK);
            // in one go: the answers are what takes time
            write("USER " + credentials.user() + "\r\nPASS " + credentials.token() + "\r\n");
            final Reply toUser = reply();
            if (toUser.code() != PASSWORD_WANTED) {
                throw refused("The server does not know the data user", toUser, credentials.token());
            }
        }
        final Reply answer = reply();
        if (!answer.lastLine().equals(DATA_READY)) {
            throw refused("The server does not take the token", answer, credentials.token());
        }
    }

    private RemoteRefusalException refused(final String what, final Reply reply, final String secret) {
        final String text = secret.isEmpty() ? reply.text() : reply.text().replace(secret, DataCredentials.MASK);
        return new RemoteRefusalException(what, reply, text);
    }

    private void send(final String command) throws IOException {
        LOG.debug("{} to server: {}", name, command);
        write(command + "\r\n");
    }

    private void write(final String text) throws IOException {
        wire.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Reads a reply, and the one that follows if it is preliminary. */
    private Reply reply() throws IOException {
        Reply reply = readReply();
        if (Reply.isPreliminary(reply.code())) {
            reply = readReply();
        }
        return reply;
    }

    private Reply readReply() throws IOException {
        final List<ReplyLine> read = new ArrayList<>();
        do {
            if (read.size() == Reply.MAX_LINES) {
                throw new ProtocolException("The server's reply has too many lines");
            }
            read.add(parser.parse(readLine()));
        } while (!read.get(read.size() - 1).isLast());
        return new Reply(read);
    }

    private String readLine() throws IOException {
        String line = lines.poll();
        while (line == null) {
            if (lines.fill(wire) < 0) {
                throw new EOFException("The server has closed the connection");
            }
            line = lines.poll();
        }
        return line;
    }

    private void timeOut() {
        timedOut = true;
        drop();
    }

    /** From now on the connection may take its time. */
    private void ready() throws IOException {
        if (!timeout.cancel(false) && timedOut) {
            throw new ClosedChannelException();
        }
    }

    private IOException ended(final IOException failure) {
        timeout.cancel(false);
        drop();
        if (timedOut || failure instanceof SocketTimeoutException) {
            final IOException clear = new SocketTimeoutException("no answer within " + timeoutMillis / 1000 + " s");
            clear.initCause(failure);
            return clear;
        }
        return failure instanceof SSLException ? new SSLException(explained(failure), failure) : failure;
    }

    private static String explained(final IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return "the server's certificate is not trusted, or is for another name (" + Log.reason(cause) + ")";
            }
        }
        return "TLS: " + Log.reason(failure);
    }

    /**
     * Returns what the server greeted with.
     *
     * @return the reply; null before {@link #open()}
     */
    public Reply greeting() {
        return greeting;
    }

    /**
     * Returns the connection's reader, which may have read beyond the greeting.
     *
     * @return to go on with
     */
    public LineReader lines() {
        return lines;
    }

    /**
     * Returns the channel.
     *
     * @return connected and blocking
     */
    public SocketChannel channel() {
        return channel;
    }

    /**
     * Returns what is read and written.
     *
     * @return the channel, or the TLS on top of it
     */
    public Wire wire() {
        return wire;
    }

    /** Ends the connection. */
    void close() {
        try {
            wire.end();
        } catch (IOException e) {
            LOG.debug("{}: the server has gone first", name, e);
        }
        wire.close();
    }

    /** Ends the connection with a reset, from any thread and at any time. */
    public void drop() {
        tcp.drop();
    }
}
