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
package net.spsv.ftpserver.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import net.spsv.ftpserver.statistics.Refusal;
import net.spsv.ftpserver.statistics.SinglePortStatistics;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RefusalsTest {

    private static final int NEVER = 3_600_000;

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);

    private final SinglePortStatistics statistics = new SinglePortStatistics(() -> 0);

    private final AtomicInteger told = new AtomicInteger();

    private int delay = NEVER;

    private final Refusals refusals = new Refusals(timer, () -> delay, statistics);

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    private static InetAddress address(final int number) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >> 8), (byte) number});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private void refuse(final int number) {
        refusals.tell(address(number), Refusal.UNKNOWN_TOKEN, told::incrementAndGet);
    }

    @Test
    void firstRefusalOfAnAddressIsToldAtOnce() {
        refuse(1);
        refuse(2);

        assertThat(told).hasValue(2);
        assertThat(statistics.getRefusalsDelayed()).isZero();
    }

    @Test
    void repeatedRefusalWaitsWithoutTheThreadThatFoundIt() {
        refuse(1);
        refuse(1);
        refuse(1);

        assertThat(told).hasValue(1);
        assertThat(statistics.getRefusalsDelayed()).isEqualTo(2);
        assertThat(statistics.getLoginsRefused()).isEqualTo(3);
    }

    @Test
    void repeatedRefusalIsToldAfterTheDelay() {
        delay = 50;
        final long start = System.nanoTime();
        refuse(1);
        refuse(1);

        Awaitility.await().until(() -> told.get() == 2);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000);
        assertThat(statistics.getRefusalsDelayed()).isZero();
    }

    @Test
    void refusalOfAPeerThatHasGoneIsNotToldAndNotCounted() {
        refuse(1);
        final Refusals.Delayed delayed = refusals.tell(address(1), Refusal.UNKNOWN_TOKEN, told::incrementAndGet);
        assertThat(statistics.getRefusalsDelayed()).isOne();

        delayed.cancel();
        delayed.cancel();

        assertThat(statistics.getRefusalsDelayed()).isZero();
        assertThat(told).hasValue(1);
    }

    /** The answer closes the connection, whose end then cancels it. */
    @Test
    void refusalThatIsCancelledWhileItIsToldIsCountedOnce() {
        delay = 1;
        refuse(1);
        final CompletableFuture<Refusals.Delayed> delayed = new CompletableFuture<>();
        delayed.complete(refusals.tell(address(1), Refusal.UNKNOWN_TOKEN, () -> {
            delayed.join().cancel();
            told.incrementAndGet();
        }));

        Awaitility.await().until(() -> told.get() == 2);
        assertThat(statistics.getRefusalsDelayed()).isZero();
    }

    @Test
    void repeatedRefusalDoesNotDelayAnotherAddress() {
        refuse(1);
        refuse(1);
        refuse(2);

        assertThat(told).hasValue(2);
    }

    @Test
    void addressesOfOneIpv6NetworkCountAsOne() throws UnknownHostException {
        for (final String peer : new String[] {"2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:2:3:4:5:6"}) {
            refusals.tell(InetAddress.getByName(peer), Refusal.UNKNOWN_TOKEN, told::incrementAndGet);
        }

        assertThat(told).hasValue(2);
        assertThat(statistics.getRefusalsDelayed()).isOne();
    }

    @Test
    void nothingWaitsWithoutDelay() {
        delay = 0;
        refuse(1);
        refuse(1);

        assertThat(told).hasValue(2);
    }

    @Test
    void moreThanAThousandDoNotWait() {
        for (int i = 0; i < Refusals.MAX_DELAYED + 11; i++) {
            refuse(1);
        }

        assertThat(statistics.getRefusalsDelayed()).isEqualTo(Refusals.MAX_DELAYED);
        assertThat(told).hasValue(11);
    }

    @Test
    void onlySoManyAddressesAreRemembered() {
        for (int i = 0; i <= Refusals.MAX_ADDRESSES; i++) {
            refuse(i);
        }
        refuse(0);
        assertThat(statistics.getRefusalsDelayed()).isZero();

        refuse(Refusals.MAX_ADDRESSES);
        assertThat(statistics.getRefusalsDelayed()).isOne();
    }
}
