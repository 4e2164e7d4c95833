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
package net.spsv.gateway.session;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import net.spsv.gateway.control.Command;
import net.spsv.gateway.control.ControlConnections;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.Reply;
import net.spsv.gateway.control.ReplyLine;
import net.spsv.gateway.control.ServiceClosingException;
import net.spsv.gateway.control.TransferWatch;
import net.spsv.gateway.data.ActiveEnd;
import net.spsv.gateway.data.ClientEnd;
import net.spsv.gateway.data.DataAddress;
import net.spsv.gateway.data.DataConnection;
import net.spsv.gateway.data.DataConnectionStarter;
import net.spsv.gateway.data.Direction;
import net.spsv.gateway.data.FallbackEnd;
import net.spsv.gateway.data.PassiveEnd;
import net.spsv.gateway.data.ServerEnd;
import net.spsv.gateway.data.SinglePortEnd;
import net.spsv.gateway.remote.RemoteConnection;
import net.spsv.protocol.DataCredentials;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data connections of a session, one after the other.
 *
 * <p>The client's PASV, EPSV, PORT or EPRT becomes SPSV. The login of the second connection starts at once, and the
 * transfer command goes to the server when it is done, so that a login that fails is a 425 and no transfer that hangs.
 * The last reply of a transfer goes to the client when the last byte has, as it does without a gateway.
 *
 * <p>Threading: the session's thread.
 */
final class Transfers implements TransferWatch {

