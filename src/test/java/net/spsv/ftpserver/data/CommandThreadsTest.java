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
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoEvent;
import org.apache.mina.core.session.IoEventType;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.filter.executor.OrderedThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against MINA's real pool, whose habits are what {@link CommandThreads} is about. */
@Timeout(30)
class CommandThreadsTest {

    private OrderedThreadPoolExecutor pool;

    private CommandThreads commandThreads;

    /** Released at the end, so that no thread of a failed test stays. */
    private final CountDownLatch end = new CountDownLatch(1);

    private void startPool(final int threads) {
        startPool(threads, 30_000);
    }

    private void startPool(final int threads, final long keepAliveMillis) {
        // As FtpServer makes it: no core threads.
        pool = new OrderedThreadPoolExecutor(0, threads, keepAliveMillis, TimeUnit.MILLISECONDS);
        commandThreads = new CommandThreads(pool);
    }

    @AfterEach
    void stopPool() throws InterruptedException {
        end.countDown();
        pool.shutdown();
        pool.awaitTermination(10, TimeUnit.SECONDS);
    }

    @Test
    void asManyWaitersAsThreadsAreAllServed() {
        final int threads = 4;
        startPool(threads);
        final CountDownLatch[] arrivals = latches(threads);
        final CountDownLatch waiting = new CountDownLatch(threads);
        final AtomicInteger served = new AtomicInteger();

        for (int i = 0; i < threads; i++) {
            final CountDownLatch arrival = arrivals[i];
            run(() -> {
                commandThreads.lend();
                waiting.countDown();
                waitFor(arrival);
                commandThreads.giveBack();
                served.incrementAndGet();
            });
        }
        waitFor(waiting);
        for (final CountDownLatch arrival : arrivals) {
            run(arrival::countDown);
        }

        await().until(() -> served.get() == threads);
    }

    @Test
    void manyMoreWaitersThanThreadsAreAllServed() {
        startPool(2);
        final int sessions = 20;
        final CountDownLatch[] arrivals = latches(sessions);
        final AtomicInteger served = new AtomicInteger();

        for (final CountDownLatch arrival : arrivals) {
            run(() -> {
                commandThreads.lend();
                waitFor(arrival);
                commandThreads.giveBack();
                served.incrementAndGet();
            });
        }
        for (final CountDownLatch arrival : arrivals) {
            run(arrival::countDown);
        }

        await().until(() -> served.get() == sessions);
    }

    @Test
    void workThatWasQueuedBeforeTheLoanIsServed() {
        startPool(1);
        final CountDownLatch queued = new CountDownLatch(1);
        final CountDownLatch arrival = new CountDownLatch(1);
        final CountDownLatch served = new CountDownLatch(1);

        run(() -> {
            waitFor(queued);
            commandThreads.lend();
            waitFor(arrival);
            commandThreads.giveBack();
            served.countDown();
        });
        run(arrival::countDown);
        queued.countDown();

        waitFor(served);
    }

    @Test
    void loanAddsOneThreadAndNotMore() {
        startPool(1);
        final CountDownLatch arrival = new CountDownLatch(1);
        final AtomicInteger running = new AtomicInteger();

        run(() -> {
            commandThreads.lend();
            waitFor(arrival);
            commandThreads.giveBack();
        });
        for (int i = 0; i < 3; i++) {
            run(() -> {
                running.incrementAndGet();
                waitFor(end);
            });
        }

        await().until(() -> running.get() == 1);
        assertThat(pool.getMaximumPoolSize()).isEqualTo(2);
        assertThat(pool.getPoolSize()).isEqualTo(2);
        assertThat(pool.getCorePoolSize()).isZero();
        assertThat(running).hasValue(1);
        arrival.countDown();
    }

    @Test
    void poolReturnsToItsSize() {
        startPool(2, 300);
        for (int round = 0; round < 3; round++) {
            waitAllAtOnce(6);
        }

        await().until(() -> pool.getPoolSize() == 0);
        waitAllAtOnce(1);
        assertThat(pool.getMaximumPoolSize()).isEqualTo(2);
        assertThat(pool.getCorePoolSize()).isZero();
    }

    @Test
    void loansThatAreGivenBackAtOnceSendNobodyHomeWhoIsNeeded() {
        startPool(3, 300);
        for (int i = 0; i < 1000; i++) {
            commandThreads.lend();
            commandThreads.giveBack();
        }

        assertEveryEventIsServed(10);
        await().until(() -> pool.getPoolSize() == 0);
        commandThreads.lend();
        commandThreads.giveBack();
        assertThat(pool.getMaximumPoolSize()).isEqualTo(3);
    }

