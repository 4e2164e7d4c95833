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
package net.spsv.ftpserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The rules for the user name are those of draft-rosenau-ftp-single-port-02, section 3. */
@Timeout(30)
class SpsvConfigTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(SpsvConfig.class);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
        logger.setAdditive(true);
    }

    @Test
    void loginTimeoutIsANumberOfSecondsOrNone() {
        assertThat(new SpsvConfig("DATACONN", false, true, 0).loginTimeout()).isZero();
        assertThat(new SpsvConfig("DATACONN", false, true, 30).loginTimeout()).isEqualTo(30);
        assertThatThrownBy(() -> new SpsvConfig("DATACONN", false, true, -1))
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessage("SpsvFtplet: loginTimeout must be a number of seconds, or 0 for no limit, but is -1");
    }

    @Test
    void defaultUserNameIsAcceptedWithoutAWarning() {
        final SpsvConfig config = new SpsvConfig(SpsvConfig.DEFAULT_USER_NAME, false, true, 0);

        assertThat(config.userName()).isEqualTo("DATACONN");
        assertThat(config.isSinglePortOnly()).isFalse();
        assertThat(log.list).isEmpty();
    }

    @Test
    void singlePortOnlyIsKept() {
        assertThat(new SpsvConfig("DATACONN", true, false, 0).isSinglePortOnly())
                .isTrue();
        assertThat(new SpsvConfig("DATACONN", true, false, 0).isTlsRequired()).isFalse();
        assertThat(new SpsvConfig("DATACONN", false, true, 0).isSinglePortOnly())
                .isFalse();
        assertThat(new SpsvConfig("DATACONN", false, true, 0).isTlsRequired()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "0", "SPSV2", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"})
    void capitalsAndDigitsAreAcceptedWithoutAWarning(final String name) {
        assertThat(new SpsvConfig(name, false, true, 0).userName()).isEqualTo(name);
        assertThat(log.list).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dataconn", "DataConn", "DATA-CONN", "!", "~", "a.b@c", "'\"\\/%$&;,|*?=+#^_`"})
    void otherPrintableCharactersAreAcceptedWithAWarning(final String name) {
        assertThat(new SpsvConfig(name, false, true, 0).userName()).isEqualTo(name);
        assertThat(log.list).hasSize(1);
        assertThat(log.list.get(0).getLevel()).isEqualTo(Level.WARN);
        assertThat(log.list.get(0).getFormattedMessage()).contains(name, "userName");
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456",
                " ",
                "DATA CONN",
                " DATACONN",
                "DATACONN ",
                "DATA\tCONN",
                "DATACONN\r\n",
                "\u0000",
                "\u001f",
                "\u007f",
                "\u0080",
                "\u00e4",
                "\uff21",
                "\ud83d\ude00",
                "(DATACONN",
                "DATACONN)",
                "[",
                "]",
                "{",
                "}",
                "<",
                ">",
                "DATA:CONN"
            })
    void whatTheDraftForbidsIsRefused(final String name) {
        assertThatThrownBy(() -> new SpsvConfig(name, false, true, 0))
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessageStartingWith("SpsvFtplet: userName ")
                .hasMessageNotContainingAny("\r", "\n", "\t", "\u0000", "\u007f");
        assertThat(log.list).isEmpty();
    }

    @Test
    void refusalNamesWhatWasConfigured() {
        assertThatThrownBy(() -> new SpsvConfig("DATA\tCONN:", false, true, 0)).hasMessageContaining("\"DATA?CONN:\"");
        assertThatThrownBy(() -> new SpsvConfig("", false, true, 0)).hasMessageEndingWith("but is \"\"");
        assertThatThrownBy(() -> new SpsvConfig(null, false, true, 0)).hasMessageEndingWith("but is missing");
    }

    @Test
    void everyAsciiCharacterIsJudged() {
        for (char c = 0; c < 0x100; c++) {
            final String name = "A" + c;
            final boolean allowed = c > 32 && c < 127 && "()[]{}<>:".indexOf(c) < 0;
            if (allowed) {
                assertThatCode(() -> new SpsvConfig(name, false, true, 0))
                        .as(name)
                        .doesNotThrowAnyException();
            } else {
                assertThatThrownBy(() -> new SpsvConfig(name, false, true, 0))
                        .as(name)
                        .isInstanceOf(FtpServerConfigurationException.class);
            }
        }
    }
}