    private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);

    /** RFC 2577, section 3: services with lower numbers are not to be reached through an FTP server. */
    private static final int LOWEST_PORT = 1024;

    private static final int PASSIVE = 227;

    private static final int EXTENDED_PASSIVE = 229;

    /** RFC 2428, section 3. */
    private static final int PROTOCOL_NOT_SUPPORTED = 522;

    /** How long a transfer may take that was not announced by 150 and is said to be complete. */
    private static final long UNANNOUNCED_MILLIS = 1000;

    private final String name;

    private final ControlConnections controls;

    private final RemoteConnection server;

    private final DataConnectionStarter connections;

    private final boolean fallback;

    private final InetAddress local;

    private final InetAddress client;

    private boolean extendedOnly;

    /** Whether the server has got REST for a transfer that it has not got yet. */
    private boolean restarting;

    /** Whether the server has said that it does not know SPSV. */
    private boolean singlePortUnknown;

    /** The last one, which may be over. */
    private DataConnection current;

    private int count;

    private long bytesUp;

    private long bytesDown;

    /**
     * Prepares for a session.
     *
     * @param local the client's control connection, this side
     * @param client the client's control connection, that side
     */
    Transfers(
            final String name,
            final ControlConnections controls,
            final RemoteConnection server,
            final DataConnectionStarter connections,
            final boolean fallback,
            final InetAddress local,
            final InetAddress client) {
        this.name = name;
        this.controls = controls;
        this.server = server;
        this.connections = connections;
        this.fallback = fallback;
        this.local = local;
        this.client = client;
        controls.setTransferWatch(this);
    }

    void passive() throws IOException {
        if (isRefusedAfterEpsvAll()) {
            return;
        }
        if ("2".equals(DataAddress.protocol(local))) {
            controls.toClient("425 PASV is for IPv4, use EPSV.");
            return;
        }
        final PassiveEnd end = listen();
        if (end != null) {
            prepare(end, "227 Entering Passive Mode (" + DataAddress.numbers(end.address()) + ").");
        }
    }

    /** RFC 2428, section 3. */
    void extendedPassive(final String argument) throws IOException {
        if ("ALL".equalsIgnoreCase(argument)) {
            extendedOnly = true;
            controls.toClient("200 Only EPSV from now on.");
        } else if (!argument.isEmpty() && !argument.equals(DataAddress.protocol(local))) {
            controls.toClient(
                    argument.matches("[0-9]{1,5}")
                            ? unsupportedProtocol()
                            : "501 Syntax error in the parameter of EPSV.");
        } else {
            final PassiveEnd end = listen();
            if (end != null) {
                prepare(
                        end,
                        "229 Entering Extended Passive Mode (|||"
                                + end.address().getPort() + "|).");
            }
        }
    }

    private String unsupportedProtocol() {
        return "522 Network protocol not supported, use (" + DataAddress.protocol(local) + ").";
    }

    private PassiveEnd listen() {
        try {
            return connections.listen(local, client);
        } catch (IOException e) {
            LOG.warn("{} gets no passive port: {}", name, e.toString());
            controls.toClient("425 Cannot open a passive port.");
            return null;
        }
    }

    void active(final String argument) throws IOException {
        if (isRefusedAfterEpsvAll()) {
            return;
        }
        active(DataAddress.ofPort(argument), "PORT");
    }

    /** RFC 2428, section 2. */
    void extendedActive(final String argument) throws IOException {
        if (isRefusedAfterEpsvAll()) {
            return;
        }
        final String protocol = DataAddress.protocolOfEprt(argument);
        if (protocol != null && !protocol.equals(DataAddress.protocol(local))) {
            controls.toClient(unsupportedProtocol());
        } else {
            active(DataAddress.ofEprt(argument), "EPRT");
        }
    }

    private void active(final InetSocketAddress address, final String verb) throws IOException {
        if (address == null) {
            controls.toClient("501 Syntax error in the parameter of " + verb + '.');
        } else if (!address.getAddress().equals(client) || address.getPort() < LOWEST_PORT) {
            controls.toClient("504 " + verb + " is for your own address and ports from " + LOWEST_PORT + " up.");
        } else {
            prepare(new ActiveEnd(local, address), "200 " + verb + " command successful.");
        }
    }

    private boolean isRefusedAfterEpsvAll() {
        if (extendedOnly) {
            controls.toClient("503 Only EPSV is allowed after EPSV ALL.");
        }
        return extendedOnly;
    }

    private void prepare(final ClientEnd clientEnd, final String answer) throws IOException {
        release("another one is prepared");
        boolean prepared = false;
        try {
            final ServerEnd serverEnd = serverEnd();
            prepared = serverEnd != null && start(clientEnd, serverEnd);
        } finally {
            if (!prepared) {
                clientEnd.drop();
            }
        }
        if (prepared) {
            controls.toClient(answer);
        }
    }

    private boolean start(final ClientEnd clientEnd, final ServerEnd serverEnd) {
        try {
            current = connections.start(clientEnd, serverEnd, controls::wakeUp);
            return true;
        } catch (IOException e) {
            noDataConnection(e);
            return false;
        }
    }

    /** Too many sockets, or threads. */
    private void noDataConnection(final IOException why) {
        LOG.warn("{} gets no data connection: {}", name, Log.reason(why));
        controls.toClient("425 Cannot open data connection: " + Log.reason(why) + '.');
    }

    /** Asks the server for its end; null if there is none, and the client has been told so. */
    private ServerEnd serverEnd() throws IOException {
        if (!singlePortUnknown) {
            final Reply reply = ask("SPSV");
            if (!reply.isUnknownCommand()) {
                return singlePortEnd(reply);
            }
            singlePortUnknown = true;
            LOG.warn(
                    "{}: the server has no single-port mode (SPSV){}",
                    name,
                    fallback ? ", its passive ports are used" : "");
        }
        if (!fallback) {
            controls.toClient("502 The server has no single-port mode (SPSV), and the gateway has no --fallback.");
            return null;
        }
        return fallbackEnd();
    }

    private ServerEnd singlePortEnd(final Reply reply) throws ServiceClosingException {
        final DataCredentials credentials = DataCredentials.parse(reply.lastLine());
        if (credentials == null) {
            refuse("SPSV", reply, PASSIVE);
            return null;
        }
        try {
            return new SinglePortEnd(server.second(), credentials);
        } catch (IOException e) {
            noDataConnection(e);
            return null;
        }
    }

    private ServerEnd fallbackEnd() throws IOException {
        Reply reply = ask("EPSV");
        int expected = EXTENDED_PASSIVE;
        if (reply.isUnknownCommand() || reply.code() == PROTOCOL_NOT_SUPPORTED) {
            reply = ask("PASV");
            expected = PASSIVE;
        }
        final int port = reply.code() == expected ? DataAddress.passivePort(reply.lastLine()) : -1;
        if (port < 0) {
            refuse(expected == PASSIVE ? "PASV" : "EPSV", reply, expected);
            return null;
        }
        try {
            return new FallbackEnd(server.second(port));
        } catch (IOException e) {
            noDataConnection(e);
            return null;
        }
    }

    private Reply ask(final String command) throws IOException {
        LOG.debug("{} to server: {}", name, command);
        controls.toServer(command);
        final Reply reply = controls.nextReply();
        LOG.debug("{} from server: {}", name, DataCredentials.masked(reply.lastLine()));
        return reply;
    }

    /**
     * Tells the client what is wrong with the server's reply.
     *
     * @param expected the code of a reply that is only not understood
     * @throws ServiceClosingException if it is the reply to something else: whatever comes next would be, too
     */
    private void refuse(final String command, final Reply reply, final int expected) throws ServiceClosingException {
        if (Reply.isRefusal(reply.code())) {
            reply.lines().forEach(controls::toClient);
        } else if (reply.code() == expected) {
            LOG.warn("{}: the server's reply to {} is not understood", name, command);
            controls.toClient("425 The server's reply to " + command + " is not understood.");
        } else {
            throw new ServiceClosingException("The server answers out of step");
        }
    }

    void transfer(final Command command, final Direction direction) throws IOException {
        final DataConnection data = current;
        if (data == null || data.hasBegun()) {
            refuseTransfer("425 Use EPSV, PASV, EPRT or PORT first.");
            return;
        }
        data.begin(direction);
        if (controls.isWaiting("ABOR")) {
            interrupt();
        }
        controls.await(data::isReady);
        if (data.failure() != null) {
            LOG.warn("{} gets no data connection: {}", name, data.failure());
            refuseTransfer("425 Cannot open data connection: " + data.failure() + '.');
            return;
        }
        restarting = false;
        controls.toServer(command.line());
        boolean begun = false;
        ReplyLine reply = controls.nextReplyLine();
        while (Reply.isPreliminary(reply.code())) {
            begun = true;
            controls.toClient(reply.text());
            reply = controls.nextReplyLine();
        }
        conclude(data, reply, begun);
    }

    /** Also uses a restart up, as the server does with the transfers that it refuses itself. */
    private void refuseTransfer(final String reply) throws IOException {
        if (restarting) {
            restarting = false;
            ask("REST 0");
        }
        controls.toClient(reply);
    }

    /** REST is about to go to the server, which keeps it for the next transfer. */
    void restart() {
        restarting = true;
    }

    /** The server has said its last word; the client gets it when it has its file. */
    private void conclude(final DataConnection data, final ReplyLine reply, final boolean begun) throws IOException {
        if (Reply.isRefusal(reply.code()) && begun) {
            data.drop("the server has ended the transfer");
        } else if (!begun && isUnused(data, reply)) {
            data.cancel();
        } else {
            // a client that takes its time is heard meanwhile, and so is its end
            controls.await(data::isOver);
            if (data.failure() != null) {
                skip(reply);
                controls.toClient("426 The data connection has failed: " + data.failure() + '.');
                return;
            }
            count++;
        }
        pass(reply);
    }

    /** Some servers transfer without a word before, others have nothing to transfer and say so with 250. */
    private boolean isUnused(final DataConnection data, final ReplyLine reply) throws IOException {
        return !Reply.isCompletion(reply.code())
                || !controls.await(data::isOver, UNANNOUNCED_MILLIS) && data.isUnused();
    }

    private void pass(final ReplyLine first) throws IOException {
        controls.toClient(first.text());
        for (ReplyLine line = first; !line.isLast(); ) {
            line = controls.nextReplyLine();
            controls.toClient(line.text());
        }
    }

    private void skip(final ReplyLine first) throws IOException {
        for (ReplyLine line = first; !line.isLast(); ) {
            line = controls.nextReplyLine();
        }
    }

    /**
     * Ends what is prepared or under way: the client has sent ABOR, or has gone. One that has said QUIT before it went
     * may have its file, as RFC 959 (section 4.1.1) has it.
     */
    @Override
    public void interrupt() {
        if (current != null) {
            current.drop("aborted");
        }
    }

    @Override
    public boolean isClientAskedFor() {
        return current != null && current.isClientAskedFor();
    }

    @Override
    public void clientWasHeard() {
        current.clientIsThere();
    }

    /** REIN: as at the beginning. */
    void reset() {
        extendedOnly = false;
        restarting = false;
        singlePortUnknown = false;
        release("the session begins anew");
    }

    void release(final String reason) {
        if (current != null) {
            current.drop(reason);
            bytesUp += current.bytesUp();
            bytesDown += current.bytesDown();
            current = null;
        }
    }

    /** The server may have other commands for another user. */
    void loggedIn() {
        singlePortUnknown = false;
    }

    /** What was done, for the log. */
    @Override
    public String toString() {
        return count + (count == 1 ? " transfer, " : " transfers, ") + bytesDown + " bytes down, " + bytesUp
                + " bytes up";
    }
}
