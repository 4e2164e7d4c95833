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
package net.spsv.ftpserver.login;

import java.util.concurrent.Executor;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.session.AbstractIoSession;
import org.apache.mina.core.session.IoEvent;
import org.apache.mina.core.session.IoEventType;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;
import org.apache.mina.core.write.WriteRequest;

/**
 * The way from a session's I/O thread through its queue on FtpServer's command pool, and back.
 *
 * <p>FtpServer handles the events of a session one after the other. A mark that is put into that queue is reached when
 * all that was there before has been handled, and its replies have been written; an empty write then carries it back to
 * the I/O thread, behind those replies. It comes out as the {@code messageSent} of {@link #isMark}.
 *
 * <p>Threading: {@link #mark} is called on the I/O thread; safe for all sessions.
 */
final class CommandQueue {

    private final Executor commandPool;

    CommandQueue(final Executor commandPool) {
        this.commandPool = commandPool;
    }

    /**
     * Puts a mark behind everything that the session has been sent so far.
     *
     * @param session the session
     * @param reached run on a command thread when the mark is reached
     */
    void then(final IoSession session, final Runnable reached) {
        commandPool.execute(new IoEvent(IoEventType.MESSAGE_RECEIVED, session, null) {
            @Override
            public void fire() {
                reached.run();
            }
        });
    }

    /**
     * Asks for a {@code messageSent} on the I/O thread when all that the session was sent so far has been handled.
     *
     * @param session the session
     */
    void mark(final IoSession session) {
        then(session, () -> returnToIoThread(session));
    }

    @SuppressWarnings("unchecked")
    private static void returnToIoThread(final IoSession session) {
        if (!session.isClosing()) {
            ((AbstractIoSession) session).getProcessor().write(session, new Mark());
        }
    }

    static boolean isMark(final WriteRequest request) {
        return request instanceof Mark;
    }

    private static final class Mark extends DefaultWriteRequest {
        Mark() {
            super(IoBuffer.allocate(0));
        }
    }
}
