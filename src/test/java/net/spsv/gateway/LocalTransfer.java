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
package net.spsv.gateway;

import java.io.IOException;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.RawFtpClient;

/** A transfer of a client of the gateway, by extended passive mode. */
final class LocalTransfer {
    private static final Pattern PORT = Pattern.compile("\\(\\|\\|\\|(\\d+)\\|\\)");

    private LocalTransfer() {}

    /** Sends EPSV and connects to its port; the caller owns the socket. */
    static Socket open(final RawFtpClient client) throws IOException {
        final String reply = client.line("EPSV").expect(229);
        final Matcher matcher = PORT.matcher(reply);
        if (!matcher.find()) {
            throw new AssertionError("no port in: " + reply);
        }
        return new Socket("127.0.0.1", Integer.parseInt(matcher.group(1)));
    }

    /** Executes RETR, LIST and the like. */
    static byte[] receive(final RawFtpClient client, final String command) throws IOException {
        try (Socket data = open(client)) {
            client.line(command).expect(150);
            final byte[] bytes = RawFtpClient.readFully(data);
            client.expect(226);
            return bytes;
        }
    }

    /** Executes STOR, APPE and the like. */
    static void transmit(final RawFtpClient client, final String command, final byte... bytes) throws IOException {
        try (Socket data = open(client)) {
            client.line(command).expect(150);
            data.getOutputStream().write(bytes);
            data.shutdownOutput();
            client.expect(226);
        }
    }
}
