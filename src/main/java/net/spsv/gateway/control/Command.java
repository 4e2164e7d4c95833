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

import java.util.Locale;
import java.util.regex.Pattern;
import net.spsv.protocol.DataCredentials;

/** One command line of the client. */
public final class Command {

    /** The lowest of the telnet command codes, RFC 854. IAC is 255, Interrupt Process 244, Data Mark 242. */
    private static final char LOWEST_TELNET = 240;

    /** Commands of four letters may have an X in front, as in the days when they were experimental. */
    private static final int PREFIXED_LENGTH = 5;

    private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9@_-]+(?: .*)?", Pattern.DOTALL);

    /** Subcommands of SITE that have a password behind them. */
    private static final Pattern SITE_PASSWORD =
            Pattern.compile("(?i)(SITE +[A-Z]*(?:PSWD|PASS|PASSWD|CPWD)[A-Z]*) .*", Pattern.DOTALL);

    private final String line;

    private final String verb;

    private final String argument;

    private Command(final String line) {
        this.line = line;
        final int blank = line.indexOf(' ');
        this.verb = verb(blank < 0 ? line : line.substring(0, blank));
        this.argument = blank < 0 ? "" : line.substring(blank + 1).trim();
    }

    /**
     * Reads a line.
     *
     * @param received what the client sent. Telnet's Interrupt Process and Synch, which clients put in front of ABOR
     *     (RFC 959, section 4.1.3), are dropped; no command begins with such a byte
     * @return the command
     */
    public static Command parse(final String received) {
        int start = 0;
        while (start < received.length()
                && (received.charAt(start) >= LOWEST_TELNET || received.charAt(start) == ' ')) {
            start++;
        }
        return new Command(received.substring(start));
    }

    /**
     * Returns whether it is written as a command should be.
     *
     * @return false if something else than a blank stands behind the name: a server might take it for one, and see
     *     another command than the gateway does
     */
    public boolean isWellFormed() {
        return WELL_FORMED.matcher(line).matches();
    }

    private static String verb(final String word) {
        final String upper = word.trim().toUpperCase(Locale.ROOT);
        return upper.length() == PREFIXED_LENGTH && upper.charAt(0) == 'X' ? upper.substring(1) : upper;
    }

    /**
     * Returns what is to be done.
     *
     * @return the command's name in capitals, without an X in front of four letters: servers take XPASS for PASS
     */
    public String verb() {
        return verb;
    }

    /**
     * Returns what it is to be done with.
     *
     * @return the rest of the line without surrounding blanks, may be empty
     */
    public String argument() {
        return argument;
    }

    /**
     * Returns the line as it goes to the server.
     *
     * @return without its end
     */
    public String line() {
        return line;
    }

    /**
     * Returns the line as it may be logged.
     *
     * @return with the argument masked, if it is a password
     */
    public String masked() {
        if (!isWellFormed()) {
            return DataCredentials.MASK;
        }
        if ("PASS".equals(verb) || "ACCT".equals(verb)) {
            return verb + ' ' + DataCredentials.MASK;
        }
        return SITE_PASSWORD.matcher(line).replaceFirst("$1 " + DataCredentials.MASK);
    }
}
