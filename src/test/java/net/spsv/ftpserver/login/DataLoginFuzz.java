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

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.spsv.ftpserver.testing.Fragments;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/**
 * Feeds the filter with lines, and compares what becomes of them when they come at once, and when they come in pieces
 * while FtpServer and the network take their time.
 *
 * <p>The first byte of an input decides how the rest is cut. In the rest, byte 1 stands for the token of a session that
 * waits for its data connection, and byte 2 for a thousand letters.
 */
class DataLoginFuzz {

    /** What the filter holds of a login that waits for its turn, of a line that goes on, and one piece more. */
    private static final int MOST_HELD = 16 * 1024 + 1024 + 2000;

    private static final int LONGEST_LINE = 1024;

    private static final byte[] LONG =
            String.join("", Collections.nCopies(1000, "x")).getBytes(StandardCharsets.US_ASCII);

    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(LoginConversation.class);

    @BeforeAll
    static void logNothing() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void logAgain() {
        LOGGER.setLevel(null);
    }

    /** One run of one input. */
    private static final class Run {
        private final ScriptedServer control = new ScriptedServer().loggedIn();
        private final byte[] input;
        private final ScriptedServer server = new ScriptedServer(control.dataConnections);
        private final String token;
        private int fed;

        Run(final byte[] script) {
            token = control.dataConnections.prepare(control.ftpSession).value();
            input = expanded(script, token);
        }

        Run atOnce() {
            server.receive(input);
            server.runCommands();
            return this;
        }

        Run inPieces(final Random random) {
            for (final byte[] piece : Fragments.random(random, input)) {
                if (server.session.isReadSuspended()) {
                    catchUp();
                    assertThat(server.session.isReadSuspended() && !server.isClosed())
                            .isFalse();
                }
                server.receive(piece);
                fed += piece.length;
                if (server.codes().stream().allMatch("220"::equals)) {
                    assertThat(fed - server.handed().length()).isLessThanOrEqualTo(MOST_HELD);
                }
                step(random.nextInt(8));
            }
            catchUp();
            return this;
        }

        private void step(final int what) {
            switch (what) {
                case 0:
                case 1:
                    server.runCommands();
                    break;
                case 2:
                    server.stall();
                    break;
                case 3:
                    server.flow();
                    break;
                case 4:
                    if (!server.session.getWriteRequestQueue().isEmpty(server.session)) {
                        server.sendOne();
                    }
                    break;
                default:
                    break;
            }
        }

        private void catchUp() {
            do {
                server.runCommands();
                server.flow();
            } while (server.hasCommands());
        }

        long redeemed() {
            return control.dataConnections.statistics().getTokensRedeemed();
        }

        /** What came of it, but for the token. */
        String outcome() {
            return server.codes()
                    + (server.isClosed() ? " closed, handed on: " : ", handed on: ")
                    + server.handed().replace(token, "TOKEN");
        }
    }

    @FuzzTest
    void whatIsNoDataLoginReachesFtpServerHoweverItIsCut(final byte[] script) {
        final byte[] lines = Arrays.copyOfRange(script, Math.min(1, script.length), script.length);
        if (lines(lines).stream().anyMatch(line -> "SPSV".equals(DataLogin.verb(line)))) {
            // a transfer would wait for a data connection
            return;
        }
        final Run whole = new Run(lines).atOnce();
        final Run cut = new Run(lines).inPieces(new Random(script.length == 0 ? 0 : script[0]));

        for (final Run run : Arrays.asList(whole, cut)) {
            expectOrder(run);
            expectAnswers(run);
            expectToken(run);
        }
        if (isComparable(whole.input)) {
            assertThat(cut.outcome()).isEqualTo(whole.outcome());
        }
    }

