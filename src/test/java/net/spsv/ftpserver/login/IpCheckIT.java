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
package net.spsv.ftpserver.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ipfilter.IpFilterType;
import org.apache.ftpserver.ipfilter.RemoteIpFilter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the listener's settings say about addresses holds for data logins too. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class IpCheckIT {
    private static final String HERE = "127.0.0.1";
    private static final String ELSEWHERE = "127.0.0.2";
    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void ipCheckRefusesAnotherAddressAndTheRightfulClientKeepsItsToken() throws Exception {
        server.passiveIpCheck(true);
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient thief =
                    RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
                thief.line("USER " + endpoint.user()).expect(331);
                thief.line("PASS " + endpoint.token()).expect(504);
                thief.expectDropped();
            }
            try (RawFtpClient thief =
                    RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
                thief.line("SPDT " + endpoint).expect(504);
                thief.expectDropped();
            }
            assertServes(client, RawFtpClient.connect(server.port(), HERE), endpoint);
        }
    }

    @Test
    void ipCheckComparesWithTheAddressOfTheControlConnection() throws Exception {
        server.passiveIpCheck(true);
        start();
        try (RawFtpClient client =
                RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient thief = RawFtpClient.connect(server.port(), HERE).greeted()) {
                thief.line("USER " + endpoint.user()).expect(331);
                thief.line("PASS " + endpoint.token()).expect(504);
                thief.expectDropped();
            }
            assertServes(client, RawFtpClient.connect(server.port(), ELSEWHERE), endpoint);
        }
    }

    /** The thief's login must not end the wait of a transfer that was there first. */
    @Test
    void ipCheckDoesNotDisturbATransferThatWaits() throws Exception {
        server.passiveIpCheck(true);
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            client.line("RETR " + FILE).expect(150);
            try (RawFtpClient thief =
                    RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
                thief.line("USER " + endpoint.user()).expect(331);
                thief.line("PASS " + endpoint.token()).expect(504);
                thief.expectDropped();
            }
            try (Socket data = server.connect().dataLogin(endpoint)) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            }
            client.expect(226);
        }
    }

    @Test
    void withoutIpCheckEveryAddressWillDo() throws Exception {
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            assertServes(client, RawFtpClient.connect(server.port(), ELSEWHERE), endpoint);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "USER %1$s\r\nPASS %2$s\r\n", "SPDT %1$s:%2$s\r\n"})
    void blacklistedAddressIsNotEvenGreetedAndTheTokenStays(final String lines) throws Exception {
        server.sessionFilter(new RemoteIpFilter(IpFilterType.DENY, ELSEWHERE));
        start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient thief = RawFtpClient.connect(server.port(), ELSEWHERE)) {
                sendIfStillOpen(thief, String.format(Locale.ROOT, lines, endpoint.user(), endpoint.token()));
                thief.expectDropped();
            }
            assertServes(client, server.connect(), endpoint);
        }
    }

    @Test
    void whitelistedAddressIsServed() throws Exception {
        server.sessionFilter(new RemoteIpFilter(IpFilterType.ALLOW, HERE));
        start();
        try (RawFtpClient client = server.login()) {
            assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient thief = RawFtpClient.connect(server.port(), ELSEWHERE)) {
                sendIfStillOpen(thief, "SPDT " + endpoint + "\r\n");
                thief.expectDropped();
            }
            assertServes(client, server.connect(), endpoint);
        }
    }

    private void start() throws Exception {
        server.start();
        server.file(FILE, CONTENT);
    }

    private static void assertServes(final RawFtpClient client, final RawFtpClient second, final Endpoint endpoint)
            throws IOException {
        try (Socket data = second.dataLogin(endpoint)) {
            client.line("RETR " + FILE).expect(150);
            assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            client.expect(226);
        }
    }

    private static void sendIfStillOpen(final RawFtpClient client, final String lines) throws IOException {
        try {
            client.socket().getOutputStream().write(lines.getBytes(StandardCharsets.US_ASCII));
        } catch (final SocketException e) {
            // The server was quicker, which is what it should be.
            assertThat(client.socket().isClosed()).isFalse();
        }
    }
}
