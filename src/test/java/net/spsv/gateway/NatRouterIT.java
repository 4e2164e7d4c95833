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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.nat.NatNetwork;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway in front of a server behind a router that forwards one port; NatIT shows that PASV fails there. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class NatRouterIT {
    private static final int PUBLISHED_PORT = 2121;
    private static final int SIZE = 4 * 1024 * 1024;

    @TempDir
    static Path directory;

    private static NatNetwork network;
    private static Path home;
    private static FtpServerProcess server;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() throws IOException {
        final String skipped = "NatRouterIT is skipped, the gateway is not shown in front of a NAT router";
        Prerequisites.commands(skipped, "curl");
        network = NatNetwork.createOrSkip(skipped);
        final FtpServerInstallation installation =
                FtpServerInstallation.into(Files.createDirectory(directory.resolve("server")));
        home = installation.home();
        server = installation.start(network.atServer());
        network.publish(PUBLISHED_PORT, server.port());
        gateway = GatewayProcess.startWith(atClient(), "--server", NatNetwork.PUBLISHED + ":" + PUBLISHED_PORT);
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (server != null) {
            server.close();
        }
        if (network != null) {
            network.close();
        }
    }

    private static List<String> atClient() {
        return Arrays.asList(network.atClient());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--disable-epsv", "--ftp-port -"})
    void filesGoBothWaysThroughGatewayAndRouter(final String mode) throws IOException {
        final Curl curl =
                new Curl(atClient(), gateway.port(), FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
        final Path file = directory.resolve("file.bin");
        final Path again = directory.resolve("again.bin");
        final String digest = new RandomContent(directory.hashCode(), SIZE).writeTo(file);

        final String[] options = mode.split(" ");
        curl.succeed(Curl.words(options, "-T", file.toString(), curl.url("file.bin")));
        curl.succeed(Curl.words(options, "-o", again.toString(), curl.url("file.bin")));

        assertThat(RandomContent.digest(home.resolve("file.bin"))).isEqualTo(digest);
        assertThat(RandomContent.digest(again)).isEqualTo(digest);
    }
}
