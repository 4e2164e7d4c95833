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

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.detach.DataChannel;
import net.spsv.ftpserver.detach.DetachedChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wire of a protected data connection: an engine that has its handshake behind it, over a detached socket.
 *
 * <p>The end of a file is {@code close_notify}, in both directions; a FIN without it is a connection that was cut off.
 * A dropped connection ends with a reset and without {@code close_notify}. TLS 1.3 may renew its keys at any time,
 * renegotiation as TLS 1.2 knows it is refused.
 */
public final class TlsChannel implements DataChannel {

    private static final Logger LOG = LoggerFactory.getLogger(TlsChannel.class);

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Records that go through one system call at most. */
    private static final int RECORDS = 8;

    /** Bytes that a full record holds, RFC 8446, section 5.1. */
    private static final int FRAGMENT = 16 * 1024;

    /** What was read of a file; one per command thread, because direct buffers are dear to allocate. */
    private static final ThreadLocal<ByteBuffer> FILE_CONTENT =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(RECORDS * FRAGMENT));

    private final DetachedChannel wire;

    private final SSLEngine engine;

    /** Whether the protocol version renews keys instead of renegotiating. */
    private final boolean renewsKeys;

    /** Bytes that a record may have on the wire. */
    private final int recordSize;

    /** The space that the engine asks for to decrypt a record, in bytes. */
    private final int contentSize;

    /** Decrypted and not yet asked for; from its position to its limit. */
    private ByteBuffer plain;

    /** Received and not yet decrypted; from its position to its limit. */
    private ByteBuffer received = NOTHING;

    /** Encrypted and not yet sent; from zero to its position. */
    private ByteBuffer toSend = NOTHING;

    /** Whether the peer's close_notify has come. */
    private boolean inputEnded;

    /** Whether whoever reads has got all there was. */
    private boolean fileReceived;

    /** Whether there is nothing more to take in beside what is sent: the peer has sent FIN. */
    private boolean wireEnded;

    /** Whether the peer takes no answers any more. */
    private boolean deaf;

    /**
     * Continues a TLS session.
     *
     * @param wire what the records go over; owned by this object afterwards
     * @param engine the engine after its handshake; nobody else may use it any more
     * @param first what was decrypted already; read before anything else
     */
    public TlsChannel(final DetachedChannel wire, final SSLEngine engine, final byte[] first) {
        this.wire = wire;
        this.engine = engine;
        this.renewsKeys = "TLSv1.3".equals(engine.getSession().getProtocol());
        this.recordSize = engine.getSession().getPacketBufferSize();
        this.contentSize = engine.getSession().getApplicationBufferSize();
        this.plain = ByteBuffer.wrap(first);
    }

    /** {@inheritDoc} */
    @Override
    public boolean isProtected() {
        return true;
    }

    /** {@inheritDoc} */
    @Override
    public void beginTransfer(final long millis) {
        wire.beginTransfer(millis);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The end is the peer's {@code close_notify}.
     */
    @Override
    public int read(final ByteBuffer target) throws IOException {
        final int before = target.position();
        while (target.position() == before) {
            if (plain.hasRemaining()) {
                takePlain(target);
            } else if (inputEnded) {
                fileReceived = true;
                return -1;
            } else if (!unwrapInto(target)) {
                receive();
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
        if (target.remaining() < contentSize) {
            return unwrapIntoPlain();
        }
        boolean any = false;
        while (!inputEnded && target.remaining() >= contentSize && unwrap(target)) {
            any = true;
        }
        return any || inputEnded;
    }

    private boolean unwrapIntoPlain() throws IOException {
        plain = plain.capacity() < contentSize ? ByteBuffer.allocate(contentSize) : plain;
        plain.clear();
        final boolean unwrapped = unwrap(plain);
        plain.flip();
        return unwrapped;
    }

    /** Decrypts one record; false if it is not whole yet. */
    private boolean unwrap(final ByteBuffer target) throws IOException {
        final SSLEngineResult result;
        try {
            result = engine.unwrap(received, target);
        } catch (SSLException e) {
            throw broken(e);
        }
        switch (result.getStatus()) {
            case OK:
                answer(result.getHandshakeStatus());
                return true;
            case CLOSED:
                inputEnded = true;
                return true;
            case BUFFER_UNDERFLOW:
                return false;
            default:
                throw new SocketException("Data connection: " + result);
        }
    }

    private void receive() throws IOException {
        makeRoom();
        try {
            if (wire.read(received) < 0) {
                throw new SocketException("The data connection was cut off: it ended without close_notify");
            }
        } finally {
            received.flip();
        }
    }

    private void makeRoom() {
        if (received.capacity() == 0) {
            received = ByteBuffer.allocate(RECORDS * recordSize);
        } else {
            received.compact();
        }
    }

    /**
     * Hears the peer while data goes the other way, without waiting: one that wants new keys may ask for them with
     * every record until it has them. In TLS 1.2 it has nothing to say that would be listened to.
     */
    private void hearThePeer() throws IOException {
        if (inputEnded || wireEnded || !renewsKeys) {
            return;
        }
        makeRoom();
        try {
            wireEnded = wire.readNow(received) < 0;
        } finally {
            received.flip();
        }
        while (received.hasRemaining() && !inputEnded) {
            final boolean unwrapped = unwrapIntoPlain();
            plain.limit(0);
            if (deaf) {
                throw new SocketException("The peer of a data connection does not take what it asked for");
            }
            if (!unwrapped) {
                return;
            }
        }
    }

    /** Does what a record asked for that was no data. */
    private void answer(final HandshakeStatus status) throws IOException {
        HandshakeStatus next = status;
        while (next != HandshakeStatus.NOT_HANDSHAKING
                && next != HandshakeStatus.FINISHED
                && next != HandshakeStatus.NEED_UNWRAP) {
            refuseRenegotiation();
            if (next == HandshakeStatus.NEED_TASK) {
                ServerHandshake.runTasks(engine);
                next = engine.getHandshakeStatus();
            } else {
                next = wrapMessage();
                sendAnswer();
            }
        }
        if (next == HandshakeStatus.NEED_UNWRAP) {
            refuseRenegotiation();
        }
    }

    /** A peer that has sent its whole file need not wait for an answer; whether it is whole, close_notify tells. */
    private void sendAnswer() throws IOException {
        try {
            if (!deaf) {
                send();
            }
        } catch (SocketException e) {
            wire.ensureOpen();
            LOG.debug("{} takes no answers", wire, e);
            deaf = true;
        }
        if (deaf) {
            toSend.clear();
        }
    }

    private void refuseRenegotiation() throws SocketException {
        if (!renewsKeys) {
            throw new SocketException("The peer of a data connection wants to renegotiate");
        }
    }

    /** {@inheritDoc} */
    @Override
    public void write(final ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            final SSLEngineResult result = wrap(source);
            if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                ServerHandshake.runTasks(engine);
            } else if (result.bytesProduced() == 0) {
                throw new SocketException("Data connection: " + result);
            }
            if (toSend.remaining() < recordSize) {
                send();
            }
        }
        send();
        hearThePeer();
    }

    /** {@inheritDoc} */
    @Override
    public long write(final FileChannel file, final long position, final long count) throws IOException {
        final ByteBuffer fileContent = FILE_CONTENT.get();
        fileContent.clear();
        fileContent.limit((int) Math.min(fileContent.capacity(), count));
        final int read = file.read(fileContent, position);
        if (read <= 0) {
            return 0;
        }
        fileContent.flip();
        write(fileContent);
        return read;
    }

    private HandshakeStatus wrapMessage() throws SocketException {
        final SSLEngineResult result = wrap(NOTHING);
        if (result.bytesProduced() == 0) {
            throw new SocketException("Data connection: " + result);
        }
        return result.getHandshakeStatus();
    }

    /** Encrypts one record of data, or something that the engine has to say. */
    private SSLEngineResult wrap(final ByteBuffer source) throws SocketException {
        if (toSend.capacity() == 0) {
            toSend = ByteBuffer.allocate(RECORDS * recordSize);
        }
        final SSLEngineResult result;
        try {
            result = engine.wrap(source, toSend);
        } catch (SSLException e) {
            throw broken(e);
        }
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            throw new SocketException("Data connection: " + result);
        }
        return result;
    }

    private void send() throws IOException {
        toSend.flip();
        try {
            wire.write(toSend);
        } finally {
            toSend.compact();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void sleepingBegins() throws SocketException {
        wire.sleepingBegins();
    }

    /** {@inheritDoc} */
    @Override
    public void sleepingEnds() {
        wire.sleepingEnds();
    }

    /** {@inheritDoc} */
    @Override
    public void finish() throws IOException {
        wire.ensureOpen();
        try {
            if (!deaf) {
                sendCloseNotify();
            }
            wire.finish();
        } catch (SocketException e) {
            wire.close();
            if (!fileReceived) {
                throw e;
            }
            LOG.debug("{} did not wait for the farewell, but its file is complete", wire, e);
        }
    }

    private void sendCloseNotify() throws IOException {
        engine.closeOutbound();
        while (!engine.isOutboundDone() && wrap(NOTHING).bytesProduced() > 0) {
            send();
        }
    }

    /** {@inheritDoc} */
    @Override
    public void close() {
        wire.close();
    }

    private static SocketException broken(final SSLException cause) {
        final SocketException failure = new SocketException("Data connection: " + cause.getMessage());
        failure.initCause(cause);
        return failure;
    }

    @Override
    public String toString() {
        return "protected " + wire;
    }
}
