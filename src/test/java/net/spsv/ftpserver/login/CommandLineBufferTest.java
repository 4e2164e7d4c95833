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

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.spsv.ftpserver.testing.Fragments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CommandLineBufferTest {

    private final CommandLineBuffer buffer = new CommandLineBuffer();

    @Test
    void linesComeOutHoweverTheyAreCut() {
        final String text = "USER a\r\nPASS b\nNOOP\r\n\n\r\nrest";
        final List<byte[][]> cuts = new ArrayList<>(Fragments.everySplit(text));
        cuts.add(Fragments.single(text));
        cuts.add(new byte[][] {bytes(text)});

        for (final byte[][] pieces : cuts) {
            final CommandLineBuffer cut = new CommandLineBuffer();
            final List<String> lines = new ArrayList<>();
            for (final byte[] piece : pieces) {
                cut.append(piece);
                for (byte[] line = cut.line(); line != null; line = cut.line()) {
                    lines.add(text(line));
                    cut.passOver(line);
                }
            }
            assertThat(lines).containsExactly("USER a\r\n", "PASS b\n", "NOOP\r\n", "\n", "\r\n");
            assertThat(cut.remaining()).isEqualTo(4);
            assertThat(text(cut.takeAll())).isEqualTo(text);
        }
    }

    @Test
    void thereIsNoLineInAnEmptyBuffer() {
        assertThat(buffer.line()).isNull();
        assertThat(buffer.remaining()).isZero();
        assertThat(buffer.takePassedOver()).isEmpty();
        assertThat(buffer.takeAll()).isEmpty();
    }

    @Test
    void emptyAppendChangesNothing() {
        buffer.append(new byte[0]);
        buffer.append(bytes("NO"));
        buffer.append(new byte[0]);
        assertThat(buffer.line()).isNull();
        buffer.append(bytes("OP\r\n"));
        assertThat(text(buffer.line())).isEqualTo("NOOP\r\n");
    }

    @Test
    void carriageReturnAloneEndsNoLine() {
        buffer.append(bytes("a\rb\r"));
        assertThat(buffer.line()).isNull();
        buffer.append(bytes("\n"));
        assertThat(text(buffer.line())).isEqualTo("a\rb\r\n");
    }

    @Test
    void lineStaysUntilItIsPassedOver() {
        buffer.append(bytes("one\r\ntwo\r\n"));

        assertThat(text(buffer.line())).isEqualTo("one\r\n");
        assertThat(text(buffer.line())).isEqualTo("one\r\n");
        buffer.append(bytes("three"));
        assertThat(text(buffer.line())).isEqualTo("one\r\n");
        assertThat(buffer.remaining()).isEqualTo(15);
        assertThat(buffer.takePassedOver()).isEmpty();
        assertThat(text(buffer.line())).isEqualTo("one\r\n");
    }

    @Test
    void passedOverLinesComeOutTogetherAndInOrder() {
        buffer.append(bytes("one\r\ntwo\r\nthree\r\nfour"));
        buffer.passOver(buffer.line());
        buffer.passOver(buffer.line());

        assertThat(buffer.remaining()).isEqualTo(11);
        assertThat(text(buffer.takePassedOver())).isEqualTo("one\r\ntwo\r\n");
        assertThat(buffer.takePassedOver()).isEmpty();
        assertThat(text(buffer.line())).isEqualTo("three\r\n");
        assertThat(text(buffer.takeAll())).isEqualTo("three\r\nfour");
        assertThat(buffer.remaining()).isZero();
    }

    @Test
    void everythingIsPassedOverWithItsIncompleteEnd() {
        buffer.append(bytes("one\r\ntw"));

        buffer.passOver(buffer.rest());

        assertThat(buffer.remaining()).isZero();
        assertThat(buffer.line()).isNull();
        buffer.append(bytes("o\r\nthree\r\n"));
        assertThat(text(buffer.line())).isEqualTo("o\r\n");
        assertThat(text(buffer.takePassedOver())).isEqualTo("one\r\ntw");
        assertThat(text(buffer.line())).isEqualTo("o\r\n");
    }

    @Test
    void bytesAreNotDecoded() {
        final byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        buffer.append(all);

        assertThat(buffer.line()).containsExactly(Arrays.copyOf(all, '\n' + 1));
        assertThat(buffer.takeAll()).containsExactly(all);
    }

    @Test
    void longLineIsSearchedOnce() {
        // A search from its start each time would look at 500 billion bytes.
        final byte[] part = new byte[10_000];
        int found = 0;
        for (int i = 0; i < 100; i++) {
            buffer.append(part);
            for (int look = 0; look < 10_000; look++) {
                found += buffer.line() == null ? 0 : 1;
            }
        }
        assertThat(found).isZero();
        assertThat(buffer.remaining()).isEqualTo(1_000_000);
    }

    @Test
    void callersArrayIsNotChanged() {
        final byte[] given = bytes("one\r\ntwo\r\n");
        buffer.append(given);
        final byte[] line = buffer.line();
        Arrays.fill(line, (byte) 'x');

        assertThat(text(buffer.takeAll())).isEqualTo("one\r\ntwo\r\n");
        assertThat(text(given)).isEqualTo("one\r\ntwo\r\n");
    }

    /** Whatever is done with it, the bytes that come out are those that went in, in order. */
    @Test
    void nothingIsLostOrReordered() {
        final long seed = Long.getLong("spsv.seed", new Random().nextLong());
        System.out.println("CommandLineBufferTest: -Dspsv.seed=" + seed);
        final Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            final CommandLineBuffer tried = new CommandLineBuffer();
            final ByteArrayOutputStream in = new ByteArrayOutputStream();
            final ByteArrayOutputStream out = new ByteArrayOutputStream();
            int passedOver = 0;
            for (int step = 0; step < 100; step++) {
                final String where = "seed " + seed + ", round " + round + ", step " + step;
                switch (random.nextInt(6)) {
                    case 0:
                    case 1:
                        final byte[] more = someBytes(random);
                        in.write(more, 0, more.length);
                        tried.append(more);
                        break;
                    case 2:
                        final byte[] line = tried.line();
                        assertThat(line).as(where).isEqualTo(firstLine(in, out.size() + passedOver));
                        if (line != null) {
                            tried.passOver(line);
                            passedOver += line.length;
                        }
                        break;
                    case 3:
                        final byte[] taken = tried.takePassedOver();
                        assertThat(taken.length).as(where).isEqualTo(passedOver);
                        out.write(taken, 0, taken.length);
                        passedOver = 0;
                        break;
                    case 4:
                        if (random.nextInt(5) == 0) {
                            tried.passOver(tried.rest());
                            passedOver = in.size() - out.size();
                        }
                        break;
                    default:
                        if (random.nextInt(5) == 0) {
                            final byte[] all = tried.takeAll();
                            out.write(all, 0, all.length);
                            passedOver = 0;
                            assertThat(out.size()).as(where).isEqualTo(in.size());
                        }
                        break;
                }
                assertThat(tried.remaining()).as(where).isEqualTo(in.size() - out.size() - passedOver);
            }
            final byte[] rest = tried.takeAll();
            out.write(rest, 0, rest.length);
            assertThat(out.toByteArray())
                    .as("seed " + seed + ", round " + round)
                    .containsExactly(in.toByteArray());
        }
    }

    private static byte[] someBytes(final Random random) {
        final byte[] some = new byte[random.nextInt(12)];
        for (int i = 0; i < some.length; i++) {
            some[i] = (byte) "ab\r\n\n".charAt(random.nextInt(5));
        }
        return some;
    }

    private static byte[] firstLine(final ByteArrayOutputStream in, final int from) {
        final byte[] all = in.toByteArray();
        for (int i = from; i < all.length; i++) {
            if (all[i] == '\n') {
                return Arrays.copyOfRange(all, from, i + 1);
            }
        }
        return null;
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
