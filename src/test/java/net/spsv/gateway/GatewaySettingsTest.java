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
package net.spsv.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import net.spsv.gateway.remote.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaySettingsTest {
    private static final InetSocketAddress SERVER = InetSocketAddress.createUnresolved("ftp.example.org", 21);

    private final GatewaySettings settings = new GatewaySettings(SERVER);

    @Test
    void defaultsAreThoseOfTheCommandLine() {
        assertThat(settings.server()).isSameAs(SERVER);
        assertThat(settings.listen()).isEqualTo(new InetSocketAddress("127.0.0.1", 2121));
        assertThat(settings.protection().mode()).isEqualTo(Protection.Mode.NONE);
        assertThat(settings.isFallback()).isFalse();
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.dataTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(settings.maxSessions()).isEqualTo(500);
    }

    @Test
    void everythingCanBeSet() {
        final InetSocketAddress listen = new InetSocketAddress("127.0.0.1", 0);
        final Protection none = Protection.none();
        settings.listen(listen)
                .protection(none)
                .fallback(true)
                .connectTimeout(Duration.ofMillis(1))
                .dataTimeout(Duration.ofDays(1))
                .maxSessions(1);
        assertThat(settings.listen()).isSameAs(listen);
        assertThat(settings.protection()).isSameAs(none);
        assertThat(settings.isFallback()).isTrue();
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofMillis(1));
        assertThat(settings.dataTimeout()).isEqualTo(Duration.ofDays(1));
        assertThat(settings.maxSessions()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void timeoutMustBeMoreThanNothing(final long seconds) {
        final Duration timeout = Duration.ofSeconds(seconds);
        assertThatThrownBy(() -> settings.connectTimeout(timeout)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> settings.dataTimeout(timeout)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void thereMustBeASession(final int count) {
        assertThatThrownBy(() -> settings.maxSessions(count)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingMayBeMissing() {
        assertThatNullPointerException().isThrownBy(() -> new GatewaySettings(null));
        assertThatNullPointerException().isThrownBy(() -> settings.listen(null));
        assertThatNullPointerException().isThrownBy(() -> settings.protection(null));
        assertThatNullPointerException().isThrownBy(() -> settings.connectTimeout(null));
    }

    @Test
    void protectionSaysWhatItIs() {
        assertThat(Protection.none()).hasToString("in clear");
        assertThat(Protection.tls(Protection.Mode.EXPLICIT, null, "x", true)).hasToString("explicit TLS");
        assertThat(Protection.tls(Protection.Mode.IMPLICIT, null, "x", false))
                .hasToString("implicit TLS, certificate not verified");
    }
}
