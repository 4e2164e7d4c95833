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
package net.spsv.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Lets somebody start the gateway with any options, one a line. */
class OptionsFuzz {
    /** For these nobody asks DNS. */
    private static final Set<String> HOSTS =
            new HashSet<>(Arrays.asList("127.0.0.1", "127.0.0.2", "192.0.2.1", "localhost", "::1", "2001:db8::1"));

    private static final Duration LONGEST = Duration.ofDays(1);

    @FuzzTest
    void optionsAreTakenAsTheyAreOrRefusedInOneSentence(final byte[] input) {
        final String text = new String(input, StandardCharsets.UTF_8);
        if (text.matches("(?s).*[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f].*|.*(^|\n)@.*")) {
            // whoever writes control characters gets them back; and a file of options is another matter
            return;
        }
        final CommandLine command = Main.commandLine();
        try {
            final ParseResult options = command.parseArgs(text.split("\n"));
            if (asksDns(options, "--server")
                    || asksDns(options, "--listen")
                    || options.hasMatchedOption("--truststore")
                    || options.hasMatchedOption("--truststore-password-file")
                    || options.isUsageHelpRequested()
                    || options.isVersionHelpRequested()) {
                return;
            }
            final Main main = command.getCommand();
            expectSettings(main.settings(), options);
        } catch (ParameterException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\r").doesNotContain("Exception");
            if (!(e instanceof CommandLine.UnmatchedArgumentException)) {
                assertThat(e.getMessage()).doesNotContain("\n");
            }
        }
    }

    private static void expectSettings(final GatewaySettings settings, final ParseResult options) {
        assertThat(settings.server().getPort()).isBetween(1, 0xffff);
        assertThat(HOSTS).contains(settings.server().getHostString());
        assertThat(settings.listen().isUnresolved()).isFalse();
        assertThat(settings.connectTimeout()).isBetween(Duration.ofSeconds(1), LONGEST);
        assertThat(settings.dataTimeout()).isBetween(Duration.ofSeconds(1), LONGEST);
        assertThat(settings.maxSessions()).isBetween(1, 86_400);
        assertThat(settings.isFallback()).isEqualTo(options.matchedOptionValue("--fallback", false));
        final String tls = options.matchedOptionValue("--tls", "none");
        assertThat(settings.protection().isTls()).isEqualTo(!"none".equalsIgnoreCase(tls));
        assertThat(settings.protection().isVerified())
                .isEqualTo(settings.protection().isTls() && !options.matchedOptionValue("--insecure", false));
    }

    private static boolean asksDns(final ParseResult options, final String name) {
        final String value = options.matchedOptionValue(name, "127.0.0.1:2121");
        if (value.matches("[0-9]+")) {
            return "--server".equals(name);
        }
        try {
            return !HOSTS.contains(HostAndPort.parse(value).host());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
