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
package net.spsv.ftpserver.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.net.ftp.FTPClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The server that the other tests use, shown to be one by a client that is not ours. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FtpServerExtensionIT {
    @RegisterExtension
    static final FtpServerExtension SERVER =
            new FtpServerExtension().plugin(false).anonymous(1);

    @Test
    void everyUserLogsInAndWrites() throws Exception {
        final String[][] users = {
            {FtpServerExtension.ADMIN, FtpServerExtension.ADMIN},
            {FtpServerExtension.USER, FtpServerExtension.PASSWORD},
            {FtpServerExtension.SLOW_USER, FtpServerExtension.SLOW_USER},
            {"anonymous", "me@example.org"}
        };
        for (final String[] user : users) {
            final FTPClient client = new FTPClient();
            client.connect("127.0.0.1", SERVER.port());
            try {
                assertThat(client.login(user[0], user[1])).as(user[0]).isTrue();
                client.enterLocalPassiveMode();
                final byte[] content = user[0].getBytes(StandardCharsets.US_ASCII);
                assertThat(client.storeFile(user[0], new ByteArrayInputStream(content)))
                        .isTrue();
                assertThat(SERVER.content(user[0])).isEqualTo(content);
                client.logout();
            } finally {
                client.disconnect();
            }
        }
        assertThat(SERVER.statistics().getTotalUploadNumber()).isEqualTo(users.length);
    }

    @Test
    void rawClientSeesWhatTheServerReadApart() {
        try (RawFtpClient client = SERVER.connect().greeted()) {
            client.sendApart(Fragments.single("USER u001\r\nPASS xyz\r\nNOOP\r\n"));
            client.expect(331);
            client.expect(230);
            client.expect(200);
            assertThat(client.line("HELP").expect(214)).startsWith("214-").contains("\n214 ");
        }
    }
}
