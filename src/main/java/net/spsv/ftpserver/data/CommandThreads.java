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

import java.util.concurrent.ThreadPoolExecutor;

/**
 * Makes up for the threads of FtpServer's command pool that wait for a data connection.
 *
 * <p>RETR may come before the data login. It then waits on a command thread, while the greeting of the very connection
 * that it waits for needs a command thread too: as many waiters as there are threads would lock each other out. So the
 * pool is one larger for every waiter, as {@code ForkJoinPool.ManagedBlocker} does it.
 *
 * <p>MINA's {@code OrderedThreadPoolExecutor} asks for care. It starts threads only when work comes in, not when its
 * limit rises; {@code prestartCoreThread} starts one for work that is queued already, if the core size allows. Lowering
 * a size sends threads home for all that the pool is above it <em>now</em>, without regard to those that were sent
 * already and are still busy; then threads go that the queued work needs. So the core size is touched only while the
 * pool is below its maximum, and the maximum is lowered only while the pool is within it: each waiter brings one thread
 * and takes at most one away.
 *
 * <p>Threading: safe for all threads; never blocks for long.
 */
final class CommandThreads {

    private final ThreadPoolExecutor pool;

    /** Threads that were lent, given back by their waiter, but not taken out of the pool yet. Guarded by this. */
    private int surplus;

    CommandThreads(final ThreadPoolExecutor pool) {
        this.pool = pool;
    }

    /** Call before waiting on a command thread. */
    synchronized void lend() {
        if (surplus > 0) {
            surplus--;
        } else {
            pool.setMaximumPoolSize(pool.getMaximumPoolSize() + 1);
        }
        while (pool.getPoolSize() >= pool.getMaximumPoolSize()) {
            // Threads that were sent home are among them, and will not stand in for this one.
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
        while (surplus > 0 && pool.getPoolSize() <= pool.getMaximumPoolSize()) {
            surplus--;
            pool.setMaximumPoolSize(pool.getMaximumPoolSize() - 1);
        }
    }
}
