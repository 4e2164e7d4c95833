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

import java.io.IOException;
import javax.crypto.AEADBadTagException;
import javax.net.ssl.SSLException;

/** What differs between the versions of MINA that FtpServer comes with. */
final class HostMina {

    private static final boolean BEFORE_2_2 =
            System.getProperty("host.mina", "2.2").startsWith("2.1.");

    private static final boolean MIXES_RECORDS_UP = "2.2.4".equals(System.getProperty("host.mina"));

    private static final int ATTEMPTS = 3;

    /** Something that connects and awaits the greeting. */
    interface Connecting<T> {
        T connect() throws IOException;
    }

    private HostMina() {}

    /**
     * Connects to an implicit listener. In MINA 2.2.4 two threads hand on what was encrypted, in any order, and on a
     * busy machine a connection gets its greeting before the last records of its handshake now and then, which no
     * client can make sense of. 2.2.10 has it mended. Such a connection is made once more; any other failure counts.
     */
    static <T> T greeted(final Connecting<T> connecting) throws IOException {
        for (int attempt = 1; true; attempt++) {
            try {
                return connecting.connect();
            } catch (SSLException e) {
                if (!MIXES_RECORDS_UP || attempt == ATTEMPTS || !isMixedUp(e)) {
                    throw e;
                }
                System.out.println("MINA 2.2.4 has mixed up the records of a greeting: " + e);
            }
        }
    }

    private static boolean isMixedUp(final SSLException failure) {
        return failure.getCause() instanceof AEADBadTagException
                || String.valueOf(failure.getMessage()).contains("application data before handshake complete");
    }

    /**
     * Says whether a client's close_notify may come before it has read the replies to its login: MINA 2.1 closes the
     * connection when it reads one, and in TLS 1.2 a close_notify leaves no way back at all.
     */
    static boolean hearsCloseNotifyBehindLogin(final String protocol) {
        return "TLSv1.3".equals(protocol) && !BEFORE_2_2;
    }

    /** Says whether MINA goes on in clear when its engine is closed: replies behind the alert of a failed handshake. */
    static boolean forgetsTlsWhenItFails() {
        return BEFORE_2_2;
    }
}
