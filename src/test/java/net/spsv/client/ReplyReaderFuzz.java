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
package net.spsv.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Collections;

/** Lets a server say anything. Byte 1 of an input stands for a thousand letters, and byte 2 for 200 short lines. */
class ReplyReaderFuzz {
    private static final byte[] LONG =
            String.join("", Collections.nCopies(1000, "x")).getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MANY =
            String.join("", Collections.nCopies(200, "x\r\n")).getBytes(StandardCharsets.US_ASCII);

    @FuzzTest
    void replyIsReadToItsLastByteAndNoFurther(final byte[] script) throws Exception {
        final byte[] input = expanded(script);
        final ByteArrayInputStream in = new ByteArrayInputStream(input);
        final ReplyReader reader = new ReplyReader(StandardCharsets.ISO_8859_1, new Deadline(0));
        reader.from(new Socket() {
            @Override
            public InputStream getInputStream() {
                return in;
            }

            @Override
            public synchronized void setSoTimeout(final int timeout) {
                // nothing waits
            }
        });
        final StringBuilder read = new StringBuilder();
        int lines = 0;
        try {
            while (true) {
                final ReplyReader.Reply reply = reader.read();
                final String text = reply.text();
                read.append(text);
                lines += text.split("\n", -1).length - 1;
                assertThat(input.length - in.available()).isEqualTo(read.length());
                assertThat(reply.code()).isBetween(100, 599);
                assertThat(text).startsWith(Integer.toString(reply.code())).endsWith("\n");
                final String last = text.substring(text.lastIndexOf('\n', text.length() - 2) + 1);
                assertThat(last).startsWith(reply.code() + " ");
            }
        } catch (SpsvException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\r", "\n");
        }
        assertThat(new String(input, StandardCharsets.ISO_8859_1)).startsWith(read.toString());
        assertThat(lines).isLessThanOrEqualTo(ReplyReader.MAX_LINES);
        // what was begun and given up
        final int begun = input.length - in.available() - read.length();
        assertThat(begun).isLessThanOrEqualTo((ReplyReader.MAX_LINE + 1) * (ReplyReader.MAX_LINES - lines + 1));
    }

    private static byte[] expanded(final byte[] script) throws IOException {
        final ByteArrayOutputStream input = new ByteArrayOutputStream();
        for (final byte octet : script) {
            if (octet == 1) {
                input.write(LONG);
            } else if (octet == 2) {
                input.write(MANY);
            } else {
                input.write(octet);
            }
        }
        return input.toByteArray();
    }
}
