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
package net.spsv.ftpserver.bench;

/** Which TLS sessions a client takes up again with the handshake of a data connection. */
enum Handshakes {
    /** Those that a JDK client finds by itself: of connections to the same port. */
    OF_THE_JDK,
    /** The control connection's or that of an earlier data connection, on whatever port. */
    RESUMED,
    /** None. */
    FULL
}
