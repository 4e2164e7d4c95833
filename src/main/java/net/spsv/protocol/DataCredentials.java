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
package net.spsv.protocol;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server's reply to SPSV holds between its brackets: a user name and a token for one data connection, or in
 * the revisions 00 and 05 of the draft an identifier only.
 *
 * <p>It goes back to the server in a command line, so nothing but what the draft allows comes through (section 3).
 */
public final class DataCredentials {

    /** Stands for a token wherever somebody reads along. */
    public static final String MASK = "***";

    /** The last brackets, as informational text may have its own. */
    private static final Pattern BRACKETS = Pattern.compile("227 .*\\(([^()]*)\\)[^()]*", Pattern.DOTALL);

    private static final Pattern USER_AND_TOKEN = Pattern.compile("([!-~&&[^():]]{1,32}):([!-~&&[^():]]{1,32})");

    /** The draft's revisions with SPDT that are known state no length. */
    private static final Pattern IDENTIFIER = Pattern.compile("[!-~&&[^():]]{1,128}");

    /** From the first bracket of a line to its end, but for the user's name. */
    private static final Pattern SECRET = Pattern.compile("\\(([^():\\r\\n]*:)?(?:(?!\\r\\n).)*", Pattern.DOTALL);

    private final String user;

    private final String token;

    private DataCredentials(final String user, final String token) {
        this.user = user;
        this.token = token;
    }

    /**
     * Reads a reply to SPSV.
     *
     * @param line the last line of the reply, without its line end
     * @return what its brackets hold, or null if it is no 227 with something usable between them
     */
    public static DataCredentials parse(final String line) {
        final Matcher brackets = BRACKETS.matcher(line);
        if (brackets.matches()) {
            final Matcher both = USER_AND_TOKEN.matcher(brackets.group(1));
            if (both.matches()) {
                return new DataCredentials(both.group(1), both.group(2));
            }
            if (IDENTIFIER.matcher(brackets.group(1)).matches()) {
                return new DataCredentials(null, brackets.group(1));
            }
        }
        return null;
    }

    /**
     * Returns a reply to SPSV without what must not be read by others.
     *
     * @param reply all of it, or a line of it
     * @return the same, but for what follows the user's name in each line's brackets
     */
    public static String masked(final String reply) {
        return SECRET.matcher(reply).replaceAll("($1" + Matcher.quoteReplacement(MASK) + ")");
    }

    /**
     * Returns which of the two forms it is.
     *
     * @return true if the server takes {@code SPDT token}, and no user name and password
     */
    public boolean isSpdt() {
        return user == null;
    }

    /**
     * Returns the argument of USER.
     *
     * @return null if {@link #isSpdt()}
     */
    public String user() {
        return user;
    }

    /**
     * Returns the argument of PASS, or of SPDT.
     *
     * @return the token, to be sent as it is and shown to nobody
     */
    public String token() {
        return token;
    }
}
