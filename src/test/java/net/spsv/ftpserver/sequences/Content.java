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
package net.spsv.ftpserver.sequences;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * Bytes that show by themselves whose they are. There is no line end among them, so they are the same in ASCII.
 */
final class Content {
    private Content() {}

    static byte[] of(final int id, final int length) {
        final StringBuilder text = new StringBuilder();
        text.append('U').append(id).append(':');
        for (int i = 0; i < length; i++) {
            text.append(letter(id, i));
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static char letter(final int id, final int i) {
        return (char) ('a' + (id * 7 + i + i / 26) % 26);
    }

    static byte[] deflated(final byte... bytes) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(bytes);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Returns what was deflated; null if it is not whole, or was not deflated. */
    static byte[] inflated(final byte... bytes) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final byte[] block = new byte[4096];
        try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                out.write(block, 0, count);
            }
            return out.toByteArray();
        } catch (final IOException e) {
            return null;
        }
    }
}
