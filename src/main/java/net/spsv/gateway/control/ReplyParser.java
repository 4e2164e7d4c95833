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

import java.net.ProtocolException;
import java.util.regex.Pattern;

/**
 * Finds out where replies begin and end.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/rfc959#section-4.2">RFC 959, section 4.2</a>
 */
public final class ReplyParser {

    private static final int CODE_LENGTH = 3;

    private static final Pattern FIRST_LINE = Pattern.compile("[1-5][0-9][0-9](?:[ -].*)?", Pattern.DOTALL);

    /** The code of the reply of many lines that has begun and not ended, else 0. */
    private int begun;

    /**
     * Takes the next line.
     *
     * @param line without its end
     * @return the line, and what it is
     * @throws ProtocolException if a reply should begin, and this is none
     */
    public ReplyLine parse(final String line) throws ProtocolException {
        if (begun != 0) {
            final int code = begun;
            final boolean last = line.startsWith(code + " ");
            begun = last ? 0 : code;
            return new ReplyLine(line, code, last);
        }
        if (!FIRST_LINE.matcher(line).matches()) {
            throw new ProtocolException("something came that is no FTP reply");
        }
        final int code = Integer.parseInt(line.substring(0, CODE_LENGTH));
        final boolean last = line.length() == CODE_LENGTH || line.charAt(CODE_LENGTH) == ' ';
        begun = last ? 0 : code;
        return new ReplyLine(line, code, last);
    }
}
