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

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Transfers over TLS that are ended from without: by ABOR, with their control connection, or by time. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class TlsAbortIT {
    private static final Duration IDLE = Duration.ofSeconds(2);

    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers();

    @RegisterExtension
    static final TlsServers IMPATIENT = new TlsServers(server -> server.dataIdleTimeout((int) IDLE.getSeconds()));

    @BeforeAll
    static void endless() throws IOException {
        for (final TlsServers servers : new TlsServers[] {SERVERS, IMPATIENT}) {
            for (final Way way : Way.values()) {
                try (RandomAccessFile file =
                        new RandomAccessFile(servers.path(way, "endless").toFile(), "rw")) {
                    file.setLength(1L << 40);
                }
            }
        }
    }

    static List<Arguments> ways() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : new Way[] {Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN}) {
            all.add(Arguments.of(way, "TLSv1.2"));
            all.add(Arguments.of(way, "TLSv1.3"));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aborEndsADownloadAndTheClientSeesThatItWasCut(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            for (final boolean reading : new boolean[] {true, false}) {
                try (DataConnection data = session.begin("RETR endless")) {
                    data.records().readSome(reading ? 1_000_000 : 1);
                    session.control().command("ABOR", 426);
                    session.control().expect(226);
                    assertCut(data);
                }
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aborEndsAnUpload(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("STOR aborted")) {
                data.records().write(new byte[100_000]);
                awaitContent(SERVERS.path(way, "aborted"));
                session.control().command("ABOR", 426);
                session.control().expect(226);
                assertCut(data);
            } finally {
                Files.deleteIfExists(SERVERS.path(way, "aborted"));
            }
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aborEndsTheWaitForADataConnection(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords()) {
            session.control().spsv();
            session.control().command("RETR endless", 150);
            session.control().command("ABOR", 425);
            session.control().expect(226);
            session.expectUsable(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void transferEndsWithItsControlConnection(final Way way, final String protocol) throws IOException {
        for (final String transfer : new String[] {"RETR endless", "STOR orphan"}) {
            try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords();
                    DataConnection data = session.begin(transfer)) {
                if (transfer.startsWith("RETR")) {
                    data.records().readSome(50_000);
                } else {
                    data.records().write(new byte[50_000]);
                }
                session.control().disconnect();
                assertCut(data);
            }
            awaitNobody(SERVERS.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void unusedDataConnectionEndsWithItsControlConnection(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(SERVERS, way, protocol).byRecords();
                DataConnection data = session.prepare().secure()) {
            session.control().disconnect();
            assertThatThrownBy(() -> readRaw(data)).isInstanceOf(EOFException.class);
        }
        awaitNobody(SERVERS.of(way));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void clientThatStopsReadingIsDroppedAfterTheIdleTimeout(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(IMPATIENT, way, protocol).byRecords()) {
            try (DataConnection data = session.begin("RETR endless")) {
                data.records().readSome(1);
                final long start = System.nanoTime();
                session.control().expect(426);
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isBetween(IDLE.dividedBy(2), Duration.ofSeconds(12));
                assertCut(data);
            }
            session.expectUsable(IMPATIENT.of(way));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void clientThatStopsWritingIsDroppedAfterTheIdleTimeout(final Way way, final String protocol) throws IOException {
        try (TlsSession session = TlsSession.login(IMPATIENT, way, protocol).byRecords()) {
            for (final boolean midRecord : new boolean[] {false, true}) {
                try (DataConnection data = session.begin("STOR stalled")) {
                    data.records().write(new byte[1000]);
                    if (midRecord) {
                        final byte[] record = data.records().encrypt(new byte[1000]);
                        data.records().send(Arrays.copyOf(record, 100));
                    }
                    final long start = System.nanoTime();
                    session.control().expect(426);
                    assertThat(Duration.ofNanos(System.nanoTime() - start))
                            .isBetween(IDLE.dividedBy(2), Duration.ofSeconds(12));
                    assertCut(data);
                }
            }
            session.expectUsable(IMPATIENT.of(way));
        }
    }

    /** Fails if what the server has sent looks like a whole file. */
    private static void assertCut(final DataConnection data) {
        assertThatThrownBy(data.records()::readToCloseNotify)
                .isInstanceOfAny(EOFException.class, SocketException.class);
    }

    /** Reads until the connection ends, however: an EOFException or close_notify, which becomes one. */
    private static void readRaw(final DataConnection data) throws IOException {
        try {
            data.records().readToCloseNotify();
        } catch (final SocketException e) {
            throw (EOFException) new EOFException().initCause(e);
        }
        throw new EOFException("close_notify");
    }

    /** With TLSv1.3 the client's handshake ends before the server's, and ABOR before that ends a wait. */
    private static void awaitContent(final Path file) {
        Awaitility.await().until(() -> Files.exists(file) && Files.size(file) > 0);
    }

    private static void awaitNobody(final FtpServerExtension server) {
        Awaitility.await().until(() -> server.statistics().getCurrentConnectionNumber() == 0);
    }
}
