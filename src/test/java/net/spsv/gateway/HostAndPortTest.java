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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostAndPortTest {
    @ParameterizedTest
    @CsvSource({
        "ftp.example.org, ftp.example.org, -1",
        "ftp.example.org:2121, ftp.example.org, 2121",
        "127.0.0.1:0, 127.0.0.1, 0",
        "h:65535, h, 65535",
        "[::1]:990, ::1, 990",
        "[::1], ::1, -1",
        "[fe80::1%eth0]:21, fe80::1%eth0, 21",
        "::1, ::1, -1",
        "2001:db8::1:21, 2001:db8::1:21, -1",
        "::ffff:10.0.0.1, ::ffff:10.0.0.1, -1"
    })
    void hostAndPortAreRead(final String text, final String host, final int port) {
        final HostAndPort parsed = HostAndPort.parse(text);
        assertThat(parsed.host()).isEqualTo(host);
        assertThat(parsed.hasPort()).isEqualTo(port >= 0);
        assertThat(parsed.unresolved(21)).isEqualTo(InetSocketAddress.createUnresolved(host, port < 0 ? 21 : port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":21",
                "h:",
                "h:x",
                "h:65536",
                "h:999999",
                "h:-1",
                "h:2 1",
                "a b",
                " h",
                "h ",
                "[::1",
                "::1]",
                "[]:21",
                "[::1]21",
                "[::1]:",
                "[::1]:65536",
                "[h]:21",
                "h:21:22",
                "h\n",
                "ftp://h",
                "h/x:y"
            })
    void whatIsNoAddressIsRefusedInOneSentence(final String text) {
        assertThatThrownBy(() -> HostAndPort.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("' is no HOST:PORT with a port up to 65535")
                .hasMessageNotContaining("\n");
    }

    @Test
    void addressIsLookedUpWhereItIsWanted() {
        assertThat(HostAndPort.parse("127.0.0.1:5").resolved(21)).isEqualTo(new InetSocketAddress("127.0.0.1", 5));
        assertThat(HostAndPort.parse("127.0.0.1").resolved(21)).isEqualTo(new InetSocketAddress("127.0.0.1", 21));
        assertThat(HostAndPort.parse("127.0.0.1").unresolved(21).isUnresolved()).isTrue();
    }
}
