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
package net.spsv.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.spsv.gateway.control.Reply;
import net.spsv.gateway.control.ReplyLine;
import net.spsv.gateway.control.ReplyParser;

/** Lets a server answer FEAT with anything. */
class FeaturesFuzz {

    @FuzzTest
    void clientLearnsOfWhatTheGatewayOffersAndOfNothingElse(final byte[] input) {
        final Reply reply = reply(new String(input, StandardCharsets.ISO_8859_1).split("\n"));
        if (reply == null) {
            return;
        }
        final List<String> lines = Features.forClient(reply);
        if (reply.code() != 211) {
            assertThat(lines).isEqualTo(reply.lines());
            return;
        }
        assertThat(lines.get(0)).isEqualTo("211-Features:");
        assertThat(lines.get(lines.size() - 1)).isEqualTo("211 End");
        final List<String> features = lines.subList(1, lines.size() - 1);
        assertThat(features).allMatch(line -> line.startsWith(" "));
        assertThat(features.subList(features.size() - 3, features.size())).containsExactly(" EPRT", " EPSV", " PASV");
        final List<String> ofServer = features.subList(0, features.size() - 3);
        assertThat(ofServer)
                .noneMatch(line -> line.trim()
                        .toUpperCase(Locale.ROOT)
                        .matches("(?s)(SPSV|SPDT|AUTH|PBSZ|PROT|CCC|CPSV|SSCN|EPRT|EPSV|PASV)([ ;].*)?"));
        if (!ofServer.isEmpty()) {
            assertThat(reply.lines()).containsSubsequence(ofServer);
        }
        expectOneReply(lines);
    }

    /** However odd the features are, the client must not take a line of theirs for the end of the reply. */
    private static void expectOneReply(final List<String> lines) {
        final Reply whole = reply(lines.toArray(new String[0]));
        assertThat(whole).isNotNull();
        assertThat(whole.lines()).isEqualTo(lines);
    }

    private static Reply reply(final String... lines) {
        final ReplyParser parser = new ReplyParser();
        final List<ReplyLine> reply = new ArrayList<>();
        for (final String line : lines) {
            try {
                final ReplyLine parsed = parser.parse(line);
                reply.add(parsed);
                if (parsed.isLast()) {
                    return new Reply(reply);
                }
            } catch (ProtocolException e) {
                return null;
            }
        }
        return null;
    }
}
