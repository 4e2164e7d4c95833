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
package net.spsv.ftpserver.cluster;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.testing.RawFtpClient;

/** A client with an address of its own, all of whose connections go through HAProxy, and which sees where they end. */
final class ProxiedClient implements Closeable {
    private final int port;
    private final String address;
    private final RawFtpClient control;
    private final String node;

    private ProxiedClient(final int port, final String address) {
        this.port = port;
        this.address = address;
        control = RawFtpClient.connect(port, address);
        node = greeting(control);
    }

    /**
     * Logs the user in, for binary transfers.
     *
     * @param address of the client, on loopback
     */
    static ProxiedClient login(final int port, final String address) {
        final ProxiedClient client = new ProxiedClient(port, address);
        client.control
                .login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD)
                .binary();
        return client;
    }

    private static String greeting(final RawFtpClient connection) {
        return connection.expect(220).substring("220 ".length()).trim();
    }

    /** Returns the name of the node that has the control connection. */
    String node() {
        return node;
    }

    /** Returns the client's address. */
    String address() {
        return address;
    }

    /** Returns the control connection. */
    RawFtpClient control() {
        return control;
    }

    /** Opens another connection of this client, and does not read its greeting. */
    RawFtpClient connect() {
        return RawFtpClient.connect(port, address);
    }

    /** Opens another connection, which HAProxy may send anywhere, and answers with PASS's reply pending. */
    DataLogin dataLogin(final RawFtpClient.Endpoint endpoint) {
        final RawFtpClient connection = connect();
        final String reached = greeting(connection);
        connection.line("USER " + endpoint.user()).expect(331);
        connection.line("PASS " + endpoint.token());
        return new DataLogin(connection, reached);
    }

    /** Sends SPSV and logs in a data connection, which must reach the same node. */
    Socket openData() {
        final DataLogin login = dataLogin(control.spsv());
        if (!login.node().equals(node)) {
            login.connection().close();
            throw new AssertionError(
                    address + " has its session at " + node + ", and a data connection at " + login.node());
        }
        return login.connection().spliced();
    }

    /** Downloads a file. */
    byte[] retrieve(final String file) throws IOException {
        try (Socket data = openData()) {
            control.line("RETR " + file).expect(150);
            final byte[] content = RawFtpClient.readFully(data);
            control.expect(226);
            return content;
        }
    }

    /** Uploads a file. */
    void store(final String file, final byte... content) throws IOException {
        try (Socket data = openData()) {
            control.line("STOR " + file).expect(150);
            data.getOutputStream().write(content);
            data.shutdownOutput();
            control.expect(226);
        }
    }

    @Override
    public void close() {
        control.close();
    }

    /** A data login that was not answered yet. */
    static final class DataLogin {
        private final RawFtpClient connection;
        private final String node;

        DataLogin(final RawFtpClient connection, final String node) {
            this.connection = connection;
            this.node = node;
        }

        /** Returns the connection. */
        RawFtpClient connection() {
            return connection;
        }

        /** Returns the name of the node that it has come to. */
        String node() {
            return node;
        }
    }
}
