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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.apache.commons.net.DefaultSocketFactory;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPSClient;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody on the path ends a protected data connection towards the client with a FIN, and goes on taking the file from
 * the server, which then says 226. What the client has is a part of the file, and it must not say otherwise.
 */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class CutOffDownloadIT {
    private static final byte[] CONTENT = new byte[300_000];

    @RegisterExtension
    static final Servers SERVERS = new Servers();

    private final CuttingFactory path = new CuttingFactory();
    private FTPSClient client;

    /** Where it is cut. */
    enum Cut {
        NOWHERE,
        IN_MID_RECORD,
        BETWEEN_RECORDS,
        /** The file is all there, but who is to know. */
        BEFORE_CLOSE_NOTIFY
    }

    @BeforeEach
    void files() {
        new Random(1).nextBytes(CONTENT);
        for (final Kind kind : new Kind[] {Kind.EXPLICIT, Kind.IMPLICIT}) {
            SERVERS.of(kind).file("file", CONTENT);
        }
    }

    @AfterEach
    void disconnect() throws IOException {
        if (client != null) {
            client.disconnect();
        }
    }

    static List<Arguments> kindsProtocolsAndCuts() {
        final List<Arguments> all = new ArrayList<>();
        for (final Kind kind : new Kind[] {Kind.EXPLICIT, Kind.IMPLICIT}) {
            for (final String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
                for (final Cut cut : new Cut[] {Cut.IN_MID_RECORD, Cut.BETWEEN_RECORDS, Cut.BEFORE_CLOSE_NOTIFY}) {
                    all.add(Arguments.of(kind, protocol, cut));
                }
            }
        }
        return all;
    }

    private void login(final Kind kind, final String protocol) throws IOException {
        client = (FTPSClient) kind.create();
        client.setSocketFactory(path);
        client.setEnabledProtocols(new String[] {protocol});
        Kind.login(client, SERVERS.of(kind));
    }

    @ParameterizedTest
    @MethodSource("kindsProtocolsAndCuts")
    void partOfAFileOrListingIsAnExceptionThoughTheServerSays226(final Kind kind, final String protocol, final Cut cut)
            throws IOException {
        login(kind, protocol);
        path.cut = cut;
        expectCut(() -> client.retrieveFile("file", new ByteArrayOutputStream()));
        expectCut(() -> {
            try (InputStream in = client.retrieveFileStream("file")) {
                SinglePortTransferIT.copy(in, new ByteArrayOutputStream());
            }
        });
        if (cut == Cut.BEFORE_CLOSE_NOTIFY) {
            expectCut(() -> client.listNames());
            expectCut(() -> client.listFiles());
        } else {
            client.setFileTransferMode(FTP.DEFLATE_TRANSFER_MODE);
            expectCut(() -> client.retrieveFile("file", new ByteArrayOutputStream()));
            client.setFileTransferMode(FTP.STREAM_TRANSFER_MODE);
        }
        path.cut = Cut.NOWHERE;
        expectUsable();
    }

    private void expectCut(final ThrowingCallable transfer) throws IOException {
        // as Commons Net passes it on, listNames since 3.12 unchecked
        assertThatThrownBy(transfer)
                .isInstanceOfAny(IOException.class, UncheckedIOException.class)
                .hasStackTraceContaining("close_notify");
        assertThat(client.completePendingCommand())
                .as("the server knows nothing of it")
                .isTrue();
        assertThat(client.getReplyCode()).isEqualTo(226);
    }

    private void expectUsable() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(client.retrieveFile("file", out)).as(client.getReplyString()).isTrue();
        assertThat(out.toByteArray()).isEqualTo(CONTENT);
        assertThat(client.storeFile("stored", new ByteArrayInputStream(CONTENT)))
                .isTrue();
        assertThat(client.listNames()).contains("stored");
    }

    /** Makes sockets of which the first one is the control connection's and is left alone. */
    private static final class CuttingFactory extends DefaultSocketFactory {
        private Cut cut = Cut.NOWHERE;
        private int made;

        @Override
        public Socket createSocket() {
            if (made++ == 0) {
                return new Socket();
            }
            final Cut where = cut;
            return new Socket() {
                @Override
                public InputStream getInputStream() throws IOException {
                    final InputStream in = super.getInputStream();
                    return where == Cut.NOWHERE ? in : new CutStream(in, where);
                }
            };
        }
    }

    /** What comes from the server, a TLS record at a time, up to the cut. */
    private static final class CutStream extends FilterInputStream {
        private static final int HANDSHAKE = 22;
        private static final int ALERT = 21;
        private static final int APPLICATION_DATA = 23;
        private static final int HEADER = 5;
        /** An alert of TLS 1.3 as it looks from outside, with the padding that the JDK gives it. */
        private static final int ENCRYPTED_ALERT = 35;
        /** What goes through before; more than the handshake and the login. */
        private static final int BEFORE_THE_CUT = 50_000;

        private final DataInputStream records;
        private final Cut cut;
        private byte[] record = {};
        private int position;
        private int total;
        private boolean tls;
        private boolean ended;

        CutStream(final InputStream in, final Cut cut) {
            super(in);
            this.records = new DataInputStream(in);
            this.cut = cut;
        }

        @Override
        public int read() throws IOException {
            final byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(final byte[] bytes, final int offset, final int length) throws IOException {
            if (position == record.length && !ended) {
                load();
            }
            if (position == record.length) {
                return -1;
            }
            final int count = Math.min(length, record.length - position);
            System.arraycopy(record, position, bytes, offset, count);
            position += count;
            total += count;
            return count;
        }

        private void load() throws IOException {
            final int type = records.read();
            tls |= type == HANDSHAKE;
            position = 0;
            if (!tls || type < 0) {
                record = type < 0 ? new byte[0] : new byte[] {(byte) type};
                ended = type < 0;
                return;
            }
            final byte[] header = new byte[HEADER];
            header[0] = (byte) type;
            records.readFully(header, 1, HEADER - 1);
            final int length = (header[3] & 255) << 8 | header[4] & 255;
            record = Arrays.copyOf(header, HEADER + length);
            records.readFully(record, HEADER, length);
            if (isCut(type, length)) {
                record = cut == Cut.IN_MID_RECORD ? Arrays.copyOf(record, record.length / 2) : new byte[0];
                ended = true;
                drain();
            }
        }

        private boolean isCut(final int type, final int length) {
            return cut == Cut.BEFORE_CLOSE_NOTIFY
                    ? type == ALERT || type == APPLICATION_DATA && length == ENCRYPTED_ALERT
                    : total > BEFORE_THE_CUT;
        }

        private void drain() throws IOException {
            final byte[] rest = new byte[8192];
            while (in.read(rest) >= 0) {
                // the server shall think that it is all there
            }
        }

        @Override
        public int available() {
            return record.length - position;
        }
    }
}
