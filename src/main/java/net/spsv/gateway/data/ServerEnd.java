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
package net.spsv.gateway.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import net.spsv.gateway.wire.Wire;

/**
 * The way to the server's end of a data connection.
 *
 * <p>Threading: one thread goes the way and blocks; {@link #drop()} may be called by any.
 */
public interface ServerEnd {

    /**
     * Goes so far that the server can be told to begin the transfer.
     *
     * @throws IOException if there is no connection to be had, or {@link #drop()} was called
     */
    void reach() throws IOException;

    /**
     * Goes the rest of the way.
     *
     * @return what the file goes over
     * @throws IOException if there is no connection to be had, or {@link #drop()} was called
     */
    Wire open() throws IOException;

    /**
     * Returns what has been read already.
     *
     * @return the first bytes of the file, may be none
     */
    ByteBuffer first();

    /** Ends the connection with a reset. */
    void drop();
}
