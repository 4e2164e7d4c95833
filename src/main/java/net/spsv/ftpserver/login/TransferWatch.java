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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Looks at the command lines of a logged-in session as they come in, ahead of FtpServer, which gets to them only when
 * the running transfer has ended.
 *
 * <ul>
 *   <li>It finds ABOR.
 *   <li>It takes out telnet's Interrupt Process and Synch, which clients put in front of ABOR (RFC 959, section 4.1.3),
 *       at the start of a line, where no command begins with such a byte. FtpServer would refuse the line for them.
 *   <li>It takes out the argument of SPDT, which is a token and would be logged; FtpServer does not know the command.
 * </ul>
 *
 * <p>Threading: one thread at a time.
 */
final class TransferWatch {

    /** The lowest of the telnet command codes, RFC 854. IAC is 255, Interrupt Process 244, Data Mark 242. */
    private static final int LOWEST_TELNET = 240;

    private final char[] verb = new char[4];

    private int verbLength;

    /** Whether the verb began with an X, which FtpServer drops. */
    private boolean prefixed;

    private boolean verbEnded;

    /**
     * Takes in what was received.
     *
     * @param received any part of the stream of command lines
     * @return the same bytes without what FtpServer is not to see, in parts: each but the last ends with an ABOR line
     */
    List<byte[]> scan(final byte[] received) {
        final List<byte[]> parts = new ArrayList<>();
        final byte[] kept = new byte[received.length];
        int length = 0;
        int start = 0;
        for (final byte b : received) {
            final boolean abort = b == '\n' && verbIs("ABOR");
            if (isForFtpServer(b)) {
                kept[length++] = b;
            }
            if (abort) {
                parts.add(Arrays.copyOfRange(kept, start, length));
                start = length;
            }
        }
        parts.add(Arrays.copyOfRange(kept, start, length));
        return parts;
    }

    private boolean isForFtpServer(final byte b) {
        if (b == '\n') {
            verbLength = 0;
            prefixed = false;
            verbEnded = false;
            return true;
        }
        if (b >= 0 && b <= ' ') {
            verbEnded = verbLength > 0 || prefixed;
            return true;
        }
        if (verbEnded) {
            return !verbIs("SPDT");
        }
        if (verbLength == 0 && !prefixed) {
            if ((b & 0xFF) >= LOWEST_TELNET) {
                return false;
            }
            prefixed = b == 'X' || b == 'x';
            if (prefixed) {
                return true;
            }
        }
        if (verbLength < verb.length) {
            verb[verbLength] = Character.toUpperCase((char) b);
        }
        verbLength++;
        return true;
    }

    private boolean verbIs(final String name) {
        return verbLength == verb.length && name.equals(new String(verb));
    }
}
