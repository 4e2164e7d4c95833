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
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.gateway.wire.Wire;

/** Lets a server say anything, in pieces. The first byte of an input decides how the rest is cut. */
class ReplyFuzz {
    private static final Charset ISO = StandardCharsets.ISO_8859_1;
    /** Longer than any line may be. */
    private static final int REPEATED = 9000;

    /** Gives the pieces, then the end. */
    private static final class Pieces implements Wire {
        private final Iterator<byte[]> pieces;
        private ByteBuffer piece = ByteBuffer.allocate(0);

        Pieces(final List<byte[]> pieces) {
            this.pieces = pieces.iterator();
        }

        @Override
        public int read(final ByteBuffer target) {
            if (!piece.hasRemaining()) {
                if (!pieces.hasNext()) {
                    return -1;
                }
                piece = ByteBuffer.wrap(pieces.next());
            }
            final int before = target.position();
            while (piece.hasRemaining() && target.hasRemaining()) {
                target.put(piece.get());
            }
            return target.position() - before;
        }

        @Override
        public void write(final ByteBuffer source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void end() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void drop() {
            throw new UnsupportedOperationException();
        }
    }

    @FuzzTest
    void linesAndRepliesAreTheSameHoweverTheyAreCut(final byte[] script) {
        final String input = new String(script, Math.min(1, script.length), Math.max(0, script.length - 1), ISO)
                .replace("\u0001", String.join("", Collections.nCopies(REPEATED, "x")));
        final Random random = new Random(script.length == 0 ? 0 : script[0]);
        final List<String> lines = new ArrayList<>();
        final String rest = read(new LineReader(), new Pieces(Fragments.random(random, input.getBytes(ISO))), lines);

        final List<String> expected = new ArrayList<>();
        String left = input;
        for (int end = left.indexOf('\n'); end >= 0 && end < LineReader.MAX_LINE; end = left.indexOf('\n')) {
            final String line = left.substring(0, end);
            expected.add(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
            left = left.substring(end + 1);
        }
        assertThat(lines).isEqualTo(expected);
        // a line that is too long is given up when the buffer is full
        assertThat(left).startsWith(rest);
        assertThat(rest.length()).isEqualTo(Math.min(left.length(), LineReader.MAX_LINE));
        expectReplies(lines);
    }

    private static String read(final LineReader reader, final Wire wire, final List<String> lines) {
        try {
            do {
                for (String line = reader.poll(); line != null; line = reader.poll()) {
                    lines.add(line);
                }
            } while (reader.fill(wire) >= 0);
        } catch (ProtocolException e) {
            assertThat(e.getMessage()).doesNotContain("\n", "\r");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return ISO.decode(reader.rest()).toString();
    }

    /** Every line belongs to a reply, which ends with a line of its own code; what is none ends the conversation. */
    private static void expectReplies(final List<String> lines) {
        final ReplyParser parser = new ReplyParser();
        final List<ReplyLine> reply = new ArrayList<>();
        for (final String line : lines) {
            final ReplyLine parsed;
            try {
                parsed = parser.parse(line);
            } catch (ProtocolException e) {
                assertThat(reply)
                        .as("in the middle of a reply anything may come")
                        .isEmpty();
                assertThat(line).doesNotMatch("(?s)[1-5][0-9]{2}([ -].*)?");
                return;
            }
            reply.add(parsed);
            assertThat(parsed.text()).isEqualTo(line);
            assertThat(parsed.code()).isBetween(100, 599).isEqualTo(reply.get(0).code());
            if (parsed.isLast()) {
                final Reply whole = new Reply(reply);
                assertThat(whole.code()).isEqualTo(parsed.code());
                assertThat(whole.lastLine()).startsWith(Integer.toString(whole.code()));
                assertThat(whole.lastLine()).endsWith(whole.text());
                assertThat(whole.lines()).hasSameSizeAs(reply);
                assertThat(Arrays.asList(
                                Reply.isPreliminary(whole.code()),
                                Reply.isCompletion(whole.code()),
                                whole.code() / 100 == 3,
                                Reply.isRefusal(whole.code())))
                        .containsOnlyOnce(true);
                reply.clear();
            } else {
                assertThat(line).as("a line that looks like the last one").doesNotStartWith(parsed.code() + " ");
            }
        }
    }
}
