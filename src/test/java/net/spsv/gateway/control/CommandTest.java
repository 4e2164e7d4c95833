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

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "NOOP;NOOP;''",
                "noop;NOOP;''",
                "retr a b ;RETR;a b",
                "CWD  x;CWD;x",
                " CWD x;CWD;x",
                "XPWD;XPWD;''",
                "XPASV;PASV;''",
                "XABC;XABC;''",
                "XABCDE;XABCDE;''",
                "X;X;''",
                "'';'';''",
                "' ';'';''"
            })
    void verbAndArgumentAreRead(final String line, final String verb, final String argument) {
        final Command command = Command.parse(line);
        assertThat(command.verb()).isEqualTo(verb);
        assertThat(command.argument()).isEqualTo(argument);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOOP", "CWD  two blanks", "PASS  trailing ", "CWD \u00ff\u00f4", "STOR a\u0000b", "x\ty"})
    void lineGoesOnAsItCame(final String line) {
        assertThat(Command.parse(line).line()).isEqualTo(line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\u00ff\u00f4\u00ff\u00f2", "\u00ff\u00f4\u00f2", "\u00f2", "\u00ff\u00f4 \u00ff\u00f2 ", " "})
    void telnetsCommandsInFrontAreDropped(final String telnet) {
        final Command command = Command.parse(telnet + "ABOR");
        assertThat(command.verb()).isEqualTo("ABOR");
        assertThat(command.line()).isEqualTo("ABOR");
    }

    @ParameterizedTest
    @CsvSource({
        "PASS secret, PASS ***",
        "pass secret word, PASS ***",
        "XPASS secret, PASS ***",
        "ACCT secret, ACCT ***",
        "PASS, PASS ***",
        "SITE PSWD old new, SITE PSWD ***",
        "site cpwd x, site cpwd ***",
        "SITE CHMOD 644 x, SITE CHMOD 644 x",
        "USER secret, USER secret",
        "CWD PASS, CWD PASS"
    })
    void passwordsAreMasked(final String line, final String masked) {
        assertThat(Command.parse(line).masked()).isEqualTo(masked);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PASS\tsecret", "PASS\u0000secret", ":secret", "P\u00e4SS secret", "A\rPASS secret"})
    void whatIsNoCommandIsNotWellFormedAndNotShown(final String line) {
        assertThat(Command.parse(line).isWellFormed()).isFalse();
        assertThat(Command.parse(line).masked()).isEqualTo("***");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOOP", "noop", "CWD \u00e4\t\u0000\r", "X-Y_@9 z", "CWD "})
    void whatMayFollowTheBlankIsUpToTheServer(final String line) {
        assertThat(Command.parse(line).isWellFormed()).isTrue();
    }

    /** In Turkish, a small i becomes a capital one with a dot. */
    @Test
    void verbDoesNotDependOnTheLocale() {
        final Locale before = Locale.getDefault();
        Locale.setDefault(new Locale("tr"));
        try {
            assertThat(Command.parse("list").verb()).isEqualTo("LIST");
        } finally {
            Locale.setDefault(before);
        }
    }
}
