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

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import net.spsv.ftpserver.statistics.Refusal;
import net.spsv.ftpserver.statistics.SinglePortStatistics;

/**
 * When refused data logins are told so. The first one of an address is told at once: its client may have come to
 * another machine than its session, and may try again. Others are told after FtpServer's {@code login-failure-delay},
 * as failed logins of users are, but without a thread that sleeps. IPv6 addresses of one network count as one.
 *
 * <p>Threading: safe for all threads.
 */
public final class Refusals {

    /** How long an address is remembered. */
    static final long MEMORY_SECONDS = 60;

    /** Addresses that are remembered; the one that was heard of longest ago is forgotten first. */
    static final int MAX_ADDRESSES = 4096;

    /** Refusals that wait; one more is told at once, so that connections do not pile up. */
    static final int MAX_DELAYED = 1000;

    private static final int IPV6_NETWORK_BYTES = 8;

    private final ScheduledExecutorService timer;

    private final IntSupplier delayMillis;

    private final SinglePortStatistics statistics;

    /** When a peer was refused last, as {@code System.nanoTime}, by its address. Guarded by itself. */
    private final Map<ByteBuffer, Long> refused = new LinkedHashMap<ByteBuffer, Long>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(final Map.Entry<ByteBuffer, Long> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    /**
     * Starts without a memory.
     *
     * @param timer runs what is delayed
     * @param delayMillis how long, as of now; 0 for not at all
     * @param statistics counts
     */
    public Refusals(
            final ScheduledExecutorService timer,
            final IntSupplier delayMillis,
            final SinglePortStatistics statistics) {
        this.timer = timer;
        this.delayMillis = delayMillis;
        this.statistics = statistics;
    }

    /** A refusal that waits; told or cancelled, whichever is first. */
    final class Delayed {
        private final AtomicBoolean over = new AtomicBoolean();

        private final Runnable answer;

        private final Future<?> task;

        Delayed(final Runnable answer, final int delay) {
            this.answer = answer;
            this.task = timer.schedule(this::tell, delay, TimeUnit.MILLISECONDS);
        }

        private void tell() {
            if (end()) {
                answer.run();
            }
        }

        /** Does without it, as its peer has gone. */
        void cancel() {
            if (end()) {
                task.cancel(false);
            }
        }

        /** A task can be cancelled while it runs, so the future alone does not tell who was first. */
        private boolean end() {
            final boolean first = over.compareAndSet(false, true);
            if (first) {
                statistics.refusalTold();
            }
            return first;
        }
    }

    /**
     * Tells a peer, now or later.
     *
     * @param peer its address
     * @param why for the statistics
     * @param answer sends the reply, on the calling thread or on the timer's
     * @return null if the peer has been told
     */
    Delayed tell(final InetAddress peer, final Refusal why, final Runnable answer) {
        statistics.refused(why);
        final int delay = delayMillis.getAsInt();
        if (isRepeated(peer, System.nanoTime()) && delay > 0) {
            if (statistics.refusalDelayed() <= MAX_DELAYED) {
                return new Delayed(answer, delay);
            }
            statistics.refusalTold();
        }
        answer.run();
        return null;
    }

    private boolean isRepeated(final InetAddress peer, final long now) {
        synchronized (refused) {
            final Long before = refused.put(network(peer), now);
            return before != null && now - before < TimeUnit.SECONDS.toNanos(MEMORY_SECONDS);
        }
    }

    /** A host can have any address of its IPv6 network, which takes the first half of 128 bits (RFC 4291). */
    private static ByteBuffer network(final InetAddress peer) {
        final byte[] address = peer.getAddress();
        return ByteBuffer.wrap(Arrays.copyOf(address, Math.min(address.length, IPV6_NETWORK_BYTES)));
    }
}
