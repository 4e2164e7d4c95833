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
package net.spsv.ftpserver.statistics;

/** Why a data login was refused. */
public enum Refusal {
    /** Nobody was given the token, or it was used or revoked. */
    UNKNOWN_TOKEN("the token is unknown, used or revoked"),
    /** The listener checks addresses, and the token was issued to another one. */
    OTHER_ADDRESS("the token was issued to another address"),
    /** The token was issued over TLS and came in clear. */
    NOT_OVER_TLS("the token was issued over TLS and came in clear"),
    /** What was said is no data login. */
    MALFORMED("no token was presented"),
    /** The connection was lost between its token and its first byte, most likely in TLS. */
    LOST("the connection was lost at its login");

    private final String text;

    Refusal(final String text) {
        this.text = text;
    }

    /** {@inheritDoc} */
    @Override
    public String toString() {
        return text;
    }
}
