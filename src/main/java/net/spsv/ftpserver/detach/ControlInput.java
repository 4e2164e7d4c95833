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
package net.spsv.ftpserver.detach;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.session.IoSession;

/**
 * Reads ahead of MINA, to learn of a connection's end that has arrived but was not reported yet.
 *
 * <p>What is read is fired into the session's filter chain, just as MINA does it.
 *
 * <p>Threading: the session's I/O thread only.
 */
public final class ControlInput {

    /** A peer that sends more than this at the end of a transfer is alive. */
    private static final int MAX_READS = 16;

    private final MinaInternals internals;

    /**
     * Creates the reader.
     *
     * @param internals where the socket of a session is found
     */
    public ControlInput(final MinaInternals internals) {
        this.internals = internals;
    }

    /**
     * Reads what there is.
     *
     * @param session a session that MINA still has
     * @return true if the peer has ended the connection, or reset it
     */
    public boolean hasEnded(final IoSession session) {
        final SocketChannel channel = internals.channel(session);
        for (int i = 0; i < MAX_READS && !session.isReadSuspended(); i++) {
            final IoBuffer buffer = IoBuffer.allocate(session.getConfig().getReadBufferSize());
            final int count;
            try {
                count = channel.read(buffer.buf());
            } catch (IOException e) {
                return true;
            }
            if (count <= 0) {
                return count < 0;
            }
            session.getFilterChain().fireMessageReceived(buffer.flip());
        }
        return false;
    }
}
