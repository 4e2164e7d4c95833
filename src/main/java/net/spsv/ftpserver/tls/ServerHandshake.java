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

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The server's side of one TLS handshake: bytes go in, bytes come out, and nobody waits.
 *
 * <p>Threading: one thread at a time.
 */
public final class ServerHandshake {

    /** What the handshake needs to go on. */
    public enum Progress {
        /** More bytes of the peer. */
        NEEDS_INPUT,
        /** {@link #runTasks()}, which computes, and may ask a trust manager that blocks. */
        NEEDS_TASKS,
        /** Nothing. */
        FINISHED
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine engine;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    /** What the peer has sent, from the first byte that the engine has not taken. */
    private ByteBuffer input = NOTHING;

    /**
     * Begins a handshake.
     *
     * @param engine a new engine in server mode
     * @throws SSLException if its settings do not allow one
     */
    public ServerHandshake(final SSLEngine engine) throws SSLException {
        this.engine = engine;
        engine.beginHandshake();
    }

    /**
     * Takes in what the peer has sent.
     *
     * @param bytes any number of them
     */
    public void received(final byte[] bytes) {
        final ByteBuffer both = ByteBuffer.allocate(input.remaining() + bytes.length);
        both.put(input).put(bytes).flip();
        input = both;
    }

    /**
     * Goes as far as it can.
     *
     * @return what it needs then
     * @throws SSLException if the handshake has failed; {@link #takeOutput()} may have an alert for the peer
     */
    public Progress proceed() throws SSLException {
        try {
            return doProceed();
        } catch (SSLException e) {
            wrapAlert(e);
            throw e;
        }
    }

    private Progress doProceed() throws SSLException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK:
                    return Progress.NEEDS_TASKS;
                case NEED_WRAP:
                    wrap();
                    break;
                case NEED_UNWRAP:
                    if (!unwrap()) {
                        return Progress.NEEDS_INPUT;
                    }
                    break;
                case NOT_HANDSHAKING:
                    if (engine.isInboundDone() || engine.isOutboundDone()) {
                        throw new SSLException("TLS handshake: the engine is closed");
                    }
                    return Progress.FINISHED;
                default:
                    throw new SSLException("TLS handshake: " + engine.getHandshakeStatus());
            }
        }
    }

    /** Does the engine's work that takes its time. */
    public void runTasks() {
        runTasks(engine);
    }

    static void runTasks(final SSLEngine engine) {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    /**
     * Removes what is to be sent.
     *
     * @return bytes for the peer, may be none
     */
    public byte[] takeOutput() {
        final byte[] bytes = output.toByteArray();
        output.reset();
        return bytes;
    }

    /**
     * How much has come that was not taken in yet.
     *
     * @return a number of bytes
     */
    public int waiting() {
        return input.remaining();
    }

    /**
     * What has come behind the handshake.
     *
     * @return bytes that are still encrypted, may be none
     */
    public byte[] rest() {
        final byte[] rest = new byte[input.remaining()];
        input.duplicate().get(rest);
        return rest;
    }

    private void wrap() throws SSLException {
        final ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        final SSLEngineResult result = engine.wrap(NOTHING, record);
        output.write(record.array(), 0, record.position());
        if (result.getStatus() != SSLEngineResult.Status.OK
                || result.bytesProduced() == 0 && result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            throw new SSLException("TLS handshake: " + result);
        }
    }

    /** Takes in one record; false if there is none yet. */
    private boolean unwrap() throws SSLException {
        final ByteBuffer nothing = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        final SSLEngineResult result = engine.unwrap(input, nothing);
        switch (result.getStatus()) {
            case OK:
                return true;
            case BUFFER_UNDERFLOW:
                return false;
            default:
                throw new SSLException("TLS handshake: " + result);
        }
    }

    private void wrapAlert(final SSLException failure) {
        try {
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                wrap();
            }
        } catch (SSLException e) {
            failure.addSuppressed(e);
        }
    }
}
