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

import java.util.Locale;

/**
 * The login of a data connection as a state machine: lines in, what to do with them out.
 *
 * <pre>
 *   UNDECIDED --USER data user--&gt; AWAIT_PASS --PASS token--&gt; DECIDED
 *       |  ^                        |   ^
 *       |  +------------------------+   |  USER somebody else / USER data user
 *       +--USER somebody else--&gt; ORDINARY
 *   UNDECIDED --PASS--&gt; DECIDED (refused)     any --SPDT token--&gt; DECIDED
 * </pre>
 *
 * <p>It knows no socket, no session and no token registry; its owner asks it line by line and does what the answer
 * says. Lines are parsed as FtpServer's {@code DefaultFtpRequest} parses them, so that both agree on what a line is.
 *
 * <p>Threading: one thread at a time.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-3">
 *      draft-rosenau-ftp-single-port-02, section 3</a>
 */
final class DataLogin {

    /** What to do with a line. */
    enum Action {
        /** It is FtpServer's. */
        PASS_ON,
        /** Answer 331. */
        ASK_PASSWORD,
        /** Redeem {@link DataLogin#token()}; answer 200 DATA, or 504 and drop. */
        REDEEM,
        /** Answer 504 and drop. */
        REFUSE
    }

    private enum State {
        /** No USER yet. */
        UNDECIDED,
        /** USER named a real user: all that follows is FtpServer's business. */
        ORDINARY,
        /** USER named the data user. */
        AWAIT_PASS,
        /** The token, or the lack of one, was the last word. */
        DECIDED
    }

    private final String dataUser;

    private State state = State.UNDECIDED;

    private String token = "";

    DataLogin(final String dataUser) {
        this.dataUser = dataUser;
    }

    /** Whether a line belongs to FtpServer; says so without taking it in. */
    boolean isOrdinary(final String line) {
        switch (verb(line)) {
            case "USER":
                return !dataUser.equalsIgnoreCase(argument(line));
            case "PASS":
                return state == State.ORDINARY;
            case "SPDT":
                return false;
            default:
                return true;
        }
    }

    /**
     * Takes a line in.
     *
     * @param line without regard to its line end
     * @return what to do
     */
    Action line(final String line) {
        if (state == State.DECIDED) {
            throw new IllegalStateException("the login is over");
        }
        final String argument = argument(line);
        switch (verb(line)) {
            case "USER":
                if (dataUser.equalsIgnoreCase(argument)) {
                    state = State.AWAIT_PASS;
                    return Action.ASK_PASSWORD;
                }
                state = State.ORDINARY;
                return Action.PASS_ON;
            case "PASS":
                switch (state) {
                    case AWAIT_PASS:
                        return decide(argument);
                    case UNDECIDED:
                        // The draft (section 3) knows no other answer than 504 to a data login that fails.
                        return decide("");
                    default:
                        return Action.PASS_ON;
                }
            case "SPDT":
                // One line in revisions 00 and 05: SPDT <what stood between the brackets>, or its second half.
                return decide(identifier(argument));
            default:
                return Action.PASS_ON;
        }
    }

    /** What was presented as token, after {@link Action#REDEEM}. */
    String token() {
        return token;
    }

    /** Whether the data user was named and its password is awaited. */
    boolean isUnderway() {
        return state == State.AWAIT_PASS;
    }

    /** Forgets every line, as the TLS handshake that has come in between asks for (RFC 2228, section 3, AUTH). */
    void restart() {
        state = State.UNDECIDED;
        token = "";
    }

    /** Takes note that a real user has logged in: what follows is FtpServer's, but for the data user. */
    void loggedIn() {
        state = State.ORDINARY;
    }

    private Action decide(final String presented) {
        state = State.DECIDED;
        token = presented;
        return presented.isEmpty() ? Action.REFUSE : Action.REDEEM;
    }

    private String identifier(final String argument) {
        final int colon = argument.indexOf(':');
        if (colon >= 0 && !dataUser.equalsIgnoreCase(argument.substring(0, colon))) {
            return "";
        }
        return argument.substring(colon + 1);
    }

    static String verb(final String line) {
        final String trimmed = line.trim();
        final int space = trimmed.indexOf(' ');
        final String verb = (space < 0 ? trimmed : trimmed.substring(0, space)).toUpperCase(Locale.ROOT);
        return verb.startsWith("X") ? verb.substring(1) : verb;
    }

    private static String argument(final String line) {
        final String trimmed = line.trim();
        final int space = trimmed.indexOf(' ');
        return space < 0 ? "" : trimmed.substring(space + 1);
    }
}
