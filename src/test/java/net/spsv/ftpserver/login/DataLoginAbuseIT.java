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

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LogCapture;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Peers that mean no good, or do not know better. Whatever they do, a session that was there before goes on and gets
 * its own data connection with its own token.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataLoginAbuseIT {
    /** Few threads, so that one that is lost would be missed. */
    @RegisterExtension
    static final FtpServerExtension SERVER =
            new FtpServerExtension().maxThreads(2).dataIdleTimeout(2).idleTimeout(30);

    /** All of this makes FtpServer log at length; it belongs to this test and not to the console. */
    @RegisterExtension
    final LogCapture log = new LogCapture();

    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);

    private RawFtpClient good;
    private Endpoint endpoint;

    @BeforeEach
    void goodClient() {
        SERVER.file(FILE, CONTENT);
        good = SERVER.login();
        endpoint = good.spsv();
    }

    @AfterEach
    void goodClientIsServed() throws IOException {
        try (RawFtpClient client = good;
                Socket data = SERVER.connect().dataLogin(endpoint)) {
            client.line("RETR " + FILE).expect(150);
            assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            client.expect(226);
        }
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> SERVER.statistics().getCurrentConnectionNumber() == 0);
        assertThat(log.ofPlugin(Level.ERROR)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "U",
                "USER DATACONN",
                "USER DATACONN\r",
                "USER DATACONN\r\nP",
                "USER DATACONN\r\nPASS 0123",
                "SPDT DATACONN:01"
            })
    void halfLineHoldsNobodyUp(final String half) {
        final List<RawFtpClient> halves = new ArrayList<>();
        try {
            // More of them than there are threads.
            for (int i = 0; i < 8; i++) {
                halves.add(SERVER.connect().send(half).awaitTaken());
            }
            good.expectAlive();
            try (RawFtpClient other = SERVER.login()) {
                assertThat(other.retrieve(FILE)).isEqualTo(CONTENT);
            }
        } finally {
            halves.forEach(RawFtpClient::close);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 2_000, 10_000, 300_000})
    void overLongPassIsRefusedAndDropped(final int length) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER DATACONN").expect(331);
            sendUntilDropped(client, "PASS " + repeat('a', length) + "\r\n");
            client.expect(504);
            client.expectEnd();
        }
    }

    /** The answer may get lost in the reset that the bytes behind it provoke; the end may not. */
    @ParameterizedTest
    @ValueSource(ints = {2_000, 10_000, 300_000})
    void passWithoutAnEndIsDropped(final int length) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER DATACONN").expect(331);
            sendUntilDropped(client, "PASS " + repeat('a', length));
            client.expectEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER ", "SPDT ", "", "USER DATACONN"})
    void overLongFirstLineIsNotObeyed(final String start) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            sendUntilDropped(client, start + repeat('a', 300_000) + "\r\n");
            endInput(client);
            assertThat(everything(client)).doesNotContain("200 DATA").doesNotContain("331 Preparing");
        }
        good.expectAlive();
    }

    @Test
    void tokenBehindAnOverLongLineStaysUnused() {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER DATACONN").expect(331);
            sendUntilDropped(client, "PASS " + repeat(' ', 5_000) + endpoint.token() + "\r\n");
            endInput(client);
            assertThat(everything(client)).doesNotContain("200 DATA");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PASS \u0000%s\r\n",
                "PASS %s\u0000.\r\n",
                "PASS %s\rQUIT\r\n",
                "PASS %s QUIT\r\n",
                "PASS %s%%00\r\n",
                "PASS %s\u00ff\r\n",
                "PASS %1$s%1$s\r\n",
                "PASS DATACONN:%s\r\n",
                "PASS \u00ff\u00f4%s\r\n"
            })
    void anythingAroundTheTokenIsRefused(final String pass) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.line("USER DATACONN").expect(331);
            client.send(String.format(Locale.ROOT, pass, endpoint.token())).expect(504);
            client.expectDropped();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "USER \u0000DATACONN", "USER DATA\u0000CONN", "USER DATACONN\u0000.", "USER DATACONN\rPASS %s",
                "\u00ff\u00f4\u00ff\u00f2USER DATACONN", "USER DATACONN\u00ff", "US\u00ff\u00f4ER DATACONN",
                        "USER DATACONN %s",
                "USER\u00a0DATACONN", "USERDATACONN"
            })
    void somethingLikeTheDataUserIsNotTheDataUser(final String line) {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            assertThat(client.line(String.format(Locale.ROOT, line, endpoint.token()))
                            .reply())
                    .doesNotContain("Preparing");
            assertThat(client.line("PASS " + endpoint.token()).reply()).startsWith("5");
        }
    }

    @Test
    void guessesAreRefusedOneAfterTheOther() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 50; i++) {
            final StringBuilder guess = new StringBuilder();
            for (int j = 0; j < endpoint.token().length(); j++) {
                guess.append("ABCabc0123456789".charAt(random.nextInt(16)));
            }
            try (RawFtpClient client = SERVER.connect().greeted()) {
                client.line("USER DATACONN").expect(331);
                client.line("PASS " + guess).expect(504);
                client.expectDropped();
            } catch (final AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        good.expectAlive();
    }

    @Test
    void garbageIsSurvived() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final String[] words = {
            "USER ",
            "DATACONN",
            "PASS ",
            "SPDT ",
            "\r\n",
            "\n",
            "\r",
            "ABOR",
            "QUIT\r\n",
            "\u00ff\u00f4",
            "\u0000",
            ":",
            "PASV\r\n",
            "AUTH TLS\r\n",
            "REIN\r\n",
            " "
        };
        for (int i = 0; i < 100; i++) {
            final StringBuilder garbage = new StringBuilder();
            for (int j = random.nextInt(30); j >= 0; j--) {
                garbage.append(words[random.nextInt(words.length)]);
            }
            try (RawFtpClient client = SERVER.connect()) {
                sendUntilDropped(client, garbage.toString());
                if (random.nextBoolean()) {
                    client.reset();
                }
            } catch (final AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        good.expectAlive();
    }

    @Test
    void resetAtEachStepBeforeTheTokenLeavesTheTokenAlone() {
        for (final String said : new String[] {
            "", "USER", "USER DATACONN\r\n", "USER DATACONN\r\nPASS ", "USER DATACONN\r\nPASS " + half()
        }) {
            try (RawFtpClient unread = SERVER.connect().send(said)) {
                unread.reset();
            }
            try (RawFtpClient client = SERVER.connect().greeted().send(said).awaitTaken()) {
                client.reset();
            }
            try (RawFtpClient client = SERVER.connect().greeted().send(said)) {
                if (said.contains("\n")) {
                    client.expect(331);
                }
            }
        }
        good.expectAlive();
    }

    /** The token is spent then, but the session gets its reply, and the next token is as good as any. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void resetBehindTheTokenEndsThatTransferOnly(final boolean adopted) {
        try (RawFtpClient data = SERVER.connect().greeted()) {
            data.line("USER " + endpoint.user()).expect(331);
            data.line("PASS " + endpoint.token());
            if (adopted) {
                data.spliced();
            }
            data.reset();
        }
        good.line("STOR up.txt").expect(150);
        assertThat(good.reply()).matches("(425|426|551) .*");
        endpoint = good.spsv();
    }

    @Test
    void resetDuringTheUploadEndsThatTransferOnly() throws IOException {
        good.line("STOR up.txt").expect(150);
        try (Socket data = SERVER.connect().dataLogin(endpoint)) {
            data.getOutputStream().write(CONTENT);
            RawFtpClient.reset(data);
        }
        assertThat(good.reply()).matches("(426|551) .*");
        endpoint = good.spsv();
    }

    @Test
    void controlConnectionThatIsGoneTakesItsTokenAlong() {
        final Endpoint orphan;
        try (RawFtpClient client = SERVER.login()) {
            orphan = client.spsv();
            client.reset();
        }
        await().until(() -> SERVER.statistics().getCurrentLoginNumber() == 1);
        try (RawFtpClient data = SERVER.connect().greeted()) {
            data.line("USER " + orphan.user()).expect(331);
            data.line("PASS " + orphan.token()).expect(504);
            data.expectDropped();
        }
    }

    @Test
    void controlConnectionThatEndsClosesADataConnectionThatWaits() {
        try (RawFtpClient client = SERVER.login();
                RawFtpClient data = SERVER.connect()) {
            data.dataLogin(client.spsv());
            client.reset();
            data.expectDropped();
        }
    }

    @Test
    void manyTokensAtOnceDoNotGetInEachOthersWay() throws IOException {
        final List<RawFtpClient> clients = new ArrayList<>();
        final List<Endpoint> endpoints = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                SERVER.file("file" + i, Integer.toString(i).getBytes(StandardCharsets.US_ASCII));
                clients.add(SERVER.login());
                endpoints.add(clients.get(i).spsv());
            }
            for (int i = 19; i >= 0; i--) {
                try (Socket data = SERVER.connect().dataLogin(endpoints.get(i))) {
                    clients.get(i).line("RETR file" + i).expect(150);
                    assertThat(new String(RawFtpClient.readFully(data), StandardCharsets.US_ASCII))
                            .isEqualTo(Integer.toString(i));
                    clients.get(i).expect(226);
                }
            }
        } finally {
            clients.forEach(RawFtpClient::close);
        }
    }

    /** A login that never ends is idle like any other session, and is dropped as one. */
    @Test
    void loginThatNeverEndsIsDroppedAfterTheIdleTimeout() throws Exception {
        final FtpServerExtension server = new FtpServerExtension().idleTimeout(1);
        server.start();
        try (RawFtpClient half = server.connect().greeted();
                RawFtpClient data = server.connect().greeted()) {
            half.send("USER DATAC");
            data.line("USER DATACONN").expect(331);
            half.expectDropped();
            data.expectDropped();
        } finally {
            server.stop();
        }
    }

    private String half() {
        return endpoint.token().substring(0, endpoint.token().length() / 2);
    }

    /** Sends in pieces, since the server may end the connection before it has read it all. */
    private static void sendUntilDropped(final RawFtpClient client, final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try {
            for (int at = 0; at < bytes.length; at += 64 * 1024) {
                client.socket()
                        .getOutputStream()
                        .write(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 64 * 1024)));
            }
        } catch (final IOException e) {
            assertThat(e).hasMessageMatching("(?i).*(reset|pipe|abort).*");
        }
    }

    private static void endInput(final RawFtpClient client) {
        try {
            client.socket().shutdownOutput();
        } catch (final IOException e) {
            assertThat(e).as("the server was quicker").isInstanceOf(SocketException.class);
        }
    }

    /** Reads all replies until the server ends the connection. */
    private static String everything(final RawFtpClient client) {
        final StringBuilder text = new StringBuilder();
        try {
            for (int octet = client.socket().getInputStream().read();
                    octet >= 0;
                    octet = client.socket().getInputStream().read()) {
                text.append((char) octet);
            }
        } catch (final IOException e) {
            assertThat(e).isInstanceOf(SocketException.class);
        }
        return text.toString();
    }

    private static String repeat(final char c, final int count) {
        final char[] text = new char[count];
        Arrays.fill(text, c);
        return new String(text);
    }
}
