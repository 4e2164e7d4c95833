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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyParserTest {
    private final ReplyParser parser = new ReplyParser();

    private Reply reply(final String... lines) throws ProtocolException {
        final List<ReplyLine> read = new ArrayList<>();
        for (final String line : lines) {
            read.add(parser.parse(line));
        }
        assertThat(read.subList(0, read.size() - 1)).noneMatch(ReplyLine::isLast);
        assertThat(read.get(read.size() - 1).isLast()).isTrue();
        assertThat(read).allMatch(line -> line.code() == read.get(0).code());
        return new Reply(read);
    }

    @Test
    void replyOfOneLine() throws Exception {
        final Reply reply = reply("220 hello  there ");
        assertThat(reply.code()).isEqualTo(220);
        assertThat(reply.text()).isEqualTo("hello  there ");
        assertThat(reply.lastLine()).isEqualTo("220 hello  there ");
        assertThat(reply.lines()).containsExactly("220 hello  there ");
    }

    @Test
    void codeAlone() throws Exception {
        assertThat(reply("220").text()).isEmpty();
        assertThat(reply("220 ").text()).isEmpty();
    }

    @Test
    void replyOfManyLinesEndsWithItsCodeAndABlank() throws Exception {
        final String[] lines = {"211-a", "", " 211 b", "211-c", "2110 d", "211", "212 e", "\u0000", "211 end"};
        final Reply reply = reply(lines);
        assertThat(reply.code()).isEqualTo(211);
        assertThat(reply.lines()).containsExactly(lines);
        assertThat(reply.text()).isEqualTo("end");
        assertThat(reply("200 next").code()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "2",
                "22",
                "2200",
                "220_x",
                "220\tx",
                "020 x",
                "620 x",
                "x",
                " 220 x",
                "-20 x",
                "22x x",
                "\u0662\u0662\u0660 x"
            })
    void whatIsNoReplyIsRefused(final String line) {
        assertThatThrownBy(() -> parser.parse(line)).isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "100, true, false, false", "199, true, false, false", "200, false, true, false", "299, false, true, false",
        "300, false, false, false", "399, false, false, false", "400, false, false, true", "599, false, false, true"
    })
    void codesHaveTheirKinds(final int code, final boolean preliminary, final boolean completion, final boolean refusal)
            throws Exception {
        assertThat(Reply.isPreliminary(code)).isEqualTo(preliminary);
        assertThat(Reply.isCompletion(code)).isEqualTo(completion);
        assertThat(Reply.isRefusal(code)).isEqualTo(refusal);
    }

    @ParameterizedTest
    @CsvSource({
        "500, true",
        "502, true",
        "202, true",
        "501, false",
        "503, false",
        "504, false",
        "530, false",
        "200, false"
    })
    void commandIsUnknownByCertainCodes(final int code, final boolean unknown) throws Exception {
        assertThat(reply(code + " x").isUnknownCommand()).isEqualTo(unknown);
    }

    @Test
    void linesOfAReplyAreItsOwn() throws Exception {
        final List<ReplyLine> lines = new ArrayList<>(Arrays.asList(parser.parse("200 x")));
        final Reply reply = new Reply(lines);
        lines.clear();
        assertThat(reply.lines()).containsExactly("200 x");
    }
}
