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

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.apache.mina.core.filterchain.DefaultIoFilterChainBuilder;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The greeting of an implicit listener, which belongs behind the last record of the handshake: in TLS 1.3, which MINA
 * ends on its I/O thread, while FtpServer greets on another.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ImplicitGreetingIT {
    /** How late a greeting is that waits in vain, as with MINA 2.1, which calls no session secured that soon. */
    private static final long LATE_MILLIS = 1_000;
    /** How long the end of a handshake is held, in which nothing may overtake it. */
    private static final long HELD_MILLIS = 300;

    private static final byte[] CONTENT = new RandomContent(31, 50_000).bytes();

    private static volatile HandshakeEnd handshakeEnd;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension()
            .tls(Certificates.server(Certificates.LISTENER))
            .implicitTls(true)
            .ftpletBefore("late", new DefaultFtplet() {
                @Override
                public FtpletResult onConnect(final FtpSession session) {
                    handshakeEnd.await();
                    return FtpletResult.DEFAULT;
                }
            });

    /**
     * Stands between TLS and the socket, and holds the last records of each handshake, as an I/O thread does that loses
     * its CPU at this point; and FtpServer's thread greets no sooner than that.
     */
    private static final class HandshakeEnd extends IoFilterAdapter {
        private volatile CountDownLatch reached = new CountDownLatch(0);
        private volatile CountDownLatch overtaken = new CountDownLatch(0);

        void expect() {
            overtaken = new CountDownLatch(1);
            reached = new CountDownLatch(1);
        }

        void await() {
            try {
                reached.await(LATE_MILLIS, TimeUnit.MILLISECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void filterWrite(final NextFilter next, final IoSession session, final WriteRequest request)
                throws Exception {
            if (session.isSecured() && !Thread.currentThread().getName().startsWith("ssl-exec")) {
                if (reached.getCount() > 0) {
                    reached.countDown();
                    overtaken.await(HELD_MILLIS, TimeUnit.MILLISECONDS);
                } else {
                    overtaken.countDown();
                }
            }
            next.filterWrite(session, request);
        }
    }

    @BeforeEach
    void holdHandshakes() {
        handshakeEnd = new HandshakeEnd();
        filters().addFirst("handshakeEnd", handshakeEnd);
        SERVER.file("source", CONTENT);
    }

    @AfterEach
    void letGo() {
        filters().remove(handshakeEnd);
    }

    private static DefaultIoFilterChainBuilder filters() {
        return MinaInternals.probe()
                .acceptor(SERVER.server().getListener("default"))
                .getFilterChain();
    }

    @Test
    void greetingOfAControlConnectionComesBehindItsHandshake() throws IOException {
        handshakeEnd.expect();
        try (ControlClient control = ControlClient.implicit(SERVER.port(), Certificates.client(), "TLSv1.3")) {
            assertThat(control.getReplyString()).startsWith("220 ");
            control.protectedLogin();
        }
    }

    @Test
    void greetingOfADataConnectionComesBehindItsHandshake() throws IOException {
        try (ControlClient control = ControlClient.implicit(SERVER.port(), Certificates.client(), "TLSv1.3")
                .protectedLogin()) {
            final RawFtpClient.Endpoint endpoint = control.spsv();
            control.command("RETR source", 150);
            handshakeEnd.expect();
            try (DataConnection data = DataConnection.byRecords(Way.IMPLICIT, "TLSv1.3", endpoint, SERVER.port())) {
                assertThat(data.login().records().readToCloseNotify()).isEqualTo(CONTENT);
            }
            control.expect(226);
        }
    }

    @Test
    void loginBehindTheLastFlightWaitsForTheGreeting() throws IOException {
        try (ControlClient control = ControlClient.implicit(SERVER.port(), Certificates.client(), "TLSv1.3")
                .protectedLogin()) {
            final RawFtpClient.Endpoint endpoint = control.spsv();
            control.command("RETR source", 150);
            handshakeEnd.expect();
            try (TlsConnection data =
                    new TlsConnection(TlsConnection.connect(SERVER.port()), Certificates.client(), "TLSv1.3")) {
                final byte[] finished = data.handshakeUpToLastFlight();
                final byte[] login = data.encrypt("USER " + endpoint.user() + "\r\nPASS " + endpoint.token() + "\r\n");
                data.send(TlsConnection.together(finished, login));
                data.lines().expect(220).expect(331).expectData();
                assertThat(data.readToCloseNotify()).isEqualTo(CONTENT);
            }
            control.expect(226);
        }
    }
}
