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
package net.spsv.gateway.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import net.spsv.protocol.DataCredentials;

/** Lets a client say anything. */
class CommandFuzz {
    /** Lines that some server might take for a password, though the gateway need not. */
    private static final Pattern PASSWORD = Pattern.compile("(?s)X?(PASS|ACCT)[^0-9A-Za-z@_-].*");

    @FuzzTest
    void passwordIsNeverShownAndTheLineIsNotChanged(final byte[] input) {
        final String received = new String(input, StandardCharsets.ISO_8859_1);
        final Command command = Command.parse(received);

        assertThat(received).endsWith(command.line());
        assertThat(received.substring(0, received.length() - command.line().length()))
                .as("what is dropped is telnet's")
                .matches("[ \u00f0-\u00ff]*");
        assertThat(command.line()).doesNotMatch("(?s)[ \u00f0-\u00ff].*");
        assertThat(command.verb()).doesNotContain(" ").isEqualTo(command.verb().toUpperCase(Locale.ROOT));
        assertThat(command.line()).contains(command.argument());
        assertThat(Command.parse(command.line()).masked()).isEqualTo(command.masked());
        if (command.isWellFormed()) {
            assertThat(command.verb()).matches("[A-Z0-9@_-]+");
            assertThat(command.masked())
                    .satisfies(masked -> assertThat(
                                    masked.equals(command.line()) || masked.endsWith(' ' + DataCredentials.MASK))
                            .isTrue());
        } else {
            assertThat(command.masked()).isEqualTo(DataCredentials.MASK);
        }
        if (PASSWORD.matcher(command.line().toUpperCase(Locale.ROOT)).matches()) {
            assertThat(command.masked()).isIn(DataCredentials.MASK, "PASS ***", "ACCT ***");
        }
    }
}
