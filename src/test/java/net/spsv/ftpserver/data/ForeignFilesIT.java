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
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file system of an installation's own gives through SPSV what its streams say, as it does through PASV. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ForeignFilesIT {
    private static final VirtualFiles FILES = new VirtualFiles();
    private static final int CHUNK = 256 * 1024;
    private static final int KEY = 0x5a;

    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().factory(factory -> factory.setFileSystem(FILES));

    private final byte[] content = new byte[2 * CHUNK + 1];
    private TransferClient client;

    @BeforeEach
    void login() {
        final long seed = System.nanoTime();
        System.out.println("ForeignFilesIT: seed " + seed);
        new Random(seed).nextBytes(content);
        client = TransferClient.login(SERVER);
    }

    @AfterEach
    void logout() {
        client.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST", "PASV"})
    void streamsThatAreNoFilesGiveTheirBytes(final DataMode mode) throws IOException {
        final AtomicReference<ByteArrayOutputStream> stored = new AtomicReference<>();
        FILES.file("memory", new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) {
                return new ByteArrayInputStream(content, (int) offset, content.length);
            }

            @Override
            public OutputStream write(final long offset) {
                stored.set(new ByteArrayOutputStream());
                return stored.get();
            }
        });
        assertThat(client.download(mode, "RETR memory").data()).isEqualTo(content);
        assertThat(client.download(mode, "REST 1000", "RETR memory").data())
                .isEqualTo(Arrays.copyOfRange(content, 1000, content.length));
        assertThat(client.upload(mode, content, "STOR memory").lastReply()).startsWith("226");
        assertThat(stored.get().toByteArray()).isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST", "PASV"})
    void fileStreamsThatChangeWhatTheyReadAndWriteAreNotGoneAround(final DataMode mode) throws IOException {
        final Path file = SERVER.file("changed", changed(content));
        FILES.file("secret", new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) throws IOException {
                final InputStream in = new DecryptingStream(file.toFile());
                assertThat(in.skip(offset)).isEqualTo(offset);
                return in;
            }

            @Override
            public OutputStream write(final long offset) throws IOException {
                return new EncryptingStream(file.toFile());
            }
        });
        assertThat(client.download(mode, "RETR secret").data()).isEqualTo(content);
        final byte[] other = Arrays.copyOfRange(content, 100, content.length);
        assertThat(client.upload(mode, other, "STOR secret").lastReply()).startsWith("226");
        assertThat(SERVER.content("changed")).isEqualTo(changed(other));
        Files.delete(file);
    }

    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST", "PASV"})
    void plainFileStreamsAreReadFromWhereTheyStand(final DataMode mode) throws IOException {
        final Path file = SERVER.file("plain", content);
        FILES.file("with-header", offset -> {
            final InputStream in = new FileInputStream(file.toFile());
            assertThat(in.skip(10 + offset)).isEqualTo(10 + offset);
            return in;
        });
        assertThat(client.download(mode, "RETR with-header").data())
                .isEqualTo(Arrays.copyOfRange(content, 10, content.length));
        Files.delete(file);
    }

    @SuppressWarnings("try") // closed or left open on purpose
    @ParameterizedTest
    @EnumSource(names = {"SPSV_LOGIN_FIRST", "SPSV_LOGIN_LAST", "PASV"})
    void errorOfTheFileIsAnswered551AndNotCounted(final DataMode mode) throws IOException {
        final int downloads = SERVER.statistics().getTotalDownloadNumber();
        final int uploads = SERVER.statistics().getTotalUploadNumber();
        FILES.file("broken", new VirtualFiles.Streams() {
            @Override
            public InputStream read(final long offset) throws IOException {
                throw new IOException("The disk is on fire");
            }

            @Override
            public OutputStream write(final long offset) {
                return new OutputStream() {
                    @Override
                    public void write(final int octet) throws IOException {
                        throw new IOException("The disk is full");
                    }
                };
            }
        });
        try (Transfer download = client.begin(mode, "RETR broken")) {
            client.control().expect(551);
        }
        try (Transfer upload = client.begin(mode, "STOR broken")) {
            upload.send(new byte[100_000]);
            upload.data().shutdownOutput();
            assertThat(client.control().reply()).matches("(426|551) .*");
        }
        assertThat(SERVER.statistics().getTotalDownloadNumber()).isEqualTo(downloads);
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(uploads);
        FILES.file("fine", offset -> new ByteArrayInputStream(content));
        assertThat(client.download(mode, "RETR fine").data()).isEqualTo(content);
    }

    @Test
    void downloadThatTheFileBreaksOffEndsWithAReset() throws IOException {
        FILES.file("breaks", offset -> new InputStream() {
            private int left = 100_000;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw new IOException("The disk is on fire");
                }
                return 'x';
            }

            @Override
            public int read(final byte[] target, final int at, final int length) throws IOException {
                target[at] = (byte) read();
                return 1;
            }
        });
        for (final String transferMode : new String[] {"MODE S", "MODE Z"}) {
            try (Transfer download = client.begin(DataMode.SPSV_LOGIN_FIRST, transferMode, "RETR breaks")) {
                download.expectReset();
                assertThat(client.control().reply()).matches("(426|551) .*");
            }
        }
    }

    private static byte[] changed(final byte[] bytes) {
        final byte[] changed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            changed[i] = (byte) (bytes[i] ^ KEY);
        }
        return changed;
    }

    /** Its channel would give other bytes than it does. */
    private static final class DecryptingStream extends FileInputStream {
        DecryptingStream(final File file) throws IOException {
            super(file);
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) throws IOException {
            final int count = super.read(target, offset, length);
            for (int i = 0; i < count; i++) {
                target[offset + i] ^= KEY;
            }
            return count;
        }
    }

    private static final class EncryptingStream extends FileOutputStream {
        EncryptingStream(final File file) throws IOException {
            super(file);
        }

        @Override
        public void write(final byte[] source, final int offset, final int length) throws IOException {
            super.write(changed(Arrays.copyOfRange(source, offset, offset + length)));
        }
    }
}
