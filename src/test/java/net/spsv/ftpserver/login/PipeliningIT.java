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

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data login does not care in which pieces, how early and with what around it its lines arrive. */
@Timeout(300)
@ExtendWith(LeakCheckExtension.class)
class PipeliningIT {
    private static final GreetingGate GATE = new GreetingGate();

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().ftpletBefore("gate", GATE);

    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = bytes("the content of a file");
    /** Data that a server which still looks for lines would take for some. */
    private static final String LINES = "\n\r\nQUIT\r\nUSER u001\r\n\u0000\u00ff";

    /** Holds greetings back while it is closed. */
    private static final class GreetingGate extends DefaultFtplet {
        private volatile CountDownLatch open = new CountDownLatch(0);

        void close() {
            open = new CountDownLatch(1);
        }

        void open() {
            open.countDown();
        }

        @Override
        public FtpletResult onConnect(final FtpSession session) {
            try {
                open.await(30, TimeUnit.SECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return FtpletResult.DEFAULT;
        }
    }

    @BeforeAll
    static void files() {
        SERVER.file(FILE, CONTENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\n"})
    void userAndPassInOneSegment(final String end) throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            data.send(login(client.spsv(), end)).expect(331);
            assertRetrieves(client, data.spliced());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\n"})
    void userAndPassOneAfterTheOther(final String end) throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            data.send("USER " + endpoint.user() + end).expect(331);
            assertRetrieves(client, data.send("PASS " + endpoint.token() + end).spliced());
        }
    }

    @Test
    void userAndPassBeforeTheGreetingWasRead() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            for (int i = 0; i < 50; i++) {
                final Endpoint endpoint = client.spsv();
                try (RawFtpClient data = SERVER.connect().send(login(endpoint, "\r\n"))) {
                    data.greeted().expect(331);
                    assertRetrieves(client, data.spliced());
                }
            }
        }
    }

    @Test
    void userAndPassBeforeTheGreetingWasSent() throws IOException {
        assertThatItServesBehindTheGate(login(null, "\r\n"), 331);
    }

    @Test
    void spdtBeforeTheGreetingWasSent() throws IOException {
        assertThatItServesBehindTheGate("SPDT DATACONN:%s\r\n");
    }

    @Test
    void ordinaryLinesBeforeTheGreetingWasSent() throws IOException {
        assertThatItServesBehindTheGate("SYST\r\nUSER u001\r\n" + login(null, "\r\n"), 530, 331, 331);
    }

    @Test
    void userAndPassCutAtEveryPoint() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final int points = login(client.spsv(), "\r\n").length() - 1;
            for (int point = 0; point < points; point++) {
                final byte[][] parts =
                        Fragments.everySplit(login(client.spsv(), "\r\n")).get(point);
                try (RawFtpClient data = SERVER.connect().greeted().sendApart(parts)) {
                    data.expect(331);
                    assertRetrieves(client, data.spliced());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\n"})
    void userAndPassByteByByte(final String end) throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().sendApart(Fragments.single(login(client.spsv(), end)))) {
            data.greeted().expect(331);
            assertRetrieves(client, data.spliced());
        }
    }

