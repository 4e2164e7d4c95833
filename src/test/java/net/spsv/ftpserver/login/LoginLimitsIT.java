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
package net.spsv.ftpserver.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** How long a connection may take to log in, and what it costs a peer to fail. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LoginLimitsIT {
    private static final int DELAY_MILLIS = 5_000;

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    private RawFtpClient failing() {
        final RawFtpClient client = server.connect().greeted();
        client.line("USER DATACONN").expect(331);
        client.line("PASS nothing");
        return client;
    }

    @Test
    void silentConnectionEndsWithTheListenersIdleTimeout() throws Exception {
        server.idleTimeout(1).start();
        try (RawFtpClient silent = server.connect().greeted()) {
            silent.expectDropped();
        }
    }

    @Test
    void connectionThatDripsEndsWithTheLoginTimeout() throws Exception {
        server.loginTimeout(2).start();
        final long start = System.nanoTime();
        try (RawFtpClient slow = server.connect().greeted();
                RawFtpClient stalled = server.connect().greeted();
                RawFtpClient halfway = server.connect().greeted()) {
            slow.send("NOO").awaitTaken().send("P");
            stalled.send("USER DATACO");
            halfway.line("USER DATACONN").expect(331);
            slow.expectDropped();
            stalled.expectDropped();
            halfway.expectDropped();
        }
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1900));
    }

    @Test
    void whoHasLoggedInOutlivesTheLoginTimeout() throws Exception {
        server.loginTimeout(2).start();
        server.file("file", new byte[] {1, 2, 3});
        try (RawFtpClient client = server.login();
                RawFtpClient witness = server.connect().greeted();
                Socket data = RawFtpClient.dataConnection(server.port(), client.spsv())) {
            witness.expectDropped();

            client.line("RETR file").expect(150);
            assertThat(RawFtpClient.readFully(data)).containsExactly(1, 2, 3);
            client.expect(226);
        }
    }

    @Test
    void loginTimeoutBelowZeroFailsTheStart() {
        server.loginTimeout(-1);
        assertThatThrownBy(server::start).hasMessageContaining("SpsvFtplet: loginTimeout must be a number of seconds");
    }

    @Test
    void repeatedFailuresOfAnAddressAreAnsweredLater() throws Exception {
        server.loginFailureDelay(DELAY_MILLIS).start();
        final long start = System.nanoTime();
        try (RawFtpClient first = failing()) {
            first.expect(504);
            first.expectDropped();
        }
        final long second = System.nanoTime();
        assertThat(second - start).as("the first one").isLessThan(TimeUnit.MILLISECONDS.toNanos(DELAY_MILLIS));
        try (RawFtpClient again = failing()) {
            again.expect(504);
            again.expectDropped();
        }
        assertThat(System.nanoTime() - second)
                .as("the second one")
                .isGreaterThan(TimeUnit.MILLISECONDS.toNanos(DELAY_MILLIS - 10));
    }

    /** With FtpServer's own way, which sleeps on a command thread, the session would wait for the failures. */
    @Test
    void failuresThatWaitHoldNoThreadAndNobodyUp() throws Exception {
        server.loginFailureDelay(3_600_000).maxThreads(2).start();
        final List<RawFtpClient> failures = new ArrayList<>();
        try (RawFtpClient client = server.login()) {
            try (RawFtpClient first = failing()) {
                first.expect(504);
            }
            for (int i = 0; i < 20; i++) {
                failures.add(failing());
            }
            Awaitility.await().until(() -> server.ftplet().getStatistics().getRefusalsDelayed() == 20);

            client.store("file", (byte) 7);
            assertThat(client.retrieve("file")).containsExactly(7);
        } finally {
            failures.forEach(RawFtpClient::close);
        }
    }
}
