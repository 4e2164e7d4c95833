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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.tls.ServerHandshake.Progress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server's side of handshakes against the JDK's client, without a network. */
@Timeout(60)
class ServerHandshakeTest {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLContext clientContext = Certificates.client(Certificates.CLIENT);

    @ParameterizedTest
    @CsvSource({"TLSv1.2, none", "TLSv1.3, none", "TLSv1.2, need", "TLSv1.3, need"})
    void handshakeSucceedsHoweverItsBytesAreCut(final String protocol, final String clientAuthentication)
            throws Exception {
        for (final int piece : new int[] {1, 7, 100, Integer.MAX_VALUE}) {
            final SSLEngine server = server(clientAuthentication);
            final ServerHandshake handshake = new ServerHandshake(server);
            final SSLEngine client = client(protocol);

            final byte[] first = "upload".getBytes(StandardCharsets.US_ASCII);
            run(client, handshake, piece, first);

            assertThat(handshake.proceed()).isEqualTo(Progress.FINISHED);
            assertThat(server.getSession().getProtocol()).isEqualTo(protocol);
            if ("need".equals(clientAuthentication)) {
                assertThat(server.getSession().getPeerCertificates()).isNotEmpty();
            }
            assertThat(decrypt(server, handshake.rest())).isEqualTo(first);
        }
    }

    @Test
    void nothingIsAskedOfTheServerBeforeTheClientSpeaks() throws Exception {
        final ServerHandshake handshake = new ServerHandshake(server("none"));

        assertThat(handshake.proceed()).isEqualTo(Progress.NEEDS_INPUT);
        assertThat(handshake.takeOutput()).isEmpty();
        assertThat(handshake.waiting()).isZero();
    }