    /**
     * The first waiter has given its thread back and is busy with its transfer when the second, on the lent thread,
     * begins to wait. MINA's pool would send home whichever of them is free first, and nobody would look after the
     * event that the other one waits for.
     */
    @Test
    void loanThatWasGivenBackIsNotTakenFromTheNextWaiter() {
        startPool(1);
        final CountDownLatch firstArrival = new CountDownLatch(1);
        final CountDownLatch firstTransfers = new CountDownLatch(1);
        final CountDownLatch firstTransfer = new CountDownLatch(1);
        final CountDownLatch secondRuns = new CountDownLatch(1);
        final CountDownLatch secondWaits = new CountDownLatch(1);
        final CountDownLatch secondArrival = new CountDownLatch(1);
        final CountDownLatch secondDone = new CountDownLatch(1);
        run(() -> {
            commandThreads.lend();
            waitFor(firstArrival);
            commandThreads.giveBack();
            firstTransfers.countDown();
            waitFor(firstTransfer);
        });
        run(() -> {
            secondRuns.countDown();
            waitFor(firstTransfers);
            commandThreads.lend();
            secondWaits.countDown();
            waitFor(secondArrival);
            commandThreads.giveBack();
            secondDone.countDown();
        });
        waitFor(secondRuns);
        firstArrival.countDown();
        waitFor(secondWaits);

        run(secondArrival::countDown);
        firstTransfer.countDown();

        waitFor(secondDone);
    }

    /**
     * Sessions at random wait for each other's events, as RETR waits for a data login. What must never happen is that
     * nobody is left to run an event that is queued.
     */
    @Test
    void stormOfLoansNeverStrandsAnEvent() {
        final long seed = Long.getLong("spsv.seed", new Random().nextLong());
        System.out.println("CommandThreadsTest: -Dspsv.seed=" + seed);
        final Random random = new Random(seed);
        final long stop = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        for (int round = 0; System.nanoTime() < stop; round++) {
            startPool(1 + random.nextInt(4));
            storm(random, "seed " + seed + ", round " + round);
            pool.shutdown();
        }
    }

    private void storm(final Random random, final String where) {
        final int sessions = 2 + random.nextInt(12);
        final AtomicInteger served = new AtomicInteger();
        for (int i = 0; i < sessions; i++) {
            final int spin = random.nextInt(2000);
            final CountDownLatch arrival = new CountDownLatch(1);
            run(() -> {
                commandThreads.lend();
                waitFor(arrival);
                commandThreads.giveBack();
                spin(spin);
                served.incrementAndGet();
            });
            if (random.nextBoolean()) {
                spin(random.nextInt(2000));
            }
            run(arrival::countDown);
        }
        await(where)
                .atMost(10, TimeUnit.SECONDS)
                .pollInterval(1, TimeUnit.MILLISECONDS)
                .until(() -> served.get() == sessions);
    }

    private void waitAllAtOnce(final int waiters) {
        final CountDownLatch waiting = new CountDownLatch(waiters);
        final CountDownLatch done = new CountDownLatch(waiters);
        for (int i = 0; i < waiters; i++) {
            run(() -> {
                commandThreads.lend();
                waiting.countDown();
                waitFor(waiting);
                commandThreads.giveBack();
                done.countDown();
            });
        }
        waitFor(done);
    }

    private void assertEveryEventIsServed(final int events) {
        final CountDownLatch served = new CountDownLatch(events);
        for (int i = 0; i < events; i++) {
            run(served::countDown);
        }
        waitFor(served);
    }

    /** Runs something on the pool as an event of a session of its own. */
    private void run(final Runnable task) {
        final IoSession session = new DummySession();
        pool.execute(new IoEvent(IoEventType.MESSAGE_RECEIVED, session, null) {
            @Override
            public void fire() {
                task.run();
            }
        });
    }

    private static CountDownLatch[] latches(final int count) {
        final List<CountDownLatch> latches = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            latches.add(new CountDownLatch(1));
        }
        return latches.toArray(new CountDownLatch[0]);
    }

    private static void spin(final int turns) {
        for (int i = 0; i < turns; i++) {
            Thread.yield();
        }
    }

    private static void waitFor(final CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
