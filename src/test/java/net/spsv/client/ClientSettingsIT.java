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

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.DefaultSocketFactory;
import org.apache.commons.net.ftp.FTPClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client is told of sockets holds for its second connections. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ClientSettingsIT {
    private static final byte[] SMALL = {1, 2, 3};

    @RegisterExtension
    static final Servers SERVERS = new Servers(server -> server.passiveIpCheck(true));

    private final Sockets sockets = new Sockets();
    private FTPClient client;

    @BeforeEach
    void files() {
        for (final Kind kind : Kind.values()) {
            SERVERS.of(kind).file("small", SMALL);
        }
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    private void login(final Kind kind) throws IOException {
        client = kind.create();
        client.setSocketFactory(sockets);
        Kind.login(client, SERVERS.of(kind));
    }

    private void expectUsable() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile("small", out))
                .as(client.getReplyString())
                .isTrue();
        assertThat(out.toByteArray()).isEqualTo(SMALL);
    }

    @ParameterizedTest
    @EnumSource
    void socketsComeFromTheClientsFactoryAndGoWhereTheFirstOneWent(final Kind kind) throws IOException {
        login(kind);
        expectUsable();
        expectUsable();
        assertThat(sockets.made).hasSize(3).allSatisfy(socket -> {
            assertThat(socket.target)
                    .isEqualTo(
                            new InetSocketAddress("127.0.0.1", SERVERS.of(kind).port()));
            assertThat(socket.connectTimeout).isEqualTo(60_000);
        });
        assertThat(sockets.made.subList(1, 3)).allMatch(Socket::isClosed);
        assertThat(sockets.made.get(0).isClosed()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void buffersTimeoutsAndLocalAddressAreThoseOfDataConnections(final Kind kind) throws IOException {
        login(kind);
        client.setReceieveDataSocketBufferSize(12_345);
        client.setSendDataSocketBufferSize(23_456);
        client.setDataTimeout(Duration.ofSeconds(17));
        client.setConnectTimeout(34_567);
        client.setPassiveLocalIPAddress("127.0.0.1");
        expectUsable();
        final Watched data = sockets.made.get(1);
        assertThat(data.receiveBuffer).isEqualTo(12_345);
        assertThat(data.sendBuffer).isEqualTo(23_456);
        assertThat(data.lastTimeout).isEqualTo(17_000);
        assertThat(data.connectTimeout).isEqualTo(34_567);
        assertThat(data.bound).isEqualTo(InetAddress.getByName("127.0.0.1"));
        assertThat(data.noDelay).as("as it was").isFalse();
    }

    @Test
    void withoutADataTimeoutTheSocketKeepsItsOwn() throws IOException {
        login(Kind.PLAIN);
        sockets.timeout = 4_321;
        expectUsable();
        assertThat(sockets.made.get(1).lastTimeout).isEqualTo(4_321);
        assertThat(sockets.made.get(1).bound).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void secondConnectionGoesOutWhereTheFirstOneWasToldTo(final Kind kind) throws IOException {
        final FtpServerExtension server = SERVERS.of(kind);
        client = kind.create();
        final InetAddress other = InetAddress.getByName("127.0.0.2");
        for (final boolean byName : new boolean[] {true, false}) {
            if (byName) {
                client.connect("127.0.0.1", server.port(), other, 0);
            } else {
                client.connect(InetAddress.getByName("127.0.0.1"), server.port(), other, 0);
            }
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            Kind.enterSinglePort(client);
            assertThat(client.listNames()).as("the server checks addresses").contains("small");

            client.setPassiveLocalIPAddress("127.0.0.3");
            assertThatThrownBy(client::listNames)
                    .isInstanceOf(SpsvException.class)
                    .hasMessageContaining("504");
            client.setPassiveLocalIPAddress((InetAddress) null);
            client.disconnect();
        }
        client.connect(InetAddress.getByName("127.0.0.1"), server.port());
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        Kind.enterSinglePort(client);
        assertThat(client.listNames()).as("the other address is forgotten").contains("small");
    }

    @ParameterizedTest
    @EnumSource
    void bothConnectionsGoThroughTheProxy(final Kind kind) throws Exception {
        try (SocksProxy proxy = new SocksProxy()) {
            client = kind.create();
            client.setProxy(new Proxy(Proxy.Type.SOCKS, proxy.address()));
            Kind.login(client, SERVERS.of(kind));
            expectUsable();
            expectUsable();
            assertThat(proxy.connections()).isEqualTo(3);
            client.disconnect();
        }
    }

    @Test
    void timeForTheLoginStartsWhenTheConnectionIsThere() throws IOException {
        login(Kind.PLAIN);
        client.setDataTimeout(Duration.ofMillis(3_000));
        sockets.connectDelay = 3_300;
        expectUsable();
    }

    @Test
    void factoryMayBringItsOwnTls() throws IOException {
        client = new SpsvFtpClient();
        client.setSocketFactory(Certificates.client().getSocketFactory());
        Kind.login(client, SERVERS.of(Kind.IMPLICIT));
        expectUsable();
        expectUsable();
    }

    @Test
    void connectionThatCannotBeMadeIsAnExceptionAndTheSessionGoesOn() throws IOException {
        login(Kind.PLAIN);
        sockets.failure = new ConnectException("no way");
        assertThatThrownBy(this::expectUsable).isSameAs(sockets.failure);
        sockets.failure = new SocketTimeoutException("too long a way");
        assertThatThrownBy(this::expectUsable).isSameAs(sockets.failure);
        sockets.failure = null;
        assertThat(sockets.made.subList(1, 3)).allMatch(Socket::isClosed);
        expectUsable();
    }

    @Test
    void dataConnectionElsewhereIsRefusedIfTheClientVerifies() throws IOException {
        client = new SpsvFtpClient() {
            @Override
            public boolean verifyRemote(final Socket socket) {
                return false;
            }
        };
        Kind.login(client, SERVERS.of(Kind.PLAIN));
        assertThatThrownBy(client::listNames).isInstanceOf(IOException.class).hasMessageContaining("not same");
        client.setRemoteVerificationEnabled(false);
        assertThat(client.listNames()).contains("small");
    }

    /** Makes sockets and remembers them. */
    private static final class Sockets extends DefaultSocketFactory {
        private final List<Watched> made = new ArrayList<>();
        private IOException failure;
        private int timeout;
        private int connectDelay;

        @Override
        public Socket createSocket() throws IOException {
            final Watched socket = new Watched(failure, connectDelay);
            socket.setSoTimeout(timeout);
            made.add(socket);
            return socket;
        }
    }

    /** Remembers what it was told. */
    private static final class Watched extends Socket {
        private final IOException failure;
        private final int connectDelay;
        private SocketAddress target;
        private InetAddress bound;
        private int connectTimeout;
        private int receiveBuffer;
        private int sendBuffer;
        private int lastTimeout;
        private boolean noDelay;

        Watched(final IOException failure, final int connectDelay) {
            this.failure = failure;
            this.connectDelay = connectDelay;
        }

        @Override
        public void connect(final SocketAddress endpoint, final int timeout) throws IOException {
            target = endpoint;
            connectTimeout = timeout;
            if (failure != null) {
                throw failure;
            }
            super.connect(endpoint, timeout);
            final long end = System.nanoTime() + Duration.ofMillis(connectDelay).toNanos();
            while (System.nanoTime() < end) {
                LockSupport.parkNanos(end - System.nanoTime());
            }
        }

        @Override
        public void bind(final SocketAddress address) throws IOException {
            bound = ((InetSocketAddress) address).getAddress();
            super.bind(address);
        }

        @Override
        public void setReceiveBufferSize(final int size) throws SocketException {
            receiveBuffer = size;
            super.setReceiveBufferSize(size);
        }

        @Override
        public void setSendBufferSize(final int size) throws SocketException {
            sendBuffer = size;
            super.setSendBufferSize(size);
        }

        @Override
        public void setSoTimeout(final int timeout) throws SocketException {
            lastTimeout = timeout;
            super.setSoTimeout(timeout);
        }

        @Override
        public void setTcpNoDelay(final boolean on) throws SocketException {
            noDelay = on;
            super.setTcpNoDelay(on);
        }
    }
}
