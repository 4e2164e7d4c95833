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

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** One reply of the server, complete. */
public final class Reply {

    /** Lines that a reply may have, of those that are read as a whole. */
    public static final int MAX_LINES = 1000;

    private static final int PRELIMINARY = 100;

    private static final int COMPLETED = 200;

    private static final int INTERMEDIATE = 300;

    private static final int REFUSED = 400;

    private static final int CODE_AND_BLANK = 4;

    private final List<ReplyLine> lines;

    /**
     * Creates a reply.
     *
     * @param lines at least one
     */
    public Reply(final List<ReplyLine> lines) {
        this.lines = Collections.unmodifiableList(new ArrayList<>(lines));
    }

    /**
     * Returns its code.
     *
     * @return from 100 to 599
     */
    public int code() {
        return lines.get(0).code();
    }

    /**
     * Returns its lines.
     *
     * @return without line ends
     */
    public List<String> lines() {
        return lines.stream().map(ReplyLine::text).collect(Collectors.toList());
    }

    /**
     * Returns its last line, which has what programs look for.
     *
     * @return without its line end
     */
    public String lastLine() {
        return lines.get(lines.size() - 1).text();
    }

    /**
     * Returns what the last line says to people.
     *
     * @return the line without its code
     */
    public String text() {
        return lastLine().length() > CODE_AND_BLANK ? lastLine().substring(CODE_AND_BLANK) : "";
    }

    /**
     * Returns whether the server has done it.
     *
     * @param code of a reply
     * @return true for 200 to 299
     */
    public static boolean isCompletion(final int code) {
        return code >= COMPLETED && code < INTERMEDIATE;
    }

    /**
     * Returns whether another reply follows.
     *
     * @param code of a reply
     * @return true for 100 to 199
     */
    public static boolean isPreliminary(final int code) {
        return code >= PRELIMINARY && code < COMPLETED;
    }

    /**
     * Returns whether the server has not done it.
     *
     * @param code of a reply
     * @return true for 400 to 599
     */
    public static boolean isRefusal(final int code) {
        return code >= REFUSED;
    }

    /**
     * Returns whether the server does not know the command (RFC 959, section 4.2): not recognised, not implemented, or
     * superfluous.
     *
     * @return true for 500, 502 and 202
     */
    public boolean isUnknownCommand() {
        return code() == 500 || code() == 502 || code() == 202;
    }
}
