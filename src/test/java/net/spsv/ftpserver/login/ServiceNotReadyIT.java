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

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The greeting when no more users may log in: draft-rosenau-ftp-single-port-02, section 5. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ServiceNotReadyIT {
    private static final String READY = "220 Service ready for new user.";
    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void greetingSaysThatOnlySpsvConnectionsAreAllowedAndTheDataUserIsServed() throws Exception {
        start(1);
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient data = server.connect()) {
                assertThat(data.expect(220)).isNotEqualTo(READY).contains("only SPSV connections");
                data.line("USER " + endpoint.user()).expect(331);
                try (Socket socket = data.line("PASS " + endpoint.token()).spliced()) {
                    client.line("RETR " + FILE).expect(150);
                    assertThat(RawFtpClient.readFully(socket)).isEqualTo(CONTENT);
                    client.expect(226);
                }
            }
        }
    }

    @Test
    void spdtIsServedToo() throws Exception {
        start(1);
        try (RawFtpClient client = server.login();
                RawFtpClient data = server.connect().greeted()) {
            try (Socket socket = data.line("SPDT " + client.spsv()).spliced()) {
                client.line("RETR " + FILE).expect(150);
                assertThat(RawFtpClient.readFully(socket)).isEqualTo(CONTENT);
                client.expect(226);
            }
        }
    }

    @Test
    void realUserIsAnswered421AndDroppedAndTheTokenStays() throws Exception {
        start(2);
        try (RawFtpClient client = server.login();
                RawFtpClient second = server.login()) {
            final Endpoint endpoint = client.spsv();
            second.expectAlive();
            try (RawFtpClient third = server.connect()) {
                assertThat(third.expect(220)).contains("only SPSV connections");
                third.line("USER " + FtpServerExtension.USER).expect(421);
                third.expectDropped();
            }
            try (Socket data = server.connect().dataLogin(endpoint)) {
                assertThat(data.isConnected()).isTrue();
            }
        }
    }

    @Test
    void everyTransferOfTheOnlyUserThereIsRoomForIsServed() throws Exception {
        start(1);
        try (RawFtpClient client = server.login()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
                client.store("up.txt", CONTENT);
            }
        }
    }

    @Test
    void withoutATokenFtpServerBehavesAsItDid() throws Exception {
        start(1);
        try (RawFtpClient client = server.login();
                RawFtpClient other = server.connect()) {
            assertThat(other.expect(220)).isEqualTo(READY);
            other.line("USER " + FtpServerExtension.USER).expect(421);
            other.expectDropped();
            client.expectAlive();
        }
    }

    @Test
    void usedTokenIsNotOutstandingAnyMore() throws Exception {
        start(1);
        try (RawFtpClient client = server.login();
                Socket data = server.connect().dataLogin(client.spsv())) {
            assertGreeting(READY);
            client.line("RETR " + FILE).expect(150);
            assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            client.expect(226);
            assertGreeting(READY);
        }
    }

    @Test
    void revokedTokenIsNotOutstandingAnyMore() throws Exception {
        start(1);
        try (RawFtpClient client = server.login()) {
            client.spsv();
            client.line("PASV").expect(227);
            assertGreeting(READY);
            client.spsv();
            try (RawFtpClient other = server.connect()) {
                assertThat(other.expect(220)).isNotEqualTo(READY);
            }
            client.line("QUIT").expect(221);
            client.expectDropped();
        }
        // FtpServer logs out on a command thread, which may still be about to when the client sees the end.
        Awaitility.await().until(() -> server.statistics().getCurrentLoginNumber() == 0);
        assertGreeting(READY);
        try (RawFtpClient next = server.login()) {
            next.expectAlive();
        }
    }

    @Test
    void greetingIsTheUsualOneWhileThereIsRoomForUsers() throws Exception {
        start(2);
        try (RawFtpClient client = server.login()) {
            client.spsv();
            assertGreeting(READY);
        }
    }

    @Test
    void greetingIsTheUsualOneWithoutALimit() throws Exception {
        start(0);
        try (RawFtpClient client = server.login()) {
            client.spsv();
            assertGreeting(READY);
        }
    }

    private void start(final int maxLogins) throws Exception {
        server.maxLogins(maxLogins).maxThreads(4).start();
        server.file(FILE, CONTENT);
    }

    private void assertGreeting(final String greeting) {
        try (RawFtpClient other = server.connect()) {
            assertThat(other.expect(220)).isEqualTo(greeting);
        }
    }
}
