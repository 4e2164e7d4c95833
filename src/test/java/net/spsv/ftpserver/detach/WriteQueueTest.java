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

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.WriteRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WriteQueueTest {

    private final DummySession session = new DummySession();

    private final List<String> events = new ArrayList<>();

    @BeforeEach
    void listen() {
        session.getFilterChain().addLast("listener", new IoFilterAdapter() {
            @Override
            public void messageSent(final NextFilter next, final IoSession from, final WriteRequest request) {
                events.add("sent");
            }
        });
    }

    @Test
    void taskRunsBehindWhatWasWrittenBefore() {
        session.suspendWrite();
        session.write(IoBuffer.wrap(new byte[1]));
        WriteQueue.then(session, () -> events.add("task"));
        session.write(IoBuffer.wrap(new byte[1]));
        assertThat(events).isEmpty();

        session.resumeWrite();
        for (int i = 0; i < 3; i++) {
            session.getProcessor().flush(session);
        }

        assertThat(events).containsExactly("sent", "task", "sent");
    }

    @Test
    void taskOfAClosedSessionIsDropped() {
        session.closeNow();
        WriteQueue.then(session, () -> events.add("task"));

        assertThat(events).isEmpty();
    }

    @Test
    void filtersDoNotSeeTasksAndBytes() {
        session.getFilterChain().addFirst("first", new IoFilterAdapter() {
            @Override
            public void filterWrite(final NextFilter next, final IoSession to, final WriteRequest request) {
                events.add("write");
            }
        });
        WriteQueue.write(session, new byte[1]);
        WriteQueue.then(session, () -> events.add("task"));

        assertThat(events).containsExactly("task");
    }
}
