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
package net.spsv.gateway.wire;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connected TCP connection, in the clear or inside TLS.
 *
 * <p>Threading: one thread reads, another may write at the same time; {@link #drop()} and {@link #close()} may be
 * called by any thread, do not block, and wake whoever reads or writes.
 */
public interface Wire {

    /**
     * Reads what there is, at least one byte unless the channel is non-blocking.
     *
     * @param target where to, with space left
     * @return the number of bytes; 0 only if the channel is non-blocking; -1 at the end that {@link #end()} makes
     * @throws IOException if the connection was reset, cut off or closed
     */
    int read(ByteBuffer target) throws IOException;

    /**
     * Writes all of it, whether or not the channel is blocking.
     *
     * @param source what to write
     * @throws IOException if the connection was reset or closed, or a non-blocking channel's peer does not read
     */
    void write(ByteBuffer source) throws IOException;

    /**
     * Tells the peer that no more will come: FIN, with TLS {@code close_notify} before it. Reading goes on.
     *
     * @throws IOException if the connection was reset or closed
     */
    void end() throws IOException;

    /** Lets go of the connection; what was written before is still delivered. */
    void close();

    /** Ends the connection with a reset, so that the peer does not take what it has got for all of it. */
    void drop();
}
