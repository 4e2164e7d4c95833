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
package net.spsv.ftpserver.detach;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.service.IoHandlerAdapter;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.nio.NioSocketAcceptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each test holds MINA's I/O thread, so that the peer's doings are not seen before they are asked for. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ControlInputIT {

    private final ControlInput input = new ControlInput(MinaInternals.probe());

    private final NioSocketAcceptor acceptor = new NioSocketAcceptor(1);

    private final CompletableFuture<IoSession> session = new CompletableFuture<>();

    private final StringBuffer received = new StringBuffer();

    private Socket peer;

    @BeforeEach
    void start() throws IOException {
        acceptor.setHandler(new IoHandlerAdapter() {
            @Override
            public void sessionOpened(final IoSession from) {
                session.complete(from);
            }

            @Override
            public void exceptionCaught(final IoSession from, final Throwable cause) {
                // The reset, when MINA comes to it.
            }

            @Override
            public void messageReceived(final IoSession from, final Object message) {
                received.append(StandardCharsets.ISO_8859_1.decode(((IoBuffer) message).buf()));
            }
        });
        acceptor.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        peer = new Socket(
                InetAddress.getLoopbackAddress(), acceptor.getLocalAddress().getPort());
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        acceptor.dispose(true);
    }

    private interface Doing {
        void run() throws IOException;
    }

    /** Asks when the peer has done something that MINA has not come to yet. */
    private boolean hasEndedAfter(final Doing doing)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        final CountDownLatch held = new CountDownLatch(1);
        final CountDownLatch done = new CountDownLatch(1);
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();
        WriteQueue.then(session.get(20, TimeUnit.SECONDS), () -> {
            held.countDown();
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            ended.complete(input.hasEnded(session.join()));
        });
        held.await();
        doing.run();
        done.countDown();
        return ended.get(20, TimeUnit.SECONDS);
    }

    private void send(final String text) throws IOException {
        peer.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void silentPeerIsThere() throws Exception {
        assertThat(hasEndedAfter(() -> {})).isFalse();
        assertThat(received).isEmpty();
    }

    @Test
    void peerThatSendsIsThereAndHeard() throws Exception {
        assertThat(hasEndedAfter(() -> send("ABOR\r\n"))).isFalse();
        assertThat(received).hasToString("ABOR\r\n");
    }

    @Test
    void finIsTheEnd() throws Exception {
        assertThat(hasEndedAfter(() -> peer.shutdownOutput())).isTrue();
    }

    @Test
    void finBehindInputIsTheEnd() throws Exception {
        assertThat(hasEndedAfter(() -> {
                    send("QUIT\r\n");
                    peer.shutdownOutput();
                }))
                .isTrue();
        assertThat(received).hasToString("QUIT\r\n");
    }

    @Test
    void resetIsTheEnd() throws Exception {
        assertThat(hasEndedAfter(() -> {
                    peer.setSoLinger(true, 0);
                    peer.close();
                }))
                .isTrue();
    }

    @Test
    void inputThatIsHeldBackIsLeftAlone() throws Exception {
        session.get(20, TimeUnit.SECONDS).suspendRead();

        assertThat(hasEndedAfter(() -> send("NOOP\r\n"))).isFalse();
        assertThat(received).isEmpty();
    }
}
