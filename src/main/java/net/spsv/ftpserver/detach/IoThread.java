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
import org.apache.mina.core.session.AbstractIoSession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;
import org.apache.mina.core.write.WriteRequest;

/**
 * Carries a task to the I/O thread of a session.
 *
 * <p>MINA has no such call; what it has is that the {@code messageSent} of an empty write comes on that thread, behind
 * everything that was written before. {@code IoSession.write} refuses an empty message, the session's processor does
 * not.
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
            ((AbstractIoSession) session).getProcessor().write(session, new Task(task));
        }
    }

    /**
     * Runs a task that has arrived. To be called by the filter for every {@code messageSent}.
     *
     * @param request what was sent
     * @return false if it is somebody else's request
     */
    public static boolean run(final WriteRequest request) {
        if (!(request instanceof Task)) {
            return false;
        }
        ((Task) request).task.run();
        return true;
    }

    private static final class Task extends DefaultWriteRequest {
        private final Runnable task;

        Task(final Runnable task) {
            super(IoBuffer.allocate(0));
            this.task = task;
        }
    }
}
