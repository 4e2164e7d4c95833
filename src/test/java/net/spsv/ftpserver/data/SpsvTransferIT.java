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
package net.spsv.ftpserver.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.DeflaterOutputStream;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every transfer command gives through SPSV, byte for byte and reply for reply, what it gives through PASV. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SpsvTransferIT {
    private static final long SEED = Long.getLong("spsv.seed", System.nanoTime());
    private static final int CHUNK = 256 * 1024;
    private static final int[] SIZES = {
        0, 1, 2, 1459, 4095, 4096, 8193, 65_535, 65_537, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 1
    };
    private static final int RATE = 64 * 1024;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().slowUserRate(RATE);

    private final Random random = new Random(SEED);
    private TransferClient client;

    @BeforeEach
    void login() {
        client = TransferClient.login(SERVER);
    }

    @AfterEach
    void logout() {
        client.close();
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, TYPE I, MODE S", "SPSV_LOGIN_FIRST, TYPE A, MODE S", "SPSV_LOGIN_FIRST, TYPE I, MODE Z",
        "SPSV_LOGIN_LAST, TYPE I, MODE S", "SPSV_LOGIN_LAST, TYPE A, MODE S", "SPSV_LOGIN_LAST, TYPE A, MODE Z"
    })
    void retrGivesWhatPasvGives(final DataMode mode, final String type, final String transferMode) throws IOException {
        client.command(type, 200);
        client.command(transferMode, 200);
        for (final int size : SIZES) {
            SERVER.file("source", bytes(size));
            assertSame(size, client.download(mode, "RETR source"), client.download(DataMode.PASV, "RETR source"), 226);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, STOR, TYPE I", "SPSV_LOGIN_FIRST, STOR, TYPE A", "SPSV_LOGIN_FIRST, APPE, TYPE I",
        "SPSV_LOGIN_LAST, STOR, TYPE I", "SPSV_LOGIN_LAST, STOR, TYPE A", "SPSV_LOGIN_LAST, APPE, TYPE A"
    })
    void storAndAppeStoreWhatPasvStores(final DataMode mode, final String command, final String type)
            throws IOException {
        client.command(type, 200);
        for (final int size : SIZES) {
            final byte[] content = bytes(size);
            final byte[] present = bytes(1000);
            SERVER.file("target", present);
            final Outcome spsv = client.upload(mode, content, command + " target");
            final byte[] stored = SERVER.content("target");
            SERVER.file("target", present);
            assertSame(size, spsv, client.upload(DataMode.PASV, content, command + " target"), 226);
            assertThat(stored).as("%s bytes, seed %s", size, SEED).isEqualTo(SERVER.content("target"));
            if ("TYPE I".equals(type)) {
                assertThat(stored).endsWith(content).hasSize("APPE".equals(command) ? 1000 + size : size);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"SPSV_LOGIN_FIRST, STOR", "SPSV_LOGIN_LAST, APPE"})
    void compressedUploadsAreStoredAsThroughPasv(final DataMode mode, final String command) throws IOException {
        client.command("MODE Z", 200);
        for (final int size : SIZES) {
            final byte[] content = bytes(size);
            Files.deleteIfExists(SERVER.home().resolve("target"));
            final Outcome spsv = client.upload(mode, deflated(content), command + " target");
            assertThat(SERVER.content("target"))
                    .as("%s bytes, seed %s", size, SEED)
                    .isEqualTo(content);
            Files.delete(SERVER.home().resolve("target"));
            assertSame(size, spsv, client.upload(DataMode.PASV, deflated(content), command + " target"), 226);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void appeCreatesTheFileThatIsMissing(final DataMode mode) throws IOException {
        Files.deleteIfExists(SERVER.home().resolve("appended"));
        final byte[] content = bytes(CHUNK + 7);
        assertThat(client.upload(mode, content, "APPE appended").lastReply()).startsWith("226");
        assertThat(SERVER.content("appended")).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, STOU",
        "SPSV_LOGIN_LAST, STOU",
        "SPSV_LOGIN_FIRST, STOU unique",
        "SPSV_LOGIN_LAST, STOU unique"
    })
    void stouStoresWhatPasvStores(final DataMode mode, final String command) throws IOException {
        final Path target = SERVER.home().resolve(command.endsWith("unique") ? "unique" : "ftp.dat");
        final byte[] content = bytes(CHUNK + 1);
        Files.deleteIfExists(target);
        final Outcome spsv = client.upload(mode, content, command);
        assertThat(target).hasBinaryContent(content);
        Files.delete(target);
        assertSame(content.length, spsv, client.upload(DataMode.PASV, content, command), 226);
        assertThat(client.upload(mode, bytes(3), command).lastReply())
                .startsWith("226")
                .doesNotEndWith("unique");
        assertThat(target).as("the file that STOU must not overwrite").hasBinaryContent(content);
        Files.delete(target);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void directoriesAreListedAsThroughPasv(final DataMode mode) throws IOException {
        final Path directory = Files.createDirectories(SERVER.home().resolve("listed"));
        Files.createDirectories(directory.resolve("empty"));
        for (final String name : new String[] {"one", "t w o", ".hidden", "gr\u00f6\u00dfe", "last.txt"}) {
            Files.write(directory.resolve(name), bytes(name.length() * 100));
        }
        for (final String command : new String[] {
            "LIST listed", "LIST -a listed", "LIST listed/empty", "LIST listed/one", "NLST listed",
            "NLST -l listed", "NLST listed/*.txt", "NLST listed/empty", "MLSD listed", "MLSD listed/empty"
        }) {
            final Outcome spsv = client.download(mode, command);
            assertSame(command, spsv, client.download(DataMode.PASV, command), 226);
            assertThat(spsv.data().length > 0).as(command).isEqualTo(!command.endsWith("empty"));
        }
        client.command("CWD listed", 250);
        for (final String type : new String[] {"TYPE A", "TYPE I"}) {
            for (final String command : new String[] {"LIST", "NLST", "MLSD"}) {
                assertSame(
                        command,
                        client.download(mode, type, command),
                        client.download(DataMode.PASV, type, command),
                        226);
            }
        }
        client.command("MODE Z", 200);
        for (final String command : new String[] {"LIST", "NLST", "MLSD", "LIST empty"}) {
            assertSame(command, client.download(mode, command), client.download(DataMode.PASV, command), 226);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void restartedDownloadsGiveTheRestAsThroughPasv(final DataMode mode) throws IOException {
        final int size = 2 * CHUNK + 5;
        SERVER.file("source", bytes(size));
        for (final String type : new String[] {"TYPE I", "TYPE A"}) {
            client.command(type, 200);
            for (final int offset : new int[] {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1, size}) {
                final Outcome spsv = client.download(mode, "REST " + offset, "RETR source");
                assertSame(offset, spsv, client.download(DataMode.PASV, "REST " + offset, "RETR source"), 226);
                if ("TYPE I".equals(type)) {
                    assertThat(spsv.data()).hasSize(size - offset);
                }
            }
        }
        final Outcome beyond = client.download(mode, "TYPE I", "REST " + (size + 10), "RETR source");
        assertSame(
                "beyond the end",
                beyond,
                client.download(DataMode.PASV, "TYPE I", "REST " + (size + 10), "RETR source"),
                226);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void restartedUploadsGoOnWhereThroughPasv(final DataMode mode) throws IOException {
        final int size = CHUNK + 5;
        final byte[] content = bytes(CHUNK + 1);
        for (final int offset : new int[] {0, 1, CHUNK, size, size + 10}) {
            final byte[] present = bytes(size);
            SERVER.file("target", present);
            final Outcome spsv = client.upload(mode, content, "REST " + offset, "STOR target");
            final byte[] stored = SERVER.content("target");
            SERVER.file("target", present);
            assertSame(offset, spsv, client.upload(DataMode.PASV, content, "REST " + offset, "STOR target"), 226);
            assertThat(stored)
                    .as("offset %s, seed %s", offset, SEED)
                    .isEqualTo(SERVER.content("target"))
                    .endsWith(content)
                    .hasSize(offset + content.length);
        }
    }

    @Test
    void offsetIsForgottenWithSpsvAsWithPasvAndWithTheTransfer() throws IOException {
        final byte[] content = bytes(10);
        SERVER.file("source", content);
        client.command("REST 5", 350);
        assertThat(client.download(DataMode.SPSV_LOGIN_FIRST, "RETR source").data())
                .isEqualTo(content);
        client.command("REST 5", 350);
        assertThat(client.download(DataMode.PASV, "RETR source").data()).isEqualTo(content);
        assertThat(client.download(DataMode.SPSV_LOGIN_LAST, "REST 5", "RETR source")
                        .data())
                .hasSize(5);
        assertThat(client.download(DataMode.SPSV_LOGIN_LAST, "RETR source").data())
                .isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void refusedTransfersAreAnsweredAsThroughPasv(final DataMode mode) throws IOException {
        Files.createDirectories(SERVER.home().resolve("directory"));
        for (final String command : new String[] {
            "RETR missing",
            "RETR directory",
            "RETR",
            "STOR",
            "STOR missing/target",
            "APPE",
            "APPE directory",
            "LIST missing",
            "RETR ../../etc/passwd",
            "STOU missing/target",
            "MLSD missing"
        }) {
            final byte[] upload = command.matches("(STO|APPE).*") ? new byte[0] : null;
            final Outcome pasv = client.transfer(DataMode.PASV, upload, command);
            assertThat(client.transfer(mode, upload, command)).as(command).isEqualTo(pasv);
        }
        client.expectUsable(SERVER);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void refusedTransferDropsTheDataConnection(final DataMode mode) throws IOException {
        final RawFtpClient.Endpoint endpoint = client.control().spsv();
        final RawFtpClient waiting = SERVER.connect();
        if (mode == DataMode.SPSV_LOGIN_FIRST) {
            waiting.dataLogin(endpoint);
        }
        client.command("RETR missing", 550);
        if (mode == DataMode.SPSV_LOGIN_LAST) {
            // FtpServer writes the 550 first and then lets go of the data connection.
            client.command("NOOP", 200);
            waiting.greeted().line("USER " + endpoint.user()).expect(331);
            waiting.line("PASS " + endpoint.token()).expect(504);
        }
        waiting.expectDropped();
        waiting.close();
    }

    @ParameterizedTest
    @CsvSource({"SPSV_LOGIN_FIRST, I", "SPSV_LOGIN_LAST, I", "SPSV_LOGIN_FIRST, A"})
    void largeFilesComeAndGoWhole(final DataMode mode, final String type) throws Exception {
        // Stock FtpServer looks at every byte of a text, which takes its time.
        final int megabytes = "A".equals(type) ? 16 : 64;
        final byte[] block = bytes(1024 * 1024);
        final MessageDigest sent = MessageDigest.getInstance("SHA-256");
        // In ASCII, line ends are changed on the way; a file without any is not.
        if ("A".equals(type)) {
            for (int i = 0; i < block.length; i++) {
                block[i] |= 0x40;
            }
        }
        client.command("TYPE " + type, 200);
        try (Transfer upload = client.begin(mode, "STOR large")) {
            for (int i = 0; i < megabytes; i++) {
                block[i] ^= 1;
                sent.update(block);
                upload.send(block);
            }
        }
        client.control().expect(226);
        final MessageDigest received = MessageDigest.getInstance("SHA-256");
        final long size;
        try (Transfer download = client.begin(mode, "RETR large")) {
            size = copy(download.data().getInputStream(), new DigestOutputStream(nowhere(), received));
        }
        client.control().expect(226);
        assertThat(size)
                .isEqualTo(megabytes * 1024L * 1024L)
                .isEqualTo(Files.size(SERVER.home().resolve("large")));
        assertThat(received.digest()).as("seed %s", SEED).isEqualTo(sent.digest());
        Files.delete(SERVER.home().resolve("large"));
    }

    @Test
    void offsetsBeyondFourGigabytesAreReachedBothWays() throws IOException {
        final long end = (5L << 30) + 12_345;
        final byte[] tail = bytes(CHUNK + 100);
        final Path huge = SERVER.home().resolve("huge");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(end);
        }
        assertThat(client.upload(DataMode.SPSV_LOGIN_LAST, tail, "REST " + end, "STOR huge")
                        .lastReply())
                .startsWith("226");
        assertThat(Files.size(huge)).isEqualTo(end + tail.length);
        assertThat(client.download(DataMode.SPSV_LOGIN_FIRST, "REST " + end, "RETR huge")
                        .data())
                .as("seed %s", SEED)
                .isEqualTo(tail);
        assertThat(client.upload(DataMode.SPSV_LOGIN_FIRST, tail, "APPE huge").lastReply())
                .startsWith("226");
        assertThat(Files.size(huge)).isEqualTo(end + 2L * tail.length);
        Files.delete(huge);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/proc/version", "/proc/filesystems", "/sys/class/net/lo/mtu", "/sys/class/net/lo/uevent"})
    void fileWhoseReportedSizeIsNotItsSizeIsReadToItsEnd(final String path) throws IOException {
        final Path special = Paths.get(path);
        assumeTrue(Files.isReadable(special), path + " is not here");
        final Path link = SERVER.home().resolve("special");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, special);
        // Not compared with PASV: stock FtpServer asks a file how much is left, which those of /proc refuse to say.
        for (final DataMode mode : new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.SPSV_LOGIN_LAST}) {
            final Outcome spsv = client.download(mode, "RETR special");
            assertThat(spsv.data()).as(path).isNotEmpty().isEqualTo(Files.readAllBytes(special));
            assertThat(spsv.lastReply()).startsWith("226");
        }
        Files.delete(link);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "PASV"})
    void fileThatGrowsDuringItsDownloadIsSentToItsNewEnd(final DataMode mode) throws IOException {
        final byte[] content = bytes(8 * 1024 * 1024);
        final byte[] more = bytes(CHUNK + 11);
        final Path file = SERVER.file("growing", content);
        try (Transfer download =
                client.receiveBuffer(64 * 1024).begin(mode, "RETR growing").awaitStalled()) {
            Files.write(file, more, StandardOpenOption.APPEND);
            assertThat(RawFtpClient.readFully(download.data()))
                    .as("seed %s", SEED)
                    .hasSize(content.length + more.length)
                    .startsWith(content)
                    .endsWith(more);
        }
        client.control().expect(226);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "PASV"})
    void fileThatShrinksDuringItsDownloadEndsEarly(final DataMode mode) throws IOException {
        final byte[] content = bytes(8 * 1024 * 1024);
        final byte[] kept = Arrays.copyOf(content, 1024 * 1024);
        final Path file = SERVER.file("shrinking", content);
        try (Transfer download =
                client.receiveBuffer(64 * 1024).begin(mode, "RETR shrinking").awaitStalled()) {
            try (RandomAccessFile shrunk = new RandomAccessFile(file.toFile(), "rw")) {
                shrunk.setLength(kept.length);
            }
            assertThat(RawFtpClient.readFully(download.data()))
                    .as("seed %s", SEED)
                    .startsWith(kept)
                    .hasSizeLessThan(content.length);
        }
        client.control().expect(226);
    }

    @Test
    void everyDownloadAndUploadIsCounted() throws IOException {
        SERVER.file("counted", bytes(10));
        final int downloads = SERVER.statistics().getTotalDownloadNumber();
        final long downloaded = SERVER.statistics().getTotalDownloadSize();
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        final long uploaded = SERVER.statistics().getTotalUploadSize();
        client.download(DataMode.SPSV_LOGIN_FIRST, "RETR counted");
        client.upload(DataMode.SPSV_LOGIN_LAST, bytes(20), "STOR counted");
        client.upload(DataMode.SPSV_LOGIN_LAST, bytes(30), "APPE counted");
        client.download(DataMode.SPSV_LOGIN_LAST, "RETR missing");
        assertThat(SERVER.statistics().getTotalDownloadNumber() - downloads).isEqualTo(1);
        assertThat(SERVER.statistics().getTotalDownloadSize() - downloaded).isEqualTo(10);
        assertThat(SERVER.statistics().getTotalUploadNumber() - uploads).isEqualTo(2);
        assertThat(SERVER.statistics().getTotalUploadSize() - uploaded).isEqualTo(50);
    }

    /** One client for each mode and direction, all at once, because the time that they take is mostly waiting. */
    @Test
    void transferRatesHoldAsThroughPasv() throws Exception {
        final byte[] content = bytes(2 * RATE);
        final Map<String, Future<Long>> millis = new HashMap<>();
        final ExecutorService clients = Executors.newFixedThreadPool(4);
        try {
            for (final DataMode mode : new DataMode[] {DataMode.SPSV_LOGIN_FIRST, DataMode.PASV}) {
                SERVER.file("down-" + mode, content);
                millis.put("RETR " + mode, clients.submit(() -> limited(mode, null, "RETR down-" + mode, content)));
                millis.put("STOR " + mode, clients.submit(() -> limited(mode, content, "STOR up-" + mode, content)));
            }
            for (final String command : new String[] {"RETR ", "STOR "}) {
                final long spsv =
                        millis.get(command + DataMode.SPSV_LOGIN_FIRST).get(20, TimeUnit.SECONDS);
                final long pasv = millis.get(command + DataMode.PASV).get(20, TimeUnit.SECONDS);
                assertThat(spsv)
                        .as(command + "in %s ms, through PASV in %s ms", spsv, pasv)
                        .isBetween(1500L, pasv * 2);
            }
        } finally {
            clients.shutdownNow();
            clients.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private static long limited(final DataMode mode, final byte[] upload, final String command, final byte[] content)
            throws IOException {
        final String slow = FtpServerExtension.SLOW_USER;
        try (TransferClient client = TransferClient.login(SERVER, slow, slow)) {
            final long start = System.nanoTime();
            final Outcome outcome =
                    upload == null ? client.download(mode, command) : client.upload(mode, upload, command);
            final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertThat(outcome.lastReply()).startsWith("226");
            assertThat(upload == null ? outcome.data() : SERVER.content("up-" + mode))
                    .isEqualTo(content);
            return millis;
        }
    }

    @Test
    void bytesBehindTheLoginAreTheFirstOfTheUpload() throws IOException {
        final byte[] content = bytes(CHUNK + 3);
        final RawFtpClient.Endpoint endpoint = client.control().spsv();
        client.command("STOR target", 150);
        try (RawFtpClient data = SERVER.connect()) {
            final ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.write(("USER " + endpoint.user() + "\r\nPASS " + endpoint.token() + "\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            all.write(content);
            data.sendBytes(all.toByteArray()).greeted().expect(331);
            final Socket socket = data.spliced();
            socket.shutdownOutput();
            client.control().expect(226);
        }
        assertThat(SERVER.content("target")).as("seed %s", SEED).isEqualTo(content);
    }

    /** Text with all kinds of line ends, and random bytes: what ASCII changes, and what compression makes larger. */
    private byte[] bytes(final int size) {
        final byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        final byte[] ends = "line\nline\r\nline\rline\n\r\r\n\n".getBytes(StandardCharsets.US_ASCII);
        for (int at = 0; at + ends.length <= size; at += 100 + random.nextInt(1000)) {
            System.arraycopy(ends, 0, bytes, at, ends.length);
        }
        return bytes;
    }

    private static void assertSame(final Object what, final Outcome spsv, final Outcome pasv, final int lastCode) {
        assertThat(spsv.replies()).as("%s, seed %s", what, SEED).isEqualTo(pasv.replies());
        assertThat(spsv.data()).as("%s, seed %s", what, SEED).isEqualTo(pasv.data());
        assertThat(spsv.lastReply()).startsWith(Integer.toString(lastCode));
    }

    private static byte[] deflated(final byte[] content) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    private static long copy(final InputStream in, final OutputStream out) throws IOException {
        final byte[] buffer = new byte[64 * 1024];
        long total = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            out.write(buffer, 0, count);
            total += count;
        }
        return total;
    }

    private static OutputStream nowhere() {
        return new OutputStream() {
            @Override
            public void write(final int octet) {
                // thrown away
            }

            @Override
            public void write(final byte[] bytes, final int offset, final int length) {
                // thrown away
            }
        };
    }
}
