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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** curl, through the gateway, with a server that FtpServer's command line has started and that has one port only. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class CurlIT {
    private static final int SIZE = 1024 * 1024;
    private static final int LARGE = 64 * 1024 * 1024;
    /** curl's exit codes, as its manual page has them. */
    private static final int LOGIN_DENIED = 67;

    private static final int FILE_NOT_FOUND = 78;
    private static final int TLS_NEEDED = 64;

    @TempDir
    static Path directory;

    private static Path home;
    private static FtpServerProcess server;
    private static GatewayProcess gateway;
    private static Curl curl;

    @BeforeAll
    static void start() throws IOException {
        Prerequisites.commands("CurlIT is skipped, the gateway is not shown to serve curl", "curl");
        final FtpServerInstallation installation =
                FtpServerInstallation.into(Files.createDirectory(directory.resolve("server")));
        installation.singlePortOnly(true);
        home = installation.home();
        server = installation.start();
        gateway = GatewayProcess.start(server.port());
        curl = new Curl(gateway, FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @AfterEach
    void nothingIsLoggedButSessions() {
        assertThat(gateway.log()).noneMatch(line -> line.contains("WARN") || line.contains("ERROR"));
    }

    @Test
    void filesComeDown() throws IOException {
        final String digest = atServer("down.bin", SIZE);

        curl.succeed("-o", local("down.bin"), curl.url("down.bin"));

        assertThat(digestOf("down.bin")).isEqualTo(digest);
    }

    @Test
    void filesGoUp() throws IOException {
        final String digest = atClient("up.bin", SIZE);

        curl.succeed("-T", local("up.bin"), curl.url("up.bin"));

        assertThat(RandomContent.digest(home.resolve("up.bin"))).isEqualTo(digest);
    }

    @Test
    void emptyFilesGoBothWays() throws IOException {
        atClient("empty.bin", 0);

        curl.succeed("-T", local("empty.bin"), curl.url("empty.bin"));
        curl.succeed("-o", local("empty-again.bin"), curl.url("empty.bin"));

        assertThat(home.resolve("empty.bin")).isEmptyFile();
        assertThat(directory.resolve("empty-again.bin")).isEmptyFile();
    }

    @Test
    void largeFilesGoBothWaysUnchanged() throws IOException {
        final String digest = atClient("large.bin", LARGE);

        curl.succeed("-T", local("large.bin"), curl.url("large.bin"));
        curl.succeed("-o", local("large-again.bin"), curl.url("large.bin"));

        assertThat(RandomContent.digest(home.resolve("large.bin"))).isEqualTo(digest);
        assertThat(digestOf("large-again.bin")).isEqualTo(digest);
    }

    @Test
    void filesAreAppendedTo() throws IOException {
        final byte[] content = new RandomContent(seed("appended.bin"), SIZE).bytes();
        Files.write(home.resolve("appended.bin"), Arrays.copyOf(content, 1000));
        Files.write(directory.resolve("rest.bin"), Arrays.copyOfRange(content, 1000, SIZE));

        curl.succeed("-a", "-T", local("rest.bin"), curl.url("appended.bin"));

        assertThat(Files.readAllBytes(home.resolve("appended.bin"))).isEqualTo(content);
    }

    @Test
    void downloadsAreResumed() throws IOException {
        final String digest = atServer("resumed.bin", SIZE);
        final byte[] content = Files.readAllBytes(home.resolve("resumed.bin"));
        Files.write(directory.resolve("resumed.bin"), Arrays.copyOf(content, 300_000));

        curl.succeed("-C", "-", "-o", local("resumed.bin"), curl.url("resumed.bin"));

        assertThat(digestOf("resumed.bin")).isEqualTo(digest);
    }

    @Test
    void uploadsAreResumed() throws IOException {
        final String digest = atClient("continued.bin", SIZE);
        final byte[] content = Files.readAllBytes(directory.resolve("continued.bin"));
        Files.write(home.resolve("continued.bin"), Arrays.copyOf(content, 300_000));

        curl.succeed("-C", "-", "-T", local("continued.bin"), curl.url("continued.bin"));

        assertThat(RandomContent.digest(home.resolve("continued.bin"))).isEqualTo(digest);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0-0", "100000-299999", "1000000-", "-1000"})
    void partsOfFilesComeDown(final String range) throws IOException {
        atServer("part.bin", SIZE);
        final byte[] content = Files.readAllBytes(home.resolve("part.bin"));
        final int dash = range.indexOf('-');
        final String last = range.substring(dash + 1);
        final int from = dash == 0 ? SIZE - Integer.parseInt(last) : Integer.parseInt(range.substring(0, dash));
        final int to = dash == 0 || last.isEmpty() ? SIZE : Integer.parseInt(last) + 1;
        Files.deleteIfExists(directory.resolve("part.bin"));

        curl.succeed("-r", range, "-o", local("part.bin"), curl.url("part.bin"));

        assertThat(Files.readAllBytes(directory.resolve("part.bin"))).isEqualTo(Arrays.copyOfRange(content, from, to));
    }

    @Test
    void partOfALargeFileLeavesTheSessionForTheNextFile() throws IOException {
        atServer("long.bin", LARGE / 4);
        final String digest = atServer("next.bin", SIZE);
        final byte[] begin = new RandomContent(seed("long.bin"), SIZE).bytes();

        curl.succeed(
                "-r",
                "0-999",
                "-o",
                local("begin.bin"),
                curl.url("long.bin"),
                "--next",
                "--silent",
                "--show-error",
                "--user",
                FtpServerInstallation.USER + ":" + FtpServerInstallation.PASSWORD,
                "-o",
                local("next.bin"),
                curl.url("next.bin"));

        assertThat(Files.readAllBytes(directory.resolve("begin.bin"))).isEqualTo(Arrays.copyOf(begin, 1000));
        assertThat(digestOf("next.bin")).isEqualTo(digest);
    }

    @Test
    void directoriesAreListed() throws IOException {
        Files.createDirectories(home.resolve("listed/below"));
        Files.write(home.resolve("listed/one.txt"), new byte[11]);
        Files.write(home.resolve("listed/two words.txt"), new byte[22]);

        assertThat(curl.succeed(curl.url("listed/")).split("\n"))
                .hasSize(3)
                .anySatisfy(line -> assertThat(line).startsWith("d").endsWith(" below"))
                .anySatisfy(line -> assertThat(line).contains(" 11 ").endsWith(" one.txt"))
                .anySatisfy(line -> assertThat(line).contains(" 22 ").endsWith(" two words.txt"));
        assertThat(curl.succeed("--list-only", curl.url("listed/")).split("\n"))
                .containsExactlyInAnyOrder("below", "one.txt", "two words.txt");
        assertThat(curl.succeed("-X", "MLSD", curl.url("listed/"))).contains("Size=11;", "Size=22;");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--disable-epsv", "--ftp-port -", "--ftp-port - --disable-eprt"})
    void everyKindOfDataConnectionServesCurl(final String options) throws IOException {
        final String digest = atClient("kind.bin", SIZE);
        final String[] words = options.split(" ");

        curl.succeed(Curl.words(words, "-T", local("kind.bin"), curl.url("kind.bin")));
        assertThat(RandomContent.digest(home.resolve("kind.bin"))).isEqualTo(digest);
        curl.succeed(Curl.words(words, "-o", local("kind-again.bin"), curl.url("kind.bin")));
        assertThat(digestOf("kind-again.bin")).isEqualTo(digest);
        assertThat(curl.succeed(Curl.words(words, "--list-only", curl.url("")))).contains("kind.bin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"multicwd", "nocwd", "singlecwd"})
    void directoriesAreFoundInEveryWay(final String method) throws IOException {
        final String digest = atClient("deep.bin", SIZE);
        final String file = method + "/two/three/deep.bin";

        curl.succeed("--ftp-method", "multicwd", "--ftp-create-dirs", "-T", local("deep.bin"), curl.url(file));
        assertThat(RandomContent.digest(home.resolve(file))).isEqualTo(digest);
        curl.succeed("--ftp-method", method, "-o", local("deep-again.bin"), curl.url(file));
        assertThat(digestOf("deep-again.bin")).isEqualTo(digest);
    }

    @Test
    void commandsOfTheUserGoThroughBeforeAndAfterATransfer() throws IOException {
        Files.createDirectories(home.resolve("commands"));

        curl.succeed(
                "-Q",
                "MKD commands/made",
                "-Q",
                "*DELE commands/nothing",
                "-Q",
                "-RNFR /commands/made",
                "-Q",
                "-RNTO /commands/renamed",
                "--list-only",
                curl.url("commands/"));

        assertThat(home.resolve("commands")).isDirectoryContaining("glob:**/renamed");
        curl.succeed("-Q", "RMD commands/renamed", "--list-only", curl.url(""));
        assertThat(home.resolve("commands")).isEmptyDirectory();
    }

    @Test
    void sizeAndTimeAreAskedFor() throws IOException {
        atServer("head.bin", 4711);

        assertThat(curl.succeed("--head", curl.url("head.bin"))).contains("Content-Length: 4711", "Last-Modified: ");
    }

    @Test
    void linesEndAsTheClientsSystemHasThem() throws IOException {
        Files.write(home.resolve("lines.txt"), "one\ntwo\n".getBytes(StandardCharsets.US_ASCII));

        curl.succeed("--use-ascii", "-o", local("lines.txt"), curl.url("lines.txt"));

        // curl keeps the line ends of the wire
        assertThat(directory.resolve("lines.txt")).hasContent("one\r\ntwo\r\n");
    }

    @Test
    void wrongPasswordIsRefusedByTheServer() {
        final Curl stranger = new Curl(gateway, FtpServerInstallation.USER, "wrong");

        stranger.fail(LOGIN_DENIED, stranger.url(""));
    }

    @Test
    void missingFileIsReported() {
        curl.fail(FILE_NOT_FOUND, "-o", local("missing.bin"), curl.url("missing.bin"));

        assertThat(directory.resolve("missing.bin")).doesNotExist();
    }

    @Test
    void tlsIsNotOfferedToLocalClients() {
        curl.fail(TLS_NEEDED, "--ssl-reqd", curl.url(""));

        curl.succeed("--ssl", "--list-only", curl.url(""));
    }

    @Test
    void manyFilesShareOneSession() throws IOException {
        final int files = 30;
        Files.createDirectories(home.resolve("many"));
        Files.createDirectories(directory.resolve("many"));
        for (int i = 1; i <= files; i++) {
            atServer("many/" + i + ".bin", 1000 * i);
        }

        curl.succeed("-o", local("many/#1.bin"), curl.url("many/[1-" + files + "].bin"));

        for (int i = 1; i <= files; i++) {
            assertThat(directory.resolve("many/" + i + ".bin"))
                    .hasSameBinaryContentAs(home.resolve("many/" + i + ".bin"));
        }
        gateway.awaitLog(
                "one session with all files",
                line -> line.contains(": " + files + " transfers, 465000 bytes down, 0 bytes up"));
    }

    @Test
    void featuresAreThoseOfTheGateway() {
        final List<String> features = Arrays.stream(curl.succeed("-v", "-Q", "FEAT", "--list-only", curl.url(""))
                        .split("\n"))
                .filter(line -> line.startsWith("<  "))
                .map(line -> line.substring("<  ".length()).trim())
                .collect(Collectors.toList());

        assertThat(features)
                .contains("EPSV", "PASV", "EPRT", "SIZE", "MDTM", "UTF8")
                .noneMatch(feature -> feature.matches("(SPSV|AUTH|PBSZ|PROT)\\b.*"));
    }

    @Test
    void serverHasItsOnePortOnly() throws IOException {
        curl.succeed("--list-only", curl.url(""));

        assertThat(server.listeningPorts()).containsExactly(server.port());
    }

    private static String local(final String name) {
        return directory.resolve(name).toString();
    }

    private static long seed(final String name) {
        return name.hashCode();
    }

    /** Makes a file at the client, and returns its digest. */
    private static String atClient(final String name, final long size) throws IOException {
        return new RandomContent(seed(name), size).writeTo(directory.resolve(name));
    }

    /** Makes a file at the server, and returns its digest. */
    private static String atServer(final String name, final long size) throws IOException {
        return new RandomContent(seed(name), size).writeTo(home.resolve(name));
    }

    /** Returns the digest of a file at the client. */
    private static String digestOf(final String name) throws IOException {
        return RandomContent.digest(directory.resolve(name));
    }
}
