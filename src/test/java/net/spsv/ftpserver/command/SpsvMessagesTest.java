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
package net.spsv.ftpserver.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.message.MessageResource;
import org.apache.ftpserver.message.MessageResourceFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Over FtpServer's real message resource, and files as an installation would write them. */
@Timeout(30)
class SpsvMessagesTest {

    @TempDir
    private Path directory;

    private final AtomicBoolean onlyDataConnections = new AtomicBoolean();

    private SpsvMessages messages(final String... languages) {
        final MessageResourceFactory factory = new MessageResourceFactory();
        factory.setCustomMessageDirectory(directory.toFile());
        if (languages.length > 0) {
            factory.setLanguages(Arrays.asList(languages));
        }
        return new SpsvMessages(factory.createMessageResource(), onlyDataConnections::get);
    }

    private void install(final String name, final String... lines) throws IOException {
        Files.write(directory.resolve(name), Arrays.asList(lines), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource({
        "227, Entering single-port mode ({output.msg})",
        "331, Preparing for a data connection.",
        "501, Syntax error: SPSV has no parameter.",
        "504, Not a valid data connection login."
    })
    void everyReplyHasAText(final int code, final String text) {
        assertThat(messages().getMessage(code, "SPSV", null)).isEqualTo(text);
        assertThat(messages().getMessage(code, "SPSV", "en")).isEqualTo(text);
    }

    @Test
    void refusalOfOtherPortsNamesTheCommandAndTheWayOut() {
        assertThat(messages().getMessage(502, "SPSV", null)).contains("{request.cmd}", "SPSV");
    }

    @Test
    void helpExplainsSpsv() {
        assertThat(messages().getMessage(214, "SPSV", null))
                .startsWith("Syntax: SPSV")
                .doesNotContain("\n");
    }

    @Test
    void helpListsSpsvBeforeItsEnd() {
        final String[] lines = messages().getMessage(214, null, null).split("\n");

        assertThat(lines[lines.length - 2]).isEqualTo("SPSV");
        assertThat(lines[lines.length - 1]).isEqualTo("End of help.");
    }

    @Test
    void featListsSpsvOnceAndKeepsTheRest() {
        final MessageResource host = new MessageResourceFactory().createMessageResource();
        final String text = messages().getMessage(211, "FEAT", null);

        // RFC 2389, section 3.2: one blank in front of each feature.
        assertThat(text.split("\n")).containsOnlyOnce(" SPSV").endsWith("End");
        assertThat(text.replace("\n SPSV", "")).isEqualTo(host.getMessage(211, "FEAT", null));
    }

    @Test
    void featOfAnInstallationThatHasSpsvAlreadyStays() throws IOException {
        install("FtpStatus.gen", "211.FEAT=Extensions\\n SPSV\\n SIZE\\nEnd");

        assertThat(messages().getMessage(211, "FEAT", null)).isEqualTo("Extensions\n SPSV\n SIZE\nEnd");
    }

    @Test
    void featOfAnInstallationGetsSpsvToo() throws IOException {
        install("FtpStatus.gen", "211.FEAT=Extensions\\n XSPSVX\\nEnd");

        assertThat(messages().getMessage(211, "FEAT", null)).isEqualTo("Extensions\n XSPSVX\n SPSV\nEnd");
    }

    @Test
    void listsOfOneLineStay() throws IOException {
        install("FtpStatus.gen", "211.FEAT=No features", "214=No help");

        assertThat(messages().getMessage(211, "FEAT", null)).isEqualTo("No features");
        assertThat(messages().getMessage(214, null, null)).isEqualTo("No help");
    }

    @Test
    void otherTextsAreFtpServers() {
        final MessageResource host = new MessageResourceFactory().createMessageResource();
        final SpsvMessages messages = messages();

        host.getMessages(null).forEach((key, text) -> {
            final int dot = key.indexOf('.');
            final int code = Integer.parseInt(dot < 0 ? key : key.substring(0, dot));
            final String subId = dot < 0 ? null : key.substring(dot + 1);
            if (!key.equals("211.FEAT") && !key.equals("214")) {
                assertThat(messages.getMessage(code, subId, null)).as(key).isEqualTo(text);
            }
        });
        assertThat(messages.getMessage(999, null, null)).isNull();
        assertThat(messages.getMessage(227, "NONE", null)).isNull();
    }

    @Test
    void greetingIsFtpServersUntilTheServerIsFull() {
        final SpsvMessages messages = messages();
        final String usual = messages.getMessage(220, null, null);

        onlyDataConnections.set(true);
        assertThat(messages.getMessage(220, null, null)).isNotEqualTo(usual).contains("SPSV");
        assertThat(messages.getMessage(220, "REIN", null)).isEqualTo("Service ready for new user.");
        assertThat(messages.getMessage(230, null, null)).isEqualTo(messages().getMessage(230, null, null));

        onlyDataConnections.set(false);
        assertThat(messages.getMessage(220, null, null)).isEqualTo(usual).doesNotContain("SPSV");
    }

    @ParameterizedTest
    @ValueSource(ints = {220, 331, 501, 502, 504, 214})
    void installationOverridesEveryText(final int code) throws IOException {
        install("FtpStatus.gen", code + ".SPSV=eigener Text");

        onlyDataConnections.set(true);
        assertThat(messages().getMessage(code, "SPSV", null)).isEqualTo("eigener Text");
        if (code == 220) {
            assertThat(messages().getMessage(code, null, null)).isEqualTo("eigener Text");
        }
    }

    @Test
    void installationOverridesTheTokenReply() throws IOException {
        install("FtpStatus.gen", "227.SPSV=Ein Anschluss ({output.msg}), bitte");

        assertThat(messages().getMessage(227, "SPSV", null)).isEqualTo("Ein Anschluss ({output.msg}), bitte");
    }

    @Test
    void languageOfTheInstallationOverridesToo() throws IOException {
        install("FtpStatus_en.gen", "331.SPSV=English");
        final SpsvMessages messages = messages("en");

        assertThat(messages.getMessage(331, "SPSV", "en")).isEqualTo("English");
        assertThat(messages.getMessage(331, "SPSV", null)).isEqualTo("Preparing for a data connection.");
        assertThat(messages.getMessage(331, "SPSV", "unknown")).isEqualTo("Preparing for a data connection.");
        assertThat(messages.getAvailableLanguages()).containsExactly("en");
        assertThat(messages.getMessage(211, "FEAT", "en").split("\n")).containsOnlyOnce(" SPSV");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no place for it",
                "({output.msg}) and ({output.msg})",
                "{output.msg} without brackets",
                "( {output.msg} )",
                "(more) ({output.msg})",
                "({output.msg}) :)",
                "(({output.msg}))",
                "two lines\\n({output.msg})",
                "two lines\\r({output.msg})"
            })
    void tokenReplyThatClientsCannotReadIsRefusedAtStart(final String text) throws IOException {
        install("FtpStatus.gen", "227.SPSV=" + text);

        assertThatThrownBy(this::messages)
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessageContaining("227.SPSV")
                .hasMessageContaining("({output.msg})");
    }

    @Test
    void tokenReplyOfALanguageIsCheckedToo() throws IOException {
        install("FtpStatus_en.gen", "227.SPSV=no place for it");

        assertThatThrownBy(() -> messages("en"))
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessageContaining("227.SPSV")
                .hasMessageContaining("language en");
    }

    @Test
    void allTextsAreListedWithTheInstallationsFirst() throws IOException {
        install("FtpStatus.gen", "331.SPSV=eigener Text");

        final Map<String, String> all = messages().getMessages(null);

        assertThat(all)
                .containsEntry("331.SPSV", "eigener Text")
                .containsEntry("227.SPSV", "Entering single-port mode ({output.msg})")
                .containsEntry("226.ABOR", "ABOR command successful.");
    }

    @Test
    void hostIsTheOneThatWasGiven() {
        final MessageResource host = new Silent();
        assertThat(new SpsvMessages(host, () -> false).host()).isSameAs(host);
    }

    @Test
    void hostWithoutTextsOrLanguagesIsEnough() {
        final SpsvMessages messages = new SpsvMessages(new Silent(), () -> true);

        assertThat(messages.getAvailableLanguages()).isNull();
        assertThat(messages.getMessage(227, "SPSV", "en")).contains("({output.msg})");
        assertThat(messages.getMessage(220, null, null)).contains("SPSV");
        assertThat(messages.getMessage(211, "FEAT", null)).isNull();
    }

    /** A resource of somebody else's that knows nothing. */
    private static final class Silent implements MessageResource {
        @Override
        public List<String> getAvailableLanguages() {
            return null;
        }

        @Override
        public String getMessage(final int code, final String subId, final String language) {
            return null;
        }

        @Override
        public Map<String, String> getMessages(final String language) {
            return Collections.emptyMap();
        }
    }
}
