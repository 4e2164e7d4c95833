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

import static net.spsv.ftpserver.tls.TlsConnection.together;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Records keep their order, and login and data are told apart, however records and segments are cut. */
@Timeout(300)
@ExtendWith(LeakCheckExtension.class)
class TlsPipeliningIT {
    @RegisterExtension
    static final TlsServers SERVERS = new TlsServers();

    private static final byte[] CONTENT = new RandomContent(13, 40_000).bytes();
    private static final byte[] LARGE = new RandomContent(17, 1024 * 1024).bytes();

    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void source() {
        SERVERS.file("source", CONTENT);
    }

    static List<Arguments> ways() {
        final List<Arguments> all = new ArrayList<>();
        for (final Way way : new Way[] {Way.EXPLICIT, Way.IMPLICIT}) {
            all.add(Arguments.of(way, "TLSv1.2"));
            all.add(Arguments.of(way, "TLSv1.3"));
        }
        return all;
    }

    @AfterEach
    void close() throws Exception {
        for (final AutoCloseable one : open) {
            one.close();
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void userAndPassInOneRecord(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final TlsConnection data = secured(session);
            data.send(data.encrypt(user(endpoint) + pass(endpoint)));
            expectLogin(session, data);
            expectDownload(session, data);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void userAndPassInTwoRecordsOfOneSegment(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final TlsConnection data = secured(session);
            data.send(together(data.encrypt(user(endpoint)), data.encrypt(pass(endpoint))));
            expectLogin(session, data);
            expectDownload(session, data);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void everyByteInASegmentOfItsOwn(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        final RawFtpClient.Endpoint endpoint = session.control().spsv();
        final RawFtpClient raw = connected(session);
        final TlsConnection data = secured(session, raw);
        raw.sendApart(Fragments.single(data.encrypt(user(endpoint))));
        raw.sendApart(Fragments.single(data.encrypt(pass(endpoint))));
        expectLogin(session, data);
        session.control().command("STOR stored", 150);
        raw.sendApart(Fragments.single(data.encrypt("bytes")));
        raw.sendApart(Fragments.single(data.encryptCloseNotify()));
        session.control().expect(226);
        assertThat(SERVERS.of(way).content("stored")).isEqualTo("bytes".getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @EnumSource(
            value = Way.class,
            names = {"EXPLICIT", "IMPLICIT"})
    void loginCutIntoTwoRecordsAtAnyPoint(final Way way) throws IOException {
        final TlsSession session = session(way, "TLSv1.3");
        final int length = user(session.control().spsv()).length() + 5 + 32 + 2;
        for (int at = 1; at < length; at++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final String login = user(endpoint) + pass(endpoint);
            try (TlsConnection data = secured(session)) {
                final byte[] first = data.encrypt(login.substring(0, at));
                final byte[] second = data.encrypt(login.substring(at));
                if (at % 2 == 0) {
                    data.send(together(first, second));
                } else {
                    data.send(first).send(second);
                }
                expectLogin(session, data);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void passAndTheWholeUploadInOneRecord(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (final boolean commandFirst : new boolean[] {true, false}) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            if (commandFirst) {
                session.control().command("STOR stored", 150);
            }
            final TlsConnection data = secured(session);
            greeting(session, data);
            data.lines().send(user(endpoint)).expect(331);
            data.send(withEnd(session, data, data.encrypt(pass(endpoint) + "the upload")));
            data.lines().expectData();
            end(session, data);
            if (!commandFirst) {
                session.control().command("STOR stored", 150);
            }
            session.control().expect(226);
            assertThat(SERVERS.of(way).content("stored")).isEqualTo("the upload".getBytes(StandardCharsets.US_ASCII));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void userPassAndTheUploadWithItsEndInOneSegment(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final TlsConnection data = secured(session);
            data.send(withEnd(
                    session, data, data.encrypt(user(endpoint)), data.encrypt(pass(endpoint)), data.encrypt(CONTENT)));
            expectLogin(session, data);
            end(session, data);
            session.control().command("STOR stored", 150);
            session.control().expect(226);
            assertThat(SERVERS.of(way).content("stored")).isEqualTo(CONTENT);
        }
    }

    /** RFC 5246, 7.2.1: close_notify is answered with close_notify, and what was to be written is discarded. */
    @ParameterizedTest
    @EnumSource(
            value = Way.class,
            names = {"EXPLICIT", "IMPLICIT"})
    void uploadOfAClientThatCannotHearTheReplyAnyMoreIsWhole(final Way way) throws IOException {
        assumeTrue(HostMina.hearsCloseNotifyBehindLogin("TLSv1.3"), "MINA 2.1 closes the connection");
        final TlsSession session = session(way, "TLSv1.2");
        final RawFtpClient.Endpoint endpoint = session.control().spsv();
        session.control().command("STOR stored", 150);
        final TlsConnection data = secured(session);
        greeting(session, data);
        data.lines().send(user(endpoint)).expect(331);
        data.send(together(data.encrypt(pass(endpoint) + "the upload"), data.encryptCloseNotify()));

        session.control().expect(226);
        assertThat(SERVERS.of(way).content("stored")).isEqualTo("the upload".getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void fatalAlertBehindPassIsNoEndOfFile(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            session.control().command("STOR stored", 150);
            final TlsConnection data = secured(session);
            greeting(session, data);
            data.lines().send(user(endpoint)).expect(331);
            data.send(together(data.encrypt(pass(endpoint) + "part"), data.fatalAlert()));
            // 425 at once, or none before ABOR if MINA has dropped the login before it came to its end
            session.control().command("ABOR", 425);
            session.control().expect(226);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void changedRecordBehindPassIsNoEndOfFile(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 3; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            session.control().command("STOR stored", 150);
            final TlsConnection data = secured(session);
            greeting(session, data);
            final byte[] login = data.encrypt(user(endpoint));
            final byte[] part = data.encrypt(pass(endpoint) + "part");
            final byte[] changed = data.encrypt("more and more");
            changed[changed.length - 3] ^= 1;
            data.send(together(login, part, changed));
            awaitEnd(data);
            session.control().command("ABOR", 425);
            session.control().expect(226);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void passEndsInMidRecordOfASegment(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        final RawFtpClient.Endpoint endpoint = session.control().spsv();
        final RawFtpClient raw = connected(session);
        final TlsConnection data = secured(session, raw);
        greeting(session, data);
        data.lines().send(user(endpoint)).expect(331);
        final byte[] all = together(data.encrypt(pass(endpoint)), data.encrypt(CONTENT), data.encryptCloseNotify());
        raw.sendApart(Arrays.copyOf(all, 400)).sendBytes(Arrays.copyOfRange(all, 400, all.length));
        data.lines().expectData();
        end(session, data);
        session.control().command("STOR stored", 150);
        session.control().expect(226);
        assertThat(SERVERS.of(way).content("stored")).isEqualTo(CONTENT);
    }

    @ParameterizedTest
    @EnumSource(
            value = Way.class,
            names = {"EXPLICIT", "IMPLICIT"})
    void finishedUserAndPassInOneSegment(final Way way) throws IOException {
        final TlsSession session = session(way, "TLSv1.3");
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final TlsConnection data = over(session, connected(session));
            final byte[] small = "all of it in one flight".getBytes(StandardCharsets.US_ASCII);
            final byte[] finished = data.handshakeUpToLastFlight();
            assertThat(finished).isNotEmpty();
            if (i % 2 == 0) {
                data.send(together(finished, data.encrypt(user(endpoint)), data.encrypt(pass(endpoint))));
                expectLogin(session, data);
                expectDownload(session, data);
            } else {
                data.send(together(
                        finished,
                        withEnd(session, data, data.encrypt(user(endpoint) + pass(endpoint)), data.encrypt(small))));
                expectLogin(session, data);
                end(session, data);
                session.control().command("STOR stored", 150);
                session.control().expect(226);
                assertThat(SERVERS.of(way).content("stored")).isEqualTo(small);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void largeUploadBehindPassBeforeAnythingIsRead(final Way way, final String protocol) throws IOException {
        final TlsSession session = session(way, protocol);
        for (int i = 0; i < 5; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            session.control().command("STOR stored", 150);
            final TlsConnection data = secured(session);
            data.send(data.encrypt(user(endpoint)));
            data.send(data.encrypt(pass(endpoint)));
            data.send(withEnd(session, data, data.encrypt(LARGE)));
            expectLogin(session, data);
            end(session, data);
            session.control().expect(226);
            assertThat(SERVERS.of(way).content("stored")).isEqualTo(LARGE);
        }
    }

    @ParameterizedTest
    @EnumSource(TlsSession.Order.class)
    void clientHelloAndUploadAreNotHeldUpByTheOrderOfThings(final TlsSession.Order order) throws IOException {
        final TlsSession session =
                session(Way.CLEAR_LOGIN, "TLSv1.3").byRecords().order(order);
        for (int i = 0; i < 10; i++) {
            try (DataConnection data = session.begin("STOR stored")) {
                data.records()
                        .send(together(
                                data.records().encrypt(CONTENT), data.records().encryptCloseNotify()));
                session.control().expect(226);
                assertThat(SERVERS.of(Way.CLEAR_LOGIN).content("stored")).isEqualTo(CONTENT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = "CLEAR_LOGIN")
    void clientHelloMayComeInTheSegmentOfPass(final Way way) throws IOException {
        final TlsSession session = session(way, "TLSv1.3");
        for (int i = 0; i < 10; i++) {
            final RawFtpClient.Endpoint endpoint = session.control().spsv();
            final RawFtpClient raw = connected(session);
            raw.greeted();
            final TlsConnection data = keep(new TlsConnection(raw.socket(), Certificates.client(), session.protocol()));
            final byte[] hello = data.clientHello();
            raw.sendBytes(together((user(endpoint) + pass(endpoint)).getBytes(StandardCharsets.US_ASCII), hello));
            raw.expect(331);
            raw.spliced();
            data.handshake();
            expectDownload(session, data);
        }
    }

    private void expectDownload(final TlsSession session, final TlsConnection data) throws IOException {
        session.control().command("RETR source", 150);
        assertThat(data.readToCloseNotify()).isEqualTo(CONTENT);
        session.control().expect(226);
    }

    private static void greeting(final TlsSession session, final TlsConnection data) throws IOException {
        if (session.way() == Way.IMPLICIT) {
            data.lines().expect(220);
        }
    }

    private static void expectLogin(final TlsSession session, final TlsConnection data) throws IOException {
        greeting(session, data);
        data.lines().expect(331).expectData();
    }

    private TlsSession session(final Way way, final String protocol) throws IOException {
        return keep(TlsSession.login(SERVERS, way, protocol));
    }

    /** Returns a connection that stands before the ClientHello. */
    private RawFtpClient connected(final TlsSession session) {
        final RawFtpClient raw = keep(RawFtpClient.connect(session.control().serverPort()));
        if (session.way() == Way.EXPLICIT) {
            raw.greeted().line("AUTH TLS").expect(234);
        }
        return raw;
    }

    private TlsConnection over(final TlsSession session, final RawFtpClient raw) {
        return keep(new TlsConnection(raw.socket(), Certificates.client(), session.protocol()));
    }

    private TlsConnection secured(final TlsSession session) throws IOException {
        return secured(session, connected(session));
    }

    private TlsConnection secured(final TlsSession session, final RawFtpClient raw) throws IOException {
        return over(session, raw).handshake();
    }

    private <T extends AutoCloseable> T keep(final T one) {
        open.add(one);
        return one;
    }

    /** Reads the replies that a login has got, until the server drops it. */
    private static void awaitEnd(final TlsConnection data) {
        assertThatThrownBy(() -> {
                    while (true) {
                        data.lines().line();
                    }
                })
                .isInstanceOf(IOException.class);
    }

    /**
     * Joins records, and adds close_notify to those of TLSv1.3. With TLSv1.2 who receives close_notify may not send any
     * more, be it the reply to the login (RFC 5246, section 7.2.1): the client has to read that first.
     */
    private static byte[] withEnd(final TlsSession session, final TlsConnection data, final byte[]... records)
            throws IOException {
        return HostMina.hearsCloseNotifyBehindLogin(session.protocol())
                ? together(together(records), data.encryptCloseNotify())
                : together(records);
    }

    private static void end(final TlsSession session, final TlsConnection data) throws IOException {
        if (!HostMina.hearsCloseNotifyBehindLogin(session.protocol())) {
            data.closeNotify();
        }
    }

    private static String user(final RawFtpClient.Endpoint endpoint) {
        return "USER " + endpoint.user() + "\r\n";
    }

    private static String pass(final RawFtpClient.Endpoint endpoint) {
        return "PASS " + endpoint.token() + "\r\n";
    }
}
