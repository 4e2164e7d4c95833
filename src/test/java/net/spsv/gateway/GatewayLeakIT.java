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
import java.util.List;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LinuxProcess;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** However sessions and transfers end, the gateway keeps nothing of them. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
@ExtendWith(LeakCheckExtension.class)
class GatewayLeakIT {
    private static final int WARM_UP = 20;
    private static final int SESSIONS = 100;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().singlePortOnly(true);

    private static GatewayProcess gateway;

    @BeforeAll
    static void start() throws IOException {
        SERVER.file("small.bin", new byte[1000]);
        SERVER.file("large.bin", new byte[16 * 1024 * 1024]);
        gateway = GatewayProcess.start(SERVER.port());
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    @Test
    void sessionsLeaveNothingBehind() throws IOException {
        final LinuxProcess process = new LinuxProcess(gateway.pid());
        for (int i = 0; i < WARM_UP; i++) {
            session(i);
        }
        gateway.awaitSessions(WARM_UP);
        final List<String> before = sockets(process);
        final int threads = threads(process);

        for (int i = 0; i < SESSIONS; i++) {
            session(i);
        }

        gateway.awaitSessions(WARM_UP + SESSIONS);
        Awaitility.await()
                .untilAsserted(() -> assertThat(sockets(process))
                        .as("descriptors; before: %s", before)
                        .hasSizeLessThanOrEqualTo(before.size()));
        // threads are kept for the next sessions, of which there was one at a time
        Awaitility.await()
                .untilAsserted(() -> assertThat(threads(process)).as("threads").isLessThanOrEqualTo(threads + 30));
        assertThat(gateway.output()).doesNotContain("\tat ");
    }

    private static List<String> sockets(final LinuxProcess process) throws IOException {
        final List<String> descriptors = process.descriptors();
        descriptors.removeIf(target -> !target.startsWith("socket:") && !target.startsWith("anon_inode:"));
        return descriptors;
    }

    /** Those of the virtual machine come when it likes. */
    private static int threads(final LinuxProcess process) throws IOException {
        final List<String> names = process.threads();
        names.removeIf(name -> !name.startsWith("spsv-gateway-"));
        assertThat(names).isNotEmpty();
        return names.size();
    }

    /** One session, of which every one in a row ends in another way. */
    private static void session(final int number) throws IOException {
        try (RawFtpClient client = RawFtpClient.connect(gateway.port())
                .greeted()
                .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD)
                .binary()) {
            LocalTransfer.transmit(client, "STOR up.bin", new byte[1000]);
            assertThat(LocalTransfer.receive(client, "RETR small.bin")).hasSize(1000);
            switch (number % 6) {
                case 0:
                    client.line("QUIT").expect(221);
                    break;
                case 1:
                    client.line("EPSV").expect(229);
                    client.line("PASV").expect(227);
                    break;
                case 2:
                    try (Socket data = LocalTransfer.open(client)) {
                        client.line("RETR large.bin").expect(150);
                        assertThat(data.getInputStream().read()).isZero();
                        client.reset();
                    }
                    break;
                case 3:
                    try (Socket data = LocalTransfer.open(client)) {
                        client.line("RETR large.bin").expect(150);
                        RawFtpClient.reset(data);
                        assertThat(client.reply()).startsWith("4");
                    }
                    break;
                case 4:
                    client.line("EPRT |1|127.0.0.1|" + FreePort.any() + "|").expect(200);
                    client.line("RETR small.bin").expect(425);
                    break;
                default:
                    client.line("EPSV").expect(229);
                    client.reset();
            }
        }
    }
}
