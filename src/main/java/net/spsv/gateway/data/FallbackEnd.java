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
import net.spsv.gateway.remote.RemoteConnection;
import net.spsv.gateway.wire.Wire;

/** A connection to a port that the server has opened for it: its own EPSV or PASV. */
public final class FallbackEnd implements ServerEnd {

    private final RemoteConnection connection;

    /**
     * Prepares the connection.
     *
     * @param connection not opened yet
     */
    public FallbackEnd(final RemoteConnection connection) {
        this.connection = connection;
    }

    @Override
    public void reach() throws IOException {
        connection.openPassive();
    }

    @Override
    public Wire open() throws IOException {
        connection.securePassive();
        return connection.wire();
    }

    @Override
    public ByteBuffer first() {
        return ByteBuffer.allocate(0);
    }

    @Override
    public void drop() {
        connection.drop();
    }
}
