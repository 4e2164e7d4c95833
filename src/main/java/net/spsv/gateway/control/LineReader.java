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

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import net.spsv.gateway.wire.Wire;

/**
 * Fragments in, lines out, the remainder given back.
 *
 * <p>A line ends with LF; a CR in front of it is dropped. Each byte becomes the character of the same number.
 */
public final class LineReader {

    /** Bytes that a line may have; path names have up to 4096 on most systems. */
    static final int MAX_LINE = 8192;

    /** What has come and was not taken; from its position to its limit. */
    private final ByteBuffer bytes = ByteBuffer.allocate(MAX_LINE);

    /** Everything between the position and this was already searched for the end of a line. */
    private int searched;

    /** Creates a reader that has read nothing yet. */
    public LineReader() {
        bytes.limit(0);
    }

    /**
     * Takes the next line out of what has come.
     *
     * @return the line without its end, or null if it is not complete yet
     */
    public String poll() {
        while (searched < bytes.limit()) {
            if (bytes.get(searched++) == '\n') {
                return take(searched - bytes.position());
            }
        }
        return null;
    }

    private String take(final int length) {
        final byte[] line = new byte[length];
        bytes.get(line);
        final int end = length > 1 && line[length - 2] == '\r' ? length - 2 : length - 1;
        return new String(line, 0, end, StandardCharsets.ISO_8859_1);
    }

    /**
     * Reads once.
     *
     * @param wire where from
     * @return as {@link Wire#read} returns it
     * @throws ProtocolException if there is a line that is too long
     * @throws IOException if reading failed
     */
    public int fill(final Wire wire) throws IOException {
        searched -= bytes.position();
        bytes.compact();
        try {
            if (!bytes.hasRemaining()) {
                throw new ProtocolException("a line is longer than " + MAX_LINE + " bytes");
            }
            return wire.read(bytes);
        } finally {
            bytes.flip();
        }
    }

    /**
     * Gives back what was read beyond the last line that was taken.
     *
     * @return bytes from position to limit, may be none
     */
    public ByteBuffer rest() {
        return bytes.duplicate();
    }
}
