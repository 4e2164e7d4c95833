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
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that vanish without a word, in the middle of their transfers: a network that is cut sends no FIN. */
@Timeout(180)
class VanishedPeerIT {
    private static final int PUBLISHED_PORT = 2121;

    @TempDir
    Path directory;

    private static FtpServerInstallation install(final Path directory) throws IOException {
        final FtpServerInstallation installation = FtpServerInstallation.into(directory);
        installation.edit(FtpServerInstallation.CONFIGURATION, "max-threads=\"16\"", "max-threads=\"2\"");
        installation.edit(
                FtpServerInstallation.CONFIGURATION,
                "<data-connection idle-timeout=\"60\">",
                "<data-connection idle-timeout=\"2\">");
        installation.edit(
                FtpServerInstallation.CONFIGURATION,
                "port=\"0\" idle-timeout=\"300\"",
                "port=\"0\" idle-timeout=\"4\"");
        try (RandomAccessFile endless =
                new RandomAccessFile(installation.home().resolve("endless").toFile(), "rw")) {
            endless.setLength(1L << 40);
        }
        return installation;
    }

    /** The transfers hold all the command threads that there are. */
    @Test
    void transfersOfVanishedClientsEndAndAreNotCalledComplete() throws Exception {
        final NatNetwork network =
                NatNetwork.createOrSkip("VanishedPeerIT is skipped, the end of a network's cut is not shown");
        final List<NatClientProcess> clients = new ArrayList<>();
        try (NatNetwork closed = network) {
            final FtpServerInstallation installation = install(directory);
            try (FtpServerProcess server = installation.start(closed.atServer())) {
                closed.publish(PUBLISHED_PORT, server.port());
                final long before = sockets(server);
                clients.add(start(closed, "wait"));
                clients.get(0).awaitResult("port");
                clients.add(start(closed, "upload", "part", "1"));
                clients.get(1).awaitResult("port");
                clients.add(start(closed, "download", "endless"));
                clients.get(2).awaitResult("first");
                Awaitility.await("all that was sent has been stored")
                        .until(() -> Files.size(installation.home().resolve("part")) == NatClient.UPLOAD_BYTES);

                closed.cutClientOff();

                // waits for a thread until a transfer has ended
                assertThat(NatClientProcess.start(
                                        closed.atRouter(), NatNetwork.PRIVATE, server.port(), "transfers", "next", "2")
                                .end())
                        .containsKey("listed");
                Awaitility.await("no socket is left")
                        .atMost(30, TimeUnit.SECONDS)
                        .untilAsserted(() -> assertThat(sockets(server)).isEqualTo(before));
                assertThat(server.lines())
                        .filteredOn(line -> line.contains("SENT: 426"))
                        .hasSize(2);
                assertThat(server.lines()).noneMatch(line -> line.matches(".*File (up|down)loaded.*(part|endless).*"));
                assertThat(server.lines()).anyMatch(line -> line.matches(".*File uploaded.*next.*"));
            }
        } finally {
            clients.forEach(NatClientProcess::close);
        }
    }

    private static NatClientProcess start(final NatNetwork network, final String... what) throws Exception {
        return NatClientProcess.start(network.atClient(), NatNetwork.PUBLISHED, PUBLISHED_PORT, what);
    }

    private static long sockets(final FtpServerProcess server) throws IOException {
        return server.descriptors().stream()
                .filter(target -> target.startsWith("socket:") || target.startsWith("anon_inode:"))
                .count();
    }
}
