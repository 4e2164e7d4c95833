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
import java.nio.channels.SocketChannel;

/**
 * The way to the client's end of a data connection.
 *
 * <p>Threading: {@link #open()} blocks one thread, the other methods may be called by any.
 */
public interface ClientEnd {

    /**
     * Waits for the connection.
     *
     * @return connected and blocking, owned by the caller
     * @throws IOException if there is none to be had, or {@link #drop()} was called
     */
    SocketChannel open() throws IOException;

    /**
     * Returns who connects.
     *
     * @return true if the client does, whenever it likes; false if the gateway does, once the transfer begins
     */
    boolean isPassive();

    /** Tells that the transfer begins. */
    void begin();

    /** Gives up what {@link #open()} waits for. */
    void drop();
}
