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
package net.spsv.ftpserver.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RandomContent;

/**
 * A client that is logged in over TLS, with PROT P and in binary, and makes its data connections on one {@link Way}.
 *
 * <p>A transfer is given as the commands that follow the preparation of the data connection; the last one transfers.
 */
final class TlsSession implements AutoCloseable {
    /** Where the transfer command stands among the steps of a data connection. */
    enum Order {
        /** Behind the data login, and before a handshake that is not part of it. */
        LOGIN_FIRST,
        /** Before the data connection is opened. */
        LOGIN_LAST,
        /** Behind the data login and the handshake. */
        HANDSHAKE_FIRST
    }

    private final Way way;
    private final String protocol;
    private final SSLContext context;
    private final ControlClient control;
    private Order order = Order.LOGIN_FIRST;
    private boolean byRecords;
    private int receiveBuffer;

    private TlsSession(final Way way, final String protocol, final SSLContext context, final ControlClient control) {
        this.way = way;
        this.protocol = protocol;
        this.context = context;
        this.control = control;
    }

    static TlsSession login(final TlsServers servers, final Way way, final String protocol) throws IOException {
        return login(servers.of(way), way, protocol, Certificates.client());
    }

    static TlsSession login(
            final FtpServerExtension server, final Way way, final String protocol, final SSLContext context)
            throws IOException {
        return login(server.port(), way, protocol, context, FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    static TlsSession login(
            final int port,
            final Way way,
            final String protocol,
            final SSLContext context,
            final String user,
            final String password)
            throws IOException {
        final ControlClient control = way == Way.IMPLICIT
                ? ControlClient.implicit(port, context, protocol)
                : ControlClient.explicit(port, context, protocol);
        try {
            control.protectedLogin(user, password);
            return new TlsSession(way, protocol, context, control);
        } catch (final IOException | RuntimeException | AssertionError e) {
            control.close();
            throw e;
        }
    }

    /** Returns the same session, which makes its data connections on another way. */
    TlsSession through(final Way other) {
        return new TlsSession(other, protocol, context, control);
    }

    /** Makes the next data connections in this order; PASV has but one. */
    TlsSession order(final Order wanted) {
        order = wanted;
        return this;
    }

    /** Makes the next data connections with a {@link TlsConnection}, and not with an SSLSocket. */
    TlsSession byRecords() {
        byRecords = true;
        return this;
    }

    /** Makes the next data connections with receive buffers of this size, and not with what the system thinks fit. */
    TlsSession receiveBuffer(final int size) {
        receiveBuffer = size;
        return this;
    }

    int receiveBuffer() {
        return receiveBuffer;
    }

    boolean isByRecords() {
        return byRecords;
    }

    Way way() {
        return way;
    }

    String protocol() {
        return protocol;
    }

    SSLContext context() {
        return context;
    }

    ControlClient control() {
        return control;
    }

    /** Sends SPSV, or PASV if that is the way. */
    DataConnection prepare() throws IOException {
        return way.isSinglePort()
                ? new DataConnection(this, control.spsv(), control.serverPort())
                : new DataConnection(this, null, control.pasvPort());
    }

    /** Begins a transfer: the data connection is secured, and the last command was answered with 150. */
    DataConnection begin(final String... commands) throws IOException {
        final DataConnection data = prepare();
        try {
            if (order == Order.HANDSHAKE_FIRST && way.isSinglePort()) {
                data.secure();
            } else if (order != Order.LOGIN_LAST) {
                data.login();
            }
            for (final String command : Arrays.copyOf(commands, commands.length - 1)) {
                control.sendCommand(command);
            }
            control.command(commands[commands.length - 1], 150);
            return data.secure();
        } catch (final IOException | RuntimeException | AssertionError e) {
            data.close();
            throw e;
        }
    }

    /** Downloads, and returns what came. */
    byte[] download(final String... commands) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataConnection data = begin(commands)) {
            final InputStream in = data.socket().getInputStream();
            final byte[] block = new byte[16 * 1024];
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                bytes.write(block, 0, count);
            }
        }
        control.expect(226);
        return bytes.toByteArray();
    }

    /** Downloads, and returns the digest of what came. */
    String downloadDigest(final String... commands) throws IOException {
        final String digest;
        try (DataConnection data = begin(commands)) {
            digest = RandomContent.digest(data.socket().getInputStream());
        }
        control.expect(226);
        return digest;
    }

    /** Uploads bytes, and returns the reply to it. */
    String upload(final byte[] content, final String... commands) throws IOException {
        try (DataConnection data = begin(commands);
                OutputStream out = data.socket().getOutputStream()) {
            out.write(content);
        }
        return control.expect(226);
    }

    /** Uploads, and returns the digest of what was sent. */
    String upload(final RandomContent content, final String... commands) throws IOException {
        final String digest;
        try (DataConnection data = begin(commands)) {
            digest = content.writeTo(data.socket().getOutputStream());
        }
        control.expect(226);
        return digest;
    }

    /** Fails unless the session can transfer, up and down, on its way. */
    void expectUsable(final FtpServerExtension server) throws IOException {
        final byte[] content = {'u', 's', 'a', 'b', 'l', 'e'};
        byRecords = false;
        upload(content, "STOR usable");
        if (!Arrays.equals(content, server.content("usable")) || !Arrays.equals(content, download("RETR usable"))) {
            throw new AssertionError("not usable any more:\n" + control.transcript());
        }
    }

    @Override
    public void close() throws IOException {
        control.close();
    }
}
