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
import java.net.Socket;
import java.util.regex.Pattern;
import net.spsv.protocol.DataCredentials;
import org.apache.commons.net.MalformedServerReplyException;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPReply;

/**
 * Single-port mode of one client: whether it is on, what is known of the server, and the order of commands.
 *
 * <p>Threading: as the client, one thread at a time.
 */
final class SinglePortMode {

    private static final String SPSV = "SPSV";

    /** No brackets but those of the address (RFC 959, section 4.1.2). */
    private static final Pattern REPLY_TO_PASV = Pattern.compile("[^(]*\\(\\d{1,3}(,\\d{1,3}){5}\\)[^(]*");

    private boolean on;

    private boolean fallback;

    private boolean deflate;

    /** What the server said when it turned out not to know SPSV; null as long as it may. */
    private String refusal;

    private int refusalCode;

    private InetAddress localAddress;

    void enter() {
        on = true;
    }

    void leave() {
        on = false;
    }

    boolean isOn() {
        return on;
    }

    void setFallback(final boolean allowed) {
        fallback = allowed;
    }

    boolean isFallback() {
        return fallback;
    }

    /** Takes note of the transfer mode, which the base class has no getter for. */
    void transferMode(final int mode) {
        deflate = mode == FTP.DEFLATE_TRANSFER_MODE;
    }

    /** Takes note of the address that the control connection was told to go out from, which may be null. */
    void localAddress(final InetAddress address) {
        localAddress = address;
    }

    /** Back to the base class's defaults, as it does itself when a session starts or ends. */
    void reset() {
        on = false;
        deflate = false;
    }

    /** Forgets what was learnt of the last server. */
    void connected() {
        reset();
        refusal = null;
    }

    /**
     * Returns a reply as listeners may see it. Every 227 is taken for one with a token but for those with an address,
     * whatever command was the last: replies may come late.
     */
    static String masked(final int code, final String reply) {
        return code == FTPReply.ENTERING_PASSIVE_MODE
                        && !REPLY_TO_PASV.matcher(reply).matches()
                ? DataCredentials.masked(reply)
                : reply;
    }

    /**
     * Opens a data connection and starts its transfer: SPSV, second connection, REST, the command.
     *
     * @return the data connection, or null if a command was refused; the client has the reply then
     */
    Socket open(final ClientAccess access, final String command, final String argument) throws IOException {
        final FTPClient client = access.client();
        if (refusal == null) {
            final int code = client.sendCommand(SPSV);
            if (code == FTPReply.ENTERING_PASSIVE_MODE) {
                return start(access, secondConnection(access), command, argument);
            }
            if (!isUnknownCommand(code)) {
                return null;
            }
            refusal = client.getReplyString().trim();
            refusalCode = code;
        }
        if (!fallback) {
            throw new SpsvUnsupportedException(
                    "The server does not have single-port mode (SPSV), and passive fallback is off: " + refusal,
                    refusalCode);
        }
        return access.openClassic(command, argument);
    }

    /** RFC 959, section 4.2: unknown, not implemented, or superfluous; anything else is a server that knows SPSV. */
    private static boolean isUnknownCommand(final int code) {
        return code == FTPReply.UNRECOGNIZED_COMMAND
                || code == FTPReply.COMMAND_NOT_IMPLEMENTED
                || code == FTPReply.COMMAND_IS_SUPERFLUOUS;
    }

    private Socket secondConnection(final ClientAccess access) throws IOException {
        final String[] reply = access.client().getReplyStrings();
        access.changeReplyLines(DataCredentials::masked);
        final DataCredentials credentials = DataCredentials.parse(reply[reply.length - 1]);
        if (credentials == null) {
            // without the reply: where the token is in it is what could not be found out
            throw new MalformedServerReplyException("The server's reply to SPSV does not end with (user:password)");
        }
        final InetAddress passive = access.client().getPassiveLocalIPAddress();
        return new SecondConnection(access, credentials, passive != null ? passive : localAddress).open();
    }

    private Socket start(final ClientAccess access, final Socket socket, final String command, final String argument)
            throws IOException {
        final FTPClient client = access.client();
        boolean started = false;
        try {
            final long offset = client.getRestartOffset();
            started = (offset <= 0 || access.restart(offset))
                    && FTPReply.isPositivePreliminary(client.sendCommand(command, argument));
        } finally {
            if (!started) {
                SecondConnection.closeQuietly(socket);
            }
        }
        if (!started) {
            return null;
        }
        return deflate ? new DeflatedSocket(socket) : socket;
    }
}
