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
package net.spsv.ftpserver.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Only close_notify ends a file: FIN and RST can come from anybody on the path. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TlsEndOfFileIT {
    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers();

    private static final byte[] CONTENT = new RandomContent(7, 100_000).bytes();

    /** How an upload ends that must not pass for a whole one. */
    enum Cut {
        FIN {
            @Override
            void make(final TlsConnection data) throws IOException {
                data.fin();
            }
        },
        RST {
            @Override
            void make(final TlsConnection data) {
                data.reset();
            }
        },
        FIN_IN_MID_RECORD {
            @Override
            void make(final TlsConnection data) throws IOException {
                final byte[] record = data.encrypt(new byte[1000]);
                data.send(Arrays.copyOf(record, 500)).fin();
            }
        },
        FIN_IN_MID_HEADER {
            @Override
            void make(final TlsConnection data) throws IOException {
                data.send(Arrays.copyOf(data.encrypt(new byte[1000]), 3)).fin();
            }
        },
        FIN_IN_MID_CLOSE_NOTIFY {
            @Override
            void make(final TlsConnection data) throws IOException {
                final byte[] record = data.encryptCloseNotify();
                data.send(Arrays.copyOf(record, record.length - 1)).fin();
            }
        },
        RST_IN_MID_RECORD {
            @Override
            void make(final TlsConnection data) throws IOException {
                final byte[] record = data.encrypt(new byte[1000]);
                data.send(Arrays.copyOf(record, 500)).reset();
            }
        };

        abstract void make(TlsConnection data) throws IOException;
    }

    @BeforeAll
    static void source() {
        SERVERS.file("source", CONTENT);
        SERVERS.file("empty", new byte[0]);
    }

    static List<Arguments> ways() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : Way.values()) {
            if (way.isSinglePort()) {
                all.add(Arguments.of(way, "TLSv1.2"));
                all.add(Arguments.of(way, "TLSv1.3"));
            }
        }
        return all;
    }

    static List<Arguments> waysAndCuts() {
        final List<Arguments> all = new ArrayList<>();
        for (final Arguments way : ways()) {
            for (final Cut cut : Cut.values()) {
                all.add(Arguments.of(way.get()[0], way.get()[1], cut));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("ways")
    void downloadEndsWithCloseNotifyAndFinAndWaitsForNothing(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            for (final String file : new String[] {"source", "empty"}) {
                try (DataConnection data = session.begin("RETR " + file)) {
                    assertThat(data.records().readToCloseNotify())
                            .isEqualTo(SERVERS.of(way).content(file));
                    data.records().expectFin();
                    // the client's end is open and has said nothing
                    session.control().expect(226);
                }
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void convertedDownloadEndsWithCloseNotifyAndFin(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            final String[][] transfers = {
                {"LIST"}, {"MLSD"}, {"TYPE A", "RETR source"}, {"MODE Z", "RETR source"}, {"MODE Z", "LIST"}
            };
            for (final String[] commands : transfers) {
                try (DataConnection data = session.begin(commands)) {
                    assertThat(data.records().readToCloseNotify()).isNotEmpty();
                    data.records().expectFin();
                    session.control().expect(226);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("waysAndCuts")
    void uploadWithoutCloseNotifyIsNotWhole(final Way way, final String protocol, final Cut cut) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR cut")) {
                data.records().write(CONTENT);
                cut.make(data.records());
                // RST may be there before the server has ended a handshake that has ended for the client
                session.control().getReply();
                assertThat(session.control().getReplyCode())
                        .isIn(426, way == Way.CLEAR_LOGIN && cut.name().startsWith("RST") ? 425 : 426);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void uploadOfNothingWithoutCloseNotifyIsNotWhole(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR cut")) {
                data.records().fin();
                session.control().expect(426);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void convertedUploadWithoutCloseNotifyIsNotWhole(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("TYPE A", "STOR cut")) {
                data.records().write(CONTENT).fin();
                session.control().expect(426);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void compressedUploadWithoutCloseNotifyIsNotWhole(final Way way, final String protocol) throws IOException {
        final byte[] compressed = deflated();
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            session.control().command("MODE Z", 200);
            try (DataConnection data = session.begin("STOR cut")) {
                data.records().write(Arrays.copyOf(compressed, 50_000)).fin();
                session.control().expect(426);
            }
            // all of the compressed file has come, but not the end of the connection
            try (DataConnection data = session.begin("STOR cut")) {
                data.records().write(compressed).fin();
                session.control().expect(426);
            }
            try (DataConnection data = session.begin("STOR whole")) {
                data.records().write(compressed).closeNotify();
                session.control().expect(226);
            }
            assertThat(SERVERS.of(way).content("whole")).isEqualTo(CONTENT);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void uploadWithCloseNotifyIsWholeAtOnce(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            for (final byte[] content : new byte[][] {CONTENT, {}}) {
                try (DataConnection data = session.begin("STOR whole")) {
                    data.records().write(content).closeNotify();
                    // the client's end stays open
                    session.control().expect(226);
                    assertThat(SERVERS.of(way).content("whole")).isEqualTo(content);
                    assertThat(data.records().readToCloseNotify()).isEmpty();
                    data.records().expectFin();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void uploadWithCloseNotifyMayBeFollowedByTheEndOfTheConnection(final Way way, final String protocol)
            throws IOException {
        final byte[] content = Arrays.copyOf(CONTENT, 20_000);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            for (int i = 0; i < 10; i++) {
                try (DataConnection data = session.begin("STOR whole")) {
                    final ByteArrayOutputStream all = new ByteArrayOutputStream();
                    all.write(data.records().encrypt(content));
                    all.write(data.records().encryptCloseNotify());
                    data.records().send(all.toByteArray());
                }
                session.control().expect(226);
                assertThat(SERVERS.of(way).content("whole")).isEqualTo(content);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void whatComesBehindCloseNotifyIsNotPartOfTheFile(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR whole")) {
                final ByteArrayOutputStream all = new ByteArrayOutputStream();
                all.write(data.records().encrypt(CONTENT));
                all.write(data.records().encryptCloseNotify());
                all.write("in clear".getBytes("US-ASCII"));
                data.records().send(all.toByteArray());
                session.control().expect(226);
            }
            assertThat(SERVERS.of(way).content("whole")).isEqualTo(CONTENT);
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void downloadThatTheClientCutsOffIsNotWhole(final Way way, final String protocol) throws IOException {
        SERVERS.file("long", new byte[8 * 1024 * 1024]);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("RETR long")) {
                data.records().readSome(50_000);
            }
            session.control().expect(426);
            try (DataConnection data = session.begin("RETR long")) {
                data.records().readSome(50_000).reset();
                session.control().expect(426);
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void downloadThatTheServerCutsOffDoesNotLookWhole(final Way way, final String protocol) throws IOException {
        SERVERS.file("long", new byte[8 * 1024 * 1024]);
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords();
                DataConnection data = session.begin("RETR long")) {
            data.records().readSome(50_000);
            session.control().disconnect();
            assertThatThrownBy(data.records()::readToCloseNotify)
                    .isInstanceOfAny(EOFException.class, SocketException.class);
        }
    }

    private static byte[] deflated() throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes)) {
            out.write(CONTENT);
        }
        return bytes.toByteArray();
    }
}
