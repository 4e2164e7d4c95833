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
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import net.spsv.ftpserver.SpsvFtplet;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.LogCapture;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.apache.ftpserver.message.MessageResourceFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the plugin says: to clients, in the words of the installation; and to the log, without a token in it. */
@Timeout(300)
@ExtendWith(LeakCheckExtension.class)
class RepliesAndLogIT {
    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);
    private static final String ELSEWHERE = "127.0.0.2";

    @TempDir
    Path messages;

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void featListsSpsvOnceAndAllThatFtpServerLists() throws Exception {
        final List<String> stock;
        server.plugin(false).start();
        try (RawFtpClient client = server.login()) {
            stock = lines(client.line("FEAT").expect(211));
        }
        server.stop();
        server.plugin(true).start();
        try (RawFtpClient client = server.login()) {
            final List<String> features = lines(client.line("FEAT").expect(211));
            assertThat(features).containsOnlyOnce(" SPSV").containsAll(stock).hasSize(stock.size() + 1);
            assertThat(features.get(0)).isEqualTo(stock.get(0));
            assertThat(features.get(features.size() - 1)).isEqualTo(stock.get(stock.size() - 1));
        }
    }

    @Test
    void helpExplainsSpsvInAnyCase() throws Exception {
        server.start();
        try (RawFtpClient client = server.login()) {
            assertThat(client.line("HELP SPSV").expect(214)).startsWith("214").contains("Syntax: SPSV");
            assertThat(client.line("help spsv").expect(214)).contains("Syntax: SPSV");
            assertThat(client.line("HELP PASV").expect(214)).isEqualTo("214 Syntax: PASV");
        }
    }

    @Test
    void installationOverridesEveryText() throws Exception {
        override(
                "FtpStatus.gen",
                "227.SPSV=Ein Anschluss genuegt ({output.msg})",
                "501.SPSV=Bitte ohne Parameter",
                "331.SPSV=Bitte das Losungswort",
                "504.SPSV=Das Losungswort gilt nicht",
                "502.SPSV=Nur ein Anschluss, bitte SPSV",
                "220.SPSV=Voll, es geht nur noch SPSV",
                "214.SPSV=So geht SPSV",
                "200.SPSV=Nicht die zehn Bytes");
        server.maxLogins(1).singlePortOnly(true).start();
        server.file(FILE, CONTENT);
        try (RawFtpClient client = server.login()) {
            assertThat(client.line("SPSV x").expect(501)).isEqualTo("501 Bitte ohne Parameter");
            assertThat(client.line("PASV").expect(502)).isEqualTo("502 Nur ein Anschluss, bitte SPSV");
            assertThat(client.line("HELP SPSV").expect(214)).isEqualTo("214 So geht SPSV");
            final String entering = client.line("SPSV").expect(227);
            assertThat(entering).matches("227 Ein Anschluss genuegt \\(DATACONN:[A-Za-z0-9]{22,32}\\)");
            final Endpoint endpoint = RawFtpClient.endpoint(entering);
            try (RawFtpClient wrong = server.connect()) {
                assertThat(wrong.expect(220)).isEqualTo("220 Voll, es geht nur noch SPSV");
                assertThat(wrong.line("USER DATACONN").expect(331)).isEqualTo("331 Bitte das Losungswort");
                assertThat(wrong.line("PASS x").expect(504)).isEqualTo("504 Das Losungswort gilt nicht");
                wrong.expectDropped();
            }
            try (RawFtpClient wrong = server.connect()) {
                wrong.expect(220);
                assertThat(wrong.line("SPDT x").expect(504)).isEqualTo("504 Das Losungswort gilt nicht");
            }
            try (Socket data = server.connect().dataLogin(endpoint)) {
                client.line("RETR " + FILE).expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                client.expect(226);
            }
        }
    }

    @Test
    void installationOverridesTheFeatures() throws Exception {
        override("FtpStatus.gen", "211.FEAT=Was es gibt\\n SIZE\\n SPSV\\nEnde");
        server.start();
        try (RawFtpClient client = server.login()) {
            assertThat(lines(client.line("FEAT").expect(211)))
                    .containsExactly("211-Was es gibt", " SIZE", " SPSV", "211 Ende");
        }
    }

    @Test
    void languageOfTheSessionIsUsed() throws Exception {
        override("FtpStatus_zh-tw.gen", "227.SPSV=Only one port ({output.msg})", "214.SPSV=About SPSV");
        final MessageResourceFactory resources = new MessageResourceFactory();
        resources.setLanguages(Collections.singletonList("zh-tw"));
        resources.setCustomMessageDirectory(messages.toFile());
        server.factory(factory -> factory.setMessageResource(resources.createMessageResource()))
                .start();
        try (RawFtpClient client = server.login()) {
            assertThat(client.line("SPSV").expect(227)).startsWith("227 Entering single-port mode (");
            client.line("LANG zh-tw").expect(200);
            assertThat(client.line("SPSV").expect(227)).startsWith("227 Only one port (DATACONN:");
            assertThat(client.line("HELP SPSV").expect(214)).isEqualTo("214 About SPSV");
            assertThat(lines(client.line("FEAT").expect(211))).containsOnlyOnce(" SPSV");
        }
    }

    @Test
    void oneInfoLineAtStartNamesVersionPortAndDataUser() throws Exception {
        try (LogCapture log = LogCapture.open()) {
            server.userName("TUNNEL").start();
            final List<ILoggingEvent> lines = log.ofPlugin(Level.INFO);
            assertThat(lines).hasSize(1);
            assertThat(lines.get(0).getLevel()).isEqualTo(Level.INFO);
            // The package has none when a test class of it was loaded before the jar; CommandLineServerIT looks there.
            final String version = SpsvFtplet.class.getPackage().getImplementationVersion();
            assertThat(lines.get(0).getFormattedMessage())
                    .contains(version == null ? "(unpackaged)" : version)
                    .contains("TUNNEL")
                    .contains(Integer.toString(server.port()))
                    .doesNotContain("\n");
        }
    }

    @Test
    void servingIsLoggedAtDebugOnly() throws Exception {
        server.start();
        server.file(FILE, CONTENT);
        try (LogCapture log = LogCapture.open()) {
            try (RawFtpClient client = server.login()) {
                client.retrieve(FILE);
                client.store("up.txt", CONTENT);
                client.line("SPSV x").expect(501);
                client.line("QUIT").expect(221);
                client.expectDropped();
            }
            assertThat(log.ofPlugin(Level.INFO)).isEmpty();
            assertThat(log.ofPlugin(Level.TRACE)).isNotEmpty();
        }
    }

    @Test
    void failedDataLoginIsLoggedAtWarnWithTheAddressOfThePeer() throws Exception {
        server.start();
        try (LogCapture log = LogCapture.open();
                RawFtpClient client = server.login()) {
            client.spsv();
            for (final String line : new String[] {"PASS wrong", "PASS", "SPDT wrong", "SPDT nobody:wrong"}) {
                log.clear();
                final int port;
                try (RawFtpClient other =
                        RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
                    port = other.socket().getLocalPort();
                    if (line.startsWith("PASS")) {
                        other.line("USER DATACONN").expect(331);
                    }
                    other.line(line).expect(504);
                    other.expectDropped();
                }
                assertThat(log.ofPlugin(Level.INFO)).as(line).hasSize(1);
                final ILoggingEvent event = log.ofPlugin(Level.INFO).get(0);
                assertThat(event.getLevel()).isEqualTo(Level.WARN);
                assertThat(event.getFormattedMessage()).contains(ELSEWHERE + ":" + port);
            }
        }
    }

    @Test
    void loginRefusedByTheIpCheckIsLoggedAtWarnWithTheAddressOfThePeer() throws Exception {
        server.passiveIpCheck(true).start();
        try (LogCapture log = LogCapture.open();
                RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            log.clear();
            try (RawFtpClient other =
                    RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
                other.line("SPDT " + endpoint).expect(504);
                other.expectDropped();
            }
            assertThat(log.ofPlugin(Level.WARN))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getFormattedMessage()).contains(ELSEWHERE));
        }
    }

    /** Every way in which a token may pass through the server, right and wrong, and everything that anybody logs. */
    @Test
    void noTokenIsEverLogged() throws Exception {
        final List<String> tokens = Collections.synchronizedList(new ArrayList<>());
        final List<String> seenByFtplet = Collections.synchronizedList(new ArrayList<>());
        try (LogCapture log = LogCapture.open()) {
            server.ftpletBefore("listener", new ListeningFtplet(seenByFtplet))
                    .passiveIpCheck(true)
                    .dataIdleTimeout(1)
                    .start();
            server.file(FILE, CONTENT);
            try (RawFtpClient client = server.login()) {
                loginsInEveryForm(client, tokens);
                wrongLogins(client, tokens);
                tokensOnLoggedInSessions(client, tokens);
                endsOfTokens(client, tokens);
                client.line("QUIT").expect(221);
                client.expectDropped();
            }
            await().until(() -> server.statistics().getCurrentConnectionNumber() == 0);
            server.stop();
            assertThat(tokens).hasSizeGreaterThan(20);
            // The log heard it all, or this test could not fail.
            assertThat(log.texts())
                    .anySatisfy(line -> assertThat(line).contains("RECEIVED: SPSV"))
                    .anySatisfy(line -> assertThat(line).contains("SENT: 227"))
                    .anySatisfy(line -> assertThat(line).contains("net.spsv"));
            assertThat(seenByFtplet).anySatisfy(line -> assertThat(line).contains("SPSV"));
            final List<String> all = log.texts();
            all.addAll(seenByFtplet);
            // A part of a token is as bad, and so is another way to write it.
            final List<String> secrets = new ArrayList<>();
            for (final String token : tokens) {
                final String part = token.substring(0, 12);
                secrets.addAll(Arrays.asList(part, hex(part, ""), hex(part, " ")));
            }
            final String text = String.join("\n", all);
            secrets.addAll(lowerCase(secrets));
            secrets.removeIf(secret -> !text.contains(secret));
            assertThat(all)
                    .as("lines with a token")
                    .filteredOn(line -> secrets.stream().anyMatch(line::contains))
                    .isEmpty();
        }
    }

    private void loginsInEveryForm(final RawFtpClient client, final List<String> tokens) throws IOException {
        for (final String form : new String[] {
            "USER DATACONN\r\nPASS %s\r\n",
            "USER dataconn\npass %s\n",
            "SPDT DATACONN:%s\r\n",
            "SPDT %s\r\n",
            "SYST\r\nUSER u001\r\nUSER DATACONN\r\nPASS %s\r\n"
        }) {
            final Endpoint endpoint = spsv(client, tokens);
            try (RawFtpClient data = server.connect()) {
                data.sendApart(Fragments.single(String.format(Locale.ROOT, form, endpoint.token())));
                assertThat(client.line("RETR " + FILE).expect(150)).isNotEmpty();
                assertThat(new String(data.readToEnd(), StandardCharsets.US_ASCII))
                        .endsWith("200 DATA\r\n" + new String(CONTENT, StandardCharsets.US_ASCII));
                client.expect(226);
            }
        }
        // Pipelined on the control connection, so that several replies are under way together.
        client.send("SPSV\r\nSPSV\r\nSYST\r\nSPSV\r\n");
        for (int i = 0; i < 4; i++) {
            final String reply = client.reply();
            if (reply.startsWith("227")) {
                tokens.add(RawFtpClient.endpoint(reply).token());
            }
        }
        client.line("STAT").expect(211);
    }

    private void wrongLogins(final RawFtpClient client, final List<String> tokens) {
        final Endpoint endpoint = spsv(client, tokens);
        for (final String form : new String[] {
            "PASS %s", "SPDT DATACONN:%s:", "SPDT (DATACONN:%s)", "SPDT  DATACONN %s",
            "PASS %s\u0000", "USER DATACONN\r\nPASS %s!", "USER DATACONN\r\nPASS  x%s", "USER u001\r\nPASS %s"
        }) {
            try (RawFtpClient other = server.connect()) {
                other.line(String.format(Locale.ROOT, form, endpoint.token()));
                other.line("QUIT");
                other.expectEnd();
            }
        }
        try (RawFtpClient other = RawFtpClient.connect(server.port(), ELSEWHERE).greeted()) {
            other.line("USER DATACONN").expect(331);
            other.line("PASS " + endpoint.token()).expect(504);
            other.expectDropped();
        }
        try (RawFtpClient other = server.connect().greeted()) {
            other.line("USER DATACONN").expect(331);
            other.send("PASS " + endpoint.token()).awaitTaken();
            other.reset();
        }
        spsv(client, tokens);
        for (final String form : new String[] {"USER DATACONN\r\nPASS %s", "SPDT DATACONN:%s", "SPDT %s"}) {
            try (RawFtpClient revoked = server.connect()) {
                revoked.line(String.format(Locale.ROOT, form, endpoint.token()));
                revoked.expectEnd();
            }
        }
    }

    private void tokensOnLoggedInSessions(final RawFtpClient client, final List<String> tokens) {
        for (final String form :
                new String[] {"PASS %s", "pass %s", "SPDT DATACONN:%s", "SPDT %s", "spdt %s", " SPDT %s", "SPDT  %s"}) {
            // FtpServer logs a session out that sends PASS again.
            try (RawFtpClient owner = server.login();
                    RawFtpClient other = server.login()) {
                final Endpoint endpoint = spsv(owner, tokens);
                other.line(String.format(Locale.ROOT, form, endpoint.token())).reply();
                owner.line(String.format(Locale.ROOT, form, endpoint.token())).reply();
            }
        }
        try (RawFtpClient other = server.login()) {
            final Endpoint endpoint = spsv(client, tokens);
            other.send("USER DATACONN\r\nPASS " + endpoint.token() + "\r\n").expect(530);
            other.expectEnd();
        }
        try (RawFtpClient other = server.connect()) {
            final Endpoint endpoint = spsv(client, tokens);
            other.send("USER u001\r\nPASS xyz\r\nSPDT " + endpoint + "\r\nQUIT\r\n");
            other.expectEnd();
        }
    }

    private void endsOfTokens(final RawFtpClient client, final List<String> tokens) throws IOException {
        spsv(client, tokens);
        client.line("RETR " + FILE).expect(150);
        client.expect(425);
        for (final String command : new String[] {"PASV", "EPSV", "PORT 127,0,0,1,200,10", "ABOR"}) {
            try (RawFtpClient data = server.connect()) {
                data.dataLogin(spsv(client, tokens));
                client.line(command).reply();
                data.expectDropped();
            }
        }
        try (RawFtpClient other = server.login()) {
            spsv(other, tokens);
            other.reset();
        }
        try (Socket data = server.connect().dataLogin(spsv(client, tokens))) {
            RawFtpClient.reset(data);
        }
        client.line("STOR up.txt").reply();
        await().until(() -> client.reply().matches("(226|425|426|551) .*"));
    }

    private static Endpoint spsv(final RawFtpClient client, final List<String> tokens) {
        final Endpoint endpoint = client.spsv();
        tokens.add(endpoint.token());
        return endpoint;
    }

    /** An Ftplet that notes all that it is told, as one that keeps a log of its own would. */
    private static final class ListeningFtplet extends DefaultFtplet {
        private final List<String> seen;

        ListeningFtplet(final List<String> seen) {
            this.seen = seen;
        }

        @Override
        public FtpletResult afterCommand(final FtpSession session, final FtpRequest request, final FtpReply reply) {
            seen.add(request.getCommand() + " -> " + reply);
            return FtpletResult.DEFAULT;
        }
    }

    private void override(final String file, final String... entries) throws IOException {
        Files.write(messages.resolve(file), Arrays.asList(entries), StandardCharsets.ISO_8859_1);
        server.messagesDirectory(messages);
    }

    private static String hex(final String text, final String separator) {
        final StringBuilder hex = new StringBuilder();
        for (final char c : text.toCharArray()) {
            hex.append(hex.length() == 0 ? "" : separator).append(String.format(Locale.ROOT, "%02X", (int) c));
        }
        return hex.toString();
    }

    private static List<String> lowerCase(final List<String> texts) {
        return texts.stream().map(text -> text.toLowerCase(Locale.ROOT)).collect(Collectors.toList());
    }

    private static List<String> lines(final String reply) {
        return Arrays.asList(reply.split("\n"));
    }
}
