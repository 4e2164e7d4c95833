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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.SystemCommand;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * lftp, which sends commands before it has the replies to those before, mirrors trees through the gateway in several
 * sessions at once.
 *
 * <p>The gateway runs in a locale without letters beyond ASCII, as names of files are the business of the server and of
 * its client.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class LftpIT {
    private static final String NAME = "Gr\u00fc\u00dfe aus K\u00f6ln";

    @TempDir
    static Path directory;

    private static Path home;
    private static FtpServerProcess server;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() throws IOException {
        Prerequisites.commands("LftpIT is skipped, the gateway is not shown to serve lftp", "lftp");
        final FtpServerInstallation installation =
                FtpServerInstallation.into(Files.createDirectory(directory.resolve("server")));
        installation.singlePortOnly(true);
        home = installation.home();
        server = installation.start();
        gateway = GatewayProcess.startWith(Arrays.asList("env", "LC_ALL=C"), "--server", "127.0.0.1:" + server.port());
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

    @ParameterizedTest
    @ValueSource(strings = {"passive", "active", "synchronous"})
    void treesAreMirroredUpAndDown(final String mode) throws IOException {
        final Path tree = tree(directory.resolve(mode));
        final String settings = "set ftp:passive-mode " + !"active".equals(mode) + "; set ftp:sync-mode "
                + "synchronous".equals(mode) + "; ";

        lftp(settings + "mirror --no-perms --reverse --parallel=4 " + tree + " /" + mode);
        assertThat(contents(home.resolve(mode))).isEqualTo(contents(tree));

        final Path copy = directory.resolve(mode + "-copy");
        lftp(settings + "mirror --no-perms --parallel=4 /" + mode + " " + copy);
        assertThat(contents(copy)).isEqualTo(contents(tree));
    }

    @Test
    void whatIsThereIsNotTransferredAgain() throws IOException {
        final Path tree = tree(directory.resolve("again"));
        lftp("mirror --no-perms --reverse --parallel=4 " + tree + " /again");
        Files.write(tree.resolve("new.txt"), new byte[] {1, 2, 3});
        Files.delete(tree.resolve("empty.bin"));

        final String report = lftp("mirror --no-perms --verbose --reverse --delete --parallel=4 " + tree + " /again");

        assertThat(contents(home.resolve("again"))).isEqualTo(contents(tree));
        assertThat(report).contains("new.txt", "empty.bin").doesNotContain("large.bin");
    }

    @Test
    void oneFileComesInSeveralPartsAtOnce() throws IOException {
        final String digest =
                new RandomContent(directory.hashCode(), 16 * 1024 * 1024).writeTo(home.resolve("parts.bin"));

        lftp("pget -n 4 /parts.bin -o " + directory.resolve("parts.bin"));

        assertThat(RandomContent.digest(directory.resolve("parts.bin"))).isEqualTo(digest);
    }

    /** Makes a tree with all that a tree may have. */
    private static Path tree(final Path root) throws IOException {
        final Path deep = Files.createDirectories(root.resolve("one/two/three"));
        Files.createDirectories(root.resolve("empty directory"));
        final Path named = Files.createDirectories(root.resolve(NAME));
        Files.createFile(root.resolve("empty.bin"));
        Files.createFile(deep.resolve("empty.bin"));
        new RandomContent(1, 8 * 1024 * 1024).writeTo(root.resolve("large.bin"));
        for (int i = 0; i < 40; i++) {
            new RandomContent(i, 1000 * i).writeTo(deep.resolve("file " + i + ".bin"));
        }
        new RandomContent(2, 2222).writeTo(named.resolve("\u4e2d\u6587 " + NAME + ".txt"));
        new RandomContent(3, 3333).writeTo(named.resolve("with 'quotes' & [brackets].txt"));
        return root;
    }

    /** Returns what is in a tree: the digest of every file, and an empty text for every directory. */
    private static Map<String, String> contents(final Path root) throws IOException {
        final Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (final Path path : paths.collect(Collectors.toList())) {
                contents.put(
                        root.relativize(path).toString(), Files.isDirectory(path) ? "" : RandomContent.digest(path));
            }
        }
        return contents;
    }

    /** Runs a command of lftp, which must succeed, without the settings of this machine's users. */
    private static String lftp(final String command) throws IOException {
        final Path empty = Files.createDirectories(directory.resolve("no settings"));
        return SystemCommand.run(
                        "env",
                        "HOME=" + empty,
                        "LFTP_HOME=" + empty,
                        "lftp",
                        "--norc",
                        "-c",
                        "set cmd:fail-exit true; set net:max-retries 1; set net:timeout 20; "
                                + "open -u " + FtpServerInstallation.USER + "," + FtpServerInstallation.PASSWORD
                                + " -p " + gateway.port() + " 127.0.0.1; " + command)
                .output();
    }
}
