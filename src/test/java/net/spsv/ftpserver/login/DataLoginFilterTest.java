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
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.testing.Fragments;
import net.spsv.ftpserver.token.DataToken;
import org.apache.mina.core.filterchain.DefaultIoFilterChainBuilder;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.filterchain.IoFilterChain;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * The filter in a chain like FtpServer's, with the order of events in the test's hand. What a login does to a socket is
 * not seen here; no token that is presented is a good one.
 */
@Timeout(30)
class DataLoginFilterTest {

    private final ScriptedServer server = new ScriptedServer();

    private final Logger logger = (Logger) LoggerFactory.getLogger("net.spsv.ftpserver");

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
        logger.setLevel(Level.TRACE);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
        logger.setAdditive(true);
        logger.setLevel(null);
    }

    @Test
    void ordinaryLinesReachFtpServerUntouchedHoweverTheyAreCut() {
        final byte[] lines = "FEAT\r\nUSER me\nPASS right\r\nCWD \u00e4\u65e5\r\nUSER DATACONN\r\nPASS x\r\nCWD a b\r\n"
                .getBytes(StandardCharsets.UTF_8);
        for (final byte[][] pieces : Fragments.everySplit(lines)) {
            final ScriptedServer cut = new ScriptedServer();
            cut.receive(pieces);
            cut.runCommands();
            assertThat(cut.handed().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(lines);
            assertThat(cut.isClosed()).isFalse();
        }
    }

    @Test
    void ordinaryLinesAreHandedOnAtOnce() {
        server.receive("FEAT\r\nSYST\r\nUSER me\r\nPA");
        assertThat(server.handed()).isEqualTo("FEAT\r\nSYST\r\nUSER me\r\n");
        server.receive("SS right\r\n");
        assertThat(server.handed()).isEqualTo("FEAT\r\nSYST\r\nUSER me\r\nPASS right\r\n");
    }

    @Test
    void everythingIsHandedOnOnceTheSessionIsLoggedIn() {
        server.loggedIn().receive("USER DATACONN\r\nPASS x\r\nSTOR ha");

        assertThat(server.handed()).isEqualTo("USER DATACONN\r\nPASS x\r\nSTOR ha");
    }

    @Test
    void dataLoginIsAnsweredStepByStep() {
        server.greeted();
        server.receive("USER DATACONN\r\n");
        server.runCommands();
        assertThat(server.wire()).isEqualTo("331 Preparing for a data connection.\r\n");

        server.receive("PASS wrong\r\n");
        assertThat(server.codes()).containsExactly("331", "504");
        assertThat(server.isClosed()).isTrue();
        assertThat(server.handed()).isEmpty();
    }

    @Test
    void dataLoginIsAnsweredHoweverItIsCut() {
        for (final String text : new String[] {
            "USER DATACONN\r\nPASS wrong\r\n", "user dataconn\nxpass wrong\n", "USER DATACONN\r\nPASS\r\n"
        }) {
            for (final byte[][] pieces : Fragments.everySplit(text)) {
                final ScriptedServer cut = new ScriptedServer();
                cut.receive(pieces);
                cut.runCommands();
                assertThat(cut.codes()).containsExactly("220", "331", "504");
                assertThat(cut.handed()).isEmpty();
            }
        }
    }

    @Test
    void dataLoginThatCameByteByByteIsAnswered() {
        server.greeted().receive(Fragments.single("USER DATACONN\r\nPASS wrong\r\n"));

        server.runCommands();
        assertThat(server.codes()).containsExactly("331", "504");
    }

    @Test
    void loginThatCameBeforeTheGreetingWaitsForIt() {
        server.receive("USER DATACONN\r\nPASS wrong\r\n");
        assertThat(server.wire()).isEmpty();

        server.runCommands();

        assertThat(server.codes()).containsExactly("220", "331", "504");
    }

    @Test
    void loginWaitsUntilTheGreetingHasLeft() {
        server.stall();
        server.receive("USER DATACONN\r\nPASS wrong\r\n");
        server.runCommands();
        assertThat(server.codes()).containsExactly("220");

        server.flow();
        assertThat(server.codes()).containsExactly("220", "331", "504");
    }

    @Test
    void passwordWaitsUntilThe331HasLeft() {
        server.greeted().stall();
        server.receive("USER DATACONN\r\n");
        server.runCommands();
        server.flow();
        assertThat(server.codes()).containsExactly("331");
        server.stall();
        server.receive("USER DATACONN\r\nPASS wrong\r\n");
        server.sendOne();
        assertThat(server.codes()).containsExactly("331", "331");
        server.sendOne();
        assertThat(server.codes()).containsExactly("331", "331");

        server.sendOne();
        assertThat(server.codes()).containsExactly("331", "331", "504");
    }

    @Test
    void tokenIsNotRedeemedBeforeThe331HasLeft() {
        final ScriptedServer control = server.loggedIn();
        final String token = control.dataConnections.prepare(control.ftpSession).value();
        final ScriptedServer data = new ScriptedServer(control.dataConnections).greeted();
        data.receive("USER DATACONN\r\n");
        data.runCommands();
        data.stall();
        data.receive("USER DATACONN\r\n");
        data.receive("PASS " + token.substring(1) + "x\r\n");

        data.sendOne();
        assertThat(data.codes()).containsExactly("331", "331");
        data.flow();
        assertThat(data.codes()).containsExactly("331", "331", "504");
        assertThat(control.dataConnections.isAwaited()).isTrue();
    }

    @Test
    void linesBeforeTheLoginAreAnsweredFirst() {
        server.greeted().receive("SYST\r\nNOOP\r\nUSER DATACONN\r\nPASS wrong\r\n");
        assertThat(server.handed()).isEqualTo("SYST\r\nNOOP\r\n");
        assertThat(server.wire()).isEmpty();

        server.runCommands();

        assertThat(server.codes()).containsExactly("200", "200", "331", "504");
    }

    @Test
    void linesBetweenUserAndPassAreAnsweredInTheirOrder() {
        server.greeted().receive("USER DATACONN\r\nSYST\r\nPASS wrong\r\nNOOP\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("331", "200", "504");
        assertThat(server.handled()).isEqualTo("SYST|");
    }

    @Test
    void repliesInFlightKeepTheirPlace() {
        server.greeted().stall();
        server.receive("SYST\r\nNOOP\r\nUSER DATACONN\r\n");
        server.runCommands();
        assertThat(server.codes()).containsExactly("200", "200");
        server.sendOne();
        assertThat(server.codes()).containsExactly("200", "200");

        server.flow();

        assertThat(server.codes()).containsExactly("200", "200", "331");
    }

    @Test
    void realUserMayFollowTheDataUser() {
        server.greeted().receive("USER DATACONN\r\nUSER me\r\nPASS right\r\nCWD x\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("331", "331", "230", "200");
        assertThat(server.handled()).isEqualTo("USER me|PASS right|CWD x|");
    }

    @Test
    void dataUserBehindARealLoginIsFtpServersBusiness() {
        server.receive("USER me\r\nPASS right\r\nUSER DATACONN\r\nPASS x\r\nCWD x\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("220", "331", "230", "331", "530", "200");
        assertThat(server.handled()).isEqualTo("USER me|PASS right|USER DATACONN|PASS x|CWD x|");
    }

    @Test
    void dataUserBehindARealLoginThatFailedIsADataLogin() {
        server.receive("USER me\r\nPASS wrong\r\nUSER DATACONN\r\nPASS x\r\nCWD x\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("220", "331", "530", "331", "504");
        assertThat(server.handled()).isEqualTo("USER me|PASS wrong|");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PASS secret\r\n", "PASS\r\n", "SPDT\r\n", "SPDT DATACONN:\r\n", "SPDT x\r\n", "spdt a:b\n"})
    void loginInOneLineThatIsNoneIsRefused(final String line) {
        server.greeted().receive(line);
        server.runCommands();

        assertThat(server.codes()).containsExactly("504");
        assertThat(server.isClosed()).isTrue();
        assertThat(server.handed()).isEmpty();
    }

    @Test
    void nothingIsHeardAfterARefusal() {
        server.greeted().stall();
        server.receive("SPDT x\r\nNOOP\r\nUSER DATACONN\r\n");
        server.receive("USER me\r\nPASS right\r\n");
        server.receive("USER DATACONN\r\n");
        server.runCommands();
        assertThat(server.isClosed()).isFalse();
        server.flow();

        assertThat(server.codes()).containsExactly("504");
        assertThat(server.handed()).isEmpty();
        assertThat(server.isClosed()).isTrue();
    }

    @Test
    void refusalIsLoggedWithThePeerAndWithoutTheToken() {
        for (final String login : new String[] {"USER DATACONN\r\nPASS %s\r\n", "SPDT D:%s\r\n", "PASS %s\r\n"}) {
            log.list.clear();
            final ScriptedServer refusing = new ScriptedServer().greeted();
            refusing.receive(String.format(Locale.ROOT, login, "T0k3n"));
            refusing.runCommands();
            assertThat(refusing.codes()).endsWith("504");

            assertThat(log.list).extracting(ILoggingEvent::getLevel).containsOnlyOnce(Level.WARN);
            assertThat(log.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anyMatch(message -> message.contains("127.0.0.1:40000"))
                    .noneMatch(message -> message.contains("T0k3n"));
        }
    }

    @Test
    void endOfALongLineIsNotALineOfItsOwn() {
        server.greeted().receive("SITE " + repeat("x", 1500));
        server.receive("USER DATACONN\r\n");

        assertThat(server.handed()).endsWith("USER DATACONN\r\n");
        server.runCommands();
        assertThat(server.codes()).containsExactly("501");
    }

    @Test
    void linesBeforeAPasswordWithoutAnEndAreAnsweredFirst() {
        server.greeted().receive("USER DATACONN\r\n");
        server.runCommands();
        server.receive("NOOP\r\nPASS " + repeat("x", 1020));
        assertThat(server.handed()).isEqualTo("NOOP\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("331", "200", "504");
    }

    @Test
    void longOrdinaryLineIsHandedOnInPieces() {
        final String part = repeat("x", 1500);
        server.greeted().receive("SITE " + part);
        assertThat(server.handed()).isEqualTo("SITE " + part);
        server.receive("USER DATACONN");
        assertThat(server.handed()).isEqualTo("SITE " + part + "USER DATACONN");
        server.receive("\r\nNOOP\r\n");
        assertThat(server.handed()).isEqualTo("SITE " + part + "USER DATACONN\r\nNOOP\r\n");
    }

    @Test
    void loginBehindALongLineIsFound() {
        server.greeted().receive("SITE " + repeat("x", 1500));
        server.receive("yyy\r\nUSER DATACONN\r\n");

        assertThat(server.handed()).endsWith("yyy\r\n");
        server.runCommands();
        assertThat(server.wire()).endsWith("331 Preparing for a data connection.\r\n");
    }

    @Test
    void passwordWithoutAnEndIsRefused() {
        server.greeted().receive("USER DATACONN\r\n");
        server.runCommands();
        server.receive("PASS " + repeat("x", 1019));
        assertThat(server.codes()).containsExactly("331");
        server.receive("x");

        assertThat(server.codes()).containsExactly("331", "504");
        assertThat(server.isClosed()).isTrue();
        assertThat(server.handed()).isEmpty();
    }

    @Test
    void passwordWithoutAnEndIsNotHeldForEver() {
        server.greeted().receive("USER DATACONN\r\n");
        server.runCommands();
        server.stall();
        server.receive("NOOP\r\n");
        server.runCommands();
        for (int i = 0; i < 100; i++) {
            server.receive(repeat("x", 1000));
        }
        assertThat(server.session.isReadSuspended()).isTrue();

        server.flow();
        server.runCommands();
        assertThat(server.codes()).containsExactly("331", "200", "504");
    }

    @Test
    void heldInputIsBoundedAndTakenUpInOrder() {
        final String many = repeat("x", 999) + "\n";
        final StringBuilder all = new StringBuilder("USER me\r\nPASS right\r\nUSER DATACONN\r\n");
        server.receive(all.toString());
        for (int i = 0; i < 70; i++) {
            assertThat(server.session.isReadSuspended()).as("after %d lines", i).isEqualTo(i > 16);
            server.receive(many);
            all.append(many);
        }

        server.runCommands();

        assertThat(server.session.isReadSuspended()).isFalse();
        assertThat(server.handed()).isEqualTo(all.toString());
    }

    @Test
    void whatIsBehindAPasswordWaitsForItsAnswer() {
        server.greeted().stall();
        server.receive("USER me\r\nPASS right\r\nSYST\r\n");
        assertThat(server.handed()).isEqualTo("USER me\r\nPASS right\r\n");
        server.receive("NOOP\r\n");
        server.runCommands();
        assertThat(server.handed()).isEqualTo("USER me\r\nPASS right\r\n");

        server.flow();
        server.runCommands();

        assertThat(server.codes()).containsExactly("331", "230", "200", "200");
    }

    @Test
    void aborBehindAPipelinedLoginIsHeardDuringTheTransfer() {
        server.greeted()
                .receive(repeat("NOOP\r\n", 100) + "USER me\r\nPASS right\r\nSPSV\r\nRETR file\r\n"
                        + repeat("NOOP\r\n", 100) + "ABOR\r\n");

        server.runCommands();

        assertThat(server.codes().subList(100, 106)).containsExactly("331", "230", "227", "150", "426", "200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SITE long\r\n", "USER DATACONN\r\n", "USER me\r\n"})
    void peerThatIsNotLoggedInHasFewLinesAhead(final String first) {
        server.greeted().receive(first);
        server.runCommands();
        server.stall();
        server.receive(repeat("\n", 1000));
        server.receive(repeat("\n", 1000));

        server.runCommands();

        assertThat(server.handed().chars().filter(c -> c == '\n').count()).isBetween(8L, 9L);
    }

    @Test
    void peerThatIsNotLoggedInGetsAllItsRepliesInTheEnd() {
        server.greeted().receive(repeat("NOOP\r\n", 1000));

        server.runCommands();

        assertThat(server.handed()).isEqualTo(repeat("NOOP\r\n", 1000));
        assertThat(server.codes()).hasSize(1000);
    }

    @Test
    void loginBehindManyLinesIsAnsweredInItsTurn() {
        server.receive(repeat("NOOP\r\n", 16) + "USER DATACONN\r\n" + repeat("NOOP\r\n", 50) + "PASS wrong\r\n");

        server.runCommands();

        assertThat(server.codes()).hasSize(1 + 16 + 1 + 50 + 1).startsWith("220", "200");
        assertThat(server.codes().get(17)).isEqualTo("331");
        assertThat(server.codes()).endsWith("200", "504");
    }

    /** A turn that came for the lines before a data login is not its own. */
    @Test
    void loginBehindManyLinesWaitsForTheirReplies() {
        server.greeted().receive(repeat("NOOP\r\n", 20) + "USER DATACONN\r\nPASS wrong\r\n");
        server.stall();
        server.runCommands();
        while (!server.handed().equals(repeat("NOOP\r\n", 20))) {
            server.sendOne();
            server.runCommands();
        }
        assertThat(server.codes()).hasSizeLessThanOrEqualTo(20).containsOnly("200");
        server.flow();
        server.runCommands();
        server.flow();

        assertThat(server.codes().subList(16, 22)).containsExactly("200", "200", "200", "200", "331", "504");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void lineWithoutAnEndIsNotTakenInWithoutEnd(final boolean user) {
        if (user) {
            server.loggedIn();
        } else {
            server.greeted();
        }
        server.stall();
        for (int i = 0; i < 100; i++) {
            server.receive(repeat("x", 4000));
        }
        assertThat(server.handed().length()).isBetween(4_000, 68_000);
        assertThat(server.session.isReadSuspended()).isTrue();
        server.receive("\r\nNOOP\r\n");

        server.runCommands();
        server.flow();
        server.runCommands();
        server.flow();

        assertThat(server.handed()).isEqualTo(repeat("x", 400_000) + "\r\nNOOP\r\n");
        assertThat(server.codes()).containsExactly("501", "200");
        assertThat(server.session.isReadSuspended()).isFalse();
    }

    @Test
    void userMayHaveHundredsOfCommandsUnderWay() {
        server.loggedIn().stall();
        server.receive(repeat("NOOP\r\n", 1000));
        assertThat(server.handed()).isEqualTo(repeat("NOOP\r\n", 256));
        server.runCommands();
        assertThat(server.handed()).isEqualTo(repeat("NOOP\r\n", 256));

        server.flow();
        server.runCommands();
        server.flow();
        server.runCommands();

        assertThat(server.codes()).hasSize(1000);
    }

    @Test
    void aborOfAUserIsHeardBehindHundredsOfCommands() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();

        server.receive("RETR file\r\n" + repeat("NOOP\r\n", 200) + "ABOR\r\n");

        assertThat(server.dataConnections.isAwaited()).isFalse();
    }

    /** What is counted is what is under way, not what a session has sent in its life. */
    @ParameterizedTest
    @ValueSource(ints = {7, 8, 127, 128, 255, 256, 257, 1000})
    void aborIsHeardHoweverManyCommandsWereSentBefore(final int count) {
        server.greeted().receive("USER me\r\n");
        server.receive("PASS right\r\n");
        server.runCommands();
        for (int i = 2; i < count; i++) {
            server.receive("NOOP\r\n");
            server.runCommands();
        }
        server.receive("SPSV\r\n");
        server.runCommands();
        assertThat(server.dataConnections.isAwaited()).isTrue();
        server.receive("RETR file\r\n");

        server.receive("ABOR\r\n");

        assertThat(server.dataConnections.isAwaited()).isFalse();
        assertThat(server.handed()).endsWith("RETR file\r\nABOR\r\n");
    }

    /** A password's mark says nothing of what a user has sent behind it. */
    @Test
    void userHasNoMoreAheadBecauseOfItsLogin() {
        server.greeted().stall();
        server.receive("USER me\r\nPASS right\r\nNOOP\r\n");
        server.runCommands();
        server.receive(repeat("NOOP\r\n", 1000));
        final int handed = server.handed().length();
        while (server.codes().size() < 2) {
            server.sendOne();
        }
        server.sendOne();
        server.sendOne();

        assertThat(server.handed().length() - handed).isLessThanOrEqualTo(2 * "NOOP\r\n".length());
    }

    @Test
    void endOfInputBehindManyCommandsIsToldLater() {
        server.loggedIn().stall();
        server.receive(repeat("NOOP\r\n", 300));
        server.receiveFin();
        assertThat(server.isInputEnded()).isFalse();

        server.runCommands();
        server.flow();

        assertThat(server.handed()).isEqualTo(repeat("NOOP\r\n", 300));
        assertThat(server.isInputEnded()).isTrue();
    }

    @Test
    void endOfInputIsToldToFtpServer() {
        server.greeted().receive("NOOP\r\nUSER DATA");
        server.receiveFin();

        assertThat(server.isInputEnded()).isTrue();
    }

    @Test
    void endOfInputBehindAHeldLoginIsTheEndOfItsData() {
        server.receive("USER DATACONN\r\nPASS wrong\r\nsome data");
        server.receiveFin();
        assertThat(server.isInputEnded()).isFalse();
        assertThat(server.session.isReadSuspended())
                .as("MINA reports it again and again")
                .isTrue();

        server.runCommands();

        assertThat(server.codes()).containsExactly("220", "331", "504");
        assertThat(server.isInputEnded()).isFalse();
    }

    @Test
    void endOfInputBehindARealLoginIsToldLater() {
        server.receive("USER me\r\nPASS right\r\nUSER DATACONN\r\nQUIT\r\n");
        server.receiveFin();
        assertThat(server.isInputEnded()).isFalse();

        server.runCommands();

        assertThat(server.handled()).isEqualTo("USER me|PASS right|USER DATACONN|QUIT|");
        assertThat(server.isInputEnded()).isTrue();
    }

    @Test
    void tokenTakesThePlaceOfThePlaceholderOnceAndOnlyOnTheWire() {
        final DataToken token = server.loggedIn().dataConnections.prepare(server.ftpSession);
        final String placeholder = DataLoginFilter.TOKEN_PLACEHOLDER;
        assertThat(placeholder).hasSize(DataToken.LENGTH);
        server.filter.revealInNextReply(server.session, token);

        server.session.write("227 (D:" + placeholder + ") " + placeholder + "\r\n");
        server.session.write("200 " + placeholder + "\r\n");

        assertThat(server.wire())
                .isEqualTo("227 (D:" + token.value() + ") " + placeholder + "\r\n200 " + placeholder + "\r\n");
    }

    @Test
    void replyWithoutAPlaceholderStays() {
        final DataToken token = server.loggedIn().dataConnections.prepare(server.ftpSession);
        server.filter.revealInNextReply(server.session, token);

        server.session.write("227 *\r\n");

        assertThat(server.wire()).isEqualTo("227 *\r\n");
    }

    @Test
    void tokenMayBeTheEndOfAReply() {
        final DataToken token = server.loggedIn().dataConnections.prepare(server.ftpSession);
        server.filter.revealInNextReply(server.session, token);

        server.session.write("227 " + DataLoginFilter.TOKEN_PLACEHOLDER);

        assertThat(server.wire()).isEqualTo("227 " + token.value());
    }

    @Test
    void tokenIsRevealedEvenIfTheSessionWasMissed() {
        final ScriptedServer missed = ScriptedServer.withoutFilter().loggedIn();
        final DataToken token = missed.dataConnections.prepare(missed.ftpSession);
        missed.filter.revealInNextReply(missed.session, token);

        missed.session.write("227 " + DataLoginFilter.TOKEN_PLACEHOLDER + "\r\n");

        assertThat(missed.wire()).isEqualTo("227 " + token.value() + "\r\n");
    }

    @Test
    void sessionMayBeOlderThanTheFilter() {
        final ScriptedServer older = ScriptedServer.withoutFilter();
        older.stall();
        older.runCommands();
        older.filter.attachTo(older.session.getFilterChain());
        older.filter.attachTo(older.session.getFilterChain());
        older.flow();
        older.receive("USER DATACONN\r\n");
        older.runCommands();
        older.stall();
        older.receive("USER DATACONN\r\nPASS wrong\r\n");
        older.sendOne();
        assertThat(older.codes()).containsExactly("220", "331", "331");

        older.flow();
        assertThat(older.codes()).containsExactly("220", "331", "331", "504");
    }

    @Test
    void filterStandsBeforeTheCommandThreadsOfAListener() {
        final DefaultIoFilterChainBuilder listener = new DefaultIoFilterChainBuilder();
        listener.addLast("ssl", new IoFilterAdapter());
        assertThat(server.filter.attachTo(listener))
                .as("without command threads")
                .isFalse();
        listener.addLast("threadPool", new IoFilterAdapter());

        assertThat(server.filter.attachTo(listener)).isTrue();
        assertThat(server.filter.attachTo(listener)).as("again").isTrue();

        assertThat(listener.getAll())
                .extracting(IoFilterChain.Entry::getName)
                .containsExactly("ssl", "spsv", "threadPool");
    }

    @Test
    void filterTakesThePlaceOfOneOfAStartThatHasFailed() {
        final DefaultIoFilterChainBuilder listener = new DefaultIoFilterChainBuilder();
        listener.addLast("threadPool", new IoFilterAdapter());
        new ScriptedServer().filter.attachTo(listener);
        server.session.getFilterChain().replace("spsv", new ScriptedServer().filter);

        assertThat(server.filter.attachTo(listener)).isTrue();
        server.filter.attachTo(server.session.getFilterChain());

        assertThat(listener.get("spsv")).isSameAs(server.filter);
        assertThat(server.session.getFilterChain().get("spsv")).isSameAs(server.filter);
    }

    @Test
    void ftpServerHearsThatItsRepliesHaveLeftAndThatTheSessionIsClosed() {
        server.greeted().receive("NOOP\r\n");
        server.runCommands();
        assertThat(server.repliesSent()).isEqualTo(2);
        assertThat(server.isCloseHeard()).isFalse();

        server.session.closeNow();
        assertThat(server.isCloseHeard()).isTrue();
    }

    @Test
    void aborRevokesTheTokenBeforeItsTurn() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        assertThat(server.dataConnections.isAwaited()).isTrue();

        server.receive("\u00ff\u00f4\u00ff\u00f2ABOR\r\n");

        assertThat(server.dataConnections.isAwaited()).isFalse();
        assertThat(server.handed()).isEqualTo("SPSV\r\nABOR\r\n");
    }

    @Test
    void aborEndsATransferThatIsYetToBegin() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        server.receive("RETR file\r\n");
        server.receive("ABOR\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("227", "150", "426", "226");
    }

    @Test
    void transferAfterAnAborIsANewOne() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        server.receive("ABOR\r\n");
        server.receive("SPSV\r\n");
        server.runCommands();
        server.dataConnectionComes();
        server.receive("RETR file\r\n");
        server.runCommands();

        assertThat(server.codes()).containsExactly("227", "226", "227", "150", "226");
    }

    /** All in one segment, as a client sends it that does not wait for replies. */
    @Test
    void transferBehindAnAborInTheSameSegmentIsANewOne() {
        server.dataIdleTimeout(1).loggedIn().receive("SPSV\r\n");
        server.runCommands();

        server.receive("ABOR\r\nSPSV\r\nRETR file\r\n");
        server.runCommands();

        // Nobody comes for the data; but 426 would say that it was aborted.
        assertThat(server.codes()).containsExactly("227", "226", "227", "150", "425");
    }

    @Test
    void aborEndsTheFirstTransferOfASessionThatIsYetToPrepareIt() {
        server.loggedIn().receive("SPSV\r\nRETR file\r\nABOR\r\n");

        server.runCommands();

        assertThat(server.codes()).containsExactly("227", "150", "426", "226");
    }

    /** USER comes while FtpServer is not done with REIN, so that the session still counts as logged in. */
    @Test
    void realUserBehindAReinThatIsUnderwayLogsIn() {
        server.loggedIn().receive("REIN\r\nUSER me\r\n");
        server.runCommands();
        server.receive("PASS right\r\n");
        server.runCommands();

        assertThat(server.codes()).containsExactly("220", "331", "230");
    }

    @Test
    void endOfTheControlConnectionRevokesTheToken() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();

        server.receiveFin();

        assertThat(server.dataConnections.isAwaited()).isFalse();
        assertThat(server.isInputEnded()).isTrue();
    }

    @Test
    void closedControlConnectionRevokesTheToken() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();

        server.session.getFilterChain().fireSessionClosed();

        assertThat(server.dataConnections.isAwaited()).isFalse();
    }

    @Test
    void spsvBehindTheEndOfTheControlConnectionLeavesNoToken() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        server.receive("SPSV\r\n");
        server.receiveFin();

        server.runCommands();

        assertThat(server.dataConnections.isAwaited()).isFalse();
    }

    @Test
    void idleEventsOfAnyOtherSessionAreFtpServers() {
        server.idle();
        server.loggedIn().idle();
        server.receive("SPSV\r\n");
        server.runCommands();
        server.idle();

        assertThat(server.idleEvents()).isEqualTo(3);
    }

    @Test
    void sessionIsNotIdleWhileItTransfers() throws Exception {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        final CompletableFuture<Void> transfer = CompletableFuture.runAsync(() -> {
            server.receive("RETR file\r\n");
            server.runCommands();
        });
        Awaitility.await().until(DataConnections.of(server.session)::isTransferring);

        server.idle();
        assertThat(server.idleEvents()).isZero();
        server.receive("ABOR\r\n");
        transfer.get(10, TimeUnit.SECONDS);
        server.idle();
        assertThat(server.idleEvents()).isOne();
    }

    @Test
    void sessionIsNotIdleBeforeTheLastReplyOfItsTransferHasLeft() {
        transferWhoseLastReplyIsStuck();

        server.idle();
        assertThat(server.idleEvents()).isZero();
        server.flow();
        assertThat(server.codes()).endsWith("226");
        server.idle();
        assertThat(server.idleEvents()).isOne();
    }

    @Test
    void sessionIsIdleWhoseLastReplyIsNotRead() {
        transferWhoseLastReplyIsStuck();

        server.idle();
        server.idle();
        server.idle();

        assertThat(server.idleEvents()).isEqualTo(2);
    }

    @Test
    void sessionIsIdleThatHasNotTransferredAndDoesNotRead() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        server.stall();
        server.receive("NOOP\r\n");
        server.runCommands();

        server.idle();

        assertThat(server.idleEvents()).isOne();
    }

    private void transferWhoseLastReplyIsStuck() {
        server.loggedIn().receive("SPSV\r\n");
        server.runCommands();
        server.dataConnectionComes();
        server.stall();
        server.receive("RETR file\r\n");
        server.runCommands();
    }

    @Test
    void bytesThatAreNoTextStay() {
        final byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        server.greeted().receive(all, "\n".getBytes(StandardCharsets.US_ASCII));

        assertThat(server.handed().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(withLineEnd(all));
    }

    private static byte[] withLineEnd(final byte[] all) {
        final byte[] more = Arrays.copyOf(all, all.length + 1);
        more[all.length] = '\n';
        return more;
    }

    private static String repeat(final String part, final int count) {
        return String.join("", Collections.nCopies(count, part));
    }
}
