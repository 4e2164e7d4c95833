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
package net.spsv.ftpserver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How a server that FtpServer's command line has started ends, and how it refuses to start. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
class StartAndStopIT {
    @TempDir
    Path directory;

    private FtpServerInstallation installation;
    private FtpServerProcess server;
    private final List<SinglePortClient> clients = new ArrayList<>();

    @BeforeEach
    void install() throws IOException {
        installation = FtpServerInstallation.into(directory);
    }

    @AfterEach
    void kill() throws IOException {
        for (final SinglePortClient client : clients) {
            client.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @Test
    void sigtermEndsIdleAndBusyConnectionsWithinFiveSeconds() throws Exception {
        Files.write(installation.home().resolve("large.bin"), new byte[32 * 1024 * 1024]);
        server = installation.start();
        final List<Socket> peers = new ArrayList<>();

        peers.add(login().openData());
        for (final String type : new String[] {"I", "A"}) {
            final SinglePortClient loading = login();
            loading.command("200", "TYPE " + type);
            peers.add(loading.openData());
            loading.command("150", "RETR large.bin");

            final SinglePortClient storing = login();
            storing.command("200", "TYPE " + type);
            final Socket upload = storing.openData();
            peers.add(upload);
            storing.command("150", "STOR begun" + type + ".bin");
            upload.getOutputStream().write(new byte[100_000]);
        }
        final SinglePortClient waiting = login();
        waiting.spsv();
        waiting.command("150", "RETR large.bin");
        login().spsv();
        clients.forEach(client -> peers.add(client.control()));
        final int port = server.port();

        server.expectEndWhenTerminated();

        assertThat(server.lines()).contains("Stopping server...");
        for (final Socket peer : peers) {
            assertEnds(peer);
            peer.close();
        }
        assertThatThrownBy(() -> new SinglePortClient("127.0.0.1", port)).isInstanceOf(ConnectException.class);
    }

    @Test
    void userNameWithABracketIsRefused() throws Exception {
        installation.edit(FtpServerInstallation.CONFIGURATION, "value=\"DATACONN\"", "value=\"DATA)CONN\"");

        assertThat(sentenceThatEndsTheStart()).contains("DATA)CONN").contains("userName");
    }

    @Test
    void accountOfTheDataUsersNameIsRefused() throws Exception {
        installation.write(
                "res/conf/users.properties",
                "ftpserver.user.DATACONN.userpassword=\nftpserver.user.DATACONN.homedirectory=./res/home\n");

        assertThat(sentenceThatEndsTheStart()).contains("DATACONN").contains("account");
    }

    @Test
    void minaWithoutTheNeededFieldIsRefused() throws Exception {
        renameFieldOfNioSession("channel", "socket_");

        assertThat(sentenceThatEndsTheStart())
                .contains("on MINA " + System.getProperty("host.mina") + " with FtpServer "
                        + System.getProperty("host.ftpserver") + ":")
                .contains("NioSession.channel");
    }

    @Test
    void ftpServersOwnTypicalConfigurationIsChangedByTheDiff() throws Exception {
        installation.write(FtpServerInstallation.CONFIGURATION, typicalConfiguration());
        server = installation.start();

        final SinglePortClient client = login();
        assertThat(client.command("211", "FEAT")).contains("SPSV");
        final byte[] content = "through the one port".getBytes(StandardCharsets.US_ASCII);
        client.transmit("STOR typical.txt", content);
        assertThat(client.receive("RETR typical.txt")).isEqualTo(content);
    }

    @Test
    void singlePortOnlyNeverOpensAnotherPort() throws Exception {
        installation.singlePortOnly(true);
        server = installation.start();

        final SinglePortClient client = login();
        for (final String command : new String[] {"PASV", "EPSV", "PORT 127,0,0,1,4,210", "EPRT |1|127.0.0.1|1234|"}) {
            assertThat(client.command("502", command)).contains("SPSV");
        }
        assertThat(server.listeningPorts()).containsExactly(server.port());
        client.transmit("STOR only.txt", new byte[] {1, 2, 3});
        assertThat(client.receive("RETR only.txt")).containsExactly(1, 2, 3);
    }

    @Test
    void whatIsCommentedOutInTheExampleWorks() throws Exception {
        installation.edit(
                FtpServerInstallation.CONFIGURATION,
                "<!-- Addresses that may connect (allow) or may not (deny)."
                        + " Holds for control and for data connections.",
                "");
        installation.edit(FtpServerInstallation.CONFIGURATION, "</remote-ip-filter>\n      -->", "</remote-ip-filter>");
        installation.useMessages("227.SPSV=Use the same port again ({output.msg})\n");
        server = installation.start();

        assertThat(login().command("227", "SPSV")).startsWith("227 Use the same port again (DATACONN:");
    }

    private SinglePortClient login() throws IOException {
        final SinglePortClient client = new SinglePortClient("127.0.0.1", server.port());
        clients.add(client);
        client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
        return client;
    }

    private static void assertEnds(final Socket peer) throws IOException {
        try {
            SinglePortClient.readToEnd(peer);
        } catch (final SocketException e) {
            assertThat(e).as("the connection was cut").hasMessageContaining("reset");
        }
    }

    /** Starts the server and returns the one line that tells why it does not come up. */
    private String sentenceThatEndsTheStart() throws Exception {
        server = installation.launch();
        assertThat(server.awaitEnd(Duration.ofSeconds(20)))
                .as("the process has ended: %s", server.output())
                .isTrue();
        assertThat(server.lines()).doesNotContain("FtpServer started");
        // the command line prints the exception with its stack; what comes first is the message
        final List<String> sentences = server.lines().stream()
                .filter(line -> line.matches("org\\.apache\\.ftpserver\\.\\S*Exception: .*"))
                .collect(Collectors.toList());
        assertThat(sentences).as(server.output()).hasSize(1);
        return sentences.get(0);
    }

    /** Returns FtpServer's {@code ftpd-typical.xml} as the diff leaves it, with a listener of our own. */
    private static String typicalConfiguration() throws IOException {
        final List<String> diff = Files.readAllLines(Paths.get("example-config/ftpd-typical.diff"));
        final List<String> hunks = new ArrayList<>();
        for (final String line : diff.subList(diff.indexOf("+++ b/res/conf/ftpd-typical.xml") + 1, diff.size())) {
            if (line.startsWith("@@")) {
                hunks.add("");
            } else if (!line.startsWith("-")) {
                hunks.set(hunks.size() - 1, hunks.get(hunks.size() - 1) + line.substring(1) + "\n");
            }
        }
        assertThat(hunks)
                .as("the head of the file, and what follows its listener")
                .hasSize(2);
        return hunks.get(0) + "id=\"myServer\"><listeners><nio-listener name=\"default\" port=\"0\"/>\n" + hunks.get(1)
                + "</server>\n";
    }

    /** Renames a field of MINA's NIO sessions, as another version of MINA may have it. */
    private void renameFieldOfNioSession(final String name, final String sameLength) throws IOException {
        final Path original = mina();
        final Path changed = directory.resolve("changed.jar");
        try (JarFile in = new JarFile(original.toFile());
                JarOutputStream out = new JarOutputStream(Files.newOutputStream(changed), in.getManifest())) {
            for (final JarEntry entry : Collections.list(in.entries())) {
                if (!JarFile.MANIFEST_NAME.equals(entry.getName())) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    final byte[] content = readAll(in.getInputStream(entry));
                    out.write(
                            entry.getName().matches(".*/nio/Nio(Socket|Datagram)?Session\\.class")
                                    ? renamed(content, name, sameLength)
                                    : content);
                }
            }
        }
        Files.move(changed, original, StandardCopyOption.REPLACE_EXISTING);
    }

    private Path mina() throws IOException {
        try (Stream<Path> jars = Files.list(installation.resolve("common/lib"))) {
            return jars.filter(jar -> jar.getFileName().toString().startsWith("mina-core"))
                    .findFirst()
                    .get();
        }
    }

    private static byte[] readAll(final InputStream in) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }

    /** Replaces a name in the constant pool of a class, where it stands behind its tag and its length. */
    private static byte[] renamed(final byte[] content, final String name, final String sameLength) {
        final String constant = "\u0001\u0000" + (char) name.length();
        return new String(content, StandardCharsets.ISO_8859_1)
                .replace(constant + name, constant + sameLength)
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
