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

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Lets a server answer SPSV with anything. */
class DataCredentialsFuzz {

    @FuzzTest
    void whatIsFoundFitsIntoOneCommandLineAndIsMasked(final byte[] input) {
        final String line = new String(input, StandardCharsets.ISO_8859_1);
        final DataCredentials found = DataCredentials.parse(line);
        final String masked = DataCredentials.masked(line);

        assertThat(masked).doesNotMatch("(?s).*\\((?![^():\\r\\n]*:?\\*\\*\\*\\)).*");
        assertThat(DataCredentials.masked(masked)).as("masked again").isEqualTo(masked);
        if (found == null) {
            return;
        }
        assertThat(line).startsWith("227 ");
        assertThat(found.token()).matches("[!-~]{1,128}").doesNotContain("(", ")", ":");
        if (found.isSpdt()) {
            assertThat(line).contains('(' + found.token() + ')');
        } else {
            assertThat(found.user()).matches("[!-~]{1,32}").doesNotContain("(", ")", ":");
            assertThat(found.token().length()).isLessThanOrEqualTo(32);
            assertThat(line).contains('(' + found.user() + ':' + found.token() + ')');
        }
        if (!DataCredentials.MASK.equals(found.token())) {
            assertThat(masked)
                    .as("the token")
                    .doesNotContain('(' + (found.isSpdt() ? "" : found.user() + ':') + found.token() + ')');
        }
        final DataCredentials again =
                DataCredentials.parse("227 x (" + (found.isSpdt() ? "" : found.user() + ':') + found.token() + ")");
        assertThat(again.token()).isEqualTo(found.token());
        assertThat(again.user()).isEqualTo(found.user());
    }
}
