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
package net.spsv.ftpserver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import net.spsv.client.SpsvFtpClient;
import net.spsv.client.SpsvFtpsClient;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import net.spsv.gateway.Curl;
import net.spsv.gateway.GatewayProcess;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All clients with files on two nodes behind HAProxy: each of them stays with one node, whatever happens around it. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs 127.0.0.2 and others")
class ClusterIT {
    private static final int SIZE = 1024 * 1024;

    @TempDir
    static Path directory;

    private static Cluster cluster;
    /** Runs for some time when it is needed. */
    private static HaproxyProcess longRunning;

    @BeforeAll
    static void start() throws IOException {
        Prerequisites.commands("ClusterIT is skipped, two nodes are not shown behind HAProxy", "haproxy", "curl");
        cluster = Cluster.start(directory, 500);
        longRunning = cluster.another();
    }

    @AfterAll
    static void stop() {
        if (longRunning != null) {
            longRunning.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void clientsOfManyAddressesAreServedByBothNodesAsOne() throws Exception {
        final int clients = 16;
        final Set<String> nodes = new HashSet<>();
        final ExecutorService pool = Executors.newFixedThreadPool(clients);
        try {
            final List<Future<String>> results = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                final int number = i;
                results.add(pool.submit(() -> transfersOf("127.0.0." + (2 + number), "many" + number)));
            }
            for (final Future<String> result : results) {
                nodes.add(result.get());
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(nodes).containsExactlyInAnyOrder(Cluster.NODES);

        for (final String node : Cluster.NODES) {
            try (ProxiedClient client = cluster.loginAt(node, 1)) {
                for (int i = 0; i < clients; i++) {
                    assertThat(client.retrieve("many" + i)).isEqualTo(content("many" + i));
                }
            }
        }
    }

    /** Transfers files both ways, each through a connection of its own, and returns the node that all had. */
    private static String transfersOf(final String address, final String file) throws IOException {
        try (ProxiedClient client = cluster.login(address)) {
            for (int i = 0; i < 5; i++) {
                client.store(file, content(file));
                assertThat(client.retrieve(file)).isEqualTo(content(file));
            }
            return client.node();
        }
    }

    private static byte[] content(final String name) {
        return new RandomContent(name.hashCode(), 100_000).bytes();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void commonsNetClientGoesThrough(final boolean tls) throws Exception {
        final byte[] content = new RandomContent(tls ? 1 : 2, SIZE).bytes();
        for (int host = 1; host <= 3; host++) {
            final FTPClient client = commonsNetClient(tls, "127.0.2." + host);
            try {
                for (int i = 0; i < 2; i++) {
                    assertThat(client.storeFile("net.bin", new ByteArrayInputStream(content)))
                            .as(client.getReplyString())
                            .isTrue();
                    final ByteArrayOutputStream out = new ByteArrayOutputStream();
                    assertThat(client.retrieveFile("net.bin", out))
                            .as(client.getReplyString())
                            .isTrue();
                    assertThat(out.toByteArray()).isEqualTo(content);
                }
                assertThat(client.listNames()).contains("net.bin");
                client.logout();
            } finally {
                client.disconnect();
            }
        }
        assertThat(cluster.home().resolve("net.bin")).hasBinaryContent(content);
    }

    /** Logs in from an address; with TLS, everything is protected. */
    private static FTPClient commonsNetClient(final boolean tls, final String address) throws IOException {
        final SpsvFtpClient plain = tls ? null : new SpsvFtpClient();
        final SpsvFtpsClient secured = tls ? new SpsvFtpsClient(Certificates.client()) : null;
        final FTPClient client = tls ? secured : plain;
        client.setPassiveLocalIPAddress(address);
        client.connect(InetAddress.getByName("127.0.0.1"), cluster.haproxy().port(), InetAddress.getByName(address), 0);
        assertThat(client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD))
                .as(client.getReplyString())
                .isTrue();
        if (tls) {
            secured.execPBSZ(0);
            secured.execPROT("P");
            secured.enterSinglePortPassiveMode();
        } else {
            plain.enterSinglePortPassiveMode();
        }
        client.setFileType(FTP.BINARY_FILE_TYPE);
        return client;
    }

    @ParameterizedTest
    @ValueSource(strings = {"--tls none", "--tls explicit --insecure"})
    void curlGoesThroughWithTheGateway(final String options) throws IOException {
        final Path file = directory.resolve("curl.bin");
        final Path again = directory.resolve("curl-again.bin");
        final String digest = new RandomContent(options.hashCode(), SIZE).writeTo(file);
        try (GatewayProcess gateway = GatewayProcess.start(cluster.haproxy().port(), options.split(" "))) {
            final Curl curl = new Curl(gateway, FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);

            curl.succeed("-T", file.toString(), curl.url("curl.bin"));
            curl.succeed("-o", again.toString(), curl.url("curl.bin"));

            assertThat(RandomContent.digest(cluster.home().resolve("curl.bin"))).isEqualTo(digest);
            assertThat(RandomContent.digest(again)).isEqualTo(digest);
            assertThat(curl.succeed("--list-only", curl.url(""))).contains("curl.bin");
        }
    }

    @Test
    void uploadThatIsCutOffIsNotTakenForWhole() throws IOException {
        try (ProxiedClient client = cluster.login("127.0.3.1")) {
            final Socket data = client.openData();
            client.control().line("STOR cut.bin").expect(150);
            data.getOutputStream().write(new byte[100_000]);
            Awaitility.await()
                    .ignoreExceptions()
                    .until(() -> Files.size(cluster.home().resolve("cut.bin")) == 100_000);

            RawFtpClient.reset(data);

            client.control().expect(426);
            client.control().expectAlive();
        }
    }

    @Test
    void downloadThatIsAbortedIsAnswered426() throws IOException {
        Files.write(cluster.home().resolve("large.bin"), new byte[32 * SIZE]);
        try (ProxiedClient client = cluster.login("127.0.3.2");
                Socket data = client.openData()) {
            client.control().line("RETR large.bin").expect(150);
            assertThat(data.getInputStream().read()).isZero();

            client.control().line("ABOR").expect(426);
            client.control().expect(226);

            // HAProxy ends it as if it were whole
            assertThat(RawFtpClient.readFully(data)).hasSizeLessThan(32 * SIZE - 1);
            client.control().expectAlive();
        }
    }

    @Test
    void downloadThatIsCutOffIsNotTakenForWholeInsideTls() throws IOException {
        Files.write(cluster.home().resolve("large-tls.bin"), new byte[32 * SIZE]);
        final FTPClient client = commonsNetClient(true, "127.0.3.3");
        try (InputStream in = client.retrieveFileStream("large-tls.bin")) {
            assertThat(in.read()).isZero();
            client.sendCommand("ABOR");

            assertThatThrownBy(() -> readToEnd(in)).isInstanceOf(SSLException.class);
        } finally {
            client.disconnect();
        }
    }

    private static void readToEnd(final InputStream in) throws IOException {
        final byte[] buffer = new byte[64 * 1024];
        int count = 0;
        while (count >= 0) {
            count = in.read(buffer);
        }
    }

    @Test
    void addressWithAConnectionIsNotForgotten() throws Exception {
        try (HaproxyProcess forgetful = cluster.another("expire 30m", "expire 1s")) {
            final ProxiedClient ended = ProxiedClient.login(forgetful.port(), "127.0.4.1");
            final ProxiedClient silent = ProxiedClient.login(forgetful.port(), "127.0.4.2");
            ended.close();
            Awaitility.await().until(() -> !forgetful.remembers(ended.address()));

            assertThat(forgetful.remembers(silent.address())).isTrue();
            silent.store("silent.bin", (byte) 1);
            silent.close();
            Awaitility.await().until(() -> !forgetful.remembers(silent.address()));
        }
    }

    @Test
    void nodeThatFailsItsCheckKeepsItsClients() throws Exception {
        try (HaproxyProcess haproxy = cluster.another();
                ProxiedClient client = ProxiedClient.login(haproxy.port(), "127.0.5.1")) {
            haproxy.runtime("disable health ftp/" + client.node());
            haproxy.runtime("set server ftp/" + client.node() + " health down");
            haproxy.awaitLog("Server ftp/" + client.node() + " is DOWN");

            client.store("busy.bin", (byte) 5);

            assertThat(client.retrieve("busy.bin")).containsExactly(5);
            for (int host = 10; host < 20; host++) {
                try (ProxiedClient stranger = ProxiedClient.login(haproxy.port(), "127.0.5." + host)) {
                    assertThat(stranger.node()).isEqualTo(Cluster.other(client.node()));
                    stranger.store("stranger.bin", (byte) 6);
                }
            }
        }
    }

    /** The clients of the drained node would come to the other one by their addresses alone, once it is ready again. */
    @Test
    void drainedNodeKeepsItsClientsAndAReloadKeepsEachClientsNode() throws Exception {
        final HaproxyProcess before = longRunning;
        HaproxyProcess after = null;
        final List<ProxiedClient> elsewhere = new ArrayList<>();
        final ProxiedClient first = ProxiedClient.login(before.port(), "127.0.6.1");
        try {
            final String drained = first.node();
            before.runtime("set server ftp/" + drained + " state drain");
            for (int host = 10; host < 20; host++) {
                elsewhere.add(ProxiedClient.login(before.port(), "127.0.6." + host));
            }
            assertThat(elsewhere.stream().map(ProxiedClient::node).collect(Collectors.toSet()))
                    .containsExactly(Cluster.other(drained));
            first.store("first.bin", (byte) 1);
            before.runtime("set server ftp/" + drained + " state ready");

            Awaitility.await("a process that has something to hand over").until(before::isReadyToReload);
            after = before.reload();

            final HaproxyProcess reloaded = after;
            Awaitility.await("what the old process knew")
                    .until(() -> elsewhere.stream().allMatch(client -> reloaded.remembers(client.address())));
            for (final ProxiedClient client : elsewhere) {
                client.store("elsewhere.bin", (byte) 2);
            }
            assertThat(first.retrieve("first.bin")).containsExactly(1);
            assertThat(before.isAlive()).as("the old process has a connection").isTrue();
            first.close();
            elsewhere.forEach(ProxiedClient::close);
            Awaitility.await("the end of the old process").until(() -> !before.isAlive());
        } finally {
            first.close();
            elsewhere.forEach(ProxiedClient::close);
            before.close();
            if (after != null) {
                after.close();
            }
        }
    }
}
