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
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What clients get when there is no server, when it does not answer, and when it goes. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class NoServerIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().singlePortOnly(true);

    @TempDir
    static Path directory;

    private GatewayProcess gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
            assertThat(gateway.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void sessionsAreRefusedWhereNobodyListens() throws IOException {
        gateway = GatewayProcess.start(FreePort.any());

        gateway.awaitLog("that there is no server", line -> line.contains(" WARN ") && line.contains("127.0.0.1:"));
        try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
            client.expect(421);
            client.expectDropped();
        }
        gateway.awaitSessions(1);
        assertThat(gateway.isAlive()).isTrue();
    }

    @Test
    void sessionsAreRefusedWhereTheHostIsUnknown() throws IOException {
        // without DNS, which takes what time it likes to say that there is no such host
        final Path hosts = Files.createFile(directory.resolve("hosts"));
        gateway = GatewayProcess.startWith(
                Arrays.asList("env", "JAVA_TOOL_OPTIONS=-Djdk.net.hosts.file=" + hosts),
                "--server",
                "no-such-host.invalid:21",
                "--connect-timeout",
                "10");

        gateway.awaitLog("that there is no host", line -> line.contains(" WARN ") && line.contains(".invalid"));
        try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
            client.expect(421);
            client.expectDropped();
        }
    }

    @Test
    void sessionsAreRefusedWhenTheServerSaysNothingForTooLong() throws IOException {
        // the system accepts connections that nobody serves
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            gateway = GatewayProcess.start(silent.getLocalPort(), "--connect-timeout", "1");

            gateway.awaitLog("that the server is silent", line -> line.contains(" WARN "));
            try (RawFtpClient client = RawFtpClient.connect(gateway.port())) {
                client.expect(421);
                client.expectDropped();
            }
        }
    }

    @Test
    void sessionsEndWithTheServer() throws IOException {
        try (RecordingRelay relay = new RecordingRelay(SERVER.port())) {
            gateway = GatewayProcess.start(relay.port());
            try (RawFtpClient idle = login();
                    RawFtpClient prepared = login();
                    Socket data = LocalTransfer.open(prepared)) {
                relay.cut();

                idle.expect(421);
                idle.expectDropped();
                prepared.expect(421);
                prepared.expectDropped();
                assertThat(endOf(data)).isLessThanOrEqualTo(0);
            }
            gateway.awaitSessions(2);

            try (RawFtpClient next = login()) {
                next.expectAlive();
            }
        }
    }

    @Test
    void downloadThatIsCutOffDoesNotLookWhole() throws IOException {
        // more than the buffers between the server and the client hold
        try (RandomAccessFile sparse =
                new RandomAccessFile(SERVER.home().resolve("cut.bin").toFile(), "rw")) {
            sparse.setLength(128 * 1024 * 1024);
        }
        try (RecordingRelay relay = new RecordingRelay(SERVER.port())) {
            gateway = GatewayProcess.start(relay.port());
            try (RawFtpClient client = login().binary();
                    Socket data = LocalTransfer.open(client)) {
                client.line("RETR cut.bin").expect(150);
                assertThat(data.getInputStream().read()).isZero();
                relay.cut();

                final String reply = client.reply();
                assertThat(reply).matches("(421|426) .*");
                assertThat(endOf(data)).as("the end of the data connection").isEqualTo(-2);
            }
        }
    }

    @Test
    void uploadThatIsCutOffIsNotTakenForWhole() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        try (RawFtpClient client = login().binary();
                Socket data = LocalTransfer.open(client)) {
            client.line("STOR broken.bin").expect(150);
            data.getOutputStream().write(new byte[100_000]);
            RawFtpClient.reset(data);

            client.expect(426);
            client.expectAlive();
        }
    }

    @Test
    void clientThatGoesIsGoneAtTheServerAsWell() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        Awaitility.await("the sessions before have ended")
                .until(() -> SERVER.statistics().getCurrentLoginNumber() == 0);
        final RawFtpClient client = login();
        assertThat(SERVER.statistics().getCurrentLoginNumber()).isEqualTo(1);

        client.reset();

        Awaitility.await("the session ends at the server")
                .atMost(Duration.ofSeconds(10))
                .until(() -> SERVER.statistics().getCurrentLoginNumber() == 0);
        gateway.awaitSessions(1);
    }

    private RawFtpClient login() {
        return RawFtpClient.connect(gateway.port())
                .greeted()
                .login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    /** Reads to the end; returns -1 if it was an orderly one, and -2 after a reset. */
    private static int endOf(final Socket data) {
        try {
            RawFtpClient.readFully(data);
            return -1;
        } catch (final IOException e) {
            return -2;
        }
    }
}
