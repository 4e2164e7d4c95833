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

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.security.GeneralSecurityException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.future.DefaultWriteFuture;
import org.apache.mina.core.future.WriteFuture;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.core.write.WriteToClosedSessionException;
import org.apache.mina.filter.ssl.SslFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GreetingsTest {

    /** Runs what is due on the test's thread, when the test says so. */
    private final Queue<Runnable> due = new ArrayDeque<>();

    private final Greetings greetings = new Greetings((ScheduledExecutorService) Proxy.newProxyInstance(
            ScheduledExecutorService.class.getClassLoader(),
            new Class<?>[] {ScheduledExecutorService.class},
            (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("schedule");
                due.add((Runnable) arguments[0]);
                return null;
            }));

    private boolean secured;

    private final DummySession session = new DummySession() {
        @Override
        public boolean isSecured() {
            return secured;
        }
    };

    private final AtomicInteger reminders = new AtomicInteger();

    private final List<Object> passedOn = new ArrayList<>();

    private final NextFilter next = (NextFilter) Proxy.newProxyInstance(
            NextFilter.class.getClassLoader(), new Class<?>[] {NextFilter.class}, (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("filterWrite");
                passedOn.add(((WriteRequest) arguments[1]).getMessage());
                return null;
            });

    private void beginWithHandshake(final Consumer<SslFilter> settings) throws GeneralSecurityException {
        final SslFilter tls = new SslFilter(SSLContext.getDefault(), false);
        settings.accept(tls);
        session.getFilterChain().addFirst("sslFilter", tls);
        session.getFilterChain().addFirst("reminders", new IoFilterAdapter() {
            @Override
            public void messageReceived(final NextFilter filter, final IoSession of, final Object message) {
                reminders.incrementAndGet();
            }
        });
        greetings.holdDuringHandshake(session);
    }

    private boolean isHeld(final String reply) {
        return greetings.isHeld(next, session, new DefaultWriteRequest(reply));
    }

    @Test
    void waitsForTheHandshakeAndKeepsItsOrder() throws Exception {
        beginWithHandshake(tls -> {});
        assertThat(isHeld("220-")).isTrue();
        assertThat(isHeld("220 ")).isTrue();
        assertThat(passedOn).isEmpty();

        greetings.release(session);

        assertThat(passedOn).containsExactly("220-", "220 ");
        assertThat(isHeld("331 ")).isFalse();
        greetings.release(session);
        assertThat(passedOn).hasSize(2);
    }

    @Test
    void isNotHeldThatComesAfterTheHandshake() throws Exception {
        beginWithHandshake(tls -> {});
        greetings.release(session);
        assertThat(isHeld("220 ")).isFalse();
    }

    @Test
    void isNotHeldInClear() {
        greetings.holdDuringHandshake(session);
        assertThat(isHeld("220 ")).isFalse();
        greetings.release(session);
        greetings.drop(session);
        assertThat(passedOn).isEmpty();
    }

    @Test
    void handshakesWithoutClientCertificatesAreNotLookedAfter() throws Exception {
        beginWithHandshake(tls -> {});
        assertThat(due).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sslFilterIsRemindedOfAHandshakeThatItDoesNotTellOf(final boolean needed) throws Exception {
        beginWithHandshake(tls -> {
            tls.setNeedClientAuth(needed);
            tls.setWantClientAuth(!needed);
        });
        assertThat(isHeld("220 ")).isTrue();
        for (int i = 0; i < 20; i++) {
            due.remove().run();
            assertThat(reminders).hasValue(0);
        }
        secured = true;
        due.remove().run();
        assertThat(reminders).hasValue(0);
        due.remove().run();
        assertThat(reminders).hasValue(1);
        assertThat(due).isEmpty();
    }

    @Test
    void handshakeThatIsToldOfOrHasEndedIsNotLookedAfterAnyMore() throws Exception {
        beginWithHandshake(tls -> tls.setNeedClientAuth(true));
        greetings.release(session);
        due.remove().run();
        assertThat(due).isEmpty();
        session.getFilterChain().clear();

        beginWithHandshake(tls -> tls.setNeedClientAuth(true));
        secured = true;
        due.remove().run();
        greetings.drop(session);
        due.remove().run();
        assertThat(due).isEmpty();
        assertThat(reminders).hasValue(0);
    }

    @Test
    void isNotSentWhenTheConnectionEndsInTheHandshake() throws Exception {
        beginWithHandshake(tls -> {});
        final WriteFuture sent = new DefaultWriteFuture(session);
        assertThat(greetings.isHeld(next, session, new DefaultWriteRequest("220 ", sent)))
                .isTrue();

        greetings.drop(session);

        assertThat(sent.isDone()).isTrue();
        assertThat(sent.getException()).isInstanceOf(WriteToClosedSessionException.class);
        assertThat(passedOn).isEmpty();
        assertThat(isHeld("421 ")).isFalse();
    }
}
