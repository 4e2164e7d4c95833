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
import net.spsv.protocol.DataCredentials;

/** A second connection to the server's port, logged in with the token: SPSV. */
public final class SinglePortEnd implements ServerEnd {

    private final RemoteConnection connection;

    private final DataCredentials credentials;

    /**
     * Prepares the connection.
     *
     * @param connection not opened yet
     * @param credentials for one login
     */
    public SinglePortEnd(final RemoteConnection connection, final DataCredentials credentials) {
        this.connection = connection;
        this.credentials = credentials;
    }

    @Override
    public void reach() throws IOException {
        connection.openData(credentials);
    }

    @Override
    public Wire open() {
        return connection.wire();
    }

    @Override
    public ByteBuffer first() {
        return connection.lines().rest();
    }

    @Override
    public void drop() {
        connection.drop();
    }
}
