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

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.RawFtpClient;

/** The ways of a client to a data connection. */
enum DataMode {
    /** SPSV; the data connection is there when the transfer command comes. */
    SPSV_LOGIN_FIRST {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) throws IOException {
            return connected(
                    SPSV_LOGIN_LAST.prepare(control, port, receiveBuffer).open());
        }
    },
    /** SPSV; the transfer command is answered with 150 before the data connection is opened. */
    SPSV_LOGIN_LAST {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) {
            final RawFtpClient.Endpoint endpoint = control.spsv();
            return () -> RawFtpClient.connect(socket(receiveBuffer), port).dataLogin(endpoint);
        }
    },
    PASV {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) throws IOException {
            final Matcher reply = PASV_REPLY.matcher(control.line("PASV").expect(227));
            if (!reply.find()) {
                throw new AssertionError("no address in the reply to PASV");
            }
            final int passivePort = Integer.parseInt(reply.group(1)) * 256 + Integer.parseInt(reply.group(2));
            return connected(connect(passivePort, receiveBuffer));
        }
    },
    EPSV {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) throws IOException {
            final Matcher reply = EPSV_REPLY.matcher(control.line("EPSV").expect(229));
            if (!reply.find()) {
                throw new AssertionError("no port in the reply to EPSV");
            }
            return connected(connect(Integer.parseInt(reply.group(1)), receiveBuffer));
        }
    },
    PORT {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) throws IOException {
            return listen(control, receiveBuffer, "PORT 127,0,0,1,%2$d,%3$d");
        }
    },
    EPRT {
        @Override
        Prepared prepare(final RawFtpClient control, final int port, final int receiveBuffer) throws IOException {
            return listen(control, receiveBuffer, "EPRT |1|127.0.0.1|%1$d|");
        }
    };

    private static final Pattern PASV_REPLY = Pattern.compile("\\(127,0,0,1,(\\d+),(\\d+)\\)");
    private static final Pattern EPSV_REPLY = Pattern.compile("\\(\\|\\|\\|(\\d+)\\|\\)");
    private static final int TIMEOUT_MILLIS = 30_000;

    /** A data connection that was asked for and is not used yet. */
    interface Prepared extends Closeable {
        /** Returns the data connection; the caller owns it. */
        Socket open() throws IOException;

        /** Closes what {@link #open()} would have returned. */
        @Override
        default void close() throws IOException {
            // nothing was opened yet
        }
    }

    /**
     * Sends the command.
     *
     * @param receiveBuffer the size of the data connection's receive buffer at this end, 0 for the system's choice
     */
    abstract Prepared prepare(RawFtpClient control, int port, int receiveBuffer) throws IOException;

    boolean isSinglePort() {
        return this == SPSV_LOGIN_FIRST || this == SPSV_LOGIN_LAST;
    }

    private static Socket socket(final int receiveBuffer) throws IOException {
        final Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        return socket;
    }

    private static Socket connect(final int port, final int receiveBuffer) throws IOException {
        final Socket socket = socket(receiveBuffer);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), TIMEOUT_MILLIS);
        return socket;
    }

    private static Prepared connected(final Socket socket) {
        return new Prepared() {
            @Override
            public Socket open() {
                return socket;
            }

            @Override
            public void close() throws IOException {
                socket.close();
            }
        };
    }

    private static Prepared listen(final RawFtpClient control, final int receiveBuffer, final String command)
            throws IOException {
        final ServerSocket listening = new ServerSocket();
        if (receiveBuffer > 0) {
            listening.setReceiveBufferSize(receiveBuffer);
        }
        listening.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        listening.setSoTimeout(TIMEOUT_MILLIS);
        final int port = listening.getLocalPort();
        control.line(String.format(Locale.ROOT, command, port, port / 256, port % 256))
                .expect(200);
        return new Prepared() {
            @Override
            public Socket open() throws IOException {
                try {
                    final Socket accepted = listening.accept();
                    accepted.setSoTimeout(TIMEOUT_MILLIS);
                    return accepted;
                } finally {
                    listening.close();
                }
            }

            @Override
            public void close() throws IOException {
                listening.close();
            }
        };
    }
}
