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

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.Fragments;

/** Lets the watch see lines at once and in pieces. The first byte of an input decides how the rest is cut. */
class TransferWatchFuzz {

    /** What FtpServer takes for ABOR: control characters count as blanks, and an X in front for nothing. */
    private static final Pattern ABOR =
            Pattern.compile("[\\x00-\\x20]*[Xx]?[Aa][Bb][Oo][Rr](?:[\\x00-\\x20].*)?\n", Pattern.DOTALL);

    private static final Pattern SPDT =
            Pattern.compile("([\\x00-\\x20]*[Xx]?[Ss][Pp][Dd][Tt][\\x00-\\x20]+)(.*\n?)", Pattern.DOTALL);

    @FuzzTest
    void everyAbortEndsAPartAndNothingElseIsLost(final byte[] script) {
        final byte[] input = Arrays.copyOfRange(script, Math.min(1, script.length), script.length);
        final List<String> whole = texts(new TransferWatch().scan(input));

        assertThat(String.join("", whole)).isEqualTo(expected(input));
        final List<String> aborts = whole.subList(0, whole.size() - 1);
        assertThat(aborts).allMatch(part -> part.endsWith("\n"));
        assertThat(inPieces(input, new Random(script.length == 0 ? 0 : script[0])))
                .isEqualTo(whole);

        final List<String> lines = Arrays.asList(expected(input).split("(?<=\n)"));
        assertThat(aborts).hasSize((int)
                lines.stream().filter(line -> ABOR.matcher(line).matches()).count());
        for (final String part : aborts) {
            final String last = part.substring(part.lastIndexOf('\n', part.length() - 2) + 1);
            assertThat(last).matches(ABOR);
        }
    }

    private static List<String> inPieces(final byte[] input, final Random random) {
        final TransferWatch watch = new TransferWatch();
        final List<String> parts = new ArrayList<>();
        String begun = "";
        for (final byte[] piece : Fragments.random(random, input)) {
            final List<String> more = texts(watch.scan(piece));
            for (final String part : more.subList(0, more.size() - 1)) {
                parts.add(begun + part);
                begun = "";
            }
            begun += more.get(more.size() - 1);
        }
        parts.add(begun);
        return parts;
    }

    /** All lines without telnet's commands in front, and without what SPDT has behind it. */
    private static String expected(final byte[] input) {
        final StringBuilder expected = new StringBuilder();
        for (final String line : new String(input, StandardCharsets.ISO_8859_1).split("(?<=\n)")) {
            // blanks may stand between telnet's commands, and an X in front of the verb ends them
            final String text = stripped(line);
            final Matcher login = SPDT.matcher(text);
            expected.append(login.matches() ? login.group(1) + login.group(2).replaceAll("[^\\x00-\\x20]", "") : text);
        }
        return expected.toString();
    }

    private static String stripped(final String line) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            final char c = line.charAt(i);
            if (c > ' ' && c < 240) {
                return text + line.substring(i);
            }
            if (c < 240) {
                text.append(c);
            }
        }
        return text.toString();
    }

    private static List<String> texts(final List<byte[]> parts) {
        final List<String> texts = new ArrayList<>();
        for (final byte[] part : parts) {
            texts.add(new String(part, StandardCharsets.ISO_8859_1));
        }
        return texts;
    }
}
