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
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.apache.mina.core.filterchain.IoFilter.NextFilter;
import org.apache.mina.core.future.DefaultWriteFuture;
import org.apache.mina.core.future.WriteFuture;
import org.apache.mina.core.session.DummySession;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.core.write.DefaultWriteRequest;
import org.apache.mina.core.write.WriteRequest;
import org.apache.mina.core.write.WriteToClosedSessionException;
import org.apache.mina.filter.ssl.SslFilter;
import org.junit.jupiter.api.Test;

class GreetingTest {

    private final IoSession session = new DummySession();

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
        Greeting.holdDuringHandshake(session);
    }

    private boolean isHeld(final String reply) {
        return Greeting.isHeld(next, session, new DefaultWriteRequest(reply));
    }

    @Test
    void waitsForTheHandshakeAndKeepsItsOrder() throws Exception {
        beginWithHandshake(tls -> {});
        assertThat(isHeld("220-")).isTrue();
        assertThat(isHeld("220 ")).isTrue();
        assertThat(passedOn).isEmpty();

        Greeting.release(session);

        assertThat(passedOn).containsExactly("220-", "220 ");
        assertThat(isHeld("331 ")).isFalse();
        Greeting.release(session);
        assertThat(passedOn).hasSize(2);
    }

    @Test
    void isNotHeldThatComesAfterTheHandshake() throws Exception {
        beginWithHandshake(tls -> {});
        Greeting.release(session);
        assertThat(isHeld("220 ")).isFalse();
    }

    @Test
    void isNotHeldInClear() {
        Greeting.holdDuringHandshake(session);
        assertThat(isHeld("220 ")).isFalse();
        Greeting.release(session);
        Greeting.drop(session);
        assertThat(passedOn).isEmpty();
    }

    @Test
    void isNotHeldFromClientsThatAreAskedForACertificate() throws Exception {
        beginWithHandshake(tls -> tls.setNeedClientAuth(true));
        assertThat(isHeld("220 ")).isFalse();
        session.getFilterChain().clear();
        beginWithHandshake(tls -> tls.setWantClientAuth(true));
        assertThat(isHeld("220 ")).isFalse();
    }

    @Test
    void isNotSentWhenTheConnectionEndsInTheHandshake() throws Exception {
        beginWithHandshake(tls -> {});
        final WriteFuture sent = new DefaultWriteFuture(session);
        assertThat(Greeting.isHeld(next, session, new DefaultWriteRequest("220 ", sent)))
                .isTrue();

        Greeting.drop(session);

        assertThat(sent.isDone()).isTrue();
        assertThat(sent.getException()).isInstanceOf(WriteToClosedSessionException.class);
        assertThat(passedOn).isEmpty();
        assertThat(isHeld("421 ")).isFalse();
    }
}