    /** Nothing is added or changed, and nothing is left out but lines of a login, and what telnet and SPDT have. */
    private static void expectOrder(final Run run) {
        final byte[] handed = run.server.handed().getBytes(StandardCharsets.ISO_8859_1);
        int at = 0;
        for (final byte next : handed) {
            while (at < run.input.length && run.input[at] != next) {
                at++;
            }
            assertThat(at++).as("what was handed on is in what came").isLessThan(run.input.length);
        }
        final List<String> lines = lines(run.input);
        if (lines.stream().allMatch(line -> line.length() < LONGEST_LINE && !isOfALogin(line))
                && !hasTelnet(run.input)) {
            // the last line may be held until its end comes
            assertThat(new String(run.input, StandardCharsets.ISO_8859_1)).startsWith(run.server.handed());
            assertThat(run.server.handed().length())
                    .isGreaterThanOrEqualTo(
                            run.input.length - lines.get(lines.size() - 1).length());
            assertThat(run.server.isClosed()).isFalse();
        }
    }

    /** There is one end, it is the last thing that is said, and nobody reads {@code 200 DATA} but who has the token. */
    private static void expectAnswers(final Run run) {
        final List<String> codes = run.server.codes();
        assertThat(codes.get(0)).isEqualTo("220");
        final int refusal = codes.indexOf("504");
        if (refusal >= 0) {
            assertThat(refusal).isEqualTo(codes.size() - 1);
            assertThat(run.redeemed()).isZero();
        }
        assertThat(run.server.wire()).doesNotContain("200 DATA");
        assertThat(run.server.isClosed()).isEqualTo(refusal >= 0 || run.redeemed() > 0);
    }

    private static void expectToken(final Run run) {
        final boolean shown = lines(run.input).stream()
                .anyMatch(line -> line.trim().matches("(?is)X?(PASS|SPDT) (DATACONN:)?" + run.token));
        if (run.redeemed() > 0) {
            assertThat(run.redeemed()).isEqualTo(1);
            assertThat(shown).as("the token was shown, and nothing else").isTrue();
        }
        assertThat(run.control.dataConnections.isAwaited()).isEqualTo(run.redeemed() == 0);
    }

    private static boolean isOfALogin(final String line) {
        final String verb = DataLogin.verb(line);
        return "USER".equals(verb) || "PASS".equals(verb) || "SPDT".equals(verb);
    }

    /**
     * Whether the outcome has to be the same however it comes: a line that is too long is looked at when it comes at
     * once; telnet's commands are dropped when the session is known to be logged in; REIN is heard too late; and with
     * what is not in UTF-8, FtpServer drops what has come together with it.
     */
    private static boolean isComparable(final byte[] input) {
        return !hasTelnet(input)
                && Arrays.equals(new String(input, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), input)
                && lines(input).stream()
                        .allMatch(line -> line.length() < LONGEST_LINE && !"REIN".equals(DataLogin.verb(line)))
                && input.length > 0
                && input[input.length - 1] == '\n';
    }

    private static boolean hasTelnet(final byte[] input) {
        for (final byte octet : input) {
            if ((octet & 0xFF) >= 240) {
                return true;
            }
        }
        return false;
    }

    /** The lines with their ends, decoded as the filter does; the last may be empty. */
    private static List<String> lines(final byte[] input) {
        final List<String> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < input.length; i++) {
            if (input[i] == '\n') {
                lines.add(new String(input, start, i + 1 - start, StandardCharsets.UTF_8));
                start = i + 1;
            }
        }
        lines.add(new String(input, start, input.length - start, StandardCharsets.ISO_8859_1));
        return lines;
    }

    private static byte[] expanded(final byte[] script, final String token) {
        final ByteArrayOutputStream input = new ByteArrayOutputStream();
        for (final byte octet : script) {
            if (octet == 1) {
                input.write(token.getBytes(StandardCharsets.US_ASCII), 0, token.length());
            } else if (octet == 2) {
                input.write(LONG, 0, LONG.length);
            } else {
                input.write(octet);
            }
        }
        return input.toByteArray();
    }
}
