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
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How many clients the gateway serves, how long it waits for them, what it refuses, and how all of it ends. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LimitsIT {
    /** How a Java virtual machine ends that was told to by SIGTERM. */
    private static final int TERMINATED = 143;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().singlePortOnly(true);

    private GatewayProcess gateway;
    private final List<RawFtpClient> clients = new ArrayList<>();

    @AfterEach
    void stop() {
        clients.forEach(RawFtpClient::close);
        if (gateway != null) {
            gateway.close();
            assertThat(gateway.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void oneSessionTooManyIsRefused() throws IOException {
        gateway = GatewayProcess.start(SERVER.port(), "--max-sessions", "2");
        login();
        final RawFtpClient second = login();

        final RawFtpClient third = connect();
        third.expect(421);
        third.expectDropped();

        second.line("QUIT").expect(221);
        gateway.awaitSessions(1);
        login().expectAlive();
    }

    @Test
    void passivePortDoesNotWaitForEver() throws IOException {
        gateway = GatewayProcess.start(SERVER.port(), "--data-timeout", "3");
        final RawFtpClient client = login();

        client.line("EPSV").expect(229);
        client.line("NLST");
        String reply = client.reply();
        if (reply.startsWith("150")) {
            reply = client.reply();
        }

        assertThat(reply).matches("(425|426) .*");
        assertThat(LocalTransfer.receive(client, "NLST")).isNotNull();
    }

    @Test
    void otherPlacesThanTheClientsAreNotConnectedTo() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        final RawFtpClient client = login();

        for (final String command : new String[] {
            "PORT 127,0,0,2,200,200",
            "PORT 192,0,2,1,200,200",
            "EPRT |1|127.0.0.2|51400|",
            "EPRT |1|127.0.0.1|1023|",
            "PORT 127,0,0,1,0,22",
            "PORT 127,0,0,1,200",
            "PORT nonsense",
            "EPRT nonsense",
        }) {
            assertThat(client.line(command).reply()).as(command).startsWith("5");
        }
        client.line("LIST").expect(425);
        assertThat(LocalTransfer.receive(client, "NLST")).isNotNull();
    }

    @Test
    void connectionFromElsewhereIsNotTheDataConnection() throws IOException {
        SERVER.file("mine.bin", new byte[] {1, 2, 3});
        gateway = GatewayProcess.start(SERVER.port());
        final RawFtpClient client = login().binary();
        final String reply = client.line("EPSV").expect(229);
        final int port = Integer.parseInt(reply.replaceAll("(?s).*\\(\\|\\|\\|(\\d+)\\|\\).*", "$1"));

        try (RawFtpClient stranger = RawFtpClient.connect(port, "127.0.0.2")) {
            stranger.expectDropped();
        }
        try (Socket data = new Socket("127.0.0.1", port)) {
            client.line("RETR mine.bin").expect(150);
            assertThat(RawFtpClient.readFully(data)).containsExactly(1, 2, 3);
            client.expect(226);
        }
    }

    @Test
    void epsvAllLeavesEpsvOnly() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        final RawFtpClient client = login();

        client.line("EPSV ALL").expect(200);
        client.line("PASV").expect(503);
        client.line("PORT 127,0,0,1,200,200").expect(503);
        client.line("EPRT |1|127.0.0.1|51400|").expect(503);
        assertThat(LocalTransfer.receive(client, "NLST")).isNotNull();
    }

    @Test
    void singlePortModeIsTheGatewaysOwn() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        final RawFtpClient client = login();

        client.line("SPSV").expect(502);
        client.line("SPDT DATACONN:0").expect(502);
        client.line("AUTH TLS").expect(502);
        client.line("CCC").expect(502);
        client.line("PBSZ 0").expect(503);
        client.line("PROT P").expect(503);
        client.line("RETR nothing").expect(425);
        assertThat(client.line("FEAT").expect(211))
                .contains(" EPSV", " PASV", " EPRT")
                .doesNotContain("SPSV");
        client.expectAlive();
    }

    @Test
    void sigtermEndsIdleAndBusySessions() throws Exception {
        SERVER.file("large.bin", new byte[32 * 1024 * 1024]);
        gateway = GatewayProcess.start(SERVER.port());
        final RawFtpClient idle = login();
        final RawFtpClient unknown = connect().greeted();
        final RawFtpClient busy = login().binary();
        try (Socket data = LocalTransfer.open(busy)) {
            busy.line("RETR large.bin").expect(150);
            assertThat(data.getInputStream().read()).isZero();

            gateway.terminate();

            assertThat(gateway.awaitExit()).isIn(0, TERMINATED);
            for (final RawFtpClient client : new RawFtpClient[] {idle, unknown}) {
                client.expect(421);
                client.expectDropped();
            }
            assertThat(busy.reply()).matches("(421|426) .*");
            busy.expectEnd();
        }
        assertThat(gateway.sessions()).hasSize(3);
    }

    private RawFtpClient connect() {
        final RawFtpClient client = RawFtpClient.connect(gateway.port());
        clients.add(client);
        return client;
    }

    private RawFtpClient login() {
        return connect().greeted().login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }
}
