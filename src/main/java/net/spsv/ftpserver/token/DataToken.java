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
package net.spsv.ftpserver.token;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The one-time password of a data connection: who holds it may become the next data connection of one control session.
 *
 * <p>Its first characters find its entry in the {@link TokenRegistry}, the others are the secret and are only ever
 * compared in constant time. Immutable; never print {@link #value()} into a log, {@link #toString()} is redacted.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-3">
 *      draft-rosenau-ftp-single-port-02, section 3</a>
 */
public final class DataToken {

    /** Characters of every token, the most that the draft allows (section 3). */
    public static final int LENGTH = 32;

    /** Leading characters that identify the registry's entry; the remaining 22 carry 131 bits. */
    static final int ID_LENGTH = 10;

    private final String value;

    DataToken(final String value) {
        if (value.length() != LENGTH) {
            throw new IllegalArgumentException("a token has " + LENGTH + " characters");
        }
        this.value = value;
    }

    /**
     * The token as it goes over the wire.
     *
     * @return 32 letters and digits
     */
    public String value() {
        return value;
    }

    String id() {
        return value.substring(0, ID_LENGTH);
    }

    boolean matches(final String presented) {
        return MessageDigest.isEqual(
                value.getBytes(StandardCharsets.UTF_8), presented.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "DataToken(redacted)";
    }
}
