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
package net.spsv.ftpserver.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.Selector;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The check that the other tests rely on sees what it is there to see. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LeakCheckExtensionIT {
    /** Takes the inventory when nothing of what ran before comes or goes any more. */
    private static LeakCheckExtension.Inventory settled() {
        final AtomicReference<LeakCheckExtension.Inventory> last =
                new AtomicReference<>(new LeakCheckExtension.Inventory());
        await().until(
                        () -> last.getAndSet(new LeakCheckExtension.Inventory()),
                        LeakCheckExtension.Inventory::isUpToDate);
        return last.get();
    }

    @Test
    void openSocketAndSelectorAreSeen() throws Exception {
        final LeakCheckExtension.Inventory before = settled();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Selector selector = Selector.open()) {
            assertThat(socket.isBound() && selector.isOpen()).isTrue();
            assertThat(before.added())
                    .anySatisfy(line -> assertThat(line).contains("socket"))
                    .anySatisfy(line -> assertThat(line).contains("eventpoll"));
        }
        await().untilAsserted(() -> assertThat(before.added()).isEmpty());
    }

    @Test
    void runningThreadIsSeen() throws Exception {
        final LeakCheckExtension.Inventory before = settled();
        final CountDownLatch end = new CountDownLatch(1);
        final Thread thread = new Thread(
                () -> {
                    try {
                        end.await();
                    } catch (final InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "pool-0-thread-0");
        thread.start();
        assertThat(before.added()).anySatisfy(line -> assertThat(line).startsWith("thread pool-0-thread-0"));
        end.countDown();
        thread.join();
        await().until(() -> before.added().isEmpty());
    }
}
