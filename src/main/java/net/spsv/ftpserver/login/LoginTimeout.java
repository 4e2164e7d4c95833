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

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.mina.core.service.IoProcessor;
import org.apache.mina.core.session.AbstractIoSession;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IoSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections that have not logged in, as a user or as a data connection, some time after they were opened. The
 * listener's idle timeout does not, as long as they send a byte now and then.
 *
 * <p>Threading: safe for all threads.
 */
public final class LoginTimeout {

    private static final Logger LOG = LoggerFactory.getLogger(LoginTimeout.class);

    private static final AttributeKey PENDING = new AttributeKey(LoginTimeout.class, "pending");

    private final ScheduledExecutorService timer;

    private final int seconds;

    /**
     * Sets the time.
     *
     * @param timer runs what is due
     * @param seconds from the connection's first event, 0 for no limit
     */
    public LoginTimeout(final ScheduledExecutorService timer, final int seconds) {
        this.timer = timer;
        this.seconds = seconds;
    }

    /** The connection was opened, or was found to be open. */
    void begin(final LoginConversation conversation, final IoSession session) {
        if (seconds > 0) {
            session.setAttribute(PENDING, timer.schedule(() -> end(conversation, session), seconds, TimeUnit.SECONDS));
        }
    }

    /** The connection has ended, or is none of FtpServer's any more. */
    void cancel(final IoSession session) {
        final Future<?> pending = (Future<?>) session.removeAttribute(PENDING);
        if (pending != null) {
            pending.cancel(false);
        }
    }

    private void end(final LoginConversation conversation, final IoSession session) {
        if (!conversation.isLoginDone()) {
            LOG.info("{} has not logged in within {} s", session.getRemoteAddress(), seconds);
            session.closeNow();
            removeFromProcessor(session);
        }
    }

    /** {@code SslFilter} of MINA 2.1 closes when its close_notify is out, which is never if the peer does not read. */
    @SuppressWarnings("unchecked")
    private static void removeFromProcessor(final IoSession session) {
        ((IoProcessor<IoSession>) ((AbstractIoSession) session).getProcessor()).remove(session);
    }
}
