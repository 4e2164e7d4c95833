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

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import net.spsv.gateway.remote.Protection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files through the gateway, to and from a real server that has no other port, by each ordinary way. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TransferIT {
    private static final byte[] CONTENT = "0123456789\r\n\u0000\n\r".getBytes(StandardCharsets.US_ASCII);

    private static final Map<Protection.Mode, FtpServerExtension> SERVERS = new EnumMap<>(Protection.Mode.class);
    private static final Map<Protection.Mode, Gateway> GATEWAYS = new EnumMap<>(Protection.Mode.class);

    @BeforeAll
    static void start() throws Exception {
        for (final Protection.Mode mode : Protection.Mode.values()) {
            final FtpServerExtension server = new FtpServerExtension().singlePortOnly(true);
            Protection protection = Protection.none();
            if (mode != Protection.Mode.NONE) {
                server.tls(Certificates.server(Certificates.LISTENER)).implicitTls(mode == Protection.Mode.IMPLICIT);
                server.requireTls(true);
                protection = Protection.tls(mode, Certificates::client, "listener", true);
            }
            server.start();
            SERVERS.put(mode, server);
            GATEWAYS.put(
                    mode,
                    Gateway.start(new GatewaySettings(InetSocketAddress.createUnresolved("127.0.0.1", server.port()))
                            .listen(new InetSocketAddress("127.0.0.1", 0))
                            .protection(protection)));
        }
    }

    @AfterAll
    static void stop() throws IOException {
        for (final Gateway gateway : GATEWAYS.values()) {
            gateway.close();
        }
        SERVERS.values().forEach(FtpServerExtension::stop);
    }

    static Stream<Arguments> all() {
        return Arrays.stream(Protection.Mode.values())
                .flatMap(protection ->
                        Arrays.stream(LocalClient.Mode.values()).map(mode -> Arguments.of(protection, mode)));
    }

    private static byte[] random(final int size) {
        final long seed = System.nanoTime();
        System.out.println("seed " + seed);
        final byte[] content = new byte[size];
        new Random(seed).nextBytes(content);
        return content;
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyKindOfTransferWorks(final Protection.Mode protection, final LocalClient.Mode mode) throws Exception {
        final FtpServerExtension server = SERVERS.get(protection);
        try (LocalClient client = LocalClient.login(GATEWAYS.get(protection), mode)) {
            client.upload("STOR file", CONTENT);
            assertThat(server.content("file")).isEqualTo(CONTENT);
            assertThat(client.download("RETR file")).isEqualTo(CONTENT);
            client.upload("APPE file", CONTENT);
            assertThat(server.content("file")).hasSize(2 * CONTENT.length);
            try (Peer data = client.begin("RETR file", "REST 10")) {
                assertThat(data.readToEnd()).hasSize(2 * CONTENT.length - 10);
                client.control().expect(226);
            }
            client.upload("STOR empty");
            assertThat(server.content("empty")).isEmpty();
            assertThat(client.download("RETR empty")).isEmpty();
            client.upload("STOR one", (byte) 7);
            assertThat(client.download("RETR one")).containsExactly(7);
            assertThat(client.download("LIST")).asString().contains(" file\r\n");
            assertThat(client.download("NLST")).asString().contains("file\r\n");
            assertThat(client.download("MLSD")).asString().contains(" file\r\n");
            client.upload("STOU", CONTENT);
            client.control().line("EPSV");
            client.control().expect(229);
            client.control().line("RETR none").expect(550);
            assertThat(client.download("RETR one")).containsExactly(7);
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeFilesComeWholeBothWays(final Protection.Mode protection) throws Exception {
        final byte[] content = random(40_000_001);
        final FtpServerExtension server = SERVERS.get(protection);
        try (LocalClient client = LocalClient.login(GATEWAYS.get(protection), LocalClient.Mode.PASV)) {
            client.upload("STOR large", content);
            assertThat(Arrays.equals(server.content("large"), content)).isTrue();
            assertThat(Arrays.equals(client.download("RETR large"), content)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void transferAfterAnAbortedOneWorks(final Protection.Mode protection) throws Exception {
        SERVERS.get(protection).file("big", new byte[50_000_000]);
        try (LocalClient client = LocalClient.login(GATEWAYS.get(protection), LocalClient.Mode.EPSV)) {
            for (int i = 0; i < 10; i++) {
                try (Peer data = client.begin("RETR big")) {
                    data.readExactly(i);
                    client.control().line("ABOR").expect(426);
                    client.control().expect(226);
                    data.expectReset();
                }
                try (Peer data = client.begin("STOR part")) {
                    data.send(CONTENT);
                    client.control().line("ABOR").expect(426);
                    client.control().expect(226);
                    data.expectReset();
                }
                client.upload("STOR after", CONTENT);
                assertThat(client.download("RETR after")).isEqualTo(CONTENT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void uploadThatTheClientResetsIsNoSuccess(final Protection.Mode protection) throws Exception {
        try (LocalClient client = LocalClient.login(GATEWAYS.get(protection), LocalClient.Mode.EPSV)) {
            for (int i = 0; i < 10; i++) {
                try (Peer data = client.begin("STOR cut")) {
                    data.send(new byte[i * 10_000]);
                    data.reset();
                    client.control().expect(426);
                }
                assertThat(client.download("RETR cut").length).isLessThanOrEqualTo(i * 10_000);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesInTheMiddleLeavesNoSessionAtTheServer(final Protection.Mode protection) throws Exception {
        final FtpServerExtension server = SERVERS.get(protection);
        server.file("big", new byte[50_000_000]);
        for (int i = 0; i < 10; i++) {
            try (LocalClient client = LocalClient.login(GATEWAYS.get(protection), LocalClient.Mode.EPSV);
                    Peer data = client.begin("RETR big")) {
                data.readExactly(1000);
            }
        }
        Awaitility.await().until(() -> server.statistics().getCurrentConnectionNumber() == 0);
    }

    @Test
    void loginInTheMiddleOfASessionIsServed() throws Exception {
        SERVERS.get(Protection.Mode.EXPLICIT).file("one", new byte[] {1});
        try (LocalClient client = LocalClient.login(GATEWAYS.get(Protection.Mode.EXPLICIT), LocalClient.Mode.EPSV)) {
            client.control().line("REIN").expect(220);
            client.control().line("RETR one").expect(425);
            client.control().line("EPSV").expect(530);
            client.control()
                    .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD)
                    .binary();
            assertThat(client.download("RETR one")).containsExactly(1);
        }
    }

    @Test
    void featuresOfARealServerAreThoseOfTheGateway() {
        try (LocalClient client = LocalClient.login(GATEWAYS.get(Protection.Mode.EXPLICIT), LocalClient.Mode.EPSV)) {
            assertThat(client.control().line("FEAT").expect(211))
                    .contains("\n EPSV\n", "\n PASV\n", "\n EPRT\n", "\n MDTM\n", "\n UTF8\n")
                    .doesNotContain("SPSV", "AUTH", "PBSZ", "PROT");
        }
    }

    @Test
    void namesInAnyEncodingPass() throws Exception {
        try (LocalClient client = LocalClient.login(GATEWAYS.get(Protection.Mode.NONE), LocalClient.Mode.EPSV)) {
            final String name = new String("\u00e4\u20ac\ud83d\ude00".getBytes(StandardCharsets.UTF_8), "ISO-8859-1");
            client.upload("STOR " + name, CONTENT);
            assertThat(new String(client.download("NLST"), StandardCharsets.UTF_8))
                    .contains("\u00e4\u20ac\ud83d\ude00");
            client.control().line("DELE " + name).expect(250);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = LocalClient.Mode.class,
            names = {"EPSV", "EPRT"})
    void ipVersion6WorksInFrontOfAServerWithout(final LocalClient.Mode mode) throws Exception {
        try (Gateway gateway = Gateway.start(new GatewaySettings(new InetSocketAddress(
                        "127.0.0.1", SERVERS.get(Protection.Mode.NONE).port()))
                .listen(new InetSocketAddress("::1", 0)))) {
            try (LocalClient client = LocalClient.login(gateway, mode)) {
                client.upload("STOR six", CONTENT);
                assertThat(client.download("RETR six")).isEqualTo(CONTENT);
                final RawFtpClient control = client.control();
                control.line("PASV").expect(425);
                control.line("EPSV 1").expect(522);
                control.line("EPSV 2").expect(229);
                control.line("EPRT |1|127.0.0.1|5000|").expect(522);
                control.line("EPRT |2|::2|5000|").expect(504);
                control.line("EPRT |2|::1|80|").expect(504);
                control.line("PORT 127,0,0,1,19,136").expect(504);
            }
        }
    }

    @Test
    void gatewayOnAllAddressesServesBothFamilies() throws Exception {
        try (Gateway gateway = Gateway.start(new GatewaySettings(new InetSocketAddress(
                        "127.0.0.1", SERVERS.get(Protection.Mode.NONE).port()))
                .listen(new InetSocketAddress(InetAddress.getByName("::"), 0)))) {
            for (final String address : new String[] {"127.0.0.1", "127.0.0.3", "::1"}) {
                final InetSocketAddress there =
                        new InetSocketAddress(address, gateway.address().getPort());
                try (RawFtpClient control = RawFtpClient.connect(there)) {
                    control.greeted()
                            .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD)
                            .binary();
                    control.line("EPSV").expect(229);
                    if (there.getAddress().getAddress().length == 4) {
                        assertThat(control.line("PASV").expect(227)).contains('(' + address.replace('.', ',') + ',');
                        control.line("EPSV 1").expect(229);
                        control.line("EPSV 2").expect(522);
                    }
                }
            }
        }
    }
}
