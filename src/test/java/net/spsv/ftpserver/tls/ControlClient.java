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
package net.spsv.ftpserver.tls;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.commons.net.ProtocolCommandEvent;
import org.apache.commons.net.ProtocolCommandListener;
import org.apache.commons.net.ftp.FTPSClient;

/** A control connection over TLS, made by Commons Net. */
final class ControlClient extends FTPSClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 30_000;
    private static final Pattern PASV_REPLY = Pattern.compile("\\(127,0,0,1,(\\d+),(\\d+)\\)");

    private final StringBuffer transcript = new StringBuffer();
    private final int port;

    private ControlClient(final int port, final boolean implicit, final SSLContext context, final String... protocols)
            throws IOException {
        super(implicit, context);
        this.port = port;
        setDefaultTimeout(TIMEOUT_MILLIS);
        setConnectTimeout(TIMEOUT_MILLIS);
        if (protocols.length > 0) {
            setEnabledProtocols(protocols);
        }
        addProtocolCommandListener(new ProtocolCommandListener() {
            @Override
            public void protocolCommandSent(final ProtocolCommandEvent event) {
                transcript.append("> ").append(event.getMessage());
            }

            @Override
            public void protocolReplyReceived(final ProtocolCommandEvent event) {
                transcript.append("< ").append(event.getMessage());
            }
        });
        try {
            connect("127.0.0.1", port);
            setTcpNoDelay(true);
        } catch (final IOException e) {
            disconnect();
            throw e;
        }
    }

    /** Connects and makes the handshake as a listener of this way wants it. */
    static ControlClient connect(
            final TlsServers servers, final Way way, final SSLContext context, final String... protocols)
            throws IOException {
        final int port = servers.of(way).port();
        return way == Way.IMPLICIT ? implicit(port, context, protocols) : explicit(port, context, protocols);
    }

    /** Connects in clear and says AUTH TLS. */
    static ControlClient explicit(final int port, final SSLContext context, final String... protocols)
            throws IOException {
        return new ControlClient(port, false, context, protocols);
    }

    /** Begins with the handshake. */
    static ControlClient implicit(final int port, final SSLContext context, final String... protocols)
            throws IOException {
        return new ControlClient(port, true, context, protocols);
    }

    /** Logs in, to PROT P and binary. */
    ControlClient protectedLogin() throws IOException {
        return protectedLogin(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    /** Logs in, to PROT P and binary. */
    ControlClient protectedLogin(final String user, final String password) throws IOException {
        user(user, password);
        command("PBSZ 0", 200);
        command("PROT P", 200);
        return this;
    }

    /** Logs in, to binary; PROT is not said. */
    ControlClient user(final String user, final String password) throws IOException {
        command("USER " + user, 331);
        command("PASS " + password, 230);
        command("TYPE I", 200);
        return this;
    }

    /** Sends a command that must be answered with this code, and returns the reply. */
    String command(final String line, final int code) throws IOException {
        sendCommand(line);
        return check(code);
    }

    /** Sends a command and reads no reply. */
    void send(final String line) throws IOException {
        transcript.append("> ").append(line).append('\n');
        _controlOutput_.write(line + "\r\n");
        _controlOutput_.flush();
    }

    /** Reads a reply that must have this code. */
    String expect(final int code) throws IOException {
        getReply();
        return check(code);
    }

    /** Waits so long for each of the replies to come, where the machine has much to do at once. */
    ControlClient patience(final Duration patience) throws IOException {
        setSoTimeout((int) patience.toMillis());
        return this;
    }

    /** Sends a transfer command that gets no data connection, be it told before or after 150. */
    void expectRefused(final String transfer) throws IOException {
        if (sendCommand(transfer) == 150) {
            expect(425);
        } else {
            check(425);
        }
    }

    private String check(final int code) {
        if (getReplyCode() != code) {
            throw new AssertionError(
                    "expected " + code + ", got: " + getReplyString().trim() + "\nTranscript:\n" + transcript);
        }
        return getReplyString();
    }

    RawFtpClient.Endpoint spsv() throws IOException {
        return RawFtpClient.endpoint(command("SPSV", 227));
    }

    /** Sends PASV and returns the port to connect to. */
    int pasvPort() throws IOException {
        final Matcher reply = PASV_REPLY.matcher(command("PASV", 227));
        if (!reply.find()) {
            throw new AssertionError("no address in the reply to PASV");
        }
        return Integer.parseInt(reply.group(1)) * 256 + Integer.parseInt(reply.group(2));
    }

    /** Returns the server's port, which is that of single-port data connections, too. */
    int serverPort() {
        return port;
    }

    /** Fails unless the session is alive, and its last reply was read. */
    void expectAlive() throws IOException {
        command("NOOP", 200);
    }

    String transcript() {
        return transcript.toString();
    }

    @Override
    public void close() throws IOException {
        disconnect();
    }
}
