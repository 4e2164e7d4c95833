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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Strings stand for bytes, one a character, unless they are said to be UTF-8. */
@Timeout(30)
class TransferWatchTest {

    /** Telnet's Interrupt Process, then Synch; the Data Mark comes as urgent data. */
    private static final String IP_SYNCH = "\u00ff\u00f4\u00ff\u00f2";

    /** What the latest scan has found. */
    private int aborts;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ABOR\r\n",
                "ABOR\n",
                "abor\r\n",
                "aBoR\r\n",
                "XABOR\r\n",
                " xabor x\r\n",
                " ABOR\r\n",
                "\tABOR \r\n",
                "ABOR ignored argument\r\n",
                "NOOP\r\nABOR\r\n",
                "RETR a\r\nABOR\r\nNOOP\r\n",
                "\r\n\r\nABOR\r\n"
            })
    void aborIsHeardHoweverItIsWrittenAndCut(final String text) {
        for (final byte[][] pieces : cutsOf(text)) {
            final TransferWatch watch = new TransferWatch();
            assertThat(scan(watch, pieces)).isEqualTo(text);
            assertThat(aborts).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ABO\r\nR\r\n",
                "ABORT\r\n",
                "AABOR\r\n",
                "XXABOR\r\n",
                "X ABOR\r\n",
                "RETR ABOR\r\n",
                "STOR x ABOR\r\n",
                "A BOR\r\n",
                "RETR a\rABOR\r\n",
                "BORA\r\n",
                "\r\n",
                "ABOR"
            })
    void whatIsNoAborIsNotTakenForOne(final String text) {
        for (final byte[][] pieces : cutsOf(text)) {
            final TransferWatch watch = new TransferWatch();
            assertThat(scan(watch, pieces)).isEqualTo(text);
            assertThat(aborts).isZero();
        }
    }

    @Test
    void aborIsHeardAtItsLineEndAndNotBefore() {
        final TransferWatch watch = new TransferWatch();
        scan(watch, bytes("ABOR\r"));
        assertThat(aborts).isZero();
        scan(watch, bytes("\n"));
        assertThat(aborts).isOne();
    }

    @Test
    void inputIsCutBehindEachAbor() {
        final List<byte[]> parts =
                new TransferWatch().scan(bytes("NOOP\r\nABOR\r\nABOR\r\n" + IP_SYNCH + "abor\nRETR a\r\nNO"));

        assertThat(parts)
                .extracting(part -> new String(part, StandardCharsets.ISO_8859_1))
                .containsExactly("NOOP\r\nABOR\r\n", "ABOR\r\n", "abor\n", "RETR a\r\nNO");
    }

    @Test
    void thereIsAPartBehindAnAborEvenIfItIsEmpty() {
        assertThat(new TransferWatch().scan(bytes("ABOR\r\n")))
                .hasSize(2)
                .last()
                .isEqualTo(new byte[0]);
        assertThat(new TransferWatch().scan(new byte[0])).containsExactly(new byte[0]);
    }

    @Test
    void telnetSynchInFrontOfAborIsTakenOut() {
        for (final String telnet :
                new String[] {IP_SYNCH, "\u00f0", "\u00ff\u00f4", "\u00ff\u00f4\u00ff", "\u00f2", IP_SYNCH + IP_SYNCH
                }) {
            for (final byte[][] pieces : cutsOf("NOOP\r\n" + telnet + "ABOR\r\nNOOP\r\n")) {
                final TransferWatch watch = new TransferWatch();
                assertThat(scan(watch, pieces)).isEqualTo("NOOP\r\nABOR\r\nNOOP\r\n");
                assertThat(aborts).isOne();
            }
        }
    }

    @Test
    void telnetSynchBetweenBlanksIsTakenOut() {
        final TransferWatch watch = new TransferWatch();
        assertThat(scan(watch, bytes(" " + IP_SYNCH + " ABOR\r\n"))).isEqualTo("  ABOR\r\n");
        assertThat(aborts).isOne();
    }

    @Test
    void telnetBytesInsideALineStay() {
        final String text = "STOR a\u00ff\u00ffb\r\nRETR \u00f4\u00f2\r\nNO\u00ffOP\r\n";
        for (final byte[][] pieces : cutsOf(text)) {
            assertThat(scan(new TransferWatch(), pieces)).isEqualTo(text);
        }
    }

    @Test
    void argumentOfSpdtIsTakenOut() {
        for (final String verb : new String[] {"SPDT", "spdt", " SPDT", "Spdt", "XSPDT", "xspdt"}) {
            for (final byte[][] pieces : cutsOf("NOOP\r\n" + verb + " DATACONN:T0k3n \u00ff x\r\nNOOP x\r\n")) {
                final TransferWatch watch = new TransferWatch();
                assertThat(scan(watch, pieces)).matches("NOOP\r\n" + verb + " +\r\nNOOP x\r\n");
                assertThat(aborts).isZero();
            }
        }
    }

    @Test
    void argumentsOfOtherCommandsStay() {
        final String text = "SPDTX DATACONN:T\r\nSPD T\r\nSITE SPDT T\r\nRETR SPDT T\r\nSPSV x\r\n";
        for (final byte[][] pieces : cutsOf(text)) {
            assertThat(scan(new TransferWatch(), pieces)).isEqualTo(text);
        }
    }

    @Test
    void namesInUtf8StayByteForByte() {
        final String text = "STOR \u65e5\u672c\u8a9e \ud83d\ude00 \u00fc\u00ff.txt\r\nRNTO \uffff\udbff\udfff\r\n"
                + "\u65e5\u672c ABOR\r\nABOR\u00e9\r\nabor\u0131\r\n";
        final byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        for (final byte[][] pieces : Fragments.everySplit(utf8)) {
            final TransferWatch watch = new TransferWatch();
            assertThat(bytes(scan(watch, pieces))).containsExactly(utf8);
            assertThat(aborts).isZero();
        }
    }

    @Test
    void wideCharactersAreNotTakenForTheLettersOfAbor() {
        final TransferWatch watch = new TransferWatch();
        scan(watch, "\u0141\u0142\u014f\u0152\r\n".getBytes(StandardCharsets.UTF_8));
        scan(watch, bytes("\u00c1\u00c2\u00cf\u00d2\r\n"));
        assertThat(aborts).isZero();
    }

    @Test
    void anyLinesWithoutTelnetOrSpdtStay() {
        final long seed = Long.getLong("spsv.seed", new Random().nextLong());
        System.out.println("TransferWatchTest: -Dspsv.seed=" + seed);
        final Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            final StringBuilder text = new StringBuilder();
            int expected = 0;
            for (int line = 0; line < 5; line++) {
                if (random.nextInt(3) == 0) {
                    expected++;
                    text.append(random.nextBoolean() ? "ABOR" : " aBOr x").append("\r\n");
                } else {
                    text.append("STOR ");
                    for (int i = random.nextInt(30); i > 0; i--) {
                        final char any = (char) random.nextInt(256);
                        text.append(any == '\n' ? 'n' : any);
                    }
                    text.append(random.nextBoolean() ? "\r\n" : "\n");
                }
            }
            final TransferWatch watch = new TransferWatch();
            assertThat(scan(watch, randomPieces(random, bytes(text.toString()))))
                    .as("seed " + seed + ", round " + round)
                    .isEqualTo(text.toString());
            assertThat(aborts).as("seed " + seed + ", round " + round).isEqualTo(expected);
        }
    }

    private static byte[][] randomPieces(final Random random, final byte[] whole) {
        final List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < whole.length; ) {
            final int end = Math.min(whole.length, at + 1 + random.nextInt(10));
            pieces.add(Arrays.copyOfRange(whole, at, end));
            at = end;
        }
        return pieces.toArray(new byte[0][]);
    }

    private static List<byte[][]> cutsOf(final String text) {
        final List<byte[][]> cuts = new ArrayList<>(Fragments.everySplit(text));
        cuts.add(Fragments.single(text));
        cuts.add(new byte[][] {bytes(text)});
        return cuts;
    }

    private String scan(final TransferWatch watch, final byte[]... pieces) {
        final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        aborts = 0;
        for (final byte[] piece : pieces) {
            final List<byte[]> parts = watch.scan(piece);
            for (final byte[] part : parts) {
                kept.write(part, 0, part.length);
            }
            for (final byte[] part : parts.subList(0, parts.size() - 1)) {
                assertThat(part).as("an ABOR ends with its line").endsWith('\n');
                aborts++;
            }
        }
        return new String(kept.toByteArray(), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
