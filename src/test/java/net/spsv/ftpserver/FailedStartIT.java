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
package net.spsv.ftpserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.ObjectName;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.Ftplet;
import org.apache.ftpserver.ftplet.FtpletContext;
import org.apache.ftpserver.impl.DefaultFtpServer;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Servers that do not come up, and what is then left of them. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FailedStartIT {
    private static final byte[] CONTENT = {1, 2, 3};

    private final FtpServerExtension running = new FtpServerExtension();

    private final SpsvFtplet ftplet = new SpsvFtplet();

    private final AtomicBoolean failing = new AtomicBoolean(true);

    private FtpServer server;

    @AfterEach
    void stop() {
        running.stop();
        if (server != null) {
            server.stop();
        }
    }

    /** A server with an Ftplet that fails after single-port mode was switched on. */
    private static FtpServer server(final Ftplet first, final SpsvFtplet ftplet, final AtomicBoolean failing) {
        final FtpServerFactory factory = new FtpServerFactory();
        final ListenerFactory listener = new ListenerFactory();
        listener.setServerAddress("127.0.0.1");
        listener.setPort(0);
        factory.addListener("default", listener.createListener());
        final Map<String, Ftplet> ftplets = new LinkedHashMap<>();
        ftplets.put("first", first);
        ftplets.put("spsv", ftplet);
        ftplets.put("failing", new DefaultFtplet() {
            @Override
            public void init(final FtpletContext context) throws FtpException {
                if (failing.get()) {
                    throw new FtpException("not yet");
                }
            }
        });
        factory.setFtplets(ftplets);
        return factory.createServer();
    }

    private static Set<ObjectName> shown() throws Exception {
        return ManagementFactory.getPlatformMBeanServer()
                .queryNames(new ObjectName("net.spsv:type=SinglePort,*"), null);
    }

    @Test
    void startMayBeRepeatedAfterAnotherFtpletHasFailed() throws Exception {
        server = server(new DefaultFtplet(), ftplet, failing);
        assertThatThrownBy(server::start).hasMessage("not yet");
        assertThatThrownBy(server::start).hasMessage("not yet");
        failing.set(false);

        server.start();

        assertThat(shown()).hasSize(1);
        server.stop();
        assertThat(shown()).isEmpty();
    }

    /** FtpServer's listeners are open before its Ftplets know that a start is underway again. */
    @Test
    void clientThatCameDuringTheRepeatedStartIsServedToo() throws Exception {
        final List<RawFtpClient> clients = new ArrayList<>();
        server = server(
                new DefaultFtplet() {
                    @Override
                    public void init(final FtpletContext context) {
                        if (!failing.get()) {
                            final Listener listener = ((FtpServerContext) context).getListener("default");
                            clients.add(RawFtpClient.connect(listener.getPort()).greeted());
                        }
                    }
                },
                ftplet,
                failing);
        assertThatThrownBy(server::start).hasMessage("not yet");
        failing.set(false);

        server.start();

        final Listener listener = ((DefaultFtpServer) server).getListener("default");
        clients.add(RawFtpClient.connect(listener.getPort()).greeted());
        for (final RawFtpClient client : clients) {
            client.line("SPDT nobody").expect(504);
            client.expectDropped();
            client.close();
        }
        assertThat(ftplet.getStatistics().getLoginsRefused()).isEqualTo(2);
    }

    @Test
    void ftpletOfAServerThatHasNotComeUpMayServeAnother() throws Exception {
        server = server(new DefaultFtplet(), ftplet, failing);
        assertThatThrownBy(server::start).hasMessage("not yet");

        running.plugin(false).ftplet("spsv", ftplet).start();

        assertThat(shown()).hasSize(1);
        expectToServe();
        server.stop();
        expectToServe();
        assertThat(shown()).hasSize(1);
    }

    @Test
    void ftpletOfARunningServerFailsTheStartOfAnother() throws Exception {
        running.plugin(false).ftplet("spsv", ftplet).start();
        failing.set(false);
        server = server(new DefaultFtplet(), ftplet, failing);

        assertThatThrownBy(server::start).isInstanceOf(FtpException.class).hasMessageContaining("another server");

        expectToServe();
        server.stop();
        expectToServe();
        assertThat(shown()).hasSize(1);
    }

    private void expectToServe() {
        running.file("file", CONTENT);
        try (RawFtpClient client = running.login().binary()) {
            assertThat(client.retrieve("file")).isEqualTo(CONTENT);
        }
    }
}
