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

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.statistics.SinglePortStatistics;

/** A data channel whose life and whose bytes show in the statistics. */
final class CountedChannel implements DataChannel {

    private enum State {
        WAITING,
        ACTIVE,
        ENDED
    }

    private final DataChannel channel;

    private final SinglePortStatistics statistics;

    /** Guarded, together with what the statistics say of it, by this object. */
    private State state = State.WAITING;

    /**
     * Begins to count.
     *
     * @param channel has just been opened; owned by this object afterwards
     * @param statistics where it shows
     */
    CountedChannel(final DataChannel channel, final SinglePortStatistics statistics) {
        this.channel = channel;
        this.statistics = statistics;
        statistics.opened();
    }

    private synchronized void begun() {
        if (state == State.WAITING) {
            state = State.ACTIVE;
            statistics.begun();
        }
    }

    private synchronized void ended() {
        if (state != State.ENDED) {
            statistics.ended(state == State.ACTIVE);
            state = State.ENDED;
        }
    }

    @Override
    public boolean isProtected() {
        return channel.isProtected();
    }

    @Override
    public void beginTransfer(final long millis) {
        begun();
        channel.beginTransfer(millis);
    }

    @Override
    public int read(final ByteBuffer target) throws IOException {
        final int count = channel.read(target);
        if (count > 0) {
            statistics.received(count);
        }
        return count;
    }

    @Override
    public void write(final ByteBuffer source) throws IOException {
        final int before = source.remaining();
        try {
            channel.write(source);
        } finally {
            statistics.sent(before - source.remaining());
        }
    }

    @Override
    public long write(final FileChannel file, final long position, final long count) throws IOException {
        final long written = channel.write(file, position, count);
        statistics.sent(written);
        return written;
    }

    @Override
    public void sleepingBegins() throws SocketException {
        channel.sleepingBegins();
    }

    @Override
    public void sleepingEnds() {
        channel.sleepingEnds();
    }

    @Override
    public void finish() throws IOException {
        // first, because the peer may look at the statistics as soon as it has the end of the file
        ended();
        channel.finish();
    }

    @Override
    public void close() {
        ended();
        channel.close();
    }

    @Override
    public String toString() {
        return channel.toString();
    }
}
