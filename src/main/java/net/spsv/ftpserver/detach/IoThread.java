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

import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.future.DefaultWriteFuture;
import org.apache.mina.core.session.AbstractIoSession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;

/**
 * Carries a task to the I/O thread of a session.
 *
 * <p>MINA has no such call; what it has is that a write request is completed on that thread, behind everything that was
 * written before. So the task is the completion of an empty one. {@code IoSession.write} refuses an empty message, the
 * session's processor does not. The filters get to see nothing of it: it goes past them on its way out, and it says
 * that it is encoded, so that MINA reports no {@code messageSent}.
 *
 * <p>Threading: safe for all threads.
 */
public final class IoThread {

    private IoThread() {}

    /**
     * Runs a task when all that was written to the session so far has gone out. It is dropped if the session ends.
     *
     * @param session the session, not FtpServer's wrapper of it
     * @param task what to do, on the session's I/O thread
     */
    @SuppressWarnings("unchecked")
    public static void execute(final IoSession session, final Runnable task) {
        if (!session.isClosing()) {
            ((AbstractIoSession) session).getProcessor().write(session, new Task(session, task));
        }
    }

    private static final class Task extends DefaultWriteRequest {

        Task(final IoSession session, final Runnable task) {
            super(IoBuffer.allocate(0), new DefaultWriteFuture(session) {
                @Override
                public void setWritten() {
                    super.setWritten();
                    task.run();
                }
            });
        }

        @Override
        public boolean isEncoded() {
            return true;
        }
    }
}
