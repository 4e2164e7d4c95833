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
package net.spsv.ftpserver.data;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IoSession;

/**
 * The ABORs of a control session that were seen on its I/O thread and that FtpServer has not come to yet.
 *
 * <p>As long as there is one, no single-port transfer begins: the commands that are queued before the ABOR are meant.
 *
 * <p>Threading: safe for all threads.
 */
public final class Aborts {

    private static final AttributeKey KEY = new AttributeKey(Aborts.class, "outstanding");

    private final AtomicInteger outstanding = new AtomicInteger();

    private Aborts() {}

    /**
     * The ABORs of a session.
     *
     * @param session a control session
     * @return always the same object for the same session
     */
    public static Aborts of(final IoSession session) {
        final Aborts aborts = (Aborts) session.getAttribute(KEY);
        if (aborts != null) {
            return aborts;
        }
        final Aborts created = new Aborts();
        final Aborts first = (Aborts) session.setAttributeIfAbsent(KEY, created);
        return first == null ? created : first;
    }

    /** Call as soon as ABOR is seen, before FtpServer gets it. */
    public void seen() {
        outstanding.incrementAndGet();
    }

    /** Call once for each {@link #seen()}, when FtpServer has dealt with it. */
    public void handled() {
        outstanding.decrementAndGet();
    }

    boolean areOutstanding() {
        return outstanding.get() > 0;
    }
}
