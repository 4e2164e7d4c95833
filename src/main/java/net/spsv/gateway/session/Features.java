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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.spsv.gateway.control.Reply;

/**
 * What the client may know of the server's features: not what the gateway does by itself or cannot let through, but the
 * ways to a data connection that it offers in their place.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/rfc2389#section-3.2">RFC 2389, section 3.2</a>
 */
final class Features {

    private static final int FEATURES_FOLLOW = 211;

    private static final List<String> OFFERED = Arrays.asList("EPRT", "EPSV", "PASV");

    private static final Set<String> HIDDEN = new HashSet<>(
            Arrays.asList("SPSV", "SPDT", "AUTH", "PBSZ", "PROT", "CCC", "CPSV", "SSCN", "EPRT", "EPSV", "PASV"));

    private Features() {}

    /** Returns the lines for the client. A reply without features, as 530 or 502, stays as it is. */
    static List<String> forClient(final Reply reply) {
        if (reply.code() != FEATURES_FOLLOW) {
            return reply.lines();
        }
        final List<String> lines = new ArrayList<>();
        lines.add("211-Features:");
        for (final String line : reply.lines()) {
            if (line.startsWith(" ") && !HIDDEN.contains(name(line))) {
                lines.add(line);
            }
        }
        for (final String name : OFFERED) {
            lines.add(' ' + name);
        }
        lines.add("211 End");
        return lines;
    }

    private static String name(final String line) {
        return line.trim().split("[ ;]", 2)[0].toUpperCase(Locale.ROOT);
    }
}
