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

/** How a data connection is opened. */
enum DataMode {
    /** {@code PASV}: a connection to another port. */
    PASSIVE,
    /** {@code SPSV}: a connection to the same port; USER and PASS each wait for the reply before them. */
    SINGLE_PORT,
    /** {@code SPSV}: USER and PASS leave in one segment, before the greeting was read. */
    SINGLE_PORT_PIPELINED,
    /** {@code SPSV}: the login is in clear even if the control connection is not; TLS begins behind the 150. */
    SINGLE_PORT_CLEAR_LOGIN
}
