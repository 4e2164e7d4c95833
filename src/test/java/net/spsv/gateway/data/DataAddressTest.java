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

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataAddressTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "127,0,0,1,4,5; 127.0.0.1; 1029",
                "0,0,0,0,0,0; 0.0.0.0; 0",
                "255,255,255,255,255,255; 255.255.255.255; 65535",
                "010,001,002,003,000,021; 10.1.2.3; 21"
            })
    void argumentOfPortIsRead(final String argument, final String address, final int port) {
        assertThat(DataAddress.ofPort(argument)).isEqualTo(new InetSocketAddress(address, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1,2,3,4,5",
                "1,2,3,4,5,6,7",
                "1,2,3,4,5,256",
                "256,2,3,4,5,6",
                "1,2,3,4,5,",
                ",1,2,3,4,5",
                "1,2,3,4,5,-6",
                "1, 2,3,4,5,6",
                "1.2.3.4.5.6",
                "1,2,3,4,5,6 ",
                "1,2,3,4,5,0006",
                "a,2,3,4,5,6",
                "\u0661,2,3,4,5,6",
                "(1,2,3,4,5,6)"
            })
    void argumentOfPortThatIsNoneIsRefused(final String argument) {
        assertThat(DataAddress.ofPort(argument)).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "|1|127.0.0.1|5000|; 127.0.0.1; 5000; 1",
                "!1!10.1.2.3!65535!; 10.1.2.3; 65535; 1",
                "11110.1.2.3110001; ''; 0; ''",
                "|2|::1|1|; ::1; 1; 2",
                "|2|1080::8:800:200C:417A|5282|; 1080::8:800:200C:417A; 5282; 2",
                "#2#::ffff:10.0.0.1#9#; 10.0.0.1; 9; 2"
            })
    void argumentOfEprtIsRead(final String argument, final String address, final int port, final String protocol) {
        if (address.isEmpty()) {
            assertThat(DataAddress.ofEprt(argument)).isNull();
        } else {
            assertThat(DataAddress.ofEprt(argument)).isEqualTo(new InetSocketAddress(address, port));
            assertThat(DataAddress.protocolOfEprt(argument)).isEqualTo(protocol);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "|",
                "||||",
                "|1|127.0.0.1|5000",
                "|1|127.0.0.1|5000!",
                "1|127.0.0.1|5000|",
                "|1|127.0.0.1|65536|",
                "|1|127.0.0.1|999999|",
                "|1|127.0.0.1||",
                "|1||5000|",
                "|1|127.0.0|5000|",
                "|1|256.0.0.1|5000|",
                "|1|127.0.0.1.5|5000|",
                "|1|::1|5000|",
                "|2|127.0.0.1|5000|",
                "|2|1234|5000|",
                "|2|cafe|5000|",
                "|2|:::|5000|",
                "|2|1::2::3|5000|",
                "|2|::1%lo|5000|",
                "|2|g::1|5000|",
                "|3|127.0.0.1|5000|",
                "|1|localhost|5000|",
                "|1|127.0.0.1|5000|x",
                " |1|127.0.0.1|5000|",
                "|1|127.0.0.1|+5|"
            })
    void argumentOfEprtThatIsNoneIsRefused(final String argument) {
        assertThat(DataAddress.ofEprt(argument)).isNull();
    }

    @Test
    void protocolIsReadWhereTheFormIsRight() {
        assertThat(DataAddress.protocolOfEprt("|3|::1|5000|")).isEqualTo("3");
        assertThat(DataAddress.protocolOfEprt("|2|::1|5000")).isNull();
        assertThat(DataAddress.protocolOfEprt("")).isNull();
    }

    @Test
    void protocolOfAnAddressIsItsFamily() throws Exception {
        assertThat(DataAddress.protocol(InetAddress.getByName("127.0.0.1"))).isEqualTo("1");
        assertThat(DataAddress.protocol(InetAddress.getByName("::1"))).isEqualTo("2");
    }

    @Test
    void whatIsWrittenForPasvIsReadAgain() {
        for (final int port : new int[] {0, 1, 255, 256, 257, 65535}) {
            final InetSocketAddress address = new InetSocketAddress("200.0.128.255", port);
            assertThat(DataAddress.ofPort(DataAddress.numbers(address))).isEqualTo(address);
        }
        assertThat(DataAddress.numbers(new InetSocketAddress("127.0.0.1", 1029)))
                .isEqualTo("127,0,0,1,4,5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "229 Entering Extended Passive Mode (|||6446|); 6446",
                "229 (|||6446|).; 6446",
                "229 (x) (!!!1!) y; 1",
                "229 (|||0|); -1",
                "229 (|||65536|); -1",
                "229 (||127.0.0.1|6446|); -1",
                "229 (|||6446); -1",
                "229 |||6446|; -1",
                "229 (||!6446|); -1",
                "227 Entering Passive Mode (10,0,0,1,4,5).; 1029",
                "227 Entering Passive Mode 10,0,0,1,4,5; 1029",
                "227 10,0,0,1,4,5 x; 1029",
                "227 (10,0,0,1,0,0); -1",
                "227 (10,0,0,1,4,256); -1",
                "227 (10,0,0,1,4); -1",
                "227 no; -1",
                "228 (10,0,0,1,4,5); -1",
                "200 (|||6446|); -1",
                "''; -1"
            })
    void portOfAServersReplyIsRead(final String line, final int port) {
        assertThat(DataAddress.passivePort(line)).isEqualTo(port);
    }
}
