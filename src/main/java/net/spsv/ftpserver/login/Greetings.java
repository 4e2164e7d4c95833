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

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.detach.WriteQueue;
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.core.write.WriteToClosedSessionException;
import org.apache.mina.filter.ssl.SslFilter;

/**
 * What FtpServer writes to connections of an implicit listener during their handshake, which cannot leave before that
 * is done: their greetings.
 *
 * <p>{@code SslFilter} of MINA 2.2.4 hands on what was encrypted on whatever threads come by, in any order, so that a
 * greeting may overtake the last records of the handshake; in 2.2.10 that is mended. So it is passed on here, when
 * {@code SslFilter} says that the handshake is done: as a rule it has handed these records on by then.
 *
 * <p>MINA 2.2 may not say so before the next event of the connection if a handshake with a client certificate has ended
 * on another thread than its I/O thread, and none may come, as the client waits for the greeting. So such connections
 * are looked after.
 *
 * <p>Threading: safe for all threads. A greeting is passed on by the session's I/O thread.
 */
public final class Greetings {

    private static final AttributeKey KEY = new AttributeKey(Greetings.class, "held");

    /** When a handshake is looked after first, and how long its last records have to be handed on. */
    private static final long FIRST_MILLIS = 10;

    private static final long LONGEST_MILLIS = 1000;

    private final ScheduledExecutorService timer;

    /**
     * Holds nothing yet.
     *
     * @param timer looks after handshakes
     */
    public Greetings(final ScheduledExecutorService timer) {
        this.timer = timer;
    }

    /** Begins to hold what is written to a session, if it begins with a handshake. */
    void holdDuringHandshake(final IoSession session) {
        final SslFilter tls = (SslFilter) session.getFilterChain().get(SslFilter.class);
        if (tls != null) {
            session.setAttribute(KEY, new Held());
            if (tls.isNeedClientAuth() || tls.isWantClientAuth()) {
                lookAfter(session, FIRST_MILLIS);
            }
        }
    }

    private void lookAfter(final IoSession session, final long millis) {
        timer.schedule(
                () -> {
                    if (!session.containsAttribute(KEY)) {
                        return;
                    }
                    if (session.isSecured()) {
                        timer.schedule(() -> remind(session), FIRST_MILLIS, TimeUnit.MILLISECONDS);
                    } else {
                        lookAfter(session, Math.min(2 * millis, LONGEST_MILLIS));
                    }
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    /** Gives {@code SslFilter} an event. */
    private static void remind(final IoSession session) {
        if (session.containsAttribute(KEY)) {
            WriteQueue.then(session, () -> DataLoginFilter.fetchDecrypted(session));
        }
    }

    /** Takes a request that belongs behind the handshake; otherwise it is the caller's to pass on. */
    boolean isHeld(final NextFilter next, final IoSession session, final WriteRequest request) {
        final Held held = (Held) session.getAttribute(KEY);
        return held != null && held.add(next, request);
    }

    /** Passes on what was held; the handshake is done. */
    void release(final IoSession session) {
        final Held held = (Held) session.getAttribute(KEY);
        if (held != null) {
            held.passOn(session);
            session.removeAttribute(KEY);
        }
    }

    /** Forgets what was held; the session is closed. */
    void drop(final IoSession session) {
        final Held held = (Held) session.removeAttribute(KEY);
        if (held != null) {
            held.fail();
        }
    }

    /** What is held for one session. */
    private static final class Held {

        private final Queue<WriteRequest> requests = new ArrayDeque<>();

        private NextFilter next;

        private boolean ended;

        synchronized boolean add(final NextFilter filter, final WriteRequest request) {
            if (ended) {
                return false;
            }
            next = filter;
            requests.add(request);
            return true;
        }

        /** What is written meanwhile waits, so that it comes behind. */
        synchronized void passOn(final IoSession session) {
            ended = true;
            while (!requests.isEmpty()) {
                next.filterWrite(session, requests.remove());
            }
        }

        synchronized void fail() {
            ended = true;
            while (!requests.isEmpty()) {
                final WriteRequest request = requests.remove();
                request.getFuture().setException(new WriteToClosedSessionException(request));
            }
        }
    }
}
