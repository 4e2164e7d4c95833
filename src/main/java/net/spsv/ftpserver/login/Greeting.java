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
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.core.write.WriteToClosedSessionException;
import org.apache.mina.filter.ssl.SslFilter;

/**
 * What FtpServer writes to a connection of an implicit listener during its handshake, which cannot leave before that is
 * done: its greeting.
 *
 * <p>{@code SslFilter} of MINA 2.2.4 hands on what was encrypted on whatever threads come by, in any order, so that the
 * greeting may overtake the last records of the handshake; in 2.2.10 that is mended. So it is passed on here by the
 * thread that has handed them on. With client certificates it is not held: in TLS 1.3 {@code SslFilter} may end the
 * handshake on a thread of its own, and tell of it when the next reply is written, and no sooner.
 *
 * <p>Threading: safe for all threads.
 */
final class Greeting {

    private static final AttributeKey KEY = new AttributeKey(Greeting.class, "greeting");

    private final Queue<WriteRequest> requests = new ArrayDeque<>();

    private NextFilter next;

    private boolean ended;

    private Greeting() {}

    /** Begins to hold what is written to a session, if it begins with a handshake. */
    static void holdDuringHandshake(final IoSession session) {
        final SslFilter tls = (SslFilter) session.getFilterChain().get(SslFilter.class);
        if (tls != null && !tls.isNeedClientAuth() && !tls.isWantClientAuth()) {
            session.setAttribute(KEY, new Greeting());
        }
    }

    /** Takes a request that belongs behind the handshake; otherwise it is the caller's to pass on. */
    static boolean isHeld(final NextFilter next, final IoSession session, final WriteRequest request) {
        final Greeting greeting = (Greeting) session.getAttribute(KEY);
        return greeting != null && greeting.hold(next, request);
    }

    /** Passes on what was held; the last records of the handshake have been handed on. */
    static void release(final IoSession session) {
        final Greeting greeting = (Greeting) session.getAttribute(KEY);
        if (greeting != null) {
            greeting.passOn(session);
            session.removeAttribute(KEY);
        }
    }

    /** Forgets what was held; the session is closed. */
    static void drop(final IoSession session) {
        final Greeting greeting = (Greeting) session.removeAttribute(KEY);
        if (greeting != null) {
            greeting.fail();
        }
    }

    private synchronized boolean hold(final NextFilter filter, final WriteRequest request) {
        if (ended) {
            return false;
        }
        next = filter;
        requests.add(request);
        return true;
    }

    /** What is written meanwhile waits, so that it comes behind. */
    private synchronized void passOn(final IoSession session) {
        ended = true;
        while (!requests.isEmpty()) {
            next.filterWrite(session, requests.remove());
        }
    }

    private synchronized void fail() {
        ended = true;
        while (!requests.isEmpty()) {
            final WriteRequest request = requests.remove();
            request.getFuture().setException(new WriteToClosedSessionException(request));
        }
    }
}
