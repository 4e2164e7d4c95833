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
package net.spsv.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gateway says on the command line and in its log, and how it ends. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class CommandLineIT {
    private static final int CANNOT_RUN = 1;
    private static final int WRONG_OPTIONS = 2;
    private static final String USER = "masked";
    private static final String PASSWORD = "Account-Password-4711";
    private static final Pattern TOKEN = Pattern.compile("227 [^\\r\\n]*\\(DATACONN:([^)]+)\\)");
    private static final String TIME = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ";

    @RegisterExtension
    static final FtpServerExtension SERVER =
            new FtpServerExtension().user(USER, PASSWORD).singlePortOnly(true);

    @TempDir
    static Path directory;

    private GatewayProcess gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    @Test
    void helpNamesEveryOption() throws Exception {
        assertThat(run("--help")).isZero();

        assertThat(String.join("\n", gateway.out()))
                .contains("--server", "--listen", "--tls", "--truststore", "--truststore-password-file", "--insecure")
                .contains("--server-name", "--fallback", "--connect-timeout", "--data-timeout", "--max-sessions")
                .contains("--verbose", "--help", "--version");
        assertThat(gateway.log()).isEmpty();
        gateway.close();
        assertThat(run("-h")).isZero();
    }

    @Test
    void versionIsThatOfTheJar() throws Exception {
        assertThat(run("--version")).isZero();

        final String jar = System.getProperty("plugin.jar");
        assertThat(gateway.out())
                .hasSize(1)
                .allSatisfy(line -> assertThat(line).contains(jar.replaceAll(".*ftpserver-spsv-(.*)\\.jar", "$1")));
        assertThat(gateway.log()).isEmpty();
        gateway.close();
        assertThat(run("-V")).isZero();
    }

    @Test
    void serverMustBeNamed() throws Exception {
        assertThat(run()).isEqualTo(WRONG_OPTIONS);

        assertOneSentence("--server");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--server=host:0",
                "--server=host:65536",
                "--server=host:ftp",
                "--server=",
                "--server=[::1",
                "--server=ftp://host",
                "--server=host --listen=nonsense:port",
                "--server=host --listen=127.0.0.1:65536",
                "--server=host --listen=-1",
                "--server=host --tls=sometimes",
                "--server=host --insecure",
                "--server=host --connect-timeout=soon",
                "--server=host --connect-timeout=-1",
                "--server=host --connect-timeout=0",
                "--server=host --connect-timeout=9223372036854775807",
                "--server=host --data-timeout=-1",
                "--server=host --max-sessions=0",
                "--server=host --max-sessions=many",
                "--server=host --nonsense",
                "--server=host something-else"
            })
    void wrongOptionsAreRefused(final String options) throws Exception {
        assertThat(run(options.split(" "))).as(gateway.output()).isEqualTo(WRONG_OPTIONS);

        assertOneSentence("");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--connect-timeout", "--data-timeout", "--max-sessions"})
    void numberThatIsTooSmallIsRefusedByTheNameOfItsOption(final String option) throws Exception {
        assertThat(run("--server=host", "--listen=127.0.0.1:0", option + "=0")).isEqualTo(WRONG_OPTIONS);

        assertOneSentence(option);
    }

    @Test
    void gatewayToItselfIsRefused() throws Exception {
        // the first session would open the second one, and so on
        final int port = FreePort.any();

        assertThat(run("--server=127.0.0.1:" + port, "--listen=127.0.0.1:" + port, "--max-sessions=3"))
                .isEqualTo(WRONG_OPTIONS);

        assertOneSentence("--listen");
    }

    @Test
    void passwordFileThatCannotBeReadIsRefused() throws Exception {
        final Path trust = Files.write(directory.resolve("some.p12"), new byte[] {1});
        final Path latin = Files.write(directory.resolve("latin.txt"), new byte[] {'p', (byte) 0xe4, '\n'});
        for (final Path file : new Path[] {directory, latin, directory.resolve("missing.txt")}) {
            assertThat(run(
                            "--server=host",
                            "--listen=127.0.0.1:0",
                            "--tls=explicit",
                            "--truststore=" + trust,
                            "--truststore-password-file=" + file))
                    .as(gateway.output())
                    .isEqualTo(WRONG_OPTIONS);

            // a password in another encoding may be read, but is not this store's
            assertOneSentence(file == latin ? "" : file.toString());
            gateway.close();
        }
    }

    @Test
    void trustStoreOfTheInsecureIsRefused() throws Exception {
        final Path file = Files.write(directory.resolve("trust.pem"), new byte[0]);

        assertThat(run("--server=host", "--tls=explicit", "--insecure", "--truststore=" + file))
                .isEqualTo(WRONG_OPTIONS);

        assertOneSentence("--insecure");
    }

    @Test
    void trustStoreThatIsMissingIsRefused() throws Exception {
        final Path file = directory.resolve("missing.p12");

        assertThat(run("--server=host", "--tls=explicit", "--truststore=" + file))
                .isEqualTo(WRONG_OPTIONS);

        assertOneSentence(file.toString());
        assertThat(gateway.log().get(0)).contains("no such file");
    }

    @Test
    void trustStoreThatIsNoneIsRefused() throws Exception {
        final Path file = Files.write(directory.resolve("none.p12"), "no trust store".getBytes(StandardCharsets.UTF_8));

        assertThat(run("--server=host", "--tls=explicit", "--truststore=" + file))
                .isEqualTo(WRONG_OPTIONS);

        assertOneSentence(file.toString());
    }

    @Test
    void portInUseEndsTheStart() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            final String port = Integer.toString(other.getLocalPort());

            assertThat(run("--server=127.0.0.1:" + SERVER.port(), "--listen=127.0.0.1:" + port))
                    .isEqualTo(CANNOT_RUN);

            assertOneSentence(port);
        }
    }

    @Test
    void addressOfAnotherMachineEndsTheStart() throws Exception {
        assertThat(run("--server=127.0.0.1:" + SERVER.port(), "--listen=192.0.2.1:0"))
                .isEqualTo(CANNOT_RUN);

        assertOneSentence("192.0.2.1");
    }

    @Test
    void oneLineTellsWhereToConnectAndWhereFilesAre() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());

        assertThat(gateway.port()).isPositive();
        assertThat(gateway.out())
                .containsExactly("Connect FTP clients to 127.0.0.1:" + gateway.port()
                        + " (plain FTP, passive or active); files are on 127.0.0.1:" + SERVER.port() + " (in clear).");
        try (RawFtpClient client = login()) {
            client.line("QUIT").expect(221);
        }
        gateway.awaitSessions(1);
        assertThat(gateway.out()).hasSize(1);
    }

    @Test
    void logTellsThatTheServerHasSinglePortMode() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());

        final String line = gateway.awaitLog("that the server has SPSV", logged -> logged.contains("SPSV"));

        assertThat(line).matches(TIME + "INFO .*");
    }

    @Test
    void oneLineTellsWhatASessionHasMoved() throws IOException {
        SERVER.file("down.bin", new byte[1234]);
        gateway = GatewayProcess.start(SERVER.port());
        try (RawFtpClient client = login()) {
            LocalTransfer.receive(client, "RETR down.bin");
            LocalTransfer.receive(client, "RETR down.bin");
            client.line("QUIT").expect(221);
            gateway.awaitSessions(1);

            assertThat(gateway.sessions())
                    .singleElement()
                    .asString()
                    .matches(TIME + "INFO Session 1 of 127\\.0\\.0\\.1:"
                            + client.socket().getLocalPort()
                            + " ended after \\d+\\.\\d s: 2 transfers, 2468 bytes down, 0 bytes up");
        }
    }

    @Test
    void verboseLogShowsTheConversationAndNoSecret() throws Exception {
        final Set<String> tokens = new HashSet<>();
        SERVER.file("down.bin", new byte[1234]);
        try (RecordingRelay relay = new RecordingRelay(SERVER.port())) {
            gateway = GatewayProcess.start(relay.port(), "--verbose");
            try (RawFtpClient client = RawFtpClient.connect(gateway.port()).greeted()) {
                client.line("USER " + USER).expect(331);
                client.line("PASS wrong-" + PASSWORD).expect(530);
                client.login(USER, PASSWORD).binary();
                LocalTransfer.receive(client, "RETR down.bin");
                LocalTransfer.receive(client, "LIST");
                client.line("QUIT").expect(221);
            }
            gateway.awaitSessions(1);
            final Matcher matcher = TOKEN.matcher(relay.fromServer());
            while (matcher.find()) {
                tokens.add(matcher.group(1));
            }
        }
        gateway.terminate();
        gateway.awaitExit();

        assertThat(tokens)
                .hasSizeGreaterThanOrEqualTo(2)
                .allSatisfy(token -> assertThat(token).hasSizeGreaterThan(20));
        assertThat(gateway.output())
                .contains("USER " + USER, "PASS ***", "RETR down.bin", "SPSV", "226 ", "***)")
                .doesNotContain(PASSWORD)
                .doesNotContain(tokens);
    }

    @Test
    void quietLogShowsNoConversation() throws IOException {
        gateway = GatewayProcess.start(SERVER.port());
        try (RawFtpClient client = login()) {
            LocalTransfer.receive(client, "LIST");
            client.line("QUIT").expect(221);
        }
        gateway.awaitSessions(1);

        assertThat(gateway.output()).doesNotContain(PASSWORD, "PASS", "USER", "LIST");
    }

    private RawFtpClient login() {
        return RawFtpClient.connect(gateway.port())
                .greeted()
                .login(USER, PASSWORD)
                .binary();
    }

    /** Runs the gateway with options that end it, and returns its exit code. */
    private int run(final String... options) throws Exception {
        gateway = GatewayProcess.launch(options);
        return gateway.awaitExit();
    }

    /** Says what is wrong, to humans and in one sentence, behind which may come a hint. */
    private void assertOneSentence(final String about) {
        assertThat(gateway.out()).isEmpty();
        assertThat(gateway.log()).as(gateway.output()).hasSizeBetween(1, 2);
        assertThat(gateway.log().get(0)).contains(about).doesNotContain("Exception", "PT-");
        assertThat(gateway.log().subList(1, gateway.log().size()))
                .allSatisfy(line -> assertThat(line).contains("--help"));
    }
}
