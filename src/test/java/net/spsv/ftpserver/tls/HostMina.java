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

/** What differs between the versions of MINA that FtpServer comes with. */
final class HostMina {

    private static final boolean BEFORE_2_2 =
            System.getProperty("host.mina", "2.2").startsWith("2.1.");

    private HostMina() {}

    /**
     * Says whether a client's close_notify may come before it has read the replies to its login: MINA 2.1 closes the
     * connection when it reads one, and in TLS 1.2 a close_notify leaves no way back at all.
     */
    static boolean hearsCloseNotifyBehindLogin(final String protocol) {
        return "TLSv1.3".equals(protocol) && !BEFORE_2_2;
    }
}
