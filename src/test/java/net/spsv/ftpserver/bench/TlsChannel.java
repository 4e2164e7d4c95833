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
package net.spsv.ftpserver.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;

/**
 * The client's side of TLS over a blocking channel, many records per system call. Its buffers are on the heap: that is
 * what the JDK's AES-GCM works fastest on.
 *
 * <p>Threading: one thread at a time.
 */
final class TlsChannel implements ByteChannel {
    /** Room for a record, whatever is in it. */
    static final int RECORD = 1 << 15;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final SSLEngine engine;
    private final Buffers buffers;

    /** Shakes hands; the buffers are this channel's until it is closed. */
    TlsChannel(final SocketChannel channel, final SSLEngine engine, final Buffers buffers) throws IOException {
        this.channel = channel;
        this.engine = engine;
        this.buffers = buffers;
        buffers.input.clear().flip();
        buffers.rest.clear().flip();
        buffers.output.clear();
        engine.beginHandshake();
        continueHandshake();
    }

    @Override
    public int read(final ByteBuffer target) throws IOException {
        if (buffers.rest.hasRemaining()) {
            return takeRest(target);
        }
        if (target.remaining() >= RECORD) {
            return unwrap(target);
        }
        buffers.rest.clear();
        final int count = unwrap(buffers.rest);
        buffers.rest.flip();
        return count < 0 ? count : takeRest(target);
    }

    @Override
    public int write(final ByteBuffer source) throws IOException {
        final int count = source.remaining();
        while (source.hasRemaining()) {
            wrap(source);
        }
        flush();
        return count;
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Tells the server, and reads what it has sent yet, because with input unread the close would be a reset. */
    @Override
    public void close() throws IOException {
        try (SocketChannel closed = channel) {
            final boolean serverClosed = engine.isInboundDone();
            engine.closeOutbound();
            try {
                wrap(NOTHING);
                flush();
                closed.shutdownOutput();
            } catch (IOException e) {
                if (!serverClosed) {
                    throw e;
                }
            }
            discardInput();
        }
    }

    private void discardInput() throws IOException {
        try {
            while (!engine.isInboundDone()) {
                buffers.rest.clear();
                unwrap(buffers.rest);
            }
        } catch (IOException e) {
            // what counts of an upload is the reply, and a control connection has had its replies
        }
    }

    private int takeRest(final ByteBuffer target) {
        final ByteBuffer part = buffers.rest.duplicate();
        part.limit(part.position() + Math.min(target.remaining(), part.remaining()));
        target.put(part);
        final int count = part.position() - buffers.rest.position();
        buffers.rest.position(part.position());
        return count;
    }

    /** Reads at least one byte, and as many records as were received and fit; -1 at the server's close_notify. */
    private int unwrap(final ByteBuffer target) throws IOException {
        final int start = target.position();
        while (target.remaining() >= RECORD && (target.position() == start || buffers.input.hasRemaining())) {
            final SSLEngineResult result = engine.unwrap(buffers.input, target);
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                return target.position() > start ? target.position() - start : -1;
            }
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                if (target.position() > start) {
                    break;
                }
                fill();
            } else if (result.getHandshakeStatus() != SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING) {
                continueHandshake();
            }
        }
        return target.position() - start;
    }

    private void continueHandshake() throws IOException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK:
                    engine.getDelegatedTask().run();
                    break;
                case NEED_WRAP:
                    wrap(NOTHING);
                    break;
                case NEED_UNWRAP:
                    flush();
                    final SSLEngineResult.Status status =
                            engine.unwrap(buffers.input, NOTHING).getStatus();
                    if (status == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                        fill();
                    } else if (status != SSLEngineResult.Status.OK) {
                        return;
                    }
                    break;
                default:
                    flush();
                    return;
            }
        }
    }

    private void wrap(final ByteBuffer source) throws IOException {
        if (buffers.output.remaining() < RECORD) {
            flush();
        }
        engine.wrap(source, buffers.output);
    }

    private void flush() throws IOException {
        buffers.output.flip();
        while (buffers.output.hasRemaining()) {
            channel.write(buffers.output);
        }
        buffers.output.clear();
    }

    private void fill() throws IOException {
        buffers.input.compact();
        final int count = channel.read(buffers.input);
        buffers.input.flip();
        if (count < 0) {
            throw new EOFException("The server ended the connection without close_notify");
        }
    }

    /** Memory that connections use one after the other. */
    static final class Buffers {
        private final ByteBuffer input;
        private final ByteBuffer rest = ByteBuffer.allocate(RECORD);
        private final ByteBuffer output;

        Buffers(final int size) {
            input = ByteBuffer.allocate(size);
            output = ByteBuffer.allocate(size);
        }
    }
}
