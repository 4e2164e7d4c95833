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
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RawFtpClient;

/** An ordinary FTP client of a gateway, with each of the ordinary ways to a data connection. */
final class LocalClient implements AutoCloseable {
    private static final Pattern NUMBERS = Pattern.compile("227 .*\\(([0-9,]+),([0-9]+),([0-9]+)\\)\\.");

    private static final int TIMEOUT_MILLIS = 20_000;

    /** A way to a data connection. */
    enum Mode {
        PASV,
        EPSV,
        PORT,
        EPRT
    }

    private final RawFtpClient control;
    private final Mode mode;

    private LocalClient(final RawFtpClient control, final Mode mode) {
        this.control = control;
        this.mode = mode;
    }

    static LocalClient login(final Gateway gateway, final Mode mode) {
        final RawFtpClient control = RawFtpClient.connect(gateway.address());
        control.greeted()
                .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD)
                .binary();
        return new LocalClient(control, mode);
    }

    RawFtpClient control() {
        return control;
    }

    /** Begins a transfer, up to its 150. */
    Peer begin(final String command) throws IOException {
        return begin(command, "NOOP");
    }

    /** Begins a transfer, up to its 150, with another command directly in front of it. */
    Peer begin(final String command, final String before) throws IOException {
        final InetAddress address = control.socket().getInetAddress();
        if (mode == Mode.PASV || mode == Mode.EPSV) {
            final int port = mode == Mode.EPSV
                    ? Stage.port(control.line("EPSV").expect(229))
                    : port(control.line("PASV").expect(227));
            final Socket data = new Socket();
            data.connect(new InetSocketAddress(address, port), TIMEOUT_MILLIS);
            prepare(before);
            control.line(command).expect(150);
            return new Peer(data);
        }
        try (ServerSocket listening = new ServerSocket(0, 1, control.socket().getLocalAddress())) {
            listening.setSoTimeout(TIMEOUT_MILLIS);
            final int port = listening.getLocalPort();
            if (mode == Mode.PORT) {
                final String numbers = address.getHostAddress().replace('.', ',');
                control.line("PORT " + numbers + ',' + port / 256 + ',' + port % 256)
                        .expect(200);
            } else {
                final boolean ipv4 = address.getAddress().length == 4;
                control.line("EPRT |" + (ipv4 ? 1 : 2) + '|'
                                + control.socket().getLocalAddress().getHostAddress() + '|' + port + '|')
                        .expect(200);
            }
            prepare(before);
            control.line(command);
            final Peer data = new Peer(listening.accept());
            control.expect(150);
            return data;
        }
    }

    private void prepare(final String command) {
        control.line(command);
        if (!control.reply().matches("[23].*")) {
            throw new AssertionError(control.transcript());
        }
    }

    private static int port(final String reply) {
        final Matcher matcher = NUMBERS.matcher(reply);
        if (!matcher.matches()) {
            throw new AssertionError("no numbers in " + reply);
        }
        return Integer.parseInt(matcher.group(2)) * 256 + Integer.parseInt(matcher.group(3));
    }

    /** Transfers what the server sends. */
    byte[] download(final String command) throws IOException {
        try (Peer data = begin(command)) {
            final byte[] content = data.readToEnd();
            control.expect(226);
            return content;
        }
    }

    /** Transfers what the server is to have. */
    void upload(final String command, final byte... content) throws IOException {
        try (Peer data = begin(command)) {
            data.send(content).end();
            control.expect(226);
        }
    }

    @Override
    public void close() {
        control.close();
    }
}