    @Test
    void spdtCutAtEveryPoint() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final int points = ("SPDT " + client.spsv() + "\r\n").length() - 1;
            for (int point = 0; point < points; point++) {
                final byte[][] parts =
                        Fragments.everySplit("SPDT " + client.spsv() + "\r\n").get(point);
                try (RawFtpClient data = SERVER.connect().greeted().sendApart(parts)) {
                    assertRetrieves(client, data.spliced());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER DATACONN\r\nPASS %s\r\n", "USER DATACONN\nPASS %s\n", "SPDT DATACONN:%s\r\n"})
    void bytesBehindTheLoginBelongToTheUploadThatWaits(final String login) {
        try (RawFtpClient client = SERVER.login().binary();
                RawFtpClient data = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            client.line("STOR up.bin").expect(150);
            data.send(String.format(Locale.ROOT, login, endpoint.token()) + LINES);
            assertStores(client, data, !login.startsWith("SPDT"), bytes(LINES));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER DATACONN\r\nPASS %s\r\n", "USER DATACONN\nPASS %s\n", "SPDT DATACONN:%s\r\n"})
    void bytesBehindTheLoginBelongToTheUploadThatComesLater(final String login) {
        try (RawFtpClient client = SERVER.login().binary();
                RawFtpClient data = SERVER.connect().greeted()) {
            data.send(String.format(Locale.ROOT, login, client.spsv().token()) + LINES)
                    .awaitTaken();
            client.line("STOR up.bin").expect(150);
            assertStores(client, data, !login.startsWith("SPDT"), bytes(LINES));
        }
    }

    @Test
    void bytesBehindTheLoginCutAtEveryPoint() {
        final String data = "\r\nQUIT\r\n";
        try (RawFtpClient client = SERVER.login().binary()) {
            final int points = (login(client.spsv(), "\r\n") + data).length() - 1;
            for (int point = 0; point < points; point++) {
                final Endpoint endpoint = client.spsv();
                client.line("STOR up.bin").expect(150);
                try (RawFtpClient upload = SERVER.connect().greeted()) {
                    upload.sendApart(
                            Fragments.everySplit(login(endpoint, "\r\n") + data).get(point));
                    assertStores(client, upload, true, bytes(data));
                }
            }
        }
    }

    /** More than MINA reads at once, more than the plugin may hold in one of its buffers. */
    @Test
    void manyBytesBehindTheLoginBelongToTheUpload() {
        final long seed = System.nanoTime();
        final byte[] content = new byte[3_000_000];
        new Random(seed).nextBytes(content);
        try (RawFtpClient client = SERVER.login().binary();
                RawFtpClient data = SERVER.connect()) {
            final byte[] login = bytes(login(client.spsv(), "\r\n"));
            final byte[] all = Arrays.copyOf(login, login.length + content.length);
            System.arraycopy(content, 0, all, login.length, content.length);
            client.line("STOR up.bin").expect(150);
            data.sendBytes(all).greeted();
            assertStores(client, data, true, content);
        } catch (final AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** Such a client has said all it has to say before the server has said anything: the end is part of it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void wholeUploadWithItsEndBehindTheLogin(final boolean waiting) throws IOException {
        try (RawFtpClient client = SERVER.login().binary()) {
            for (int i = 0; i < 20; i++) {
                final Endpoint endpoint = client.spsv();
                if (waiting) {
                    client.line("STOR up.bin").expect(150);
                }
                try (RawFtpClient data = SERVER.connect().send(login(endpoint, "\r\n") + LINES)) {
                    data.socket().shutdownOutput();
                    if (!waiting) {
                        client.line("STOR up.bin").expect(150);
                    }
                    data.greeted().expect(331);
                    data.spliced();
                    client.expect(226);
                    assertThat(SERVER.content("up.bin")).isEqualTo(bytes(LINES));
                }
            }
        }
    }

    @Test
    void emptyUploadWithItsEndBehindTheLogin() throws IOException {
        try (RawFtpClient client = SERVER.login().binary()) {
            final Endpoint endpoint = client.spsv();
            client.line("STOR up.bin").expect(150);
            try (RawFtpClient data = SERVER.connect().send(login(endpoint, "\r\n"))) {
                data.socket().shutdownOutput();
                data.greeted().expect(331);
                data.spliced();
                client.expect(226);
                assertThat(SERVER.content("up.bin")).isEmpty();
            }
        }
    }

    @Test
    void ordinaryLinesInFrontAreAnsweredInOrder() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            for (int i = 0; i < 20; i++) {
                final Endpoint endpoint = client.spsv();
                try (RawFtpClient data = SERVER.connect().greeted()) {
                    data.send("SYST\r\nFEAT\r\nUSER u001\r\n" + login(endpoint, "\r\n"));
                    data.expect(530);
                    data.expect(530);
                    assertThat(data.expect(331)).contains("u001");
                    assertThat(data.expect(331)).doesNotContain("u001");
                    assertRetrieves(client, data.spliced());
                }
            }
        }
    }

    @Test
    void failedOrdinaryLoginInFrontIsAnsweredInOrder() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect().greeted()) {
            data.send("USER u001\r\nPASS wrong\r\n" + login(client.spsv(), "\r\n"));
            assertThat(data.expect(331)).contains("u001");
            data.expect(530);
            assertThat(data.expect(331)).doesNotContain("u001");
            assertRetrieves(client, data.spliced());
        }
    }

    @Test
    void ordinaryLinesInFrontCutAtEveryPoint() throws IOException {
        final String front = "SYST\r\nUSER u001\r\n";
        try (RawFtpClient client = SERVER.login()) {
            for (int point = 0; point < front.length() + 8; point++) {
                final byte[][] parts = Fragments.everySplit(front + login(client.spsv(), "\r\n"))
                        .get(point);
                try (RawFtpClient data = SERVER.connect().greeted().sendApart(parts)) {
                    data.expect(530);
                    data.expect(331);
                    data.expect(331);
                    assertRetrieves(client, data.spliced());
                }
            }
        }
    }

    /** Whoever reads ahead sees the data user's name before the login in front of it has been answered. */
    @Test
    void dataUserBehindAnOrdinaryLoginDoesNotMakeItADataConnection() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            for (int i = 0; i < 20; i++) {
                final Endpoint endpoint = client.spsv();
                try (RawFtpClient other = SERVER.connect().greeted()) {
                    other.send("USER u001\r\nPASS xyz\r\n" + login(endpoint, "\r\n"));
                    other.expect(331);
                    other.expect(230);
                    other.expect(530);
                    other.expectDropped();
                }
                try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                    assertRetrieves(client, data);
                }
            }
        }
    }

    @Test
    void spdtBehindAnOrdinaryLoginDoesNotMakeItADataConnection() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient other = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            other.send("USER u001\r\nPASS xyz\r\nSPDT " + endpoint + "\r\nNOOP\r\n");
            other.expect(331);
            other.expect(230);
            assertThat(other.reply()).startsWith("5");
            other.expect(200);
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                assertRetrieves(client, data);
            }
        }
    }

    @Test
    void wholeOrdinarySessionInOneSegmentIsAnsweredInOrder() {
        try (RawFtpClient client = SERVER.connect()) {
            client.send("USER u001\r\nPASS xyz\r\nSYST\r\nSPSV\r\nPWD\r\nSPSV\r\nNOOP\r\nQUIT\r\n")
                    .greeted();
            client.expect(331);
            client.expect(230);
            client.expect(215);
            final Endpoint first = RawFtpClient.endpoint(client.expect(227));
            client.expect(257);
            final Endpoint second = RawFtpClient.endpoint(client.expect(227));
            assertThat(second.token()).isNotEqualTo(first.token());
            client.expect(200);
            client.expect(221);
            client.expectDropped();
        }
    }

    @Test
    void ordinarySessionByteByByteIsServedAsEver() {
        try (RawFtpClient client = SERVER.connect()) {
            client.sendApart(Fragments.single("SYST\r\nUSER u001\nPASS xyz\r\nNOOP\r\n"))
                    .greeted();
            client.expect(530);
            client.expect(331);
            client.expect(230);
            client.expect(200);
        }
    }

    @Test
    void transferCommandInTheSegmentOfItsSpsv() throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            client.send("SPSV\r\nRETR " + FILE + "\r\n");
            final Endpoint endpoint = RawFtpClient.endpoint(client.expect(227));
            client.expect(150);
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            }
            client.expect(226);
        }
    }

    /** A wrong token is answered 504 and ends the connection; what came behind it is nobody's. */
    @Test
    void linesBehindAWrongTokenAreNotObeyed() throws IOException {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient other = SERVER.connect().greeted()) {
            final Endpoint endpoint = client.spsv();
            other.send(login(new Endpoint("DATACONN", "wrong"), "\r\n") + login(endpoint, "\r\n"));
            other.expect(331);
            other.expect(504);
            other.expectDropped();
            try (Socket data = SERVER.connect().dataLogin(endpoint)) {
                assertRetrieves(client, data);
            }
        }
    }

    private static void assertThatItServesBehindTheGate(final String login, final int... replies) throws IOException {
        try (RawFtpClient client = SERVER.login()) {
            final String lines = String.format(Locale.ROOT, login, client.spsv().token());
            GATE.close();
            try (RawFtpClient data = SERVER.connect().send(lines).awaitTaken()) {
                GATE.open();
                data.greeted();
                for (final int reply : replies) {
                    data.expect(reply);
                }
                assertRetrieves(client, data.spliced());
            } finally {
                GATE.open();
            }
        }
    }

    private static void assertRetrieves(final RawFtpClient client, final Socket data) throws IOException {
        client.line("RETR " + FILE).expect(150);
        assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
        client.expect(226);
    }

    private static void assertStores(
            final RawFtpClient client, final RawFtpClient data, final boolean user, final byte... content) {
        try {
            if (user) {
                data.expect(331);
            }
            data.spliced().shutdownOutput();
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
        client.expect(226);
        assertThat(SERVER.content("up.bin")).isEqualTo(content);
    }

    /** Returns the two lines of a data login, with a place for the token when there is no endpoint. */
    private static String login(final Endpoint endpoint, final String end) {
        final String token = endpoint == null ? "%s" : endpoint.token();
        return "USER DATACONN" + end + "PASS " + token + end;
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
