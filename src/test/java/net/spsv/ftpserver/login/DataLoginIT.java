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
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.impl.ServerFtpStatistics;
import org.apache.ftpserver.listener.ListenerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The data login on a second connection: draft-rosenau-ftp-single-port-02, section 3. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataLoginIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = bytes("the content of a file");
    private static final String GUESS = "0000000000000000000000000000000A";

    @BeforeAll
    static void files() {
        SERVER.file(FILE, CONTENT);
    }

    @Test
    void loginEndsWithExactlyTenBytesAndThenComesTheData() {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect()) {
            final Endpoint endpoint = client.spsv();
            data.greeted().line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token());
            client.line("RETR " + FILE).expect(150);
            assertThat(data.readToEnd()).isEqualTo(bytes("200 DATA\r\n" + text(CONTENT)));
            client.expect(226);
        }
    }

    @Test
    void verbsOfTheLoginAreUnderstoodInLowerCase() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            data.line("user " + endpoint.user()).expect(331);
            try (Socket socket = data.line("pass " + endpoint.token()).spliced()) {
                assertRetrieves(client, socket);
            }
        }
    }

    @Test
    void unknownTokenIsRefusedAndTheGoodClientIsNotDisturbed() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            refused("USER " + endpoint.user(), "PASS " + GUESS);
            refused("USER " + endpoint.user(), "PASS " + endpoint.token().substring(1));
            refused("USER " + endpoint.user(), "PASS " + endpoint.token() + "0");
            client.expectAlive();
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                refused("USER " + endpoint.user(), "PASS " + GUESS);
                assertRetrieves(client, data);
            }
        }
    }

    @Test
    void tokenIsRefusedWhenNoneWasEverIssued() {
        refused("USER DATACONN", "PASS " + GUESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASS", "PASS "})
    void emptyPassIsRefused(final String pass) throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            refused("USER " + endpoint.user(), pass);
            assertServes(client, endpoint);
        }
    }

    @Test
    void tokenWithoutUserBeforeIsRefused() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient data = SERVER.connect().greeted()) {
                data.line("PASS " + endpoint.token()).expect(504);
                data.expectDropped();
            }
            assertServes(client, endpoint);
        }
    }

    @Test
    void tokenOfASessionThatHasEndedIsRefused() {
        final Endpoint endpoint;
        try (RawFtpClient client = SERVER.login()) {
            endpoint = client.spsv();
            client.line("QUIT").expect(221);
            client.expectDropped();
        }
        refused("USER " + endpoint.user(), "PASS " + endpoint.token());
    }

    @Test
    void passOfAnotherUserIsNotADataLogin() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient other = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            other.line("USER " + endpoint.user()).expect(331);
            other.line("USER " + FtpServerExtension.USER).expect(331);
            other.line("PASS " + endpoint.token()).expect(530);
            assertServes(client, endpoint);
        }
    }

    @Test
    void userMayChangeItsMindAndBecomeTheDataUser() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            data.line("USER " + FtpServerExtension.USER).expect(331);
            data.line("USER " + endpoint.user()).expect(331);
            try (Socket socket = data.line("PASS " + endpoint.token()).spliced()) {
                assertRetrieves(client, socket);
            }
        }
    }

    @Test
    void userMayChangeItsMindAndLogInAsAnOrdinaryUser() {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER DATACONN").expect(331);
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
        }
    }

    @Test
    void connectionsThatWereOpenedBeforeSpsvServeAsWell() throws IOException {
        final List<RawFtpClient> early = new ArrayList<>();
        try {
            early.add(SERVER.connect());
            early.add(SERVER.connect().greeted());
            try (RawFtpClient client = SERVER.login()) {
                early.add(SERVER.connect().greeted());
                try (Socket unread = early.get(0).dataLogin(client.spsv())) {
                    assertRetrieves(client, unread);
                }
                for (final RawFtpClient data : early.subList(1, 3)) {
                    final Endpoint endpoint = client.spsv();
                    data.line("USER " + endpoint.user()).expect(331);
                    try (Socket socket = data.line("PASS " + endpoint.token()).spliced()) {
                        assertRetrieves(client, socket);
                    }
                }
            }
        } finally {
            early.forEach(RawFtpClient::close);
        }
    }

    @Test
    void userSentBeforeSpsvAndPassBehindItIsADataLogin() throws IOException {
        try (RawFtpClient data = SERVER.connect().greeted();
                RawFtpClient client = SERVER.login()) {
            data.line("USER DATACONN").expect(331);
            try (Socket socket = data.line("PASS " + client.spsv().token()).spliced()) {
                assertRetrieves(client, socket);
            }
        }
    }

    /** FtpServer refuses to change the user of a session and drops it; that is all that may happen. */
    @Test
    void dataUserOnALoggedInSessionDoesNotMakeItADataConnection() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            try (RawFtpClient other = SERVER.login()) {
                other.line("USER " + endpoint.user()).expect(530);
                other.expectDropped();
            }
            assertServes(client, endpoint);
        }
    }

    @Test
    void tokenOnALoggedInSessionDoesNotMakeItADataConnection() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient other = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            assertThat(other.line("SPDT " + endpoint).reply()).startsWith("5");
            assertThat(other.line("SPDT " + endpoint.token()).reply()).startsWith("5");
            assertThat(client.line("SPDT " + endpoint).reply()).startsWith("5");
            other.expectAlive();
            client.expectAlive();
            // FtpServer says that the session is logged in, and logs it out.
            other.line("PASS " + endpoint.token()).expect(202);
            assertServes(client, endpoint);
        }
    }

    @Test
    void loginIsNotCountedAndItsConnectionIsGoneOnceItIsAdopted() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final ServerFtpStatistics statistics = SERVER.statistics();
            await().until(() -> statistics.getCurrentConnectionNumber() == 1);
            final int total = statistics.getTotalLoginNumber();
            final int failed = statistics.getTotalFailedLoginNumber();
            final Endpoint endpoint = client.spsv();
            refused("USER " + endpoint.user(), "PASS " + GUESS);
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                assertThat(statistics.getCurrentLoginNumber()).isEqualTo(1);
                assertThat(statistics.getCurrentAnonymousLoginNumber()).isZero();
                assertThat(statistics.getTotalLoginNumber()).isEqualTo(total);
                assertThat(statistics.getTotalFailedLoginNumber()).isEqualTo(failed);
                assertRetrieves(client, data);
                // FtpServer counts on its command threads, and the refused connection may still be among its sessions.
                await().until(() -> statistics.getCurrentConnectionNumber() == 1);
                assertThat(SERVER.server().getListener("default").getActiveSessions())
                        .hasSize(1);
            }
            assertThat(statistics.getCurrentLoginNumber()).isEqualTo(1);
            assertThat(statistics.getTotalLoginNumber()).isEqualTo(total);
        }
        await().until(() -> SERVER.statistics().getCurrentLoginNumber() == 0);
    }

    @Test
    void limitOfLoginsDoesNotApply() throws Exception {
        final FtpServerExtension server = new FtpServerExtension().maxLogins(1);
        assertThatDataLoginWorksAt(server, FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    @Test
    void limitOfAnonymousLoginsDoesNotApply() throws Exception {
        assertThatDataLoginWorksAt(new FtpServerExtension().anonymous(1), "anonymous", "me@example.org");
    }

    @Test
    void limitOfLoginsOfOneUserDoesNotApply() throws Exception {
        assertThatDataLoginWorksAt(new FtpServerExtension().userWithLogins("single", "secret", 1), "single", "secret");
    }

    @Test
    void failedDataLoginsDoNotLockAnybodyOut() throws Exception {
        final FtpServerExtension server = new FtpServerExtension().maxLoginFailures(1);
        server.start();
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            for (int i = 0; i < 20; i++) {
                refused(server, "USER " + endpoint.user(), "PASS " + GUESS);
            }
            try (Socket data = server.connect().dataLogin(endpoint)) {
                assertThat(data.isConnected()).isTrue();
            }
        } finally {
            server.stop();
        }
    }

    @Test
    void everyListenerServesDataLogins() throws Exception {
        final FtpServerExtension server = new FtpServerExtension().factory(factory -> {
            final ListenerFactory listeners = new ListenerFactory(factory.getListener("default"));
            factory.addListener("second", listeners.createListener());
        });
        server.start();
        server.file(FILE, CONTENT);
        try (RawFtpClient first = server.login();
                RawFtpClient second = RawFtpClient.connect(
                        server.server().getListener("second").getPort())) {
            assertThat(first.retrieve(FILE)).isEqualTo(CONTENT);
            second.greeted().login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            assertThat(second.retrieve(FILE)).isEqualTo(CONTENT);
        } finally {
            server.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SPDT %1$s:%2$s", "SPDT %2$s", "spdt %1$s:%2$s", "spdt %2$s"})
    void spdtIsADataLoginInOneLine(final String line) throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            try (Socket socket = data.line(String.format(Locale.ROOT, line, endpoint.user(), endpoint.token()))
                    .spliced()) {
                assertRetrieves(client, socket);
            }
            refused(String.format(Locale.ROOT, line, endpoint.user(), endpoint.token()));
        }
    }

    @Test
    void spdtMatchesTheDataUserWithoutRegardToCase() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            try (Socket socket =
                    data.line("SPDT dataconn:" + client.spsv().token()).spliced()) {
                assertRetrieves(client, socket);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SPDT",
                "SPDT ",
                "SPDT :",
                "SPDT DATACONN:",
                "SPDT :%2$s",
                "SPDT nobody:%2$s",
                "SPDT %1$s:" + GUESS,
                "SPDT " + GUESS,
                "SPDT %1$s %2$s",
                "SPDT %1$s:%2$s:",
                "SPDT (%1$s:%2$s)"
            })
    void spdtWithAnythingElseIsRefused(final String line) throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            refused(String.format(Locale.ROOT, line, endpoint.user(), endpoint.token()));
            assertServes(client, endpoint);
        }
    }

    @Test
    void spdtEndsWithExactlyTenBytesAndThenComesTheData() {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            data.line("SPDT " + client.spsv());
            client.line("RETR " + FILE).expect(150);
            assertThat(data.readToEnd()).isEqualTo(bytes("200 DATA\r\n" + text(CONTENT)));
            client.expect(226);
        }
    }

    private static void assertThatDataLoginWorksAt(
            final FtpServerExtension server, final String user, final String password) throws FtpException {
        server.start();
        try (RawFtpClient client = server.connect().greeted().login(user, password)) {
            server.file(FILE, CONTENT);
            assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
            assertThat(server.statistics().getCurrentLoginNumber()).isEqualTo(1);
            assertThat(server.statistics().getTotalLoginNumber()).isEqualTo(1);
            // What is not a data login meets the limit as it always did.
            try (RawFtpClient other = server.connect().greeted()) {
                other.line("USER " + user).expect(421);
            }
        } finally {
            server.stop();
        }
    }

    private static void assertServes(final RawFtpClient client, final Endpoint endpoint) throws IOException {
        try (Socket data = SERVER.connect().dataLogin(endpoint)) {
            assertRetrieves(client, data);
        }
    }

    private static void assertRetrieves(final RawFtpClient client, final Socket data) throws IOException {
        client.line("RETR " + FILE).expect(150);
        assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
        client.expect(226);
    }

    private static void refused(final String... lines) {
        refused(SERVER, lines);
    }

    /** Sends lines of which the last one is refused; a USER before it is answered 331. */
    private static void refused(final FtpServerExtension server, final String... lines) {
        try (RawFtpClient client = server.connect().greeted()) {
            for (int i = 0; i < lines.length - 1; i++) {
                client.line(lines[i]).expect(331);
            }
            client.line(lines[lines.length - 1]).expect(504);
            client.expectDropped();
        }
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(final byte... bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
