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
package net.spsv.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import net.spsv.protocol.DataCredentials;
import org.apache.commons.net.SocketClient;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPReply;

/**
 * The way from a token to a data connection: a second connection to where the control connection goes, made and
 * protected as that one was, that logs in and then is the data connection.
 *
 * <p>Fails with an exception that has the server's text; no socket is left open then.
 */
final class SecondConnection {

    /** Exactly this (draft, section 3); the next byte is the file's. */
    private static final String READY = "200 DATA\r\n";

    /** RFC 2228: the server wants more, which Commons Net takes for a yes on control connections, too. */
    private static final int SECURITY_DATA_WANTED = 334;

    private final ClientAccess access;

    private final FTPClient client;

    private final DataCredentials credentials;

    private final InetAddress localAddress;

    /** The TCP connection; closing it ends everything, at once. */
    private Socket tcp;

    /** What is read from and written to: the TCP connection, or the TLS on top of it. */
    private Socket socket;

    /** The same with TLS on top, else null. */
    private TlsWire wire;

    private Deadline deadline;

    private ReplyReader replies;

    /**
     * Prepares the way.
     *
     * @param localAddress where it goes out, or null for the system to choose
     */
    SecondConnection(final ClientAccess access, final DataCredentials credentials, final InetAddress localAddress) {
        this.access = access;
        this.client = access.client();
        this.credentials = credentials;
        this.localAddress = localAddress;
    }

    /** Goes the way to its end. */
    Socket open() throws IOException {
        tcp = access.socketFactory().createSocket();
        boolean ready = false;
        try {
            final int timeout = tcp.getSoTimeout();
            connect();
            verifyRemote();
            logIn();
            if (wire != null) {
                wire.loggedIn();
            }
            socket.setSoTimeout(dataTimeout() >= 0 ? dataTimeout() : timeout);
            ready = true;
            return socket;
        } finally {
            if (!ready) {
                closeQuietly(tcp);
            }
        }
    }

    private void connect() throws IOException {
        if (client.getReceiveDataSocketBufferSize() > 0) {
            tcp.setReceiveBufferSize(client.getReceiveDataSocketBufferSize());
        }
        if (client.getSendDataSocketBufferSize() > 0) {
            tcp.setSendBufferSize(client.getSendDataSocketBufferSize());
        }
        if (localAddress != null) {
            tcp.bind(new InetSocketAddress(localAddress, 0));
        }
        if (dataTimeout() >= 0) {
            tcp.setSoTimeout(dataTimeout());
        }
        tcp.connect(access.serverAddress(), client.getConnectTimeout());
    }

    private void verifyRemote() throws IOException {
        final InetAddress remote = tcp.getInetAddress();
        if (client.isRemoteVerificationEnabled() && remote != null && !client.verifyRemote(tcp)) {
            throw new IOException("Host of the data connection " + remote.getHostAddress() + " is not same as server "
                    + client.getRemoteAddress().getHostAddress());
        }
    }

    private void logIn() throws IOException {
        // With Nagle's algorithm the login would wait for the ACK of the handshake.
        final boolean noDelay = tcp.getTcpNoDelay();
        tcp.setTcpNoDelay(true);
        deadline = new Deadline(loginTimeout());
        replies = new ReplyReader(Charset.forName(client.getControlEncoding()), deadline);
        try {
            converse();
        } catch (SocketTimeoutException e) {
            throw because(e, new SocketTimeoutException("Timed out logging in the data connection"));
        } catch (SocketException e) {
            throw because(e, new SpsvException(ReplyReader.CLOSED, 0));
        }
        tcp.setTcpNoDelay(noDelay);
    }

    /** Says what it can without waiting for the greeting: every reply that is waited for costs a round trip. */
    private void converse() throws IOException {
        switch (access.tls()) {
            case IMPLICIT:
                secure();
                sendLogin();
                greeting();
                break;
            case EXPLICIT:
                use(tcp);
                send(line("AUTH", access.authValue()));
                access.commandSent("AUTH", line("AUTH", access.authValue()));
                greeting();
                protect();
                sendLogin();
                break;
            default:
                use(tcp);
                access.preparePlain(tcp);
                sendLogin();
                greeting();
                break;
        }
        ready();
    }

    private void greeting() throws IOException {
        ReplyReader.Reply greeting = reply();
        if (FTPReply.isPositivePreliminary(greeting.code())) {
            greeting = reply();
        }
        if (!FTPReply.isPositiveCompletion(greeting.code())) {
            throw refused("The server does not take the data connection", greeting);
        }
    }

    private void protect() throws IOException {
        final ReplyReader.Reply answer = reply();
        if (answer.code() != FTPReply.SECURITY_DATA_EXCHANGE_COMPLETE && answer.code() != SECURITY_DATA_WANTED) {
            throw refused("The server does not protect the data connection", answer);
        }
        secure();
    }

    private void secure() throws IOException {
        wire = new TlsWire(tcp, deadline);
        use(access.secure(wire));
    }

    private void use(final Socket next) throws IOException {
        socket = next;
        replies.from(next);
    }

    private void sendLogin() throws IOException {
        if (credentials.isSpdt()) {
            send(line("SPDT", credentials.token()));
            access.commandSent("SPDT", line("SPDT", DataCredentials.MASK));
        } else {
            send(line("USER", credentials.user()) + line("PASS", credentials.token()));
            access.commandSent("USER", line("USER", credentials.user()));
            access.commandSent("PASS", line("PASS", DataCredentials.MASK));
        }
    }

    private void ready() throws IOException {
        if (!credentials.isSpdt()) {
            final ReplyReader.Reply toUser = reply();
            if (toUser.code() != FTPReply.NEED_PASSWORD) {
                throw refused("The server does not know the user of data connections", toUser);
            }
        }
        final ReplyReader.Reply answer = reply();
        if (!answer.text().equals(READY)) {
            throw refused("The server does not give a data connection for the token", answer);
        }
    }

    private void send(final String lines) throws IOException {
        socket.getOutputStream().write(lines.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    private static String line(final String command, final String argument) {
        return command + ' ' + argument + SocketClient.NETASCII_EOL;
    }

    private ReplyReader.Reply reply() throws IOException {
        final ReplyReader.Reply reply = replies.read();
        access.replyReceived(reply.code(), masked(reply));
        return reply;
    }

    private SpsvException refused(final String what, final ReplyReader.Reply reply) {
        return new SpsvException(what + ": " + masked(reply).trim(), reply.code());
    }

    /** A server that repeats the token does not get it into anybody's log. */
    private String masked(final ReplyReader.Reply reply) {
        final String text = reply.text();
        return text.substring(0, 4) + text.substring(4).replace(credentials.token(), DataCredentials.MASK);
    }

    /** The data timeout if there is one, else as long as the greeting of the control connection may take. */
    private int loginTimeout() {
        return dataTimeout() > 0 ? dataTimeout() : Math.max(0, client.getConnectTimeout());
    }

    private int dataTimeout() {
        return (int)
                Math.max(-1, Math.min(Integer.MAX_VALUE, client.getDataTimeout().toMillis()));
    }

    private static IOException because(final IOException cause, final IOException exception) {
        exception.initCause(cause);
        return exception;
    }

    static void closeQuietly(final Socket socket) {
        try {
            socket.close();
        } catch (IOException ignored) {
            // what has failed before is what the caller wants to know
        }
    }
}
