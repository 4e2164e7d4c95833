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
import net.spsv.gateway.control.Command;
import net.spsv.gateway.control.ControlConnections;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.Reply;
import net.spsv.gateway.control.ReplyLine;
import net.spsv.gateway.control.ServiceClosingException;
import net.spsv.gateway.data.Direction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with each command: it goes to the server as it is, or the gateway has a part in it.
 *
 * <p>Commands are served one after the other: the next one is looked at when the client has the reply.
 *
 * <p>Threading: the session's thread.
 */
final class Dialogue {

    private static final Logger LOG = LoggerFactory.getLogger(Dialogue.class);

    private static final int LOGGED_IN = 230;

    /** RFC 2228: logged in by what TLS has said already. */
    private static final int LOGGED_IN_BY_SECURITY = 232;

    private final String name;

    private final ControlConnections controls;

    private final Transfers transfers;

    private final boolean protectData;

    /**
     * Prepares the dialogue.
     *
     * @param name the session's, for the log
     * @param protectData whether the server is to protect its data connections
     */
    Dialogue(
            final String name,
            final ControlConnections controls,
            final Transfers transfers,
            final boolean protectData) {
        this.name = name;
        this.controls = controls;
        this.transfers = transfers;
        this.protectData = protectData;
    }

    /** Serves the client until it has enough. */
    void run(final Reply greeting) throws IOException {
        send(greeting);
        Command command = controls.nextCommand();
        while (command != null && serve(command)) {
            command = controls.nextCommand();
        }
    }

    /** Serves one command; false if it was the last. */
    private boolean serve(final Command command) throws IOException {
        if (!command.isWellFormed()) {
            // also an empty line, of which a server may take no notice: there would be no reply to wait for
            controls.toClient("500 Syntax error, command unrecognized.");
            return true;
        }
        switch (command.verb()) {
            case "USER":
            case "PASS":
            case "ACCT":
                logIn(command);
                return true;
            case "QUIT":
                pass(command);
                return false;
            case "REIN":
                transfers.reset();
                pass(command);
                return true;
            case "REST":
                transfers.restart();
                pass(command);
                return true;
            case "GET":
            case "HEAD":
            case "POST":
            case "PUT":
            case "CONNECT":
            case "OPTIONS":
                // what follows comes from a web page, maybe, which makes a browser on this machine speak FTP
                throw new ServiceClosingException("This is an FTP service");
            case "FEAT":
                controls.toServer(command.line());
                Features.forClient(controls.nextReply()).forEach(controls::toClient);
                return true;
            case "PASV":
                transfers.passive();
                return true;
            case "EPSV":
                transfers.extendedPassive(command.argument());
                return true;
            case "PORT":
                transfers.active(command.argument());
                return true;
            case "EPRT":
                transfers.extendedActive(command.argument());
                return true;
            case "RETR":
            case "LIST":
            case "NLST":
            case "MLSD":
                transfers.transfer(command, Direction.DOWNLOAD);
                return true;
            case "STOR":
            case "STOU":
            case "APPE":
                transfers.transfer(command, Direction.UPLOAD);
                return true;
            case "AUTH":
            case "ADAT":
            case "MIC":
            case "CONF":
            case "ENC":
            case "CCC":
            case "CPSV":
            case "SSCN":
            case "P@SW":
            case "SPSV":
            case "SPDT":
            case "LPRT":
            case "LPSV":
                controls.toClient("502 The gateway does not let " + command.verb() + " through.");
                return true;
            case "PBSZ":
            case "PROT":
                controls.toClient("503 There is no AUTH at the gateway, so no " + command.verb() + '.');
                return true;
            default:
                pass(command);
                return true;
        }
    }

    /** The server's data connections are to be protected before the client can ask for one, RFC 4217, section 9. */
    private void logIn(final Command command) throws IOException {
        controls.toServer(command.line());
        final Reply reply = controls.nextReply();
        final boolean done = reply.code() == LOGGED_IN || reply.code() == LOGGED_IN_BY_SECURITY;
        if (done && protectData) {
            LOG.debug("{} to server: PBSZ 0, PROT P", name);
            controls.toServer("PBSZ 0");
            controls.toServer("PROT P");
            controls.nextReply();
            final Reply toProt = controls.nextReply();
            if (!Reply.isCompletion(toProt.code())) {
                throw new ServiceClosingException(
                        "The server does not protect data connections: " + Log.printable(toProt.lastLine()));
            }
        }
        if (done) {
            transfers.loggedIn();
        }
        send(reply);
    }

    private void pass(final Command command) throws IOException {
        controls.toServer(command.line());
        ReplyLine line;
        do {
            line = controls.nextReplyLine();
            controls.toClient(line.text());
        } while (!line.isLast() || Reply.isPreliminary(line.code()));
    }

    private void send(final Reply reply) {
        reply.lines().forEach(controls::toClient);
    }
}
