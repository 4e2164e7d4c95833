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

import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import net.spsv.gateway.control.Reply;
import net.spsv.gateway.control.ReplyLine;
import net.spsv.gateway.control.ReplyParser;
import org.junit.jupiter.api.Test;

class FeaturesTest {
    private static List<String> forClient(final String... lines) throws ProtocolException {
        final ReplyParser parser = new ReplyParser();
        final List<ReplyLine> read = new ArrayList<>();
        for (final String line : lines) {
            read.add(parser.parse(line));
        }
        return Features.forClient(new Reply(read));
    }

    @Test
    void whatTheGatewayDoesByItselfIsHiddenAndWhatItOffersIsShown() throws Exception {
        assertThat(forClient(
                        "211-Extensions supported",
                        " SIZE",
                        " AUTH SSL;TLS;",
                        " auth tls",
                        " SPSV",
                        " SPDT",
                        " PBSZ",
                        " PROT C;P;",
                        " CCC",
                        " EPSV",
                        " PASV",
                        "  UTF8",
                        " MLST Size;Modify;Type",
                        "211 End"))
                .containsExactly(
                        "211-Features:",
                        " SIZE",
                        "  UTF8",
                        " MLST Size;Modify;Type",
                        " EPRT",
                        " EPSV",
                        " PASV",
                        "211 End");
    }

    @Test
    void nameThatOnlyBeginsLikeAHiddenOneIsShown() throws Exception {
        assertThat(forClient("211-x", " AUTHORITY", " PROTX", "211 End")).contains(" AUTHORITY", " PROTX");
    }

    @Test
    void serverWithoutFeaturesHasTheGateways() throws Exception {
        assertThat(forClient("211 no features")).containsExactly("211-Features:", " EPRT", " EPSV", " PASV", "211 End");
    }

    @Test
    void refusalStaysAsItIs() throws Exception {
        assertThat(forClient("500 what?")).containsExactly("500 what?");
        assertThat(forClient("530-log in", " SPSV", "530 first")).containsExactly("530-log in", " SPSV", "530 first");
    }
}
