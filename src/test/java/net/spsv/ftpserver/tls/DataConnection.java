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

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import net.spsv.ftpserver.testing.RawFtpClient;

/**
 * The client's end of a protected data connection, from the reply to SPSV or PASV to its end.
 *
 * <p>It is opened in two steps, {@link #login()} and {@link #secure()}, each of which does what the one before has left
 * out. Between them is the transfer command, or not, as a test wishes.
 */
final class DataConnection implements AutoCloseable {
    private final Way way;
    private final SSLContext context;
    private final String protocol;
    private final boolean byRecords;
    private final int receiveBuffer;
    private final RawFtpClient.Endpoint endpoint;
    private final int port;
    private Socket plain;
    private SSLSocket socket;
    private TlsConnection records;

    DataConnection(final TlsSession session, final RawFtpClient.Endpoint endpoint, final int port) {
        this(
                session.way(),
                session.context(),
                session.protocol(),
                session.isByRecords(),
                session.receiveBuffer(),
                endpoint,
                port);
    }

    private DataConnection(
            final Way way,
            final SSLContext context,
            final String protocol,
            final boolean byRecords,
            final int receiveBuffer,
            final RawFtpClient.Endpoint endpoint,
            final int port) {
        this.way = way;
        this.context = context;
        this.protocol = protocol;
        this.byRecords = byRecords;
        this.receiveBuffer = receiveBuffer;
        this.endpoint = endpoint;
        this.port = port;
    }

    /** Returns a data connection by records, of whatever control connection. */
    static DataConnection byRecords(
            final Way way, final String protocol, final RawFtpClient.Endpoint endpoint, final int port) {
        return new DataConnection(way, Certificates.client(), protocol, true, 0, endpoint, port);
    }

    /** Connects, and logs in: inside TLS if that is the way. */
    DataConnection login() throws IOException {
        if (plain != null) {
            return this;
        }
        plain = TlsConnection.connect(port, receiveBuffer);
        try {
            switch (way) {
                case EXPLICIT:
                    new Lines(plain.getInputStream(), plain.getOutputStream())
                            .expect(220)
                            .send("AUTH TLS\r\n")
                            .expect(234);
                    handshake();
                    lines().greetedDataLogin(endpoint);
                    break;
                case IMPLICIT:
                    handshake();
                    lines().dataLogin(endpoint);
                    break;
                case CLEAR_LOGIN:
                    new Lines(plain.getInputStream(), plain.getOutputStream()).dataLogin(endpoint);
                    break;
                default:
                    break;
            }
            return this;
        } catch (final IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    /** Makes the handshake if it was not made before. */
    DataConnection secure() throws IOException {
        login();
        try {
            handshake();
            return this;
        } catch (final IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private void handshake() throws IOException {
        if (byRecords) {
            if (records == null) {
                records = new TlsConnection(plain, context, protocol);
                records.handshake();
            }
        } else if (socket == null) {
            final SSLSocketFactory factory = context.getSocketFactory();
            socket = (SSLSocket) factory.createSocket(plain, "127.0.0.1", port, true);
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
        }
    }

    private Lines lines() throws IOException {
        return records == null ? new Lines(socket.getInputStream(), socket.getOutputStream()) : records.lines();
    }

    /** Returns the socket without TLS. */
    Socket plain() {
        return plain;
    }

    /** Returns the secured socket. */
    SSLSocket socket() {
        return socket;
    }

    /** Returns the secured connection of a session {@link TlsSession#byRecords()}. */
    TlsConnection records() {
        return records;
    }

    /** Closes the connection; an SSLSocket sends close_notify before. */
    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
        }
        if (plain != null) {
            plain.close();
        }
    }
}
