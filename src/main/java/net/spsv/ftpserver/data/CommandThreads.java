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

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * Makes up for the threads of FtpServer's command pool that wait for a data connection.
 *
 * <p>RETR may come before the data login. It then waits on a command thread, while the greeting of the very connection
 * that it waits for needs a command thread too: as many waiters as there are threads would lock each other out. So the
 * pool is one larger for every waiter, as {@code ForkJoinPool.ManagedBlocker} does it.
 *
 * <p>MINA's {@code OrderedThreadPoolExecutor} asks for care.
 *
 * <ul>
 *   <li>It starts threads only when work comes in, not when its limit rises. {@code prestartCoreThread} starts one for
 *       work that is queued already, if the core size allows; lowering the core size again sends nobody home as long as
 *       the pool is not above it.
 *   <li>Lowering the maximum sends a thread home, by a signal in the queue that whoever is free first takes. The pool
 *       counts that thread until then, and sends another for it each time it is asked. So there is one signal at a
 *       time, or threads would go that the queued work needs.
 * </ul>
 *
 * <p>Between calls the maximum is what it was, plus the waiters, plus the surplus; without the threads that wait and
 * the one on its way home, the pool never falls below what it was.
 *
 * <p>Threading: safe for all threads; never blocks for long.
 */
final class CommandThreads {

    private final ThreadPoolExecutor pool;

    /** Threads given back by their waiters that the pool may still have. Guarded by this. */
    private int surplus;

    /** Threads of the pool that have ended. Guarded by this. */
    private long ended;

    /** The value of {@link #ended} that says that whoever was sent home last has gone. Guarded by this. */
    private long goneAt;

    CommandThreads(final ThreadPoolExecutor pool) {
        this.pool = pool;
        final ThreadFactory factory = pool.getThreadFactory();
        pool.setThreadFactory(worker -> factory.newThread(() -> {
            try {
                worker.run();
            } finally {
                threadEnded();
            }
        }));
    }

    /** Call before waiting on a command thread. */
    synchronized void lend() {
        if (surplus > 0) {
            surplus--;
        } else {
            pool.setMaximumPoolSize(pool.getMaximumPoolSize() + 1);
        }
        if (ended >= goneAt) {
            if (pool.getActiveCount() < pool.getPoolSize() || pool.getPoolSize() >= pool.getMaximumPoolSize()) {
                return;
            }
        } else if (pool.getPoolSize() >= pool.getMaximumPoolSize()) {
            // One of them is on its way home and will not stand in for this waiter.
            pool.setMaximumPoolSize(pool.getMaximumPoolSize() + 1);
            surplus++;
        }
        final int core = pool.getCorePoolSize();
        pool.setCorePoolSize(pool.getMaximumPoolSize());
        pool.prestartCoreThread();
        pool.setCorePoolSize(core);
    }

    /** Call after waiting, once for each {@link #lend()}. */
    synchronized void giveBack() {
        surplus++;
        shrink();
    }

    private synchronized void threadEnded() {
        ended++;
        shrink();
    }

    private void shrink() {
        while (surplus > 0 && ended >= goneAt && pool.getPoolSize() <= pool.getMaximumPoolSize()) {
            surplus--;
            pool.setMaximumPoolSize(pool.getMaximumPoolSize() - 1);
            if (pool.getPoolSize() > pool.getMaximumPoolSize()) {
                goneAt = ended + 1;
            }
        }
    }
}
