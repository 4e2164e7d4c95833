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
import org.apache.mina.core.session.IoEvent;
import org.apache.mina.core.session.IoEventType;
import org.apache.mina.core.session.IoSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a session's queue on FtpServer's command pool.
 *
 * <p>FtpServer handles the events of a session one after the other. A task that is put into that queue runs when all
 * that was there before has been handled, and its replies have been written.
 *
 * <p>Threading: safe for all threads and sessions.
 */
final class CommandQueue {

    private static final Logger LOG = LoggerFactory.getLogger(CommandQueue.class);

    private final Executor commandPool;

    CommandQueue(final Executor commandPool) {
        this.commandPool = commandPool;
    }

    /**
     * Runs a task behind everything that FtpServer was told of a session so far.
     *
     * @param session the session
     * @param task run on a command thread
     */
    void then(final IoSession session, final Runnable task) {
        commandPool.execute(new IoEvent(IoEventType.MESSAGE_RECEIVED, session, null) {
            @Override
            public void fire() {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    // It would end the thread, and with it the handling of this session's later events.
                    LOG.warn("Task on a command thread failed for {}", session, e);
                }
            }
        });
    }
}
