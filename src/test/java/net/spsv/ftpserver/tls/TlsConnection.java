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

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import net.spsv.ftpserver.testing.RawFtpClient;

/**
 * One end of a TLS connection, the client's unless told, record by record: what is encrypted and what is sent are two
 * things, and close_notify is not the end of the connection. An SSLSocket tells neither apart.
 */
public final class TlsConnection implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 30_000;

    private final Socket socket;
    private final SSLEngine engine;
    /** What was received and not decrypted, to be read from. */
    private ByteBuffer received = (ByteBuffer) ByteBuffer.allocate(64 * 1024).flip();
    /** What was decrypted and not read, to be read from. */
    private final ByteBuffer decrypted =
            (ByteBuffer) ByteBuffer.allocate(64 * 1024).flip();

    /** Puts TLS upon a connected socket; no byte is sent. */
    TlsConnection(final Socket socket, final SSLContext context, final String... protocols) {
        this(socket, context, true, protocols);
    }

    private TlsConnection(
            final Socket socket, final SSLContext context, final boolean client, final String... protocols) {
        this.socket = socket;
        engine = context.createSSLEngine("127.0.0.1", socket.getPort());
        engine.setUseClientMode(client);
        if (protocols.length > 0) {
            engine.setEnabledProtocols(protocols);
        }
    }

    /** Returns the server's end, on a socket that was accepted; no byte is sent. */
    public static TlsConnection ofServer(final Socket socket, final SSLContext context, final String... protocols) {
        return new TlsConnection(socket, context, false, protocols);
    }

    /** Returns a plain socket that is connected to a server on loopback. */
    static Socket connect(final int port) throws IOException {
        return connect(port, 0);
    }

    /** Returns a plain socket with a receive buffer of a certain size, or 0 for what the system thinks fit. */
    static Socket connect(final int port, final int receiveBuffer) throws IOException {
        final Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), TIMEOUT_MILLIS);
        return socket;
    }

    Socket socket() {
        return socket;
    }

    SSLSession session() {
        return engine.getSession();
    }

    SSLEngine engine() {
        return engine;
    }

    Lines lines() {
        return new Lines(
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        final byte[] octet = new byte[1];
                        return TlsConnection.this.read(octet) < 0 ? -1 : octet[0] & 0xff;
                    }
                },
                new OutputStream() {
                    @Override
                    public void write(final int octet) throws IOException {
                        write(new byte[] {(byte) octet});
                    }

                    @Override
                    public void write(final byte[] bytes) throws IOException {
                        TlsConnection.this.write(bytes);
                    }
                });
    }

    /** Makes the handshake. */
    public TlsConnection handshake() throws IOException {
        send(handshakeUpToLastFlight());
        return this;
    }

    /** Makes the handshake but for the last bytes to be sent, which are returned: with TLSv1.3, up to Finished. */
    byte[] handshakeUpToLastFlight() throws IOException {
        engine.beginHandshake();
        final ByteArrayOutputStream flight = new ByteArrayOutputStream();
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK:
                    runTasks();
                    break;
                case NEED_WRAP:
                    flight.write(wrap(ByteBuffer.allocate(0)));
                    break;
                case NEED_UNWRAP:
                    send(flight.toByteArray());
                    flight.reset();
                    unwrap();
                    break;
                default:
                    return flight.toByteArray();
            }
        }
    }

    /** Returns the ClientHello, with which a handshake begins that is not going on by itself. */
    byte[] clientHello() throws IOException {
        engine.beginHandshake();
        return wrap(ByteBuffer.allocate(0));
    }

    /** Returns the record with TLSv1.3's KeyUpdate, which asks the peer to do the same, and does not send it. */
    public byte[] encryptKeyUpdate() throws IOException {
        engine.beginHandshake();
        return wrap(ByteBuffer.allocate(0));
    }

    /** Encrypts characters, one byte each, as one record, and does not send it. */
    byte[] encrypt(final String text) throws IOException {
        return encrypt(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Encrypts bytes, in as few records as they fit into, and does not send them. */
    public byte[] encrypt(final byte... plain) throws IOException {
        final ByteArrayOutputStream records = new ByteArrayOutputStream();
        final ByteBuffer source = ByteBuffer.wrap(plain);
        while (source.hasRemaining()) {
            records.write(wrap(source));
        }
        return records.toByteArray();
    }

    /** Returns the record with close_notify, and does not send it. */
    byte[] encryptCloseNotify() throws IOException {
        engine.closeOutbound();
        return wrap(ByteBuffer.allocate(0));
    }

    /** Returns all parts as one, to be sent in one write. */
    static byte[] together(final byte[]... parts) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (final byte[] part : parts) {
            all.write(part);
        }
        return all.toByteArray();
    }

    /** Reads to the end of a connection, be it FIN or a reset with such a message; returns the number of bytes. */
    static int countToTheEnd(final Socket socket, final String resetMessage) throws IOException {
        final byte[] block = new byte[1024];
        int total = 0;
        try {
            for (int count = socket.getInputStream().read(block);
                    count >= 0;
                    count = socket.getInputStream().read(block)) {
                total += count;
            }
        } catch (final SocketException e) {
            assertThat(e).hasMessageMatching(resetMessage);
        }
        return total;
    }

    /** Fails as if a damaged record had come, and returns the alert that says so. */
    public byte[] fatalAlert() throws IOException {
        final byte[] damaged = new byte[45];
        damaged[0] = 23;
        damaged[1] = 3;
        damaged[2] = 3;
        damaged[4] = 40;
        try {
            engine.unwrap(ByteBuffer.wrap(damaged), ByteBuffer.allocate(damaged.length * 1000));
        } catch (final SSLException e) {
            return wrap(ByteBuffer.allocate(0));
        }
        throw new IllegalStateException("a damaged record was taken");
    }

    /** Sends bytes as they are, in one write. */
    public TlsConnection send(final byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Encrypts bytes and sends them. */
    public TlsConnection write(final byte... plain) throws IOException {
        return send(encrypt(plain));
    }

    /** Sends close_notify, and leaves the connection open. */
    public TlsConnection closeNotify() throws IOException {
        return send(encryptCloseNotify());
    }

    /** Sends FIN, whatever was sent before. */
    TlsConnection fin() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /**
     * Reads bytes.
     *
     * @return how many, or -1 if close_notify has come
     * @throws EOFException if the connection has ended without close_notify
     */
    public int read(final byte... target) throws IOException {
        while (!decrypted.hasRemaining()) {
            if (engine.isInboundDone()) {
                return -1;
            }
            unwrap();
        }
        final int count = Math.min(target.length, decrypted.remaining());
        decrypted.get(target, 0, count);
        return count;
    }

    /** Reads so many bytes at least, which shows that the server is sending. */
    TlsConnection readSome(final int least) throws IOException {
        final byte[] buffer = new byte[least];
        int total = 0;
        while (total < least) {
            final int count = read(buffer);
            if (count < 0) {
                throw new AssertionError("close_notify after " + total + " bytes");
            }
            total += count;
        }
        return this;
    }

    /** Reads to close_notify; anything else that ends the connection is an EOFException or a SocketException. */
    public byte[] readToCloseNotify() throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[16 * 1024];
        for (int count = read(buffer); count >= 0; count = read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }

    /** Fails unless FIN is the next thing behind close_notify. */
    void expectFin() throws IOException {
        if (!engine.isInboundDone()) {
            throw new AssertionError("close_notify was not read yet");
        }
        final int octet = received.hasRemaining()
                ? received.get(received.position())
                : socket.getInputStream().read();
        if (octet >= 0) {
            throw new AssertionError("a byte behind close_notify: " + octet);
        }
    }

    /** Ends the connection by RST. */
    void reset() {
        RawFtpClient.reset(socket);
    }

    /** Ends the connection, by FIN if all that came was read. No close_notify is sent. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    private byte[] wrap(final ByteBuffer source) throws IOException {
        final ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize() + 1024);
        final SSLEngineResult result = engine.wrap(source, record);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            throw new AssertionError("a record has no room: " + result);
        }
        record.flip();
        final byte[] bytes = new byte[record.remaining()];
        record.get(bytes);
        return bytes;
    }

    private void unwrap() throws IOException {
        decrypted.clear();
        try {
            final SSLEngineResult result = engine.unwrap(received, decrypted);
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                receive();
            }
        } finally {
            decrypted.flip();
        }
        if (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_TASK) {
            runTasks();
        }
    }

    private void receive() throws IOException {
        received.compact();
        if (!received.hasRemaining()) {
            final ByteBuffer larger = ByteBuffer.allocate(received.capacity() * 2);
            received.flip();
            received = larger.put(received);
        }
        try {
            final int count = socket.getInputStream().read(received.array(), received.position(), received.remaining());
            if (count < 0) {
                throw new EOFException("FIN without close_notify");
            }
            received.position(received.position() + count);
        } finally {
            received.flip();
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }
}
