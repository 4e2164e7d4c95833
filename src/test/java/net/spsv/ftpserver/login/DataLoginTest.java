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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import net.spsv.ftpserver.login.DataLogin.Action;
import org.apache.ftpserver.impl.DefaultFtpRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class DataLoginTest {

    private static final String TOKEN = "0123456789abcdefghijABCDEFGHIJxy";

    private final DataLogin login = new DataLogin("DATACONN");

    /** Every state, reached by the lines before the semicolon, and every kind of line. */
    @ParameterizedTest
    @CsvSource({
        "'',                        USER DATACONN,  ASK_PASSWORD",
        "'',                        USER somebody,  PASS_ON",
        "'',                        USER,           PASS_ON",
        "'',                        PASS secret,    REFUSE",
        "'',                        PASS,           REFUSE",
        "'',                        SPDT T,         REDEEM",
        "'',                        SPDT DATACONN:T, REDEEM",
        "'',                        SPDT,           REFUSE",
        "'',                        FEAT,           PASS_ON",
        "'',                        '',             PASS_ON",
        "USER somebody,             USER DATACONN,  ASK_PASSWORD",
        "USER somebody,             USER another,   PASS_ON",
        "USER somebody,             PASS secret,    PASS_ON",
        "USER somebody,             PASS,           PASS_ON",
        "USER somebody,             SPDT T,         REDEEM",
        "USER somebody,             SPDT,           REFUSE",
        "USER somebody,             FEAT,           PASS_ON",
        "USER DATACONN,             USER DATACONN,  ASK_PASSWORD",
        "USER DATACONN,             USER somebody,  PASS_ON",
        "USER DATACONN,             PASS T,         REDEEM",
        "USER DATACONN,             PASS,           REFUSE",
        "USER DATACONN,             SPDT T,         REDEEM",
        "USER DATACONN,             SPDT,           REFUSE",
        "USER DATACONN,             FEAT,           PASS_ON",
        "USER DATACONN;FEAT,        PASS T,         REDEEM",
        "USER somebody;FEAT,        PASS secret,    PASS_ON",
        "USER somebody;PASS x,      PASS y,         PASS_ON",
        "USER DATACONN;USER me,     PASS secret,    PASS_ON",
        "USER me;USER DATACONN,     PASS T,         REDEEM",
        "USER me;USER DATACONN,     PASS,           REFUSE",
    })
    void everyStateAnswersEveryLine(final String before, final String line, final Action expected) {
        for (final String earlier : before.split(";")) {
            login.line(earlier);
        }

        // What is called ordinary beforehand must be what is passed on, or lines would overtake each other.
        assertThat(login.isOrdinary(line)).isEqualTo(expected == Action.PASS_ON);
        assertThat(login.line(line)).isEqualTo(expected);
    }

    @Test
    void askingWhetherALineIsOrdinaryChangesNothing() {
        login.isOrdinary("USER DATACONN");
        assertThat(login.isUnderway()).isFalse();

        login.line("USER DATACONN");
        login.isOrdinary("USER somebody");
        login.isOrdinary("PASS nothing");
        assertThat(login.isUnderway()).isTrue();
        assertThat(login.line("PASS " + TOKEN)).isEqualTo(Action.REDEEM);
        assertThat(login.token()).isEqualTo(TOKEN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "USER DATACONN\r\n",
                "USER DATACONN\n",
                "USER DATACONN\r\r\n",
                "user dataconn\r\n",
                "uSeR dAtAcOnN",
                "  USER DATACONN  \r\n",
                "\tUSER DATACONN\t\r\n",
                "XUSER DATACONN\r\n",
                "xuser dataconn\r\n"
            })
    void dataUserIsFoundHoweverItIsWritten(final String line) {
        assertThat(login.isOrdinary(line)).isFalse();
        assertThat(login.line(line)).isEqualTo(Action.ASK_PASSWORD);
        assertThat(login.isUnderway()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "USER  DATACONN\r\n",
                "USER\tDATACONN\r\n",
                "USERDATACONN\r\n",
                "USER DATACONN2\r\n",
                "USER DATACON\r\n",
                "USER DATA CONN\r\n",
                "USER DATACONN x\r\n",
                "USER \u00a0DATACONN\r\n",
                "USER DATACONN:x\r\n",
                "XXUSER DATACONN\r\n",
                "USERS DATACONN\r\n",
                "SITE USER DATACONN\r\n"
            })
    void whatFtpServerTakesForAnotherUserIsLeftToIt(final String line) {
        final DefaultFtpRequest request = new DefaultFtpRequest(line);
        assertThat("USER".equals(request.getCommand()) && "DATACONN".equalsIgnoreCase(request.getArgument()))
                .as("FtpServer agrees")
                .isFalse();

        assertThat(login.isOrdinary(line)).isTrue();
        assertThat(login.line(line)).isEqualTo(Action.PASS_ON);
        assertThat(login.isUnderway()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASS %s\r\n", "PASS %s\n", "pass %s\r\n", "XPASS %s\r\n", " PASS %s \r\n", "PASS %s"})
    void tokenIsWhatFollowsPass(final String format) {
        login.line("USER DATACONN");

        assertThat(login.line(String.format(Locale.ROOT, format, TOKEN))).isEqualTo(Action.REDEEM);
        assertThat(login.token()).isEqualTo(TOKEN);
        assertThat(login.isUnderway()).isFalse();
    }

    @Test
    void passwordIsNotTrimmedInFront() {
        login.line("USER DATACONN");

        login.line("PASS  " + TOKEN);

        assertThat(login.token()).isEqualTo(' ' + TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASS", "PASS\r\n", "PASS \r\n", "PASS    \r\n", "XPASS\n"})
    void emptyPasswordIsRefused(final String line) {
        login.line("USER DATACONN");

        assertThat(login.isOrdinary(line)).isFalse();
        assertThat(login.line(line)).isEqualTo(Action.REFUSE);
        assertThat(login.token()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "SPDT DATACONN:T1,      T1",
        "SPDT T1,               T1",
        "spdt dataconn:T1,      T1",
        "XSPDT DATACONN:T1,     T1",
        "SPDT DATACONN:T1:T2,   T1:T2",
    })
    void tokenOfSpdtStandsBehindTheFirstColon(final String line, final String token) {
        assertThat(login.isOrdinary(line + "\r\n")).isFalse();
        assertThat(login.line(line + "\r\n")).isEqualTo(Action.REDEEM);
        assertThat(login.token()).isEqualTo(token);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SPDT",
                "SPDT \r\n",
                "SPDT DATACONN:",
                "SPDT :\r\n",
                "SPDT :T1",
                "SPDT somebody:T1",
                "SPDT (DATACONN:T1)"
            })
    void spdtWithoutTokenOrForAnotherUserIsRefused(final String line) {
        assertThat(login.isOrdinary(line)).isFalse();
        assertThat(login.line(line)).isEqualTo(Action.REFUSE);
    }

    @Test
    void nothingIsTakenInAfterTheDecision() {
        login.line("SPDT " + TOKEN);

        assertThatThrownBy(() -> login.line("PASS again")).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "USER somebody", "USER DATACONN"})
    void passwordsAfterARealLoginAreFtpServers(final String before) {
        login.line(before);
        login.loggedIn();

        assertThat(login.isUnderway()).isFalse();
        assertThat(login.isOrdinary("PASS secret")).isTrue();
        assertThat(login.line("PASS secret")).isEqualTo(Action.PASS_ON);
    }

    @Test
    void dataUserMayStillComeAfterARealLogin() {
        login.loggedIn();

        assertThat(login.isOrdinary("USER DATACONN")).isFalse();
        assertThat(login.line("USER DATACONN")).isEqualTo(Action.ASK_PASSWORD);
        assertThat(login.line("PASS " + TOKEN)).isEqualTo(Action.REDEEM);
    }

    @Test
    void configuredDataUserIsTheOnlyOne() {
        final DataLogin other = new DataLogin("Spsv-1");

        assertThat(other.isOrdinary("USER DATACONN")).isTrue();
        assertThat(other.line("USER sPSV-1")).isEqualTo(Action.ASK_PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\r\n",
                "X",
                "x\r\n",
                "XX",
                "XPWD",
                "xmkd a b",
                "  noop  ",
                "A\tB C",
                "list  -la",
                "\u00e9t\u00e9 x",
                "RETR \u65e5\u672c.txt"
            })
    void verbIsTheOneThatFtpServerReads(final String line) {
        assertThat(DataLogin.verb(line)).isEqualTo(new DefaultFtpRequest(line).getCommand());
    }

    @Test
    void dataUserIsFoundInATurkishLocale() {
        final Locale before = Locale.getDefault();
        Locale.setDefault(new Locale.Builder().setLanguage("tr").build());
        try {
            final DataLogin withDottedLetter = new DataLogin("SINGLE");
            assertThat(withDottedLetter.line("user single")).isEqualTo(Action.ASK_PASSWORD);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void nothingOfALoginIsLeftAfterItsRestart() {
        final DataLogin login = new DataLogin("DATACONN");
        login.line("USER DATACONN");
        login.restart();

        assertThat(login.isUnderway()).isFalse();
        assertThat(login.line("PASS token")).isEqualTo(Action.REFUSE);
        login.restart();
        assertThat(login.token()).isEmpty();
        assertThat(login.line("USER DATACONN")).isEqualTo(Action.ASK_PASSWORD);
    }
}
