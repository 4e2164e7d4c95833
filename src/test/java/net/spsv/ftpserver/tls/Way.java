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
package net.spsv.ftpserver.tls;

/** The ways of a data connection to TLS. */
enum Way {
    /** The second connection says AUTH TLS, and logs in inside TLS. */
    EXPLICIT,
    /** The second connection begins with the handshake, at a listener with implicit TLS. */
    IMPLICIT,
    /** The second connection logs in in clear, and the handshake follows the data login. */
    CLEAR_LOGIN,
    /** FtpServer's own passive mode with PROT P, to compare with. */
    PASV;

    /** Whether the data login is said inside TLS, and not in clear or not at all. */
    boolean isLoginInside() {
        return this == EXPLICIT || this == IMPLICIT;
    }

    boolean isSinglePort() {
        return this != PASV;
    }
}
