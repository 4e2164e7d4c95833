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

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.gateway.wire.Wire;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class LineReaderTest {
    private final LineReader reader = new LineReader();

    /** Gives the pieces, one for each read, then the end. */
    private static final class Pieces implements Wire {
        private final Deque<ByteBuffer> pieces = new ArrayDeque<>();

        Pieces(final byte[]... pieces) {
            Arrays.stream(pieces).map(ByteBuffer::wrap).forEach(this.pieces::add);
        }

        @Override
        public int read(final ByteBuffer target) {
            if (pieces.isEmpty()) {
                return -1;
            }
            final int before = target.position();
            final ByteBuffer piece = pieces.element();
            while (piece.hasRemaining() && target.hasRemaining()) {
                target.put(piece.get());
            }
            if (!piece.hasRemaining()) {
                pieces.remove();
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

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String repeated(final int count) {
        return String.join("", Collections.nCopies(count, "x"));
    }

    private List<String> lines(final byte[]... pieces) throws IOException {
        final Pieces wire = new Pieces(pieces);
        final List<String> lines = new ArrayList<>();
        do {
            for (String line = reader.poll(); line != null; line = reader.poll()) {
                lines.add(line);
            }
        } while (reader.fill(wire) >= 0);
        return lines;
    }

    @Test
    void linesEndWithLineFeedAndMayHaveACarriageReturnInFront() throws Exception {
        assertThat(lines(bytes("a\r\nb\n\r\n\n\r\r\nc\rd\r\n"))).containsExactly("a", "b", "", "", "\r", "c\rd");
    }

    @Test
    void everyByteIsTheCharacterOfItsNumber() throws Exception {
        final StringBuilder all = new StringBuilder();
        for (char c = 0; c < 256; c++) {
            all.append(c == '\n' ? 'x' : c);
        }
        assertThat(lines(bytes(all + "\r\n"))).containsExactly(all.toString());
    }

    @Test
    void linesAreTheSameHoweverTheyAreCut() throws Exception {
        final String text = "one\r\n\r\ntwo\nthree\r\r\n";
        for (final byte[][] split : Fragments.everySplit(text)) {
            assertThat(lines(split)).containsExactly("one", "", "two", "three\r");
        }
        assertThat(lines(Fragments.single(text))).containsExactly("one", "", "two", "three\r");
    }

    @Test
    void whatFollowsTheLastLineIsGivenBack() throws Exception {
        reader.fill(new Pieces(bytes("200 DATA\r\nfile\nwith lines")));
        assertThat(reader.rest().hasRemaining()).isTrue();
        assertThat(reader.poll()).isEqualTo("200 DATA");
        final ByteBuffer rest = reader.rest();
        assertThat(StandardCharsets.ISO_8859_1.decode(rest).toString()).isEqualTo("file\nwith lines");
    }

    @Test
    void newReaderHasNoRest() {
        assertThat(reader.poll()).isNull();
        assertThat(reader.rest().hasRemaining()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {8191, 8192})
    void lineMayBeAsLongAsTheBuffer(final int length) throws Exception {
        final String line = repeated(length - 1);
        assertThat(lines(bytes("short\n"), bytes(line + "\n"), bytes(line + "\n")))
                .containsExactly("short", line, line);
    }

    @Test
    void longerLineIsRefused() {
        assertThatThrownBy(() -> lines(bytes("short\n"), bytes(repeated(8192)), bytes("\n")))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("longer than 8192 bytes");
    }

    @Test
    void randomLinesInRandomPiecesComeAsTheyWereSent() throws Exception {
        final long seed = System.nanoTime();
        System.out.println("seed " + seed);
        final Random random = new Random(seed);
        final List<String> sent = new ArrayList<>();
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            final String line = repeated(random.nextInt(random.nextInt(100) == 0 ? 8000 : 20));
            sent.add(line);
            text.append(line).append(random.nextBoolean() ? "\r\n" : "\n");
        }
        final List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            final int end = Math.min(text.length(), at + 1 + random.nextInt(random.nextInt(10) == 0 ? 20_000 : 5));
            pieces.add(bytes(text.substring(at, end)));
            at = end;
        }
        assertThat(lines(pieces.toArray(new byte[0][]))).isEqualTo(sent);
    }
}
