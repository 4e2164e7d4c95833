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
package net.spsv.ftpserver.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Ways to cut bytes into pieces, for tests of code that must not care how its input arrives. */
public final class Fragments {
    private Fragments() {}

    /** Returns the bytes cut in two at every point between two of them. */
    public static List<byte[][]> everySplit(final byte... whole) {
        final List<byte[][]> splits = new ArrayList<>();
        for (int at = 1; at < whole.length; at++) {
            splits.add(new byte[][] {Arrays.copyOf(whole, at), Arrays.copyOfRange(whole, at, whole.length)});
        }
        return splits;
    }

    /** Returns the characters, one byte each, cut in two at every point between two of them. */
    public static List<byte[][]> everySplit(final String whole) {
        return everySplit(whole.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Returns the bytes cut at random, into pieces of which most are short and some are not. */
    public static List<byte[]> random(final Random random, final byte... whole) {
        final List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < whole.length; ) {
            final int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 2000 : 12);
            pieces.add(Arrays.copyOfRange(whole, at, Math.min(whole.length, at + length)));
            at += length;
        }
        return pieces;
    }

    /** Returns every byte as a piece of its own. */
    public static byte[][] single(final byte... whole) {
        final byte[][] pieces = new byte[whole.length][];
        for (int i = 0; i < whole.length; i++) {
            pieces[i] = new byte[] {whole[i]};
        }
        return pieces;
    }

    /** Returns every character as a piece of one byte. */
    public static byte[][] single(final String whole) {
        return single(whole.getBytes(StandardCharsets.ISO_8859_1));
    }
}
