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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a data connection ends at one side is how it ends at the other, so that no part passes for the whole. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DataEndIT {
    /** What the server's end of every connection is wrapped in. */
    enum Wire {
        CLEAR,
        TLS_1_2("TLSv1.2"),
        TLS_1_3("TLSv1.3");

        private final String[] protocols;

        Wire(final String... protocols) {
            this.protocols = protocols;
        }

        boolean isTls() {
            return protocols.length > 0;
        }

        Stage open() throws IOException {
            return isTls() ? Stage.tls(settings -> settings, protocols) : new Stage();
        }
    }

    private static byte[] bytes(final int count) {
        final byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) 'x');
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void emptyFileIsAnOrderlyEndBothWays(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR empty");
                server.end();
                stage.control().line("226 done");
                assertThat(data.readToEnd()).isEmpty();
                stage.client().expect(226);
                assertThat(server.readToEnd()).isEmpty();
            }
            port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR empty");
                data.end();
                assertThat(server.readToEnd()).isEmpty();
                stage.control().line("226 done");
                stage.client().expect(226);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void uploadEndsAtTheServerAsItDoesAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(bytes(1000));
                assertThat(server.readExactly(1000)).isEqualTo(bytes(1000));
                data.end();
                assertThat(server.readToEnd()).isEmpty();
                server.end();
                assertThat(data.readToEnd()).isEmpty();
                stage.control().line("226 done");
                stage.client().expect(226);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void serversResetInADownloadIsAResetAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                server.reset();
                data.expectReset();
                stage.control().line("226 a server that thinks all is well");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "CLEAR", mode = EnumSource.Mode.EXCLUDE)
    void downloadWithoutCloseNotifyIsAResetAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000)).fin();
                data.expectReset();
                stage.control().line("226 done");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientsResetInAnUploadIsAResetAtTheServer(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(bytes(1000));
                server.readExactly(1000);
                data.reset();
                server.expectReset();
                stage.control().line("426 cut off");
                assertThat(stage.client().reply()).isEqualTo("426 cut off");
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncatedUploadIsNeverAnswered226(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(bytes(1000));
                server.readExactly(1000);
                data.reset();
                server.expectReset();
                stage.control().line("226 a server that takes a reset for an end");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    /**
     * The first version took the server's end for the end of it all, closed both sides, and passed the server's 226 on:
     * of the upload, the server had what had come up to then.
     */
    @ParameterizedTest
    @EnumSource(names = "TLS_1_2", mode = EnumSource.Mode.EXCLUDE)
    void serverThatEndsItsSideOfAnUploadAtOnceGetsAllOfIt(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                server.end();
                assertThat(data.readToEnd()).isEmpty();
                data.send(bytes(1000)).end();
                assertThat(server.readToEnd()).hasSize(1000);
                stage.control().line("226 done");
                stage.client().expect(226);
            }
            stage.expectUsable();
        }
    }

    /** As {@link #serverThatEndsItsSideOfAnUploadAtOnceGetsAllOfIt}; before TLS 1.3 a close_notify ends both sides. */
    @ParameterizedTest
    @EnumSource
    void serverThatStopsReadingAnUploadDoesNotGetAwayWith226(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(bytes(1000));
                server.readExactly(1000);
                server.end().close();
                data.readToEnd();
                stage.control().line("226 enough");
                long sent = 0;
                try {
                    while (sent < 100_000_000L) {
                        data.send(bytes(10_000));
                        sent += 10_000;
                    }
                } catch (final SocketException e) {
                    // the reset, which must come
                }
                assertThat(sent).isLessThan(100_000_000L);
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void finalReplyWaitsForTheLastByte(final Wire wire) throws Exception {
        final int size = 30_000_000;
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                final Thread sender = new Thread(() -> {
                    try {
                        for (int i = 0; i < size / 10_000; i++) {
                            server.send(bytes(10_000));
                        }
                        server.end();
                    } catch (final IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                stage.control().line("226 done, says the server before it is");
                sender.start();
                data.readExactly(1000);
                assertThat(stage.client().socket().getInputStream().available()).isZero();
                assertThat(data.readToEnd()).hasSize(size - 1000);
                sender.join();
                stage.client().expect(226);
            }
            stage.expectUsable();
        }
    }

    /** A server may have nothing to transfer, and leave the data connection as it is. */
    @ParameterizedTest
    @ValueSource(strings = {"250 no files", "226 nothing there", "332 need account"})
    void transferThatDoesNotTakePlaceIsAnEndAtTheClient(final String reply) throws Exception {
        try (Stage stage = Wire.CLEAR.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                assertThat(stage.exchange("LIST", reply)).isEqualTo(reply);
                assertThat(data.readToEnd()).isEmpty();
                server.expectGone();
            }
            stage.expectUsable();
        }
    }

    @Test
    void transferThatIsNotAnnouncedComesWhole() throws Exception {
        try (Stage stage = Wire.CLEAR.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                server.send(bytes(100_000)).end();
                assertThat(stage.exchange("LIST", "226 done")).isEqualTo("226 done");
                assertThat(data.readToEnd()).hasSize(100_000);
            }
            stage.expectUsable();
        }
    }

    /** Also to a client that takes longer than the gateway waits for a transfer that may not take place. */
    @Test
    void transferThatIsNotAnnouncedIsNotCutWhileItsClientReads() throws Exception {
        try (Stage stage = Wire.CLEAR.open().login()) {
            final int size = 12_000_000;
            final int port = stage.extendedPassive();
            final Socket slow = new Socket();
            slow.setReceiveBufferSize(4096);
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port, slow)) {
                final Thread sender = new Thread(() -> {
                    try {
                        server.send(bytes(size)).end();
                    } catch (final IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                stage.client().line("RETR file");
                stage.control().expect("RETR file");
                sender.start();
                // from the first byte on the gateway knows that the transfer takes place
                data.readExactly(1);
                stage.control().line("226 done");
                final int patience = stage.client().socket().getSoTimeout();
                stage.client().socket().setSoTimeout(2000);
                assertThatThrownBy(() -> stage.client().reply()).hasRootCauseInstanceOf(SocketTimeoutException.class);
                stage.client().socket().setSoTimeout(patience);
                assertThat(data.readToEnd()).hasSize(size - 1);
                sender.join();
                stage.client().expect(226);
            }
        }
    }

    /** Whoever connects and says nothing leaves nothing behind, see the leak check. */
    @Test
    void connectionThatIsNotUsedEnds() throws Exception {
        try (Stage stage = Wire.CLEAR.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                data.end();
                server.end();
                stage.client().line("QUIT");
                stage.control().expect("QUIT").line("221 goodbye");
                stage.client().expect(221);
                server.expectGone();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void transferRefusedAtOnceIsAnEndAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                // what is not accepted yet when the passive port is closed is reset by the system
                data.send(bytes(1));
                server.readExactly(1);
                assertThat(stage.exchange("RETR none", "550 no such file")).isEqualTo("550 no such file");
                assertThat(data.readToEnd()).isEmpty();
                server.expectGone();
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void transferThatFailsOnTheWayIsAResetAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                stage.control().line("551 the disk is broken");
                assertThat(stage.client().reply()).isEqualTo("551 the disk is broken");
                data.expectReset();
                server.expectGone();
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void uploadThatTheServerGivesUpIsRefusedAsTheServerSays(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("STOR file");
                data.send(bytes(1000));
                server.readExactly(1000);
                server.end().close();
                stage.control().line("552 the disk is full");
                assertThat(stage.client().reply()).isEqualTo("552 the disk is full");
                data.expectGone();
            }
            stage.expectUsable();
        }
    }

    /** As {@code nc -N} does. */
    @ParameterizedTest
    @EnumSource
    void clientThatEndsItsSideOfADownloadGetsAllOfIt(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                data.fin();
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                server.send(bytes(1000)).end();
                assertThat(data.readToEnd()).hasSize(1000);
                stage.control().line("226 done");
                stage.client().expect(226);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAClientSendsInADownloadDoesNotCutItOff(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                data.send(bytes(10));
                server.readExactly(10);
                server.send(bytes(1000)).end();
                assertThat(data.readToEnd()).hasSize(1000);
                stage.control().line("226 done");
                stage.client().expect(226);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void dataLoginThatFailsIsAResetAtAClientThatIsThere(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.tokenCame();
                    Peer data = stage.connectData(port)) {
                server.line("504 unknown token");
                data.expectReset();
                stage.client().line("RETR file").expect(425);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientsResetInADownloadIsAResetAtTheServerAndNo226(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                data.reset();
                server.expectReset();
                stage.control().line("226 all sent");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "CLEAR", mode = EnumSource.Mode.EXCLUDE)
    void alertInADownloadIsAResetAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                server.tls().send(server.tls().fatalAlert());
                server.fin();
                data.expectReset();
                stage.control().line("226 done");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "CLEAR", mode = EnumSource.Mode.EXCLUDE)
    void recordThatWasTamperedWithIsAResetAtTheClient(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000));
                data.readExactly(1000);
                final byte[] record = server.tls().encrypt(bytes(100));
                record[record.length - 1] ^= 1;
                server.tls().send(record);
                server.expectGone();
                assertThat(data.expectReset()).isZero();
                stage.control().line("226 done");
                stage.client().expect(426);
            }
            stage.expectUsable();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "CLEAR", mode = EnumSource.Mode.EXCLUDE)
    void closeNotifyIsAnEndThoughNoFinFollows(final Wire wire) throws Exception {
        try (Stage stage = wire.open().login()) {
            final int port = stage.extendedPassive();
            try (Peer server = stage.dataLogin();
                    Peer data = stage.connectData(port)) {
                stage.begin("RETR file");
                server.send(bytes(1000)).tls().closeNotify();
                assertThat(data.readToEnd()).hasSize(1000);
                stage.control().line("226 done");
                stage.client().expect(226);
                assertThat(server.readToEnd()).isEmpty();
            }
            stage.expectUsable();
        }
    }
}
