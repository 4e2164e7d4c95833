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
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.spsv.ftpserver.testing.Fragments;

/** Puts bytes into the buffer piece by piece, and takes them out at random. The first byte decides how. */
class CommandLineBufferFuzz {

    @FuzzTest
    void whatGoesInComesOut(final byte[] script) throws Exception {
        final byte[] input = Arrays.copyOfRange(script, Math.min(1, script.length), script.length);
        final Random random = new Random(script.length == 0 ? 0 : script[0]);
        final CommandLineBuffer buffer = new CommandLineBuffer();
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        int appended = 0;
        int passedOver = 0;
        for (final byte[] piece : Fragments.random(random, input)) {
            buffer.append(piece.clone());
            appended += piece.length;
            assertThat(buffer.remaining()).isEqualTo(appended - passedOver);
            for (byte[] line = buffer.line(); line != null && random.nextInt(5) > 0; line = buffer.line()) {
                assertThat(line).isEqualTo(nextLine(input, passedOver));
                assertThat(buffer.line()).as("the same line again").isEqualTo(line);
                buffer.passOver(line);
                passedOver += line.length;
                assertThat(buffer.remaining()).isEqualTo(appended - passedOver);
            }
            switch (random.nextInt(6)) {
                case 0:
                    buffer.passOver(buffer.rest());
                    passedOver = appended;
                    break;
                case 1:
                    taken.write(buffer.takeAll());
                    passedOver = appended;
                    break;
                case 2:
                    taken.write(buffer.takePassedOver());
                    assertThat(taken.size()).isEqualTo(passedOver);
                    break;
                default:
                    break;
            }
        }
        taken.write(buffer.takeAll());

        assertThat(new String(taken.toByteArray(), StandardCharsets.ISO_8859_1))
                .isEqualTo(new String(input, StandardCharsets.ISO_8859_1));
        assertThat(buffer.remaining()).isZero();
        assertThat(buffer.line()).isNull();
    }

    private static byte[] nextLine(final byte[] input, final int start) {
        int end = start;
        while (input[end] != '\n') {
            end++;
        }
        return Arrays.copyOfRange(input, start, end + 1);
    }
}
