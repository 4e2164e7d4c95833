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
package net.spsv.ftpserver.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.FtpException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The SPSV command, its reply and the token in it: draft-rosenau-ftp-single-port-02, section 3. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SpsvCommandIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    private static final int TOKENS = 300;

    @BeforeAll
    static void files() {
        SERVER.file("one.txt", bytes("one"));
        SERVER.file("two.txt", bytes("two"));
    }

    @Test
    void spsvBeforeLoginIsAnswered530() {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("SPSV").expect(530);
            client.line("SPSV parameter").expect(530);
            client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
            client.line("SPSV").expect(227);
        }
    }

    @Test
    void spsvBetweenUserAndPassIsAnswered530() {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER " + FtpServerExtension.USER).expect(331);
            client.line("SPSV").expect(530);
        }
    }

    @Test
    void spsvWithParameterIsAnswered501() {
        try (RawFtpClient client = SERVER.login()) {
            assertThat(client.line("SPSV DATACONN").expect(501)).doesNotContain("(");
            client.line("SPSV 1").expect(501);
            client.expectAlive();
        }
    }

    @Test
    void spsvIsAnswered227WithUserAndTokenInBrackets() {
        try (RawFtpClient client = SERVER.login()) {
            assertThat(client.line("SPSV").expect(227))
                    .matches("227 Entering single-port mode \\(DATACONN:[A-Za-z0-9]{22,32}\\)");
        }
    }

    @Test
    void spsvIsUnderstoodInLowerCase() {
        try (RawFtpClient client = SERVER.login()) {
            client.line("spsv").expect(227);
            client.line("Spsv").expect(227);
        }
    }

    /** What an outsider can see of 128 bits: as many different characters at every place as their number needs. */
    @Test
    void tokensAreLettersAndDigitsAndAllDifferent() {
        final Set<String> tokens = new HashSet<>();
        final List<Set<Character>> places = new ArrayList<>();
        try (RawFtpClient client = SERVER.login()) {
            for (int i = 0; i < TOKENS; i++) {
                final String token = client.spsv().token();
                assertThat(token).matches("[A-Za-z0-9]{22,32}");
                assertThat(tokens.add(token)).as("%s is new", token).isTrue();
                for (int place = 0; place < token.length(); place++) {
                    if (places.size() <= place) {
                        places.add(new HashSet<>());
                    }
                    places.get(place).add(token.charAt(place));
                }
            }
        }
        final double bits = places.stream()
                .mapToDouble(place -> Math.log(place.size()) / Math.log(2))
                .sum();
        assertThat(bits).as("bits that %d tokens show", TOKENS).isGreaterThanOrEqualTo(128);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATACONN", "dataconn", "DataConn"})
    void dataUserIsMatchedWithoutRegardToCase(final String user) throws IOException {
        try (RawFtpClient client = SERVER.login();
                Socket data = SERVER.connect()
                        .dataLogin(new Endpoint(user, client.spsv().token()))) {
            client.line("RETR one.txt").expect(150);
            assertThat(RawFtpClient.readFully(data)).isEqualTo(bytes("one"));
            client.expect(226);
        }
    }

    @Test
    void dataUserIsMatchedWithoutRegardToTheLocaleOfTheServer() throws IOException {
        final Locale before = Locale.getDefault();
        Locale.setDefault(new Locale("tr", "TR"));
        try {
            final FtpServerExtension server = new FtpServerExtension().userName("SINGLE");
            start(server);
            try (RawFtpClient client = server.login();
                    Socket data = server.connect()
                            .dataLogin(new Endpoint("single", client.spsv().token()))) {
                assertThat(data.isConnected()).isTrue();
            } finally {
                server.stop();
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void tokenIsMatchedWithRegardToCase() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            final String swapped = swapCase(endpoint.token());
            assertThat(swapped).isNotEqualTo(endpoint.token());
            refused(new Endpoint(endpoint.user(), swapped));
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                assertThat(data.isConnected()).isTrue();
            }
        }
    }

    @Test
    void tokenCannotBeRedeemedTwice() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                refused(endpoint);
                client.line("RETR one.txt").expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(bytes("one"));
                client.expect(226);
            }
            refused(endpoint);
            client.expectAlive();
        }
    }

    @Test
    void newSpsvRevokesTheTokenBefore() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint first = client.spsv();
            final Endpoint second = client.spsv();
            refused(first);
            try (Socket data = SERVER.connect().dataLogin(second)) {
                client.line("RETR one.txt").expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(bytes("one"));
                client.expect(226);
            }
        }
    }

    @Test
    void tokenIsForTheSessionThatAskedForItOnly() throws IOException {
        try (RawFtpClient first = SERVER.login();
                RawFtpClient second = SERVER.login();
                Socket dataOfSecond = SERVER.connect().dataLogin(second.spsv());
                Socket dataOfFirst = SERVER.connect().dataLogin(first.spsv())) {
            first.line("RETR one.txt").expect(150);
            second.line("RETR two.txt").expect(150);
            assertThat(RawFtpClient.readFully(dataOfFirst)).isEqualTo(bytes("one"));
            assertThat(RawFtpClient.readFully(dataOfSecond)).isEqualTo(bytes("two"));
            first.expect(226);
            second.expect(226);
        }
    }

    @Test
    void oneTokenServesOneTransfer() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final Endpoint endpoint = client.spsv();
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                client.line("RETR one.txt").expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(bytes("one"));
                client.expect(226);
            }
            assertThat(client.line("RETR two.txt").reply()).matches("(503|425) .*");
            assertThat(client.retrieve("two.txt")).isEqualTo(bytes("two"));
        }
    }

    @Test
    void dataUserHasTheConfiguredName() throws IOException {
        final FtpServerExtension server = new FtpServerExtension().userName("TUNNEL42");
        start(server);
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            assertThat(endpoint.user()).isEqualTo("TUNNEL42");
            try (RawFtpClient other = server.connect().greeted()) {
                other.line("USER DATACONN").expect(331);
                other.line("PASS " + endpoint.token()).expect(530);
            }
            try (Socket data = server.connect().dataLogin(new Endpoint("tunnel42", endpoint.token()))) {
                assertThat(data.isConnected()).isTrue();
            }
        } finally {
            server.stop();
        }
    }

    /** Nobody could log in to such an account any more, and nobody would know why. */
    @ParameterizedTest
    @ValueSource(strings = {"DATACONN", "dataconn"})
    void accountWithTheNameOfTheDataUserFailsTheStart(final String account) {
        final FtpServerExtension server = new FtpServerExtension().user(account, "secret");
        try {
            assertThatThrownBy(server::start)
                    .isInstanceOf(FtpException.class)
                    .hasMessageContaining("DATACONN")
                    .hasMessageMatching("(?s)[A-Z].*account.*");
        } finally {
            server.stop();
        }
    }

    private static void refused(final Endpoint endpoint) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER " + endpoint.user()).expect(331);
            client.line("PASS " + endpoint.token()).expect(504);
            client.expectDropped();
        }
    }

    private static void start(final FtpServerExtension server) {
        try {
            server.start();
        } catch (final FtpException e) {
            throw new AssertionError(e);
        }
    }

    private static String swapCase(final String text) {
        final StringBuilder swapped = new StringBuilder();
        for (final char c : text.toCharArray()) {
            swapped.append(Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
        }
        return swapped.toString();
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