    @Test
    void outputIsTakenOnce() throws Exception {
        final ServerHandshake handshake = new ServerHandshake(server("none"));
        handshake.received(wrap(begun(client("TLSv1.3"))));
        assertThat(handshake.proceed()).isEqualTo(Progress.NEEDS_TASKS);
        handshake.runTasks();
        handshake.proceed();

        assertThat(handshake.takeOutput()).isNotEmpty();
        assertThat(handshake.takeOutput()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET / HTTP/1.1\r\n\r\n", "\u0000\u0000\u0000\u0000\u0000\u0000\u0000", "USER DATACONN\r\n"})
    void garbageFails(final String garbage) throws Exception {
        final ServerHandshake handshake = new ServerHandshake(server("none"));
        handshake.received(garbage.getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(handshake::proceed).isInstanceOf(SSLException.class);
    }

    @Test
    void peerWithoutACommonCipherSuiteGetsAnAlert() throws Exception {
        final SSLEngine server = server("none");
        server.setEnabledCipherSuites(new String[] {"TLS_AES_256_GCM_SHA384"});
        final SSLEngine client = client("TLSv1.3");
        client.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256"});
        final ServerHandshake handshake = new ServerHandshake(server);

        assertThatThrownBy(() -> run(client, handshake, Integer.MAX_VALUE, new byte[0]))
                .isInstanceOf(SSLException.class);

        final byte[] output = handshake.takeOutput();
        assertThat(output).startsWith((byte) 21);
        assertThatThrownBy(() -> unwrap(client, ByteBuffer.wrap(output))).hasMessageContaining("alert");
    }

    @Test
    void missingCertificateFailsTheHandshake() throws Exception {
        final ServerHandshake handshake = new ServerHandshake(server("need"));
        final SSLEngine client = Certificates.client().createSSLEngine();
        client.setUseClientMode(true);

        assertThatThrownBy(() -> run(client, handshake, Integer.MAX_VALUE, new byte[0]))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void randomDamageNeverHangs() throws Exception {
        final long seed = Long.getLong("spsv.seed", System.nanoTime());
        System.out.println("ServerHandshakeTest: -Dspsv.seed=" + seed);
        final Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            final ServerHandshake handshake = new ServerHandshake(server("none"));
            final byte[] hello = wrap(begun(client(random.nextBoolean() ? "TLSv1.2" : "TLSv1.3")));
            for (int i = random.nextInt(4); i >= 0; i--) {
                hello[random.nextInt(hello.length)] = (byte) random.nextInt();
            }
            handshake.received(Arrays.copyOf(hello, random.nextInt(hello.length + 1)));
            try {
                while (handshake.proceed() == Progress.NEEDS_TASKS) {
                    handshake.runTasks();
                }
            } catch (SSLException expected) {
                assertThat(handshake.takeOutput().length).isLessThan(100);
            }
        }
    }

    /** Lets both sides talk until the client is done, hands the server its bytes in pieces, and data right behind. */
    private static void run(
            final SSLEngine client, final ServerHandshake handshake, final int piece, final byte[] first)
            throws SSLException {
        client.beginHandshake();
        ByteBuffer fromServer = NOTHING;
        boolean sent = false;
        while (true) {
            final ByteArrayOutputStream toServer = new ByteArrayOutputStream();
            HandshakeStatus status = client.getHandshakeStatus();
            while (status == HandshakeStatus.NEED_WRAP
                    || status == HandshakeStatus.NEED_TASK
                    || status == HandshakeStatus.NEED_UNWRAP && fromServer.hasRemaining()) {
                if (status == HandshakeStatus.NEED_WRAP) {
                    final byte[] record = wrap(client);
                    toServer.write(record, 0, record.length);
                } else if (status == HandshakeStatus.NEED_TASK) {
                    client.getDelegatedTask().run();
                } else {
                    unwrap(client, fromServer);
                }
                status = client.getHandshakeStatus();
            }
            if (status == HandshakeStatus.NOT_HANDSHAKING && !sent) {
                sent = true;
                final byte[] record = encrypt(client, first);
                toServer.write(record, 0, record.length);
            }
            feed(handshake, toServer.toByteArray(), piece);
            fromServer = ByteBuffer.wrap(handshake.takeOutput());
            if (sent) {
                return;
            }
        }
    }

    private static void feed(final ServerHandshake handshake, final byte[] bytes, final int piece) throws SSLException {
        for (int at = 0; at < bytes.length; at += Math.min(piece, bytes.length - at)) {
            handshake.received(Arrays.copyOfRange(bytes, at, at + Math.min(piece, bytes.length - at)));
            while (handshake.proceed() == Progress.NEEDS_TASKS) {
                handshake.runTasks();
            }
        }
    }

    private static SSLEngine server(final String clientAuthentication) throws Exception {
        final SSLEngine engine =
                Certificates.server(Certificates.LISTENER).getSSLContext().createSSLEngine();
        engine.setUseClientMode(false);
        engine.setNeedClientAuth("need".equals(clientAuthentication));
        return engine;
    }

    private SSLEngine client(final String protocol) {
        final SSLEngine engine = clientContext.createSSLEngine();
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {protocol});
        return engine;
    }

    private static SSLEngine begun(final SSLEngine engine) throws SSLException {
        engine.beginHandshake();
        return engine;
    }

    private static byte[] wrap(final SSLEngine engine) throws SSLException {
        return encrypt(engine, new byte[0]);
    }

    private static byte[] encrypt(final SSLEngine engine, final byte[] content) throws SSLException {
        final ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.wrap(content), record);
        return Arrays.copyOf(record.array(), record.position());
    }

    private static byte[] decrypt(final SSLEngine engine, final byte[] records) throws SSLException {
        final ByteBuffer content = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        final ByteBuffer source = ByteBuffer.wrap(records);
        SSLEngineResult.Status status = SSLEngineResult.Status.OK;
        while (source.hasRemaining() && status == SSLEngineResult.Status.OK) {
            status = engine.unwrap(source, content).getStatus();
        }
        return Arrays.copyOf(content.array(), content.position());
    }

    private static void unwrap(final SSLEngine engine, final ByteBuffer source) throws SSLException {
        engine.unwrap(source, ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
    }
}
