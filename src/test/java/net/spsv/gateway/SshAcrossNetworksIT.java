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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Client and server in networks of their own, of which the client sees nothing but the router's port for ssh. Passive
 * and active mode fail through ssh's forwarding, though the server allows them; through the gateway both work.
 *
 * <p>On one network this could not be shown: the server's 127.0.0.1 would be the client's as well, and its other ports
 * be reached without the forwarding.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SshAcrossNetworksIT {
    private static final int SSH_PORT = 22;
    private static final int SIZE = 4 * 1024 * 1024;
    /** An exit code of curl. */
    private static final int COULD_NOT_CONNECT = 7;

    @TempDir
    static Path directory;

    private static NatNetwork network;
    private static Path home;
    private static FtpServerProcess server;
    private static SshServer sshd;
    private static SshServer.Forward forward;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() throws IOException {
        final String skipped = "SshAcrossNetworksIT is skipped, passive mode is not shown to fail behind ssh";
        Prerequisites.commands(skipped, "curl");
        SshServer.require(skipped);
        network = NatNetwork.createOrSkip(skipped);
        final FtpServerInstallation installation =
                FtpServerInstallation.into(Files.createDirectory(directory.resolve("server")));
        home = installation.home();
        server = installation.start(network.atServer());
        sshd = SshServer.start(Files.createDirectory(directory.resolve("ssh")), atServer(), NatNetwork.PRIVATE);
        network.publish(SSH_PORT, sshd.port());
        forward = sshd.forward(atClient(), NatNetwork.PUBLISHED, SSH_PORT, server.port());
        gateway = GatewayProcess.startWith(atClient(), "--server", "127.0.0.1:" + forward.port());
    }

    @AfterAll
    static void stop() {
        for (final AutoCloseable started : Arrays.asList(gateway, forward, sshd, server, network)) {
            if (started != null) {
                close(started);
            }
        }
    }

    private static void close(final AutoCloseable started) {
        try {
            started.close();
        } catch (final Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> atClient() {
        return Arrays.asList(network.atClient());
    }

    private static List<String> atServer() {
        return Arrays.asList(network.atServer());
    }

    private static Curl curl(final List<String> place, final int port) {
        return new Curl(place, port, FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
    }

    @Test
    void passiveModeFailsThroughTheForwarding() {
        final Curl curl = curl(atClient(), forward.port());

        final String said = curl.fail(COULD_NOT_CONNECT, "-v", "--disable-epsv", "--list-only", curl.url(""));

        assertThat(said).contains("< 230 ", "< 227 ").doesNotContain("< 150 ");
        curl.fail(COULD_NOT_CONNECT, "--list-only", curl.url(""));
    }

    @Test
    void activeModeFailsThroughTheForwarding() {
        final Curl curl = curl(atClient(), forward.port());

        final String said = curl.run("-v", "--ftp-port", "-", "--max-time", "20", "--list-only", curl.url(""))
                .anyOutput();

        assertThat(said).contains("< 230 ").contains("< 425 ");
    }

    @Test
    void bothModesWorkAtTheServersPlace() {
        final Curl curl = curl(atServer(), server.port());

        curl.succeed("--disable-epsv", "--list-only", curl.url(""));
        curl.succeed("--ftp-port", "-", "--list-only", curl.url(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--disable-epsv", "--ftp-port -"})
    void filesGoBothWaysThroughGatewayAndForwarding(final String mode) throws IOException {
        final Curl curl = curl(atClient(), gateway.port());
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
