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
package net.spsv.client;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import javax.net.ssl.SSLException;

/**
 * The TCP connection below a data connection's TLS.
 *
 * <p>The JDK takes a TCP connection that ends for TLS that ends, unless a system property says otherwise for the whole
 * program. Whoever can cut the connection could so shorten a file unnoticed: the server's 226 comes all the same. As
 * the JDK reads nothing behind a close_notify, whatever else it finds the end of was cut off.
 */
final class TlsWire extends DelegatingSocket {

    private final Deadline deadline;

    private volatile boolean loggedIn;

    /**
     * Starts with the login, which has to be done in time.
     *
     * @param deadline holds for every read of the handshake, too
     */
    TlsWire(final Socket wire, final Deadline deadline) {
        super(wire);
        this.deadline = deadline;
    }

    /** From now on it carries a file, with the socket's own timeout. */
    void loggedIn() {
        loggedIn = true;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(super.getInputStream()) {
            @Override
            public int read() throws IOException {
                begin();
                return end(in.read());
            }

            @Override
            public int read(final byte[] bytes, final int offset, final int length) throws IOException {
                begin();
                return end(in.read(bytes, offset, length));
            }
        };
    }

    private void begin() throws IOException {
        if (!loggedIn) {
            deadline.limit(this);
        }
    }

    private int end(final int read) throws IOException {
        if (read < 0 && loggedIn) {
            throw new SSLException("The data connection was cut off: it ended without TLS's close_notify");
        }
        return read;
    }
}
