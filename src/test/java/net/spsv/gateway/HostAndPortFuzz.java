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

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import net.spsv.gateway.control.Log;

/** Lets somebody write anything where an address is asked for. */
class HostAndPortFuzz {

    @FuzzTest
    void addressIsWhatWasWrittenOrRefusedInOneSentence(final byte[] input) {
        final String text = new String(input, StandardCharsets.UTF_8);
        final HostAndPort parsed;
        try {
            parsed = HostAndPort.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).isExactlyInstanceOf(IllegalArgumentException.class);
            assertThat(e.getMessage()).doesNotContainPattern("[\\x00-\\x1f]");
            return;
        }
        assertThat(parsed.host()).isNotEmpty().doesNotContain("[", "]").doesNotContainPattern("\\s");
        assertThat(text).contains(parsed.host());
        final InetSocketAddress address = parsed.unresolved(21);
        assertThat(address.isUnresolved()).isTrue();
        assertThat(address.getHostString()).isEqualTo(parsed.host());
        if (parsed.hasPort()) {
            assertThat(text).matches("(?s).*:0*" + address.getPort());
        } else {
            assertThat(address.getPort()).isEqualTo(21);
        }
        final HostAndPort again = HostAndPort.parse(Log.address(address));
        assertThat(again.unresolved(0)).isEqualTo(address);
    }
}
