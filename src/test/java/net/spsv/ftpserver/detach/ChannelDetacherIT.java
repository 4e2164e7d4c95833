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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.service.IoHandlerAdapter;
import org.apache.mina.core.session.IdleStatus;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.transport.socket.nio.NioSocketAcceptor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Against a real acceptor of MINA's: what is taken away must be away, and the rest must go on. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ChannelDetacherIT {

    private final MinaInternals internals = MinaInternals.probe();

    private final NioSocketAcceptor acceptor = new NioSocketAcceptor(1);

    private final CompletableFuture<IoSession> session = new CompletableFuture<>();

    private final CompletableFuture<DetachedChannel> detached = new CompletableFuture<>();

    private final CountDownLatch closed = new CountDownLatch(1);

    private final AtomicInteger eventsAfterwards = new AtomicInteger();

    private Socket peer;

    @BeforeEach
    void start() throws IOException {
        acceptor.getFilterChain().addLast("detacher", new IoFilterAdapter() {
            @Override
            public void messageReceived(final NextFilter next, final IoSession from, final Object message)
                    throws IOException {
                final byte[] bytes = new byte[((IoBuffer) message).remaining()];
                ((IoBuffer) message).get(bytes);
                final String text = new String(bytes, StandardCharsets.ISO_8859_1);
                if (text.startsWith("detach ")) {
                    detached.complete(new ChannelDetacher(internals)
                            .detach(
                                    from,
                                    ByteBuffer.wrap("200 DATA\r\n".getBytes(StandardCharsets.US_ASCII)),
                                    text.substring(7).getBytes(StandardCharsets.ISO_8859_1)));
                } else {
                    next.messageReceived(from, IoBuffer.wrap(bytes));
                }
            }
        });
        acceptor.setHandler(new IoHandlerAdapter() {
            @Override
            public void sessionOpened(final IoSession from) {
                session.complete(from);
            }

            @Override
            public void messageReceived(final IoSession from, final Object message) {
                if (from == session.join() && detached.isDone()) {
                    eventsAfterwards.incrementAndGet();
                }
                from.write(message);
            }

            @Override
            public void sessionIdle(final IoSession from, final IdleStatus status) {
                if (from == session.join() && detached.isDone()) {
                    eventsAfterwards.incrementAndGet();
                }
            }

            @Override
            public void sessionClosed(final IoSession from) {
                if (from == session.join()) {
                    closed.countDown();
                }
            }

            @Override
            public void exceptionCaught(final IoSession from, final Throwable cause) {
                session.completeExceptionally(cause);
                detached.completeExceptionally(cause);
            }
        });
        acceptor.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        peer = connect();
    }

    private Socket connect() throws IOException {
        final Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), acceptor.getLocalAddress().getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        acceptor.dispose(true);
        detached.thenAccept(DetachedChannel::close);
    }

    private DetachedChannel detach(final String first) throws Exception {
        send(peer, "detach " + first);
        return detached.get(20, TimeUnit.SECONDS);
    }

    @Test
    void peerGetsExactlyTenBytes() throws Exception {
        detach("").finish();

        assertThat(read(peer, 10)).isEqualTo("200 DATA\r\n");
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void bytesBehindTheLoginAreTheFirstOfTheData() throws Exception {
        final DetachedChannel channel = detach("first ");
        send(peer, "then");

        assertThat(read(channel, 10)).isEqualTo("first then");
        assertThat(channel.peer().getPort()).isEqualTo(peer.getLocalPort());
    }

    @Test
    void sessionEndsForFtpServerAndTheSocketLives() throws Exception {
        final DetachedChannel channel = detach("");

        assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(acceptor.getManagedSessions()).isEmpty();
        assertThat(acceptor.getManagedSessionCount()).isZero();
        assertThat(session.get().isClosing()).isTrue();
        send(peer, "still there");
        assertThat(read(channel, 11)).isEqualTo("still there");
    }

    @Test
    void minaHearsNothingMoreOfThePeer() throws Exception {
        session.get().getConfig().setBothIdleTime(1);
        final DetachedChannel channel = detach("");
        for (int i = 0; i < 50; i++) {
            send(peer, "x");
            assertThat(read(channel, 1)).isEqualTo("x");
            assertThatOtherSessionsGoOn();
        }
        peer.shutdownOutput();
        assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);

        assertThat(eventsAfterwards).hasValue(0);
    }

    @Test
    void sessionThatIsClosedOrWrittenToAfterwardsDoesNotTouchTheSocket() throws Exception {
        final DetachedChannel channel = detach("");
        assertThat(read(peer, 10)).isEqualTo("200 DATA\r\n");
        session.get().write(IoBuffer.wrap("stray".getBytes(StandardCharsets.US_ASCII)));
        session.get().suspendRead();
        session.get().resumeRead();
        WriteQueue.then(session.get(), eventsAfterwards::incrementAndGet);
        session.get().closeOnFlush();
        session.get().closeNow();
        assertThatOtherSessionsGoOn();

        channel.write(ByteBuffer.wrap("data".getBytes(StandardCharsets.US_ASCII)));
        channel.finish();
        assertThat(read(peer, 4)).isEqualTo("data");
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
        assertThat(eventsAfterwards).hasValue(0);
    }

    @Test
    void socketOutlivesTheAcceptor() throws Exception {
        final DetachedChannel channel = detach("");
        acceptor.dispose(true);

        send(peer, "late");
        assertThat(read(channel, 4)).isEqualTo("late");
        channel.finish();
        assertThat(read(peer, 10)).isEqualTo("200 DATA\r\n");
        assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void droppedConnectionIsResetAtOnce() throws Exception {
        final DetachedChannel channel = detach("");
        assertThat(read(peer, 10)).isEqualTo("200 DATA\r\n");
        channel.close();

        assertThatThrownBy(() -> peer.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void peerThatIsGoneIsNoticed() throws Exception {
        final CountDownLatch held = new CountDownLatch(1);
        WriteQueue.then(session.get(), () -> {
            try {
                held.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        send(peer, "detach ");
        peer.setSoLinger(true, 0);
        peer.close();
        final SocketChannel channel = internals.channel(session.get());
        held.countDown();

        // Whether MINA reads the reset or the detacher meets it, the socket is closed and the session over.
        Awaitility.await().until(() -> session.get().isClosing());
        detached.thenAccept(DetachedChannel::close);
        Awaitility.await().until(() -> !channel.isOpen());
        assertThatOtherSessionsGoOn();
    }

    @Test
    void socketAndKeyOfASessionAreFound() throws Exception {
        final SocketChannel channel = internals.channel(session.get());

        assertThat(channel.socket().getPort()).isEqualTo(peer.getLocalPort());
        assertThat(internals.selectionKey(session.get()).channel()).isSameAs(channel);
        assertThat(internals.selectionKey(session.get()).isValid()).isTrue();
    }

    @Test
    void keyIsCancelledAndTheSocketStaysNonBlocking() throws Exception {
        final SocketChannel channel = internals.channel(session.get());
        detach("");

        assertThat(internals.selectionKey(session.get()).isValid()).isFalse();
        assertThat(channel.isBlocking()).isFalse();
        assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
        Awaitility.await().until(() -> !channel.isRegistered());
    }

    @Test
    void listeningSocketIsFound() throws Exception {
        final Set<ServerSocketChannel> listening = internals.listeningChannels(acceptor);

        assertThat(listening).hasSize(1);
        assertThat(listening.iterator().next().getLocalAddress()).isEqualTo(acceptor.getLocalAddress());
    }

    private void assertThatOtherSessionsGoOn() throws IOException {
        try (Socket other = connect()) {
            send(other, "echo");
            assertThat(read(other, 4)).isEqualTo("echo");
        }
    }

    private static void send(final Socket to, final String text) throws IOException {
        to.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String read(final Socket from, final int length) throws IOException {
        final byte[] bytes = new byte[length];
        new DataInputStream(from.getInputStream()).readFully(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String read(final DetachedChannel from, final int length) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            assertThat(from.read(bytes)).isPositive();
        }
        return new String(bytes.array(), StandardCharsets.ISO_8859_1);
    }
}
