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

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.stream.Stream;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What clients see where affinity does not hold, and when a node dies. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs 127.0.0.2 and others")
class BrokenAffinityIT {
    /** Longer than this test may take, so that an answer which is delayed does not come. */
    private static final int LOGIN_FAILURE_DELAY = 3_600_000;

    private static final int TRIES = 10;
    /**
     * What FtpServer says, with the plugin or without, when a probe has gone before its greeting, or resets the
     * connection as its greeting has come. The first and the third say it of any exception, which follows.
     */
    private static final String[] GREETING_UNSENT = {
        "FtpLoggingFilter: EXCEPTION :",
        "Client closed connection before all replies could be sent",
        "DefaultFtpHandler: Exception caught, closing session",
        ".WriteToClosedSessionException",
        "Connection reset"
    };

    @TempDir
    Path directory;

    private Cluster cluster;

    @BeforeEach
    void start() throws IOException {
        Prerequisites.commands("BrokenAffinityIT is skipped, lost affinity is not shown behind HAProxy", "haproxy");
        cluster = Cluster.start(directory, LOGIN_FAILURE_DELAY);
    }

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void dataLoginAtTheWrongNodeIsRefusedAtOnceAndARetryMaySucceed() throws Exception {
        try (HaproxyProcess careless = withoutAffinity();
                ProxiedClient client = ProxiedClient.login(careless.port(), "127.0.0.2");
                ProxiedClient neighbour = cluster.loginAt(Cluster.other(client.node()), 1)) {
            final RawFtpClient.Endpoint endpoint = client.control().spsv();

            final RawFtpClient refused = dataLogin(client, Cluster.other(client.node()), endpoint);
            refused.expect(504);
            refused.expectDropped();
            refused.close();
            client.control().expectAlive();

            // the token is good for its own node as before
            try (Socket data = dataLogin(client, client.node(), endpoint).spliced()) {
                client.control().line("STOR retried.bin").expect(150);
                data.getOutputStream().write(new byte[] {1, 2, 3});
                data.shutdownOutput();
                client.control().expect(226);
            }
            assertThat(cluster.home().resolve("retried.bin")).hasBinaryContent(new byte[] {1, 2, 3});

            // to the node, all clients have HAProxy's address: the next refusal waits, but nobody else does
            final RawFtpClient delayed = dataLogin(client, Cluster.other(client.node()), endpoint);
            awaitRefusals(Cluster.other(client.node()), 2);
            neighbour.store("neighbour.bin", (byte) 4);
            assertThat(neighbour.retrieve("neighbour.bin")).containsExactly(4);
            try (ProxiedClient another = cluster.login(neighbour.address())) {
                another.store("neighbour.bin", (byte) 5);
            }
            assertThat(delayed.socket().getInputStream().available())
                    .as("what the delayed one was told")
                    .isZero();
            delayed.close();
        }
    }

    @Test
    void healthChecksAndProbesAreSessionsLikeOthersInTheLog() throws IOException {
        for (final String name : Cluster.NODES) {
            // as Kubernetes' tcpSocket probe does
            new Socket("127.0.0.1", cluster.node(name).port()).close();
            Awaitility.await()
                    .untilAsserted(() -> assertThat(cluster.node(name).lines())
                            .anyMatch(line -> line.contains("RECEIVED: QUIT"))
                            .filteredOn(line -> line.endsWith("CLOSED"))
                            .hasSizeGreaterThanOrEqualTo(2));
            assertThat(cluster.node(name).warnings())
                    .filteredOn(line -> !line.startsWith("\t"))
                    .allMatch(line -> Stream.of(GREETING_UNSENT).anyMatch(line::contains));
        }
    }

    @Test
    void nodeThatDiesLosesItsSessionsAndNoMore() throws Exception {
        final String dead = Cluster.NODES[0];
        final String alive = Cluster.NODES[1];
        try (ProxiedClient victim = cluster.loginAt(dead, 2);
                ProxiedClient survivor = cluster.loginAt(alive, 3);
                Socket data = survivor.openData()) {
            survivor.control().line("STOR survives.bin").expect(150);
            data.getOutputStream().write(1);

            cluster.node(dead).close();

            victim.control().expectDropped();
            // before the health check has noticed, too
            try (ProxiedClient again = cluster.login(victim.address())) {
                assertThat(again.node()).isEqualTo(alive);
                again.store("again.bin", (byte) 2);
                assertThat(again.retrieve("again.bin")).containsExactly(2);
            }
            data.getOutputStream().write(2);
            data.shutdownOutput();
            survivor.control().expect(226);
            assertThat(cluster.home().resolve("survives.bin")).hasBinaryContent(new byte[] {1, 2});

            cluster.haproxy().awaitLog("Server ftp/" + dead + " is DOWN");
            for (int host = 1; host <= 10; host++) {
                try (ProxiedClient client = cluster.login("127.0.4." + host)) {
                    assertThat(client.node()).isEqualTo(alive);
                    client.store("new.bin", (byte) host);
                }
            }
        }
    }

    /** Starts an HAProxy that sends connections to the nodes in turn. */
    private HaproxyProcess withoutAffinity() throws IOException {
        return cluster.another(
                "    stick on src\n", "", "balance source\n    hash-type consistent", "balance roundrobin");
    }

    /** Sends user name and token to a node, after as many connections as it takes to come to it. */
    private static RawFtpClient dataLogin(
            final ProxiedClient client, final String node, final RawFtpClient.Endpoint endpoint) {
        for (int i = 0; i < TRIES; i++) {
            final RawFtpClient connection = client.connect();
            if (connection.expect(220).trim().endsWith(node)) {
                connection.line("USER " + endpoint.user()).expect(331);
                return connection.line("PASS " + endpoint.token());
            }
            connection.close();
        }
        throw new AssertionError("no connection comes to " + node);
    }

    private void awaitRefusals(final String node, final int count) {
        Awaitility.await()
                .untilAsserted(() -> assertThat(cluster.node(node).lines())
                        .filteredOn(line -> line.contains("WARN") && line.contains("refused"))
                        .hasSize(count));
    }
}
