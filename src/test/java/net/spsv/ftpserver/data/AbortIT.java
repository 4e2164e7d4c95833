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

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ABOR takes effect at once, whatever the transfer and its peer are doing; the idle timeouts here are far longer than
 * the patience of the client.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class AbortIT {
    private static final VirtualFiles FILES = new VirtualFiles();

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    @RegisterExtension
    static final FtpServerExtension VIRTUAL =
            new FtpServerExtension().slowUserRate(256).factory(factory -> factory.setFileSystem(FILES));

    /** A busy machine may take seconds; what an ABOR would have to wait for takes a quarter of a minute at least. */
    private static final long AT_ONCE_MILLIS = 10_000;

    private TransferClient client;

    @BeforeAll
    static void fill() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(SERVER.home().resolve("endless").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
        // Their list is longer than the socket buffers.
        final byte[] name = new byte[200];
        Arrays.fill(name, (byte) 'n');
        final String suffix = new String(name, StandardCharsets.US_ASCII);
        for (int i = 0; i < 30_000; i++) {
            FILES.file(i + suffix, offset -> new ByteArrayInputStream(new byte[0]));
        }
    }

    @BeforeEach
    void login() {
        client = TransferClient.login(SERVER).receiveBuffer(64 * 1024);
    }

    @AfterEach
    void logout() {
        client.close();
    }

    @ParameterizedTest
    @CsvSource({"SPSV_LOGIN_FIRST, TYPE I", "SPSV_LOGIN_LAST, TYPE I", "SPSV_LOGIN_FIRST, TYPE A"})
    void downloadWhosePeerDoesNotReadIsAborted(final DataMode mode, final String type) throws IOException {
        try (Transfer download =
                client.begin(mode, type, "RETR endless").readSome().awaitStalled()) {
            abort("ABOR\r\n", 426);
            download.expectReset();
        }
        client.expectUsable(SERVER);
    }

    @Test
    void compressedDownloadIsAborted() throws IOException {
        client.command("MODE Z", 200);
        try (Transfer download =
                client.begin(DataMode.SPSV_LOGIN_LAST, "RETR endless").readSome()) {
            abort("ABOR\r\n", 426);
            download.expectReset();
        }
        client.command("MODE S", 200);
        client.expectUsable(SERVER);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST"})
    void downloadThatStreamsIsAborted(final DataMode mode) throws Exception {
        final int downloads = SERVER.statistics().getTotalDownloadNumber();
        final ExecutorService reader = Executors.newSingleThreadExecutor();
        try (Transfer download = client.begin(mode, "RETR endless").readSome()) {
            final Future<?> read = reader.submit(() -> {
                download.expectReset();
                return null;
            });
            abort("ABOR\r\n", 426);
            read.get(10, TimeUnit.SECONDS);
        } finally {
            reader.shutdownNow();
            reader.awaitTermination(10, TimeUnit.SECONDS);
        }
        assertThat(SERVER.statistics().getTotalDownloadNumber()).isEqualTo(downloads);
        client.expectUsable(SERVER);
    }

    @ParameterizedTest
    @CsvSource({
        "SPSV_LOGIN_FIRST, STOR, TYPE I",
        "SPSV_LOGIN_LAST, APPE, TYPE I",
        "SPSV_LOGIN_FIRST, STOU, TYPE I",
        "SPSV_LOGIN_FIRST, STOR, TYPE A"
    })
    void uploadWhosePeerWaitsIsAbortedAndNotCounted(final DataMode mode, final String command, final String type)
            throws IOException {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        final long uploaded = SERVER.statistics().getTotalUploadSize();
        final Path file = SERVER.home().resolve("aborted");
        Files.deleteIfExists(file);
        try (Transfer upload = client.begin(mode, type, command + " aborted").send(new byte[100_000])) {
            Awaitility.await("the server stores").until(() -> Files.exists(file) && Files.size(file) > 0);
            abort("ABOR\r\n", 426);
            upload.expectReset();
        }
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);
        assertThat(SERVER.statistics().getTotalUploadSize()).isEqualTo(uploaded);
        client.expectUsable(SERVER);
    }

    @Test
    void uploadThatStreamsIsAborted() throws Exception {
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        final ExecutorService writer = Executors.newSingleThreadExecutor();
        try (Transfer upload =
                client.begin(DataMode.SPSV_LOGIN_FIRST, "STOR streamed").send(new byte[100_000])) {
            final Future<Boolean> cutOff = writer.submit(() -> {
                try {
                    // Zeros in a file that is truncated right away; the disk does not get to see much of it.
                    for (int i = 0; i < 10_000; i++) {
                        upload.send(new byte[100_000]);
                    }
                    return false;
                } catch (final IOException e) {
                    return true;
                }
            });
            abort("ABOR\r\n", 426);
            assertThat(cutOff.get(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            writer.shutdownNow();
            writer.awaitTermination(10, TimeUnit.SECONDS);
        }
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);
        client.expectUsable(SERVER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"LIST", "NLST", "MLSD"})
    void listingOfAHugeDirectoryIsAborted(final String command) throws IOException {
        try (TransferClient lister = TransferClient.login(VIRTUAL).receiveBuffer(16 * 1024)) {
            try (Transfer download =
                    lister.begin(DataMode.SPSV_LOGIN_LAST, command).readSome().awaitStalled()) {
                abort(lister, "ABOR\r\n", 426);
                download.expectReset();
            }
            final Outcome whole = lister.download(DataMode.SPSV_LOGIN_FIRST, command);
            assertThat(whole.lastReply()).startsWith("226");
            assertThat(whole.data()).hasSizeGreaterThan(5_000_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RETR endless", "STOR waited", "APPE waited", "STOU", "LIST", "NLST", "MLSD"})
    void transferThatWaitsForItsDataConnectionIsAborted(final String command) throws IOException {
        final RawFtpClient.Endpoint endpoint = client.control().spsv();
        client.command(command, 150);
        abort("ABOR\r\n", 425);
        try (RawFtpClient late = SERVER.connect().greeted()) {
            late.line("USER " + endpoint.user()).expect(331);
            late.line("PASS " + endpoint.token()).expect(504);
        }
        client.expectUsable(SERVER);
    }

    @ParameterizedTest
    @CsvSource({"SPSV_LOGIN_FIRST, RETR endless", "SPSV_LOGIN_LAST, RETR endless", "SPSV_LOGIN_LAST, STOR pipelined"})
    void abortInTheSameSegmentAsTheTransferIsHeard(final DataMode mode, final String command) throws IOException {
        try (DataMode.Prepared prepared = client.prepare(mode)) {
            final long start = System.nanoTime();
            client.control().send(command + "\r\nABOR\r\n").expect(150);
            assertThat(client.control().reply()).matches("42[56] .*");
            client.control().expect(226);
            assertAtOnce(start);
            assertThat(prepared).isNotNull();
        }
        client.expectUsable(SERVER);
    }

    @Test
    void abortInTheSameSegmentAsSpsvIsHeard() throws IOException {
        for (int i = 0; i < 2; i++) {
            final long start = System.nanoTime();
            client.control().send("SPSV\r\nRETR endless\r\nABOR\r\n").expect(227);
            client.control().expect(150);
            client.control().expect(425);
            client.control().expect(226);
            assertAtOnce(start);
        }
        client.expectUsable(SERVER);
    }

    @Test
    void transferBehindTheAbortInTheSameSegmentIsNotAborted() throws IOException {
        SERVER.file("small", new byte[] {'o', 'k'});
        for (int i = 0; i < 2; i++) {
            client.control().send("ABOR\r\nSPSV\r\nRETR small\r\n").expect(226);
            final RawFtpClient.Endpoint endpoint =
                    RawFtpClient.endpoint(client.control().expect(227));
            client.control().expect(150);
            try (Socket data = RawFtpClient.dataConnection(SERVER.port(), endpoint)) {
                assertThat(RawFtpClient.readFully(data)).asString().isEqualTo("ok");
            }
            client.control().expect(226);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "abor\r\n",
                "Abor\n",
                "ABOR\n",
                "\u00ff\u00f4\u00ff\u00f2ABOR\r\n",
                "\u00ff\u00f4\u00f2abor\r\n",
                "\u00f2ABOR\r\n",
                "ABOR \r\n"
            })
    void abortIsHeardHoweverItIsSpelt(final String abort) throws IOException {
        try (Transfer download =
                client.begin(DataMode.SPSV_LOGIN_LAST, "RETR endless").readSome()) {
            abort(abort, 426);
            download.expectReset();
        }
        client.expectUsable(SERVER);
    }

    @Test
    void abortIsHeardInFragments() throws IOException {
        final String abort = "\u00ff\u00f4\u00ff\u00f2ABOR\r\n";
        for (final byte[][] pieces : Fragments.everySplit(abort)) {
            try (Transfer download =
                    client.begin(DataMode.SPSV_LOGIN_LAST, "RETR endless").readSome()) {
                client.control().sendApart(pieces);
                final long start = System.nanoTime();
                expectAborted(client, start, 426);
                download.expectReset();
            }
        }
        try (Transfer download =
                client.begin(DataMode.SPSV_LOGIN_FIRST, "RETR endless").readSome()) {
            client.control().sendApart(Fragments.single(abort));
            final long start = System.nanoTime();
            expectAborted(client, start, 426);
            download.expectReset();
        }
        client.expectUsable(SERVER);
    }

    @Test
    void abortIsHeardBehindTelnetSynchAsUrgentData() throws IOException {
        for (int i = 0; i < 3; i++) {
            try (Transfer download =
                    client.begin(DataMode.SPSV_LOGIN_LAST, "RETR endless").readSome()) {
                final long start = System.nanoTime();
                client.control().send("\u00ff\u00f4\u00ff").sendUrgent(0xf2).send("ABOR\r\n");
                expectAborted(client, start, 426);
                download.expectReset();
            }
        }
        client.expectUsable(SERVER);
    }

    /** At this rate the server sleeps for a quarter of a minute behind the first few kilobytes. */
    @ParameterizedTest
    @ValueSource(strings = {"RETR slow", "STOR slow"})
    void abortOfATransferThatARateSlowsDownIsHeard(final String command) throws Exception {
        final CountDownLatch begun = new CountDownLatch(1);
        FILES.file("slow", new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) {
                begun.countDown();
                return new ByteArrayInputStream(new byte[100_000]);
            }

            @Override
            public OutputStream write(final long offset) {
                begun.countDown();
                return new ByteArrayOutputStream();
            }
        });
        final String slow = FtpServerExtension.SLOW_USER;
        try (TransferClient limited = TransferClient.login(VIRTUAL, slow, slow);
                Transfer transfer = limited.begin(DataMode.SPSV_LOGIN_FIRST, command)) {
            if (command.startsWith("STOR")) {
                transfer.send(new byte[100_000]);
            }
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            abort(limited, "ABOR\r\n", 426);
            transfer.expectReset();
            assertThat(limited.download(DataMode.SPSV_LOGIN_LAST, "NLST missing")
                            .lastReply())
                    .startsWith("226");
        }
    }

    @Test
    void abortWithNothingToAbortIsAnswered226() throws IOException {
        client.command("ABOR", 226);
        client.control().spsv();
        client.command("ABOR", 226);
        client.command("ABOR", 226);
        client.expectUsable(SERVER);
        client.command("ABOR", 226);
        client.expectUsable(SERVER);
    }

    @Test
    void abortsAndTransfersMayAlternateFast() throws IOException {
        SERVER.file("small", new byte[] {'o', 'k'});
        for (int i = 0; i < 100; i++) {
            try (Transfer download =
                    client.begin(i % 2 == 0 ? DataMode.SPSV_LOGIN_LAST : DataMode.SPSV_LOGIN_FIRST, "RETR endless")) {
                // The data connection may be on its way still, between 200 DATA and the transfer.
                assertThat(client.control().line("ABOR").reply()).matches("42[56] .*");
                client.control().expect(226);
                assertThat(download).isNotNull();
            }
            assertThat(client.download(DataMode.SPSV_LOGIN_LAST, "RETR small").data())
                    .asString()
                    .isEqualTo("ok");
        }
    }

    private void abort(final String command, final int code) {
        abort(client, command, code);
    }

    private static void abort(final TransferClient session, final String command, final int code) {
        final long start = System.nanoTime();
        session.control().send(command);
        expectAborted(session, start, code);
    }

    private static void expectAborted(final TransferClient session, final long start, final int code) {
        session.control().expect(code);
        assertThat(session.control().expect(226)).isEqualTo("226 ABOR command successful.");
        assertAtOnce(start);
    }

    private static void assertAtOnce(final long start) {
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
                .as("ms")
                .isLessThan(AT_ONCE_MILLIS);
    }
}
