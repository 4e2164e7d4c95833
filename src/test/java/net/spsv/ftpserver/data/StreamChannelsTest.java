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

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.ftpserver.filesystem.nativefs.impl.NativeFtpFile;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.WritePermission;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class StreamChannelsTest {

    @TempDir
    private Path directory;

    private File file;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void createFile() throws IOException {
        file = Files.createFile(directory.resolve("file")).toFile();
    }

    @AfterEach
    void closeStreams() throws Exception {
        for (final AutoCloseable stream : opened) {
            stream.close();
        }
    }

    @Test
    void plainFileStreamsAreReadThroughTheirChannel() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file))))
                .isTrue();
        assertThat(StreamChannels.isPlainFile(opened(new FileOutputStream(file))))
                .isTrue();
    }

    @Test
    void streamsOfFtpServersOwnFilesAreReadThroughTheirChannel() throws IOException {
        final BaseUser user = new BaseUser();
        user.setName("user");
        user.setAuthorities(Collections.singletonList(new WritePermission()));
        final NativeFtpFile ftpFile = new OwnFile("/file", file, user);

        final InputStream in = opened(ftpFile.createInputStream(0));
        final OutputStream out = opened(ftpFile.createOutputStream(0));

        assertThat(StreamChannels.isPlainFile(in)).isTrue();
        assertThat(StreamChannels.isPlainFile(out)).isTrue();
    }

    @Test
    void streamsThatOnlyDoMoreAtTheirCloseArePlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new ClosingInput(file)))).isTrue();
        assertThat(StreamChannels.isPlainFile(opened(new ClosingOutput(file)))).isTrue();
    }

    @Test
    void streamThatChangesWhatIsReadIsNotPlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file) {
                    @Override
                    public int read() {
                        return -1;
                    }
                })))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new DecryptingInput(file))))
                .isFalse();
    }

    @Test
    void overridingAncestorIsFound() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new DecryptingInput(file) {
                    @Override
                    public void close() throws IOException {
                        super.close();
                    }
                })))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new CountingOutput(file) {})))
                .isFalse();
    }

    @Test
    void streamThatSkipsOrTellsAnotherSizeIsNotPlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file) {
                    @Override
                    public int available() {
                        return 0;
                    }
                })))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file) {
                    @Override
                    public long skip(final long count) {
                        return 0;
                    }
                })))
                .isFalse();
    }

    @Test
    void streamThatGivesAnotherChannelIsNotPlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file) {
                    @Override
                    public FileChannel getChannel() {
                        throw new UnsupportedOperationException();
                    }
                })))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new FileOutputStream(file) {
                    @Override
                    public FileChannel getChannel() {
                        throw new UnsupportedOperationException();
                    }
                })))
                .isFalse();
    }

    @Test
    void streamThatChangesWhatIsWrittenIsNotPlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new CountingOutput(file)))).isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new FileOutputStream(file) {
                    @Override
                    public void flush() throws IOException {
                        throw new IOException("quota");
                    }
                })))
                .isFalse();
    }

    @Test
    void methodsOfTheStreamsOwnDoNotMatter() throws IOException {
        assertThat(StreamChannels.isPlainFile(opened(new FileInputStream(file) {
                    @SuppressWarnings("unused")
                    public int read(final String what) {
                        return 0;
                    }
                })))
                .isTrue();
    }

    @Test
    void streamsOfOtherKindsAreNotPlain() throws IOException {
        assertThat(StreamChannels.isPlainFile(new ByteArrayInputStream(new byte[0])))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(new ByteArrayOutputStream())).isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new BufferedInputStream(new FileInputStream(file)))))
                .isFalse();
        assertThat(StreamChannels.isPlainFile(opened(new BufferedOutputStream(new FileOutputStream(file)))))
                .isFalse();
        assertThat(StreamChannels.isPlainFile((InputStream) null)).isFalse();
        assertThat(StreamChannels.isPlainFile((OutputStream) null)).isFalse();
    }

    private <T extends AutoCloseable> T opened(final T stream) {
        opened.add(stream);
        return stream;
    }

    /** The constructor is protected. */
    private static final class OwnFile extends NativeFtpFile {
        OwnFile(final String name, final File file, final BaseUser user) {
            super(name, file, user);
        }
    }

    private static final class ClosingInput extends FileInputStream {
        ClosingInput(final File file) throws FileNotFoundException {
            super(file);
        }

        @Override
        public void close() throws IOException {
            super.close();
        }
    }

    private static final class ClosingOutput extends FileOutputStream {
        ClosingOutput(final File file) throws FileNotFoundException {
            super(file);
        }

        @Override
        public void close() throws IOException {
            super.close();
        }
    }

    private static class DecryptingInput extends FileInputStream {
        DecryptingInput(final File file) throws FileNotFoundException {
            super(file);
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) throws IOException {
            return super.read(target, offset, length);
        }
    }

    private static class CountingOutput extends FileOutputStream {
        CountingOutput(final File file) throws FileNotFoundException {
            super(file);
        }

        @Override
        public void write(final byte[] source, final int offset, final int length) throws IOException {
            super.write(source, offset, length);
        }
    }
}
