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
import java.nio.file.Path;
import java.util.Collections;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The gateway in front of a port that {@code ssh -L} forwards: one forwarded port is enough for all of FTP. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SshForwardIT {
    private static final int SIZE = 16 * 1024 * 1024;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().singlePortOnly(true);

    @TempDir
    static Path directory;

    private static SshServer sshd;
    private static SshServer.Forward forward;
    private static GatewayProcess gateway;
    private static Curl curl;

    @BeforeAll
    static void start() throws IOException {
        final String skipped = "SshForwardIT is skipped, the gateway is not shown behind ssh's forwarding";
        Prerequisites.commands(skipped, "curl");
        SshServer.require(skipped);
        sshd = SshServer.start(directory, Collections.emptyList(), "127.0.0.1");
        forward = sshd.forward(Collections.emptyList(), "127.0.0.1", sshd.port(), SERVER.port());
        gateway = GatewayProcess.start(forward.port());
        curl = new Curl(gateway, FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (forward != null) {
            forward.close();
        }
        if (sshd != null) {
            sshd.close();
        }
    }

    @Test
    void filesGoBothWays() throws IOException {
        final Path file = directory.resolve("file.bin");
        final Path again = directory.resolve("again.bin");
        final String digest = new RandomContent(directory.hashCode(), SIZE).writeTo(file);

        curl.succeed("-T", file.toString(), curl.url("file.bin"));
        curl.succeed("-o", again.toString(), curl.url("file.bin"));

        assertThat(RandomContent.digest(SERVER.home().resolve("file.bin"))).isEqualTo(digest);
        assertThat(RandomContent.digest(again)).isEqualTo(digest);
        assertThat(curl.succeed("--list-only", curl.url(""))).contains("file.bin");
    }

    @Test
    void activeModeWorksAsTheGatewayIsTheServer() throws IOException {
        SERVER.file("active.bin", new RandomContent(1, SIZE).bytes());
        final Path copy = directory.resolve("active.bin");

        curl.succeed("--ftp-port", "-", "-o", copy.toString(), curl.url("active.bin"));

        assertThat(copy).hasSameBinaryContentAs(SERVER.home().resolve("active.bin"));
    }

    @Test
    void sessionsEndWhenTheForwardingDoes() throws IOException {
        final SshServer.Forward other = sshd.forward(Collections.emptyList(), "127.0.0.1", sshd.port(), SERVER.port());
        try (GatewayProcess behind = GatewayProcess.start(other.port());
                RawFtpClient client = RawFtpClient.connect(behind.port())) {
            client.greeted().login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);

            other.close();

            client.expect(421);
            client.expectDropped();
        } finally {
            other.close();
        }
    }
}
