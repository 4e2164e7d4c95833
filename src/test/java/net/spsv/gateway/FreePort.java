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
package net.spsv.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** A port for a program that cannot choose a free one itself. */
public final class FreePort {
    private static final int TRIES = 5;

    private FreePort() {}

    /**
     * Starts a program on a port that was free a moment ago; with another port if somebody else has taken it meanwhile.
     *
     * @throws IOException as the last start has thrown it
     */
    public static <T> T startOn(final Start<T> start) throws IOException {
        PortTakenException last = null;
        for (int i = 0; i < TRIES; i++) {
            try {
                return start.on(any());
            } catch (final PortTakenException e) {
                last = e;
            }
        }
        throw last;
    }

    /** Returns a port on which nobody listened a moment ago. */
    public static int any() throws IOException {
        return some(1)[0];
    }

    /** Returns ports on which nobody listened a moment ago, no two of them the same. */
    public static int[] some(final int count) throws IOException {
        final int[] ports = new int[count];
        final List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                final ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                sockets.add(socket);
                ports[i] = socket.getLocalPort();
            }
            return ports;
        } finally {
            for (final ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    /** Starts the program. */
    @FunctionalInterface
    public interface Start<T> {
        /** Starts it on this port. */
        T on(int port) throws IOException;
    }

    /** Somebody else has the port. */
    public static final class PortTakenException extends IOException {
        private static final long serialVersionUID = 1L;

        /** With what the program says. */
        public PortTakenException(final String output) {
            super(output);
        }
    }
}
