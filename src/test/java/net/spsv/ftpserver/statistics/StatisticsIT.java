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
package net.spsv.ftpserver.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Set;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.TabularData;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an operator sees of single-port mode, by JMX and by SITE SPSV. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class StatisticsIT {
    private static final MBeanServer AGENT = ManagementFactory.getPlatformMBeanServer();

    private final FtpServerExtension server = new FtpServerExtension();
    private final FtpServerExtension another = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
        another.stop();
    }

    private static ObjectName name(final FtpServerExtension of) throws Exception {
        return new ObjectName("net.spsv:type=SinglePort,ports=" + of.port());
    }

    private static Set<ObjectName> names() throws Exception {
        return AGENT.queryNames(new ObjectName("net.spsv:type=SinglePort,*"), null);
    }

    private SinglePortMXBean bean() throws Exception {
        return JMX.newMXBeanProxy(AGENT, name(server), SinglePortMXBean.class);
    }

    @Test
    void serverIsShownAsLongAsItRuns() throws Exception {
        server.start();
        another.start();
        assertThat(names()).containsExactlyInAnyOrder(name(server), name(another));

        server.stop();
        assertThat(names()).containsExactly(name(another));
    }

    @Test
    void serverIsNotShownIfThatIsSwitchedOff() throws Exception {
        server.jmx(false).start();

        assertThat(names()).isEmpty();
        assertThat(server.ftplet().getStatistics().getTokensIssued()).isZero();
    }

    @Test
    void nameThatIsTakenGetsANumber() throws Exception {
        final ManagementBean first = new ManagementBean();
        final ManagementBean second = new ManagementBean();
        first.register(new SinglePortStatistics(() -> 0), Arrays.asList(21, 990));
        second.register(new SinglePortStatistics(() -> 0), Arrays.asList(21, 990));
        try {
            assertThat(names())
                    .containsExactlyInAnyOrder(
                            new ObjectName("net.spsv:type=SinglePort,ports=21+990"),
                            new ObjectName("net.spsv:type=SinglePort,ports=21+990,number=2"));
        } finally {
            first.unregister();
            second.unregister();
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void tokensAndConnectionsAreCountedThroughTheirLife() throws Exception {
        server.start();
        server.file("file", new byte[100_000]);
        final SinglePortMXBean bean = bean();
        try (RawFtpClient client = server.login().binary()) {
            client.spsv();
            assertThat(bean.getTokensIssued()).isOne();
            assertThat(bean.getTokensOutstanding()).isOne();

            final Endpoint endpoint = client.spsv();
            assertThat(bean.getTokensIssued()).isEqualTo(2);
            assertThat(bean.getTokensOutstanding()).isOne();
            assertThat(bean.getTokensExpired()).isOne();

            try (Socket data = RawFtpClient.dataConnection(server.port(), endpoint)) {
                Awaitility.await().until(() -> bean.getDataConnectionsWaiting() == 1);
                assertThat(bean.getTokensRedeemed()).isOne();
                assertThat(bean.getTokensOutstanding()).isZero();
                assertThat(bean.getDataConnectionsActive()).isZero();

                client.line("STOR upload").expect(150);
                data.getOutputStream().write(new byte[1000]);
                Awaitility.await().until(() -> bean.getBytesReceived() == 1000);
                assertThat(bean.getDataConnectionsWaiting()).isZero();
                assertThat(bean.getDataConnectionsActive()).isOne();
                data.shutdownOutput();
                client.expect(226);
            }
            assertThat(bean.getDataConnectionsActive()).isZero();
            assertThat(client.retrieve("file")).hasSize(100_000);
            assertThat(bean.getBytesSent()).isEqualTo(100_000);
            assertThat(bean.getDataConnections()).isEqualTo(2);
            client.spsv();
        }
        Awaitility.await().until(() -> bean.getTokensOutstanding() == 0);
        assertThat(bean.getTokensExpired()).isEqualTo(2);
        assertThat(bean.getTokensIssued()).isEqualTo(bean.getTokensRedeemed() + bean.getTokensExpired());
        assertThat(bean.getLoginsRefused()).isZero();
    }

    @Test
    void waitingConnectionThatIsDroppedIsNoLongerCounted() throws Exception {
        server.start();
        final SinglePortMXBean bean = bean();
        try (RawFtpClient client = server.login();
                Socket data = RawFtpClient.dataConnection(server.port(), client.spsv())) {
            Awaitility.await().until(() -> bean.getDataConnectionsWaiting() == 1);
            client.spsv();
            assertThat(bean.getDataConnectionsWaiting()).isZero();
            assertThat(bean.getDataConnectionsActive()).isZero();
            assertThatThrownBy(() -> data.getInputStream().read()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void refusalsAreCountedByReason() throws Exception {
        server.passiveIpCheck(true).start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            refused(RawFtpClient.connect(server.port(), "127.0.0.2"), "PASS " + endpoint.token());
            refused(server.connect(), "PASS wrong");
            refused(server.connect(), "PASS wrong as well");
            refused(server.connect(), "PASS");
        }
        assertThat(bean().getLoginsRefused()).isEqualTo(4);
        assertThat(bean().getLoginsRefusedByReason())
                .containsEntry("OTHER_ADDRESS", 1L)
                .containsEntry("UNKNOWN_TOKEN", 2L)
                .containsEntry("MALFORMED", 1L)
                .containsEntry("NOT_OVER_TLS", 0L)
                .containsEntry("LOST", 0L);
        assertThat(AGENT.getAttribute(name(server), "LoginsRefusedByReason")).isInstanceOf(TabularData.class);
    }

    private static void refused(final RawFtpClient connection, final String pass) {
        try (RawFtpClient client = connection.greeted()) {
            client.line("USER DATACONN").expect(331);
            client.line(pass).expect(504);
            client.expectDropped();
        }
    }

    @Test
    void administratorSeesTheCounts() throws Exception {
        server.start();
        server.file("file", new byte[42]);
        try (RawFtpClient client = server.login();
                RawFtpClient administrator = server.connect().greeted()) {
            client.binary().retrieve("file");
            administrator.login(FtpServerExtension.ADMIN, FtpServerExtension.ADMIN);

            assertThat(administrator.line("SITE SPSV").expect(200).replaceAll(" +", " "))
                    .contains("\nTokens Issued : 1\n")
                    .contains("\nTokens Redeemed : 1\n")
                    .contains("\n UNKNOWN_TOKEN : 0\n")
                    .endsWith("\n200 Bytes Sent : 42");
            administrator.line("NOOP").expect(200);
            client.line("SITE SPSV").expect(530);
        }
    }
}
