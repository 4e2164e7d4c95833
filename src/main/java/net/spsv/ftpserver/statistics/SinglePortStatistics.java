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
package net.spsv.ftpserver.statistics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/**
 * Counts what happens in single-port mode.
 *
 * <p>Threading: safe for all threads, never blocks.
 */
public final class SinglePortStatistics implements SinglePortMXBean {

    private final IntSupplier outstanding;

    private final LongAdder issued = new LongAdder();

    private final LongAdder redeemed = new LongAdder();

    private final LongAdder expired = new LongAdder();

    private final LongAdder[] refused = new LongAdder[Refusal.values().length];

    private final AtomicInteger delayed = new AtomicInteger();

    private final LongAdder connections = new LongAdder();

    private final AtomicInteger waiting = new AtomicInteger();

    private final AtomicInteger active = new AtomicInteger();

    private final LongAdder bytesReceived = new LongAdder();

    private final LongAdder bytesSent = new LongAdder();

    /**
     * Starts at zero.
     *
     * @param outstanding says how many tokens are outstanding
     */
    public SinglePortStatistics(final IntSupplier outstanding) {
        this.outstanding = outstanding;
        for (int i = 0; i < refused.length; i++) {
            refused[i] = new LongAdder();
        }
    }

    /** Counts a token that was issued. */
    public void issued() {
        issued.increment();
    }

    /** Counts a token that was used. */
    public void redeemed() {
        redeemed.increment();
    }

    /** Counts a token that ended without being used. */
    public void expired() {
        expired.increment();
    }

    /**
     * Counts a data login that was refused.
     *
     * @param why the reason
     */
    public void refused(final Refusal why) {
        refused[why.ordinal()].increment();
    }

    /**
     * Takes note that a refusal waits.
     *
     * @return how many do now
     */
    public int refusalDelayed() {
        return delayed.incrementAndGet();
    }

    /** Takes note that a refusal waits no longer. */
    public void refusalTold() {
        delayed.decrementAndGet();
    }

    /** Counts a data connection that waits for its transfer. */
    public void opened() {
        connections.increment();
        waiting.incrementAndGet();
    }

    /** Takes note that a data connection that waited transfers. */
    public void begun() {
        waiting.decrementAndGet();
        active.incrementAndGet();
    }

    /**
     * Takes note that a data connection has ended.
     *
     * @param begun whether it transferred
     */
    public void ended(final boolean begun) {
        (begun ? active : waiting).decrementAndGet();
    }

    /**
     * Counts what a client has sent.
     *
     * @param bytes how much
     */
    public void received(final long bytes) {
        bytesReceived.add(bytes);
    }

    /**
     * Counts what a client was sent.
     *
     * @param bytes how much
     */
    public void sent(final long bytes) {
        bytesSent.add(bytes);
    }

    /** {@inheritDoc} */
    @Override
    public long getTokensIssued() {
        return issued.sum();
    }

    /** {@inheritDoc} */
    @Override
    public long getTokensRedeemed() {
        return redeemed.sum();
    }

    /** {@inheritDoc} */
    @Override
    public long getTokensExpired() {
        return expired.sum();
    }

    /** {@inheritDoc} */
    @Override
    public int getTokensOutstanding() {
        return outstanding.getAsInt();
    }

    /** {@inheritDoc} */
    @Override
    public long getLoginsRefused() {
        long sum = 0;
        for (final LongAdder count : refused) {
            sum += count.sum();
        }
        return sum;
    }

    /** {@inheritDoc} */
    @Override
    public Map<String, Long> getLoginsRefusedByReason() {
        final Map<String, Long> counts = new LinkedHashMap<>();
        for (final Refusal why : Refusal.values()) {
            counts.put(why.name(), refused[why.ordinal()].sum());
        }
        return counts;
    }

    /** {@inheritDoc} */
    @Override
    public int getRefusalsDelayed() {
        return delayed.get();
    }

    /** {@inheritDoc} */
    @Override
    public long getDataConnections() {
        return connections.sum();
    }

    /** {@inheritDoc} */
    @Override
    public int getDataConnectionsWaiting() {
        return waiting.get();
    }

    /** {@inheritDoc} */
    @Override
    public int getDataConnectionsActive() {
        return active.get();
    }

    /** {@inheritDoc} */
    @Override
    public long getBytesReceived() {
        return bytesReceived.sum();
    }

    /** {@inheritDoc} */
    @Override
    public long getBytesSent() {
        return bytesSent.sum();
    }
}
