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
package net.spsv.ftpserver.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server behind a router that forwards one port: passive mode fails, single-port mode works. */
@Timeout(180)
class NatIT {
    private static final int PUBLISHED_PORT = 2121;

    @TempDir
    static Path directory;

    private static NatNetwork network;
    private static FtpServerInstallation installation;
    private static FtpServerProcess server;
    private static long seed;

    @BeforeAll
    static void startServerBehindRouter() throws IOException {
        seed = System.nanoTime();
        System.out.println("NatIT: seed " + seed);
        network = NatNetwork.createOrSkip("NatIT is skipped, single-port mode is not shown through a NAT");
        installation = FtpServerInstallation.into(directory);
        server = installation.start(network.atServer());
        network.publish(PUBLISHED_PORT, server.port());
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        if (network != null) {
            network.close();
        }
    }

    @Test
    void passiveModeFailsThroughTheRouter() throws Exception {
        final Properties result = NatClientProcess.start(
                        network.atClient(), NatNetwork.PUBLISHED, PUBLISHED_PORT, "passive")
                .end();

        assertThat(result.getProperty("reply")).contains("(192,168,77,2,");
        assertThat(result.getProperty("announced")).contains("SocketTimeoutException");
        assertThat(result.getProperty("published")).contains("ConnectException");
    }

    @Test
    void passiveModeWorksOnTheServersSideOfTheRouter() throws Exception {
        final Properties result = NatClientProcess.start(
                        network.atRouter(), NatNetwork.PRIVATE, server.port(), "passive")
                .end();

        assertThat(result.getProperty("reply")).contains("(192,168,77,2,");
        assertThat(result.getProperty("announced")).isEqualTo("connected");
    }

    @Test
    void singlePortModeTransfersBothWaysThroughTheRouter() throws Exception {
        final Properties result = NatClientProcess.start(
                        network.atClient(),
                        NatNetwork.PUBLISHED,
                        PUBLISHED_PORT,
                        "transfers",
                        "through.bin",
                        Long.toString(seed))
                .end();

        final String expected = NatClient.digest(NatClient.bytes(seed, NatClient.TRANSFER_BYTES));
        assertThat(result).containsEntry("sent", expected).containsEntry("received", expected);
        assertThat(result.getProperty("listed")).contains(" 1048576 ").endsWith("through.bin");
        assertThat(NatClient.digest(Files.readAllBytes(installation.home().resolve("through.bin"))))
                .isEqualTo(expected);
    }

    @Test
    void uploadHasAScaledReceiveWindow() throws Exception {
        final NatClientProcess client = NatClientProcess.start(
                network.atClient(), NatNetwork.PUBLISHED, PUBLISHED_PORT, "upload", "window.bin", Long.toString(seed));
        final String port = client.awaitResult("port");
        Awaitility.await("all that was sent has been stored")
                .until(() -> Files.size(installation.home().resolve("window.bin")) == NatClient.UPLOAD_BYTES);

        // wscale:<the peer's announcement>,<the own announcement>: at the server, the second one is the server's
        final List<String> accepted = NatNetwork.connections(network.atServer(), "sport = :" + server.port());
        System.out.println("NatIT: at the server: " + String.join("\nNatIT: at the server: ", accepted));
        assertThat(accepted)
                .as("control connection and data connection")
                .hasSize(2)
                .allSatisfy(line ->
                        assertThat(number("wscale:\\d+,(\\d+)", line)).as(line).isPositive());
        assertThat(accepted)
                .filteredOn(line -> number("bytes_received:(\\d+)", line) >= NatClient.UPLOAD_BYTES)
                .as("the data connection")
                .hasSize(1);

        // snd_wnd: the window that the other side has granted, in bytes: what the client may send at once
        final List<String> uploads = NatNetwork.connections(network.atClient(), "sport = :" + port);
        System.out.println("NatIT: at the client: " + String.join("\nNatIT: at the client: ", uploads));
        assertThat(uploads)
                .hasSize(1)
                .allSatisfy(line ->
                        assertThat(number("snd_wnd:(\\d+)", line)).as(line).isGreaterThan(64 * 1024));

        final Properties result = client.end();
        assertThat(result.getProperty("reply")).startsWith("226");
        assertThat(NatClient.digest(Files.readAllBytes(installation.home().resolve("window.bin"))))
                .isEqualTo(result.getProperty("sent"));
    }

    private static long number(final String pattern, final String line) {
        final Matcher matcher = Pattern.compile(pattern).matcher(line);
        assertThat(matcher.find()).as("%s in: %s", pattern, line).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
