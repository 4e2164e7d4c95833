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
package net.spsv.ftpserver.detach;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * A TLS engine that MINA has let go of, with what it had received.
 *
 * <p>Threading: one thread at a time.
 */
public final class DetachedEngine {

    private final SSLEngine engine;

    private final byte[] received;

    DetachedEngine(final SSLEngine engine, final byte[] received) throws SSLException {
        if (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            throw new SSLException("The peer is in a handshake again: " + engine.getHandshakeStatus());
        }
        this.engine = engine;
        this.received = received;
    }

    /**
     * The engine.
     *
     * @return the engine, after its handshake
     */
    public SSLEngine engine() {
        return engine;
    }

    /**
     * What MINA had received and not decrypted yet.
     *
     * @return encrypted bytes, may be none
     */
    public byte[] received() {
        return received;
    }

    /**
     * Encrypts a reply.
     *
     * @param reply a few bytes
     * @return the record that holds them, or nothing if the peer has closed a TLS 1.2 session already, which leaves no
     *     way back (RFC 5246, section 7.2.1); what it has sent before is valid
     * @throws SSLException if the engine has failed
     */
    public ByteBuffer wrap(final ByteBuffer reply) throws SSLException {
        final ByteBuffer record = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize());
        while (reply.hasRemaining() && !engine.isOutboundDone()) {
            engine.wrap(reply, record);
        }
        record.flip();
        return record;
    }
}
