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

import java.util.Arrays;

/**
 * Fragments in, command lines out, the remainder given back.
 *
 * <p>A line ends with LF, as it does for FtpServer's own decoder. Nothing is decoded or dropped here: the bytes that
 * come out are the bytes that went in. Lines that were looked at and passed over wait at the front until they are
 * taken together, so that many short lines cost one copy.
 *
 * <p>Threading: one thread at a time.
 */
final class CommandLineBuffer {

    private static final byte[] EMPTY = new byte[0];

    private byte[] bytes = EMPTY;

    /** Start of the current line; what stands before it was passed over. */
    private int lineStart;

    /** Everything in the current line before this was already searched for its end. */
    private int searched;

    void append(final byte[] more) {
        if (bytes.length == 0) {
            bytes = more;
        } else {
            final int length = bytes.length;
            bytes = Arrays.copyOf(bytes, length + more.length);
            System.arraycopy(more, 0, bytes, length, more.length);
        }
    }

    /**
     * Looks at the current line.
     *
     * @return the line with its line end, or null if it is not complete yet
     */
    byte[] line() {
        while (searched < bytes.length) {
            if (bytes[searched++] == '\n') {
                final byte[] line = Arrays.copyOfRange(bytes, lineStart, searched);
                searched = lineStart;
                return line;
            }
        }
        return null;
    }

    /** Bytes of the current line and of whatever is behind it. */
    int remaining() {
        return bytes.length - lineStart;
    }

    /** The current line and whatever is behind it. */
    byte[] rest() {
        return Arrays.copyOfRange(bytes, lineStart, bytes.length);
    }

    /** Goes on to what is behind the current line, or a part of it; {@link #takePassedOver()} returns it. */
    void passOver(final byte[] part) {
        lineStart += part.length;
        searched = lineStart;
    }

    /** Removes and returns what was passed over; may be empty. */
    byte[] takePassedOver() {
        if (lineStart == 0) {
            return EMPTY;
        }
        final byte[] passedOver = Arrays.copyOf(bytes, lineStart);
        bytes = Arrays.copyOfRange(bytes, lineStart, bytes.length);
        lineStart = 0;
        searched = 0;
        return passedOver;
    }

    /** Removes and returns everything. */
    byte[] takeAll() {
        lineStart = bytes.length;
        return takePassedOver();
    }
}
