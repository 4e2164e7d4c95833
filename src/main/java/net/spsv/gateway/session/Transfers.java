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
import net.spsv.gateway.data.ActiveEnd;
import net.spsv.gateway.data.ClientEnd;
import net.spsv.gateway.data.DataAddress;
import net.spsv.gateway.data.DataConnection;
import net.spsv.gateway.data.DataConnections;
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
 * <p>Threading: the session's thread, but for {@link #interrupt()}.
 */
final class Transfers {

    private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);

    /** RFC 2577, section 3: services with lower numbers are not to be reached through an FTP server. */
    private static final int LOWEST_PORT = 1024;

    private static final int PASSIVE = 227;

    private static final int EXTENDED_PASSIVE = 229;

    private final String name;

    private final ControlConnections controls;

    private final RemoteConnection server;

    private final DataConnections connections;

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
            final DataConnections connections,
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
            return new PassiveEnd(local, client);
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
            if (serverEnd != null) {
                current = connections.start(clientEnd, serverEnd, controls::wakeUp);
                controls.toClient(answer);
                prepared = true;
            }
        } finally {
            if (!prepared) {
                clientEnd.drop();
            }
        }
    }

    /** Asks the server for its end; null if there is none, and the client has been told so. */
    private ServerEnd serverEnd() throws IOException {
        if (!singlePortUnknown) {
            final Reply reply = ask("SPSV");
            if (!reply.isUnknownCommand()) {
                final DataCredentials credentials = DataCredentials.parse(reply.lastLine());
                if (credentials == null) {
                    refuse("SPSV", reply);
                    return null;
                }
                return end(() -> new SinglePortEnd(server.second(), credentials));
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
        Reply reply = ask("EPSV");
        if (reply.code() != EXTENDED_PASSIVE) {
            reply = ask("PASV");
        }
        final int port = DataAddress.passivePort(reply.lastLine());
        if (port < 0) {
            refuse("PASV", reply);
            return null;
        }
        return end(() -> new FallbackEnd(server.second(port)));
    }

    private ServerEnd end(final EndSupplier supplier) {
        try {
            return supplier.get();
        } catch (IOException e) {
            LOG.warn("{} gets no data connection: {}", name, e.toString());
            controls.toClient("425 Cannot open data connection: " + Log.reason(e) + '.');
            return null;
        }
    }

    /** What may fail because there are too many sockets. */
    private interface EndSupplier {
        ServerEnd get() throws IOException;
    }

    private Reply ask(final String command) throws IOException {
        LOG.debug("{} to server: {}", name, command);
        controls.toServer(command);
        final Reply reply = controls.nextReply();
        LOG.debug("{} from server: {}", name, DataCredentials.masked(reply.lastLine()));
        return reply;
    }

    private void refuse(final String command, final Reply reply) {
        if (Reply.isRefusal(reply.code())) {
            reply.lines().forEach(controls::toClient);
        } else {
            LOG.warn("{}: the server's reply to {} is not understood", name, command);
            controls.toClient("425 The server's reply to " + command + " is not understood.");
        }
    }

    void transfer(final Command command, final Direction direction) throws IOException {
        final DataConnection data = current;
        if (data == null || data.hasBegun()) {
            refuseTransfer("425 Use EPSV, PASV, EPRT or PORT first.");
            return;
        }
        data.begin(direction);
        if (controls.isAbortWaiting()) {
            interrupt();
        }
        controls.await(data::isReady);
        if (data.failure() != null) {
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
        end(data, reply, begun);
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

    private void end(final DataConnection data, final ReplyLine reply, final boolean begun) throws IOException {
        if (Reply.isRefusal(reply.code())) {
            if (begun) {
                data.drop("the server has ended the transfer");
            } else {
                data.cancel("the server has refused the transfer");
            }
        } else {
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

    /** Ends what is prepared or under way: the client has sent ABOR, or has gone. */
    void interrupt() {
        if (current != null) {
            current.drop("aborted");
        }
    }

    /** REIN: as at the beginning. */
    void reset() {
        extendedOnly = false;
        restarting = false;
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

    /** What was done, for the log. */
    @Override
    public String toString() {
        return count + (count == 1 ? " transfer, " : " transfers, ") + bytesDown + " bytes down, " + bytesUp
                + " bytes up";
    }
}
