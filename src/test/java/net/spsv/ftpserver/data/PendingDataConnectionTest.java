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
package net.spsv.ftpserver.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.detach.DetachedChannel;
import net.spsv.ftpserver.detach.UnconnectedChannel;
import net.spsv.ftpserver.statistics.Refusal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PendingDataConnectionTest {

    private final UnconnectedChannel socket = new UnconnectedChannel();

    private final DetachedChannel channel = socket.detached();

    private final PendingDataConnection pending =
            new PendingDataConnection(null, false, () -> null, UnaryOperator.identity());

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    @Test
    void channelThatWasDeliveredBeforeIsThereAtOnce() throws Exception {
        assertThat(pending.hasArrived()).isFalse();
        pending.deliver(channel);

        assertThat(pending.hasArrived()).isTrue();
        assertThat(pending.await(1)).isSameAs(channel);
        assertThat(pending.await(0)).isSameAs(channel);
        assertThat(socket.isOpen()).isTrue();
    }

    @Test
    void channelReachesWhoWaitsForIt() throws Exception {
        final Future<DataChannel> limited = threads.submit(() -> pending.await(20_000));
        final Future<DataChannel> unlimited = threads.submit(() -> pending.await(0));

        pending.deliver(channel);

        assertThat(limited.get(10, TimeUnit.SECONDS)).isSameAs(channel);
        assertThat(unlimited.get(10, TimeUnit.SECONDS)).isSameAs(channel);
    }

    @Test
    void nobodyComingInTimeIsATimeout() {
        assertThatThrownBy(() -> pending.await(2)).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void closingEndsTheWait() throws InterruptedException {
        final Future<DataChannel> waiting = threads.submit(() -> pending.await(20_000));

        pending.close();

        assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(SocketException.class);
    }

    @Test
    void waitAfterClosingFailsAtOnce() {
        pending.close();

        assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> pending.await(0)).isInstanceOf(SocketException.class);
    }

    @Test
    void interruptEndsTheWaitAndIsKept() throws Exception {
        final CompletableFuture<Thread> waiter = new CompletableFuture<>();
        final Future<Boolean> interrupted = threads.submit(() -> {
            waiter.complete(Thread.currentThread());
            assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
            return Thread.interrupted();
        });

        waiter.get().interrupt();

        assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void channelThatComesAfterClosingIsDropped() {
        pending.close();
        pending.deliver(channel);

        assertDropped(socket);
    }

    @Test
    void closingDropsTheChannelThatWasDelivered() {
        pending.deliver(channel);
        pending.close();

        assertDropped(socket);
    }

    @Test
    void channelThatWasFetchedIsDroppedByClosingToo() throws Exception {
        pending.deliver(channel);
        pending.await(0);

        pending.close();

        assertDropped(socket);
    }

    @Test
    void closingTwiceDropsOnce() {
        pending.deliver(channel);
        pending.close();
        pending.close();

        assertDropped(socket);
    }

    @Test
    void channelThatComesAfterTheTimeoutIsDroppedByClosing() {
        assertThatThrownBy(() -> pending.await(1)).isInstanceOf(SocketTimeoutException.class);
        pending.deliver(channel);
        assertThat(socket.isOpen()).isTrue();

        pending.close();

        assertDropped(socket);
    }

    @Test
    void secondChannelIsDroppedAndTheFirstIsKept() throws Exception {
        final UnconnectedChannel late = new UnconnectedChannel();
        pending.deliver(channel);
        pending.deliver(late.detached());

        assertDropped(late);
        assertThat(socket.isOpen()).isTrue();
        assertThat(pending.await(0)).isSameAs(channel);
    }

    @Test
    void endBeforeAnybodyHasLoggedInEndsTheWait() {
        pending.end(false);

        assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
    }

    @Test
    void endAfterTheLoginDropsTheChannelWhenItComes() throws Exception {
        final Future<DataChannel> waiting = threads.submit(() -> pending.await(20_000));
        pending.end(true);
        assertThat(pending.hasArrived()).isFalse();

        pending.deliver(channel);

        assertThat(waiting.get(10, TimeUnit.SECONDS)).isSameAs(channel);
        assertDropped(socket);
    }

    @Test
    void endAfterTheArrivalDropsTheChannel() throws Exception {
        pending.deliver(channel);
        pending.end(true);

        assertThat(pending.await(0)).isSameAs(channel);
        assertDropped(socket);
    }

    @Test
    void loginThatFailsAfterTheEndEndsTheWait() {
        pending.end(true);
        pending.close();

        assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
    }

    @Test
    void finishedChannelIsNotResetByClosing() throws Exception {
        pending.deliver(channel);
        pending.await(0).finish();

        pending.close();

        assertThat(socket.fins()).isOne();
        assertThat(socket.resets()).isZero();
        assertThat(socket.closes()).isOne();
    }

    @Test
    void deliveryAgainstClosingNeverLeavesASocketOpen() throws Exception {
        for (int round = 0; round < 2000; round++) {
            final UnconnectedChannel raced = new UnconnectedChannel();
            final DetachedChannel delivered = raced.detached();
            final PendingDataConnection hand =
                    new PendingDataConnection(null, false, () -> null, UnaryOperator.identity());
            final CyclicBarrier start = new CyclicBarrier(3);
            final Future<?> deliverer = threads.submit(() -> {
                start.await();
                hand.deliver(delivered);
                return null;
            });
            final Future<?> closer = threads.submit(() -> {
                start.await();
                hand.close();
                return null;
            });
            start.await();
            assertAwaitEndsWithChannelOrException(hand, delivered);
            deliverer.get();
            closer.get();
            assertDropped(raced);
        }
    }

    private static void assertAwaitEndsWithChannelOrException(
            final PendingDataConnection hand, final DetachedChannel delivered) throws Exception {
        try {
            assertThat(hand.await(10_000)).isSameAs(delivered);
        } catch (SocketException e) {
            assertThat(hand.hasArrived()).isTrue();
        }
    }

    @Test
    void endingDropsAConnectionInItsHandshake() {
        final AtomicInteger drops = new AtomicInteger();
        pending.awaitHandshake(drops::incrementAndGet);
        assertThat(drops).hasValue(0);

        pending.end(true);

        assertThat(drops).hasValue(1);
        assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
        pending.deliver(channel);
        assertDropped(socket);
    }

    @Test
    void handshakeThatBeginsAfterTheEndIsDropped() {
        final AtomicInteger drops = new AtomicInteger();
        pending.end(true);
        pending.awaitHandshake(drops::incrementAndGet);

        assertThat(drops).hasValue(1);
        assertThatThrownBy(() -> pending.await(20_000)).isInstanceOf(SocketException.class);
    }

    @Test
    void handshakeThatIsDoneIsNotDroppedAnyMore() throws Exception {
        final AtomicInteger drops = new AtomicInteger();
        pending.awaitHandshake(drops::incrementAndGet);
        pending.deliver(channel);
        assertThat(pending.await(1)).isSameAs(channel);

        pending.end(true);

        assertThat(drops).hasValue(0);
        assertDropped(socket);
    }

    @Test
    void loginInClearIsNotAcceptedWhereTlsIsRequired() throws UnknownHostException {
        final InetAddress peer = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
        final PendingDataConnection required =
                new PendingDataConnection(null, true, () -> null, UnaryOperator.identity());

        assertThat(required.objectionTo(peer, false)).isEqualTo(Refusal.NOT_OVER_TLS);
        assertThat(required.objectionTo(peer, true)).isNull();
        assertThat(pending.objectionTo(peer, true)).isNull();
    }

    @Test
    void anyPeerIsAcceptedWithoutAddressCheck() throws UnknownHostException {
        assertThat(pending.objectionTo(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}), false))
                .isNull();
    }

    @Test
    void onlyThePeerOfTheControlConnectionIsAcceptedWithAddressCheck() throws UnknownHostException {
        final PendingDataConnection checked = new PendingDataConnection(
                InetAddress.getByAddress("named", new byte[] {10, 0, 0, 1}),
                false,
                () -> null,
                UnaryOperator.identity());

        assertThat(checked.objectionTo(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}), false))
                .isNull();
        assertThat(checked.objectionTo(InetAddress.getByAddress("named", new byte[] {10, 0, 0, 2}), false))
                .isEqualTo(Refusal.OTHER_ADDRESS);
        assertThat(checked.objectionTo(InetAddress.getByAddress(new byte[16]), false))
                .isEqualTo(Refusal.OTHER_ADDRESS);
    }

    private static void assertDropped(final UnconnectedChannel dropped) {
        assertThat(dropped.isOpen()).isFalse();
        assertThat(dropped.closes()).isOne();
        assertThat(dropped.resets()).as("resets").isOne();
        assertThat(dropped.fins()).as("FINs").isZero();
    }
}
