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
package net.spsv.gateway.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The client's side of TLS over a TCP connection.
 *
 * <p>Only {@code close_notify} is an end; a FIN without it is a cut, which {@code SSLSocket} would not tell. Keys may
 * be renewed at any time (TLS 1.3); renegotiation (TLS 1.2) is refused.
 *
 * <p>Buffers are on the heap: that is what the JDK's ciphers work fastest on.
 */
public final class TlsWire implements Wire {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Wire tcp;

    private final SSLEngine engine;

    /** Records that go through one system call at most. */
    private final int records;

    /** Encrypted and not yet sent; from zero to its position. Its lock is held from encrypting to sending. */
    private final Output output = new Output();

    private boolean handshaken;

    /** Received and not yet decrypted; from its position to its limit. */
    private ByteBuffer received;

    /** Decrypted and not yet asked for; from its position to its limit. */
    private ByteBuffer plain = NOTHING;

    /** Whether the peer's close_notify has come. */
    private boolean inputEnded;

    /**
     * Prepares the session; {@link #handshake()} begins it.
     *
     * @param tcp what the records go over; owned by this object from now on
     * @param engine a new engine
     * @param records how many of them one read or write may take together; each costs 32 KiB of memory
     */
    public TlsWire(final Wire tcp, final SSLEngine engine, final int records) {
        this.tcp = tcp;
        this.engine = engine;
        this.records = records;
        this.received = empty(recordSize());
    }

    private int recordSize() {
        return engine.getSession().getPacketBufferSize();
    }

    private int contentSize() {
        return engine.getSession().getApplicationBufferSize();
    }

    private static ByteBuffer empty(final int capacity) {
        final ByteBuffer buffer = ByteBuffer.allocate(capacity);
        buffer.limit(0);
        return buffer;
    }

    /**
     * Does the handshake, over a blocking channel.
     *
     * @throws SSLException if the peer is not trusted or does not speak TLS; it is told
     * @throws IOException if the connection ends meanwhile
     */
    public void handshake() throws IOException {
        try {
            engine.beginHandshake();
            goOn(engine.getHandshakeStatus());
        } catch (SSLException e) {
            sendAlert(e);
            throw e;
        }
        if (inputEnded || engine.getSession().getCipherSuite().contains("_NULL_")) {
            // alerts in the clear, which anybody on the path can send, end the engine's handshake quietly
            throw new EOFException("The server ended the connection in the TLS handshake");
        }
        handshaken = true;
    }

    private void goOn(final HandshakeStatus status) throws IOException {
        HandshakeStatus next = status;
        while (next != HandshakeStatus.NOT_HANDSHAKING && next != HandshakeStatus.FINISHED) {
            if (handshaken && !"TLSv1.3".equals(engine.getSession().getProtocol())) {
                throw new SocketException("The server wants to renegotiate");
            }
            if (handshaken && next == HandshakeStatus.NEED_UNWRAP) {
                return;
            }
            switch (next) {
                case NEED_TASK:
                    runTasks();
                    break;
                case NEED_WRAP:
                    synchronized (output) {
                        output.wrap(NOTHING);
                        output.send();
                    }
                    break;
                default:
                    if (!unwrapIntoPlain() && receive() < 0) {
                        throw new EOFException("The server closed the connection in the TLS handshake");
                    }
                    break;
            }
            next = engine.getHandshakeStatus();
        }
    }

    private void runTasks() {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    private void sendAlert(final SSLException failure) {
        try {
            synchronized (output) {
                if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                    output.wrap(NOTHING);
                    output.send();
                }
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** {@inheritDoc} */
    @Override
    public int read(final ByteBuffer target) throws IOException {
        final int before = target.position();
        while (target.position() == before) {
            if (plain.hasRemaining()) {
                takePlain(target);
            } else if (inputEnded) {
                return -1;
            } else if (!unwrapInto(target)) {
                final int count = receive();
                if (count == 0) {
                    return 0;
                }
                if (count < 0) {
                    throw new SocketException("The connection was cut off: it ended without close_notify");
                }
            }
        }
        return target.position() - before;
    }

    private void takePlain(final ByteBuffer target) {
        final ByteBuffer part = plain.duplicate();
        part.limit(part.position() + Math.min(part.remaining(), target.remaining()));
        plain.position(part.limit());
        target.put(part);
    }

    /** Decrypts the records that have come, as many as fit; false if no whole one is there. */
    private boolean unwrapInto(final ByteBuffer target) throws IOException {
        if (target.remaining() < contentSize()) {
            return unwrapIntoPlain();
        }
        boolean any = false;
        while (!inputEnded && target.remaining() >= contentSize() && unwrap(target)) {
            any = true;
        }
        return any || inputEnded;
    }

    private boolean unwrapIntoPlain() throws IOException {
        if (plain.capacity() < contentSize()) {
            plain = ByteBuffer.allocate(contentSize());
        }
        plain.clear();
        final boolean unwrapped = unwrap(plain);
        plain.flip();
        return unwrapped;
    }

    /** Decrypts one record; false if it is not whole yet. */
    private boolean unwrap(final ByteBuffer target) throws IOException {
        final SSLEngineResult result = engine.unwrap(received, target);
        switch (result.getStatus()) {
            case OK:
                if (handshaken) {
                    goOn(result.getHandshakeStatus());
                }
                return true;
            case CLOSED:
                inputEnded = true;
                return true;
            case BUFFER_UNDERFLOW:
                return false;
            default:
                throw new SocketException("TLS: " + result);
        }
    }

    /** Reads what there is of the next records; 0 only if the channel is non-blocking. */
    private int receive() throws IOException {
        if (received.capacity() < records * recordSize() && handshaken) {
            received = (ByteBuffer)
                    ByteBuffer.allocate(records * recordSize()).put(received).flip();
        }
        received.compact();
        try {
            return tcp.read(received);
        } finally {
            received.flip();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void write(final ByteBuffer source) throws IOException {
        synchronized (output) {
            while (source.hasRemaining()) {
                output.wrap(source);
            }
            output.send();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void end() throws IOException {
        synchronized (output) {
            engine.closeOutbound();
            while (!engine.isOutboundDone() && output.wrap(NOTHING)) {
                output.send();
            }
        }
        tcp.end();
    }

    /** {@inheritDoc} */
    @Override
    public void close() {
        tcp.close();
    }

    /** {@inheritDoc} */
    @Override
    public void drop() {
        tcp.drop();
    }

    /** Encrypted records on their way out. */
    private final class Output {
        private ByteBuffer bytes = NOTHING;

        /** Encrypts one record of data, or something that the engine has to say; false if that is nothing. */
        boolean wrap(final ByteBuffer source) throws IOException {
            if (bytes.remaining() < recordSize()) {
                send();
                if (bytes.capacity() < recordSize()) {
                    bytes = ByteBuffer.allocate(records * recordSize());
                }
            }
            final SSLEngineResult result = engine.wrap(source, bytes);
            if (result.bytesProduced() == 0 && source.hasRemaining()) {
                if (result.getHandshakeStatus() != HandshakeStatus.NEED_TASK) {
                    throw new SocketException("TLS: " + result);
                }
                runTasks();
            }
            return result.bytesProduced() > 0;
        }

        void send() throws IOException {
            bytes.flip();
            try {
                tcp.write(bytes);
            } finally {
                bytes.compact();
            }
        }
    }
}
