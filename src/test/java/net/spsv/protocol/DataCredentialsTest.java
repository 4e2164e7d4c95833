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
package net.spsv.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from a reply to SPSV (draft, section 3), and what of it others get to see. */
@Timeout(60)
class DataCredentialsTest {
    private static final String THIRTY_TWO = "abcdefghijklmnopqrstuvwxyz012345";

    private static String repeated(final int count) {
        final char[] chars = new char[count];
        Arrays.fill(chars, 'x');
        return new String(chars);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "227 Entering single-port mode (DATACONN:007aB)",
                "227 (DATACONN:007aB)",
                "227 Mode (single) (port) (DATACONN:007aB).",
                "227 Mode (DATACONN:007aB) and more text"
            })
    void userAndTokenAreWhatTheLastBracketsHold(final String line) {
        final DataCredentials credentials = DataCredentials.parse(line);
        assertThat(credentials.isSpdt()).isFalse();
        assertThat(credentials.user()).isEqualTo("DATACONN");
        assertThat(credentials.token()).isEqualTo("007aB");
    }

    @Test
    void everyCharacterThatTheDraftAllowsComesThroughAsItIs() {
        final DataCredentials first = DataCredentials.parse("227 (!\"#$%&'*+,-./;<=>?@[\\]^_`{|}~:" + THIRTY_TWO + ")");
        assertThat(first.user()).isEqualTo("!\"#$%&'*+,-./;<=>?@[\\]^_`{|}~");
        assertThat(first.token()).isEqualTo(THIRTY_TWO);
        assertThat(DataCredentials.parse("227 (" + THIRTY_TWO + ":A)").user()).isEqualTo(THIRTY_TWO);
    }

    @Test
    void bracketsWithoutAColonHoldAnIdentifier() {
        final DataCredentials credentials = DataCredentials.parse("227 Entering single-port mode (007aB)");
        assertThat(credentials.isSpdt()).isTrue();
        assertThat(credentials.user()).isNull();
        assertThat(credentials.token()).isEqualTo("007aB");
        assertThat(DataCredentials.parse("227 (" + repeated(128) + ")").isSpdt())
                .as("no length is stated")
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "227",
                "227 no brackets",
                "227 ()",
                "227 (:)",
                "227 (DATACONN:)",
                "227 (:007aB)",
                "227 (DATA:CONN:007aB)",
                "227 (DATACONN: 007aB)",
                "227 (DATACONN:007\u00e4B)",
                "227 (DATACONN:007\u007fB)",
                "227 (DATACONN:007\rPASS x)",
                "227 (007\nDELE x)",
                "227 (DATACONN:007aB",
                "227-(DATACONN:007aB)",
                "229 (DATACONN:007aB)",
                "200 (DATACONN:007aB)",
                "227(DATACONN:007aB)"
            })
    void whatIsNoReplyToSpsvIsNotRead(final String line) {
        assertThat(DataCredentials.parse(line)).isNull();
    }

    @Test
    void whatIsLongerThanTheDraftAllowsIsNotRead() {
        assertThat(DataCredentials.parse("227 (" + repeated(33) + ":x)")).isNull();
        assertThat(DataCredentials.parse("227 (x:" + repeated(33) + ")")).isNull();
        assertThat(DataCredentials.parse("227 (" + repeated(129) + ")")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "227 Mode (DATACONN:007aB), 227 Mode (DATACONN:***)",
        "227 Mode (007aB), 227 Mode (***)",
        "227 Mode (DATACONN:007aB) text, 227 Mode (DATACONN:***)",
        "227 Mode (DATACONN:007aB, 227 Mode (DATACONN:***)",
        "227 Mode (single) (DATACONN:007aB), 227 Mode (***)",
        "227 Mode (a:007:aB), 227 Mode (a:***)",
        "227 no brackets, 227 no brackets"
    })
    void othersSeeNothingBehindTheUser(final String reply, final String seen) {
        assertThat(DataCredentials.masked(reply)).isEqualTo(seen);
    }

    @Test
    void everyLineIsMaskedAndStaysALine() {
        assertThat(DataCredentials.masked("227-Mode (DATACONN:007aB)\r\n227 (007aB) of it\r\n"))
                .isEqualTo("227-Mode (DATACONN:***)\r\n227 (***)\r\n");
        assertThat(DataCredentials.masked("227 (DATACONN:007\raB)\r\n"))
                .as("a lone CR ends no line")
                .isEqualTo("227 (DATACONN:***)\r\n");
    }
}
