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
package net.spsv.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import net.spsv.gateway.remote.Protection;

/**
 * A gateway between a client and a server, both of which the test plays, line by line and in one thread: what is
 * expected of the gateway is waited for, so nothing depends on who is faster.
 */
final class Stage implements AutoCloseable {
    static final String TOKEN = "007aB";

    private static final Pattern EXTENDED = Pattern.compile("229 .*\\(\\|\\|\\|([0-9]+)\\|\\)\\.?");

    private static final int TIMEOUT_MILLIS = 20_000;

    private final ServerSocket listening = new ServerSocket(0, 300, InetAddress.getByName("127.0.0.1"));
    private final List<Peer> peers = new ArrayList<>();
    private final List<RawFtpClient> clients = new ArrayList<>();
    private final Gateway gateway;
    /** Null in the clear. */
    private final SSLContext context;

    private final String[] protocols;
    private RawFtpClient client;
    private Peer control;

    /** Starts the gateway, whose probe is answered: the server has SPSV. */
    Stage() throws IOException {
        this(UnaryOperator.identity());
    }

    Stage(final UnaryOperator<GatewaySettings> more) throws IOException {
        this(more, null);
    }

    /** Starts the gateway with explicit TLS of these versions. */
    static Stage tls(final UnaryOperator<GatewaySettings> more, final String... protocols) throws IOException {
        return new Stage(
                settings -> more.apply(settings.protection(
                        Protection.tls(Protection.Mode.EXPLICIT, Certificates::client, "listener", true))),
                serverContext(),
                protocols);
    }

    static SSLContext serverContext() {
        try {
            return Certificates.server(Certificates.LISTENER).getSSLContext();
        } catch (final GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private Stage(final UnaryOperator<GatewaySettings> more, final SSLContext context, final String... protocols)
            throws IOException {
        this.context = context;
        this.protocols = protocols;
        listening.setSoTimeout(TIMEOUT_MILLIS);
        gateway = Gateway.start(more.apply(new GatewaySettings((InetSocketAddress) listening.getLocalSocketAddress())
                .listen(new InetSocketAddress("127.0.0.1", 0))));
        try (Peer probe = greet()) {
            probe.expect("FEAT")
                    .line("211-Features")
                    .line(" SPSV")
                    .line("211 End")
                    .expectGone();
        }
    }

    Gateway gateway() {
        return gateway;
    }

    /** Where the server listens. */
    int serverPort() {
        return listening.getLocalPort();
    }

    /** The client's control connection. */
    RawFtpClient client() {
        return client;
    }

    /** The server's end of the session's control connection. */
    Peer control() {
        return control;
    }

    /** Takes the gateway's next connection to the server. */
    Peer accept() throws IOException {
        return opened(new Peer(listening.accept()));
    }

    /** Drops the connections to the server that there are: all that came before one that is made here. */
    void forgetConnections() throws IOException {
        try (Socket last = new Socket(listening.getInetAddress(), listening.getLocalPort())) {
            int port;
            do {
                try (Socket next = listening.accept()) {
                    port = next.getPort();
                }
            } while (port != last.getLocalPort());
        }
    }

    /** Takes the gateway's next connection to the server, greets it and protects it. */
    Peer greet() throws IOException {
        final Peer peer = accept().line("220 stage");
        if (context != null) {
            peer.expect("AUTH TLS").line("234 go on").secure(context, protocols);
        }
        return peer;
    }

    /** Connects a client, which does not wait for anything. */
    Stage connect() {
        client = RawFtpClient.connect(gateway.address());
        clients.add(client);
        return this;
    }

    /** Connects a client, greets it and logs it in. */
    Stage login() throws IOException {
        connect();
        control = greet();
        client.greeted();
        return logInAgain();
    }

    /** Logs in a session that is greeted. */
    Stage logInAgain() throws IOException {
        client.line("USER u001");
        control.expect("USER u001").line("331 password");
        client.expect(331);
        client.line("PASS xyz");
        control.expect("PASS xyz").line("230 in");
        if (context != null) {
            control.expect("PBSZ 0").line("200 PBSZ=0").expect("PROT P").line("200 protected");
        }
        client.expect(230);
        return this;
    }

    /** Sends a command, answers it as the server, and returns the reply that the client gets. */
    String exchange(final String command, final String reply) throws IOException {
        client.line(command);
        control.expect(command).line(reply);
        return client.reply();
    }

    /** Sends EPSV, which becomes SPSV, and returns the passive port. */
    int extendedPassive() throws IOException {
        client.line("EPSV");
        control.expect("SPSV").line("227 Entering single-port mode (DATACONN:" + TOKEN + ")");
        return port(client.expect(229));
    }

    /** Returns the port of a reply to EPSV. */
    static int port(final String reply) {
        final Matcher matcher = EXTENDED.matcher(reply);
        assertThat(reply).matches(EXTENDED);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    /** Takes the second connection up to where the server would say that the token is right. */
    Peer tokenCame() throws IOException {
        return greet().expect("USER DATACONN").expect("PASS " + TOKEN).line("331 token");
    }

    /** Takes the second connection and lets it log in. */
    Peer dataLogin() throws IOException {
        return tokenCame().line("200 DATA");
    }

    /** Connects the client to a passive port. */
    Peer connectData(final int port) throws IOException {
        return connectData(port, new Socket());
    }

    /** Connects the client to a passive port, by a socket that the test has prepared. */
    Peer connectData(final int port, final Socket prepared) throws IOException {
        prepared.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), TIMEOUT_MILLIS);
        return opened(new Peer(prepared));
    }

    /** Begins a transfer, whose second connection is there. */
    Stage begin(final String command) throws IOException {
        assertThat(exchange(command, "150 go")).isEqualTo("150 go");
        return this;
    }

    /** Fails unless the session can still transfer a file. */
    void expectUsable() throws IOException {
        final int port = extendedPassive();
        // the client first, for which the gateway may not wait for long
        try (Peer data = connectData(port);
                Peer server = dataLogin()) {
            begin("RETR last");
            server.send("last".getBytes("US-ASCII")).end();
            control.line("226 done");
            assertThat(data.readToEnd()).asString().isEqualTo("last");
            assertThat(client.reply()).isEqualTo("226 done");
            server.readToEnd();
        }
    }

    private Peer opened(final Peer peer) {
        peers.add(peer);
        return peer;
    }

    @Override
    public void close() throws IOException {
        clients.forEach(RawFtpClient::close);
        for (final Peer peer : peers) {
            peer.close();
        }
        gateway.close();
        listening.close();
    }
}
