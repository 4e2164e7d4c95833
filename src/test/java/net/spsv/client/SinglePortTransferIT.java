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
package net.spsv.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPCmd;
import org.apache.commons.net.ftp.FTPFile;
import org.apache.commons.net.ftp.FTPListParseEngine;
import org.apache.commons.net.io.CopyStreamAdapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every method of Commons Net that opens a data connection, against servers that have single-port mode only. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SinglePortTransferIT {
    private static final int[] SIZES = {0, 1, 4095, 65_537, 1_000_003};

    @RegisterExtension
    static final Servers SERVERS = new Servers();

    /** The number of RETR in the deprecated list of commands. */
    private static final int RETR = 13;

    private static long seed;

    private FtpServerExtension server;
    private FTPClient client;

    @BeforeAll
    static void printSeed() {
        seed = Long.getLong("spsv.seed", System.nanoTime());
        System.out.println("SinglePortTransferIT: seed " + seed);
    }

    private void login(final Kind kind) throws IOException {
        server = SERVERS.of(kind);
        client = Kind.login(kind.create(), server);
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    @ParameterizedTest
    @EnumSource
    void filesOfAllSizesGoUpAndComeDown(final Kind kind) throws IOException {
        login(kind);
        for (final int size : SIZES) {
            final byte[] content = bytes(size);
            assertThat(client.storeFile("sized", new ByteArrayInputStream(content)))
                    .isTrue();
            assertThat(client.getReplyCode()).isEqualTo(226);
            assertThat(server.content("sized")).isEqualTo(content);
            assertThat(retrieve("sized")).isEqualTo(content);
            assertThat(client.getReplyCode()).isEqualTo(226);
        }
        expectNoOtherPort();
    }

    @ParameterizedTest
    @EnumSource
    void largeFileGoesUpAndComesDown(final Kind kind) throws IOException {
        login(kind);
        final byte[] content = bytes(24 * 1024 * 1024);
        client.setBufferSize(64 * 1024);
        assertThat(client.storeFile("large", new ByteArrayInputStream(content))).isTrue();
        assertThat(Arrays.equals(server.content("large"), content)).isTrue();
        assertThat(Arrays.equals(retrieve("large"), content)).isTrue();
        Files.delete(server.home().resolve("large"));
    }

    @ParameterizedTest
    @EnumSource
    void filesAreAppendedToAndStoredUnderUniqueNames(final Kind kind) throws IOException {
        login(kind);
        server.file("appended", bytes(10));
        final byte[] more = bytes(70_000);
        assertThat(client.appendFile("appended", new ByteArrayInputStream(more)))
                .isTrue();
        assertThat(server.content("appended")).hasSize(70_010).endsWith(more);

        assertThat(client.storeUniqueFile(new ByteArrayInputStream(more))).isTrue();
        assertThat(server.content("ftp.dat")).isEqualTo(more);
        assertThat(client.storeUniqueFile("unique", new ByteArrayInputStream(more)))
                .isTrue();
        assertThat(server.content("unique")).isEqualTo(more);
        Files.delete(server.home().resolve("ftp.dat"));
        Files.delete(server.home().resolve("unique"));
    }

    @ParameterizedTest
    @EnumSource
    void streamsCarryFilesUntilThePendingCommandIsCompleted(final Kind kind) throws IOException {
        login(kind);
        final byte[] content = bytes(200_000);
        write(client.storeFileStream("streamed"), content);
        assertThat(server.content("streamed")).isEqualTo(content);
        write(client.appendFileStream("streamed"), content);
        assertThat(server.content("streamed")).hasSize(400_000);
        write(client.storeUniqueFileStream("unique-stream"), content);
        assertThat(server.content("unique-stream")).isEqualTo(content);
        write(client.storeUniqueFileStream(), content);
        assertThat(server.content("ftp.dat")).isEqualTo(content);
        Files.delete(server.home().resolve("unique-stream"));
        Files.delete(server.home().resolve("ftp.dat"));

        final ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (InputStream in = client.retrieveFileStream("streamed")) {
            copy(in, read);
        }
        assertThat(client.completePendingCommand()).isTrue();
        assertThat(read.toByteArray()).hasSize(400_000).endsWith(content);
    }

    private void write(final OutputStream out, final byte[] content) throws IOException {
        out.write(content);
        out.close();
        assertThat(client.completePendingCommand()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void directoriesAreListedInEveryForm(final Kind kind) throws IOException {
        login(kind);
        final Path directory = Files.createDirectories(server.home().resolve("listed"));
        Files.createDirectories(directory.resolve("sub"));
        Files.write(directory.resolve("one.txt"), bytes(11));
        Files.write(directory.resolve("two.txt"), bytes(22));
        final String[] all = {"one.txt", "sub", "two.txt"};

        assertThat(names(client.listFiles("listed"))).containsExactlyInAnyOrder(all);
        assertThat(names(client.listDirectories("listed"))).containsExactly("sub");
        assertThat(client.listNames("listed")).containsExactlyInAnyOrder(all);
        assertThat(names(client.mlistDir("listed"))).containsExactlyInAnyOrder(all);
        assertThat(names(client.mlistDir("listed", FTPFile::isFile))).containsExactlyInAnyOrder("one.txt", "two.txt");
        final FTPListParseEngine engine = client.initiateListParsing("listed");
        assertThat(names(engine.getNext(2))).hasSize(2);
        assertThat(engine.hasNext()).isTrue();
        assertThat(names(client.initiateMListParsing("listed").getFiles())).hasSize(3);

        assertThat(client.changeWorkingDirectory("listed")).isTrue();
        assertThat(client.listFiles()).hasSize(3);
        assertThat(client.listDirectories()).hasSize(1);
        assertThat(client.listNames()).hasSize(3);
        assertThat(client.mlistDir()).hasSize(3);
        assertThat(client.listFiles("sub")).isEmpty();
        assertThat(client.mlistFile("one.txt").getSize()).isEqualTo(11);
    }

    private static String[] names(final FTPFile... files) {
        return Arrays.stream(files)
                .map(FTPFile::getName)
                .collect(Collectors.toList())
                .toArray(new String[0]);
    }

    @ParameterizedTest
    @EnumSource
    void transfersRestartWhereTheyAreTold(final Kind kind) throws IOException {
        login(kind);
        final byte[] content = bytes(300_000);
        server.file("source", content);
        client.setRestartOffset(100_001);
        assertThat(retrieve("source")).isEqualTo(Arrays.copyOfRange(content, 100_001, 300_000));
        assertThat(client.getRestartOffset()).isZero();
        assertThat(retrieve("source")).isEqualTo(content);

        server.file("half", Arrays.copyOf(content, 150_000));
        client.setRestartOffset(150_000);
        assertThat(client.storeFile("half", new ByteArrayInputStream(content, 150_000, 150_000)))
                .isTrue();
        assertThat(server.content("half")).isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource
    void asciiChangesLineEnds(final Kind kind) throws IOException {
        login(kind);
        client.setFileType(FTP.ASCII_FILE_TYPE);
        final byte[] lines =
                ("one" + System.lineSeparator() + "two" + System.lineSeparator()).getBytes(StandardCharsets.US_ASCII);
        assertThat(client.storeFile("lines", new ByteArrayInputStream(lines))).isTrue();
        assertThat(server.content("lines")).isEqualTo(lines);
        assertThat(retrieve("lines")).isEqualTo(lines);
    }

    @ParameterizedTest
    @EnumSource
    void modeZCompressesUntilModeSIsBack(final Kind kind) throws IOException {
        login(kind);
        final byte[] random = bytes(100_000);
        final byte[] content = Arrays.copyOf(random, 300_000);
        server.file("plain", content);
        Files.createDirectories(server.home().resolve("z"));
        Files.write(server.home().resolve("z").resolve("one"), random);
        assertThat(client.setFileTransferMode(FTP.DEFLATE_TRANSFER_MODE)).isTrue();

        assertThat(retrieve("plain")).isEqualTo(content);
        assertThat(client.storeFile("stored", new ByteArrayInputStream(content)))
                .isTrue();
        assertThat(server.content("stored")).isEqualTo(content);
        assertThat(client.listNames("z")).containsExactly("one");
        assertThat(client.listFiles("z")).hasSize(1);
        write(client.appendFileStream("stored"), random);
        assertThat(server.content("stored")).hasSize(400_000).endsWith(random);

        assertThat(client.setFileTransferMode(FTP.STREAM_TRANSFER_MODE)).isTrue();
        assertThat(retrieve("plain")).isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource
    void copyListenersHearOfEveryByte(final Kind kind) throws IOException {
        login(kind);
        final byte[] content = bytes(123_456);
        final long[] total = new long[1];
        client.setCopyStreamListener(new CopyStreamAdapter() {
            @Override
            public void bytesTransferred(final long sum, final int count, final long size) {
                total[0] = sum;
            }
        });
        client.storeFile("heard", new ByteArrayInputStream(content));
        assertThat(total[0]).isEqualTo(123_456);
        total[0] = 0;
        assertThat(retrieve("heard")).isEqualTo(content);
        assertThat(total[0]).isEqualTo(123_456);
    }

    @ParameterizedTest
    @EnumSource
    void refusedCommandGivesItsReplyAndNoDataConnection(final Kind kind) throws IOException {
        login(kind);
        server.file("present", bytes(5));
        Files.createDirectories(server.home().resolve("directory"));
        for (int i = 0; i < 3; i++) {
            assertThat(client.retrieveFile("missing", new ByteArrayOutputStream()))
                    .isFalse();
            assertThat(client.getReplyCode()).isEqualTo(550);
            assertThat(client.retrieveFileStream("missing")).isNull();
            assertThat(client.appendFile("directory", new ByteArrayInputStream(bytes(5))))
                    .isFalse();
            assertThat(client.getReplyCode()).isEqualTo(550);
            assertThat(client.appendFileStream("directory")).isNull();
            assertThat(retrieve("present")).isEqualTo(bytes(5));
        }
    }

    @ParameterizedTest
    @EnumSource
    void beforeTheLoginThereIsNoDataConnection(final Kind kind) throws IOException {
        client = kind.create();
        client.connect("127.0.0.1", SERVERS.of(kind).port());
        Kind.enterSinglePort(client);
        assertThat(client.listNames()).isNull();
        assertThat(client.getReplyCode()).isEqualTo(530);
        assertThat(client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD))
                .isTrue();
        assertThat(client.listNames()).isNotNull();
    }

    @Test
    void allFormsOfOpeningADataConnectionAreInSinglePortMode() throws IOException {
        final Opening opening = new Opening();
        client = opening;
        server = SERVERS.of(Kind.PLAIN);
        server.file("three-times", bytes(99));
        Kind.login(opening, server);
        opening.expect("three-times", bytes(99));
    }

    @Test
    void allFormsOfOpeningAProtectedDataConnectionAreInSinglePortMode() throws IOException {
        final ProtectedOpening opening = new ProtectedOpening();
        client = opening;
        server = SERVERS.of(Kind.EXPLICIT);
        server.file("three-times", bytes(99));
        Kind.login(opening, server);
        opening.expect("three-times", bytes(99));
    }

    private byte[] retrieve(final String name) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile(name, out)).as(client.getReplyString()).isTrue();
        return out.toByteArray();
    }

    private void expectNoOtherPort() throws IOException {
        assertThat(client.pasv()).as("singlePortOnly").isEqualTo(502);
        assertThat(client.epsv()).as("singlePortOnly").isEqualTo(502);
    }

    private static byte[] bytes(final int size) {
        final byte[] bytes = new byte[size];
        new Random(seed + size).nextBytes(bytes);
        return bytes;
    }

    static void copy(final InputStream in, final OutputStream out) throws IOException {
        final byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            out.write(buffer, 0, count);
        }
    }

    /** Calls what the base class offers to subclasses. */
    private static final class Opening extends SpsvFtpClient {
        @SuppressWarnings("deprecation")
        void expect(final String file, final byte[] content) throws IOException {
            read(_openDataConnection_(RETR, file), content);
            read(_openDataConnection_(FTPCmd.RETR, file), content);
            read(_openDataConnection_("RETR", file), content);
        }

        private void read(final Socket socket, final byte[] content) throws IOException {
            assertThat(socket.getPort()).isEqualTo(getRemotePort());
            assertThat(RawFtpClient.readFully(socket)).isEqualTo(content);
            socket.close();
            assertThat(completePendingCommand()).isTrue();
        }
    }

    /** Calls what the base class offers to subclasses. */
    private static final class ProtectedOpening extends SpsvFtpsClient {
        ProtectedOpening() {
            super(Certificates.client());
        }

        @SuppressWarnings("deprecation")
        void expect(final String file, final byte[] content) throws IOException {
            read(_openDataConnection_(RETR, file), content);
            read(_openDataConnection_(FTPCmd.RETR, file), content);
            read(_openDataConnection_("RETR", file), content);
        }

        private void read(final Socket socket, final byte[] content) throws IOException {
            assertThat(socket.getPort()).isEqualTo(getRemotePort());
            assertThat(RawFtpClient.readFully(socket)).isEqualTo(content);
            socket.close();
            assertThat(completePendingCommand()).isTrue();
        }
    }
}
