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
package net.spsv.gateway.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Lets a client ask for any address, and a server announce any. */
class DataAddressFuzz {

    @FuzzTest
    void addressIsOneOfNumbersOrNone(final byte[] input) {
        final String text = new String(input, StandardCharsets.ISO_8859_1);
        expectPort(text);
        expectEprt(text);
        expectPassive(text);
        expectPassive("227 Entering Passive Mode " + text);
        expectPassive("229 Entering Extended Passive Mode " + text);
    }

    private static void expectPort(final String text) {
        final InetSocketAddress address = DataAddress.ofPort(text);
        if (address == null) {
            return;
        }
        expectNumbers(address);
        final String numbers = DataAddress.numbers(address);
        assertThat(text.replaceAll("\\b0+(?=[0-9])", "")).isEqualTo(numbers);
        assertThat(DataAddress.ofPort(numbers)).isEqualTo(address);
        assertThat(DataAddress.passivePort("227 x (" + text + ")"))
                .isEqualTo(address.getPort() == 0 ? -1 : address.getPort());
    }

    private static void expectEprt(final String text) {
        final InetSocketAddress address = DataAddress.ofEprt(text);
        if (address == null) {
            return;
        }
        expectNumbers(address);
        // an IPv6 address that stands for one of IPv4 is one
        final String protocol = DataAddress.protocol(address.getAddress());
        assertThat(DataAddress.protocolOfEprt(text)).isIn(protocol, "2");
        final String written =
                '|' + protocol + '|' + address.getAddress().getHostAddress() + '|' + address.getPort() + '|';
        assertThat(DataAddress.ofEprt(written)).isEqualTo(address);
    }

    private static void expectPassive(final String line) {
        final int port = DataAddress.passivePort(line);
        assertThat(port).matches(found -> found == -1 || found > 0 && found < 0x10000);
        if (port > 0) {
            assertThat(line).matches("(?s)(227|229) .*[0-9].*");
        }
    }

    /** An address that was looked up has a name. */
    private static void expectNumbers(final InetSocketAddress address) {
        assertThat(address.isUnresolved()).isFalse();
        assertThat(address.getPort()).isBetween(0, 0xffff);
        assertThat(address.getAddress().toString()).startsWith("/");
        assertThat(address.getAddress().getAddress()).hasSize(address.getAddress() instanceof Inet4Address ? 4 : 16);
    }
}
