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

import org.apache.mina.core.RuntimeIoException;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.future.DefaultWriteFuture;
import org.apache.mina.core.future.WriteFuture;
import org.apache.mina.core.session.AbstractIoSession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;
import org.apache.mina.transport.socket.SocketSessionConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's queue of bytes for its peer, behind all filters: what is put here directly is seen by none of them.
 *
 * <p>MINA has no call that runs a task on the I/O thread of a session; what it has is that a write request is completed
 * on that thread, behind everything that was written before. So the task is the completion of an empty one. {@code
 * IoSession.write} refuses an empty message, the session's processor does not. The requests say that they are encoded,
 * so that MINA reports no {@code messageSent}, which FtpServer expects for its replies only.
 *
 * <p>Threading: safe for all threads.
 */
public final class WriteQueue {

    private static final Logger LOG = LoggerFactory.getLogger(WriteQueue.class);

    private WriteQueue() {}

    /**
     * Runs a task when all that was written to the session so far has gone out. It is dropped if the session ends.
     *
     * @param session the session, not FtpServer's wrapper of it
     * @param task what to do, on the session's I/O thread
     */
    public static void then(final IoSession session, final Runnable task) {
        put(session, new byte[0], new DefaultWriteFuture(session) {
            @Override
            public void setWritten() {
                super.setWritten();
                // a session that is closed has what it did not send marked as sent, by whatever thread closes it
                if (!session.isClosing()) {
                    task.run();
                }
            }
        });
    }

    /**
     * Writes bytes as they are.
     *
     * @param session the session, not FtpServer's wrapper of it
     * @param bytes what the peer is to get
     */
    public static void write(final IoSession session, final byte[] bytes) {
        put(session, bytes, null);
    }

    /**
     * Says whether something that was written to the session has not gone out yet. MINA's own counts
     * do not tell: that of messages goes on holding encoded ones that have left, that of bytes lacks what is put here.
     *
     * @param session the session, not FtpServer's wrapper of it; on its I/O thread
     * @return true if something waits
     */
    public static boolean isSending(final IoSession session) {
        return session.getCurrentWriteRequest() != null
                || !session.getWriteRequestQueue().isEmpty(session);
    }

    /**
     * Lets every write go out at once, also while the one before is not acknowledged (TCP_NODELAY): FtpServer leaves
     * Nagle's algorithm on, with which a small write behind another waits for the peer's delayed ACK, some 40 ms.
     *
     * @param session the session
     */
    public static void sendAtOnce(final IoSession session) {
        try {
            ((SocketSessionConfig) session.getConfig()).setTcpNoDelay(true);
        } catch (RuntimeIoException e) {
            LOG.debug("The peer has left already", e);
        }
    }

    @SuppressWarnings("unchecked")
    private static void put(final IoSession session, final byte[] bytes, final WriteFuture future) {
        if (!session.isClosing()) {
            ((AbstractIoSession) session)
                    .getProcessor()
                    .write(session, new DefaultWriteRequest(IoBuffer.wrap(bytes), future) {
                        @Override
                        public boolean isEncoded() {
                            return true;
                        }
                    });
        }
    }
}
