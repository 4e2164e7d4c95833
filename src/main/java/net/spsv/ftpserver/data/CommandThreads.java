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
 * limit rises; {@code prestartCoreThread} starts one for work that is queued already, if the core size allows, and
 * lowering the core size again sends nobody home as long as the pool is not above it. Lowering the maximum sends one
 * thread home for each that is too many <em>now</em>, without regard to those that were told already: so it is lowered
 * only while the pool is within its limit, or threads that the queued work needs would go as well.
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
