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
package net.spsv.ftpserver.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The example of draft-rosenau-ftp-single-port-02, section 4, line by line. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DraftTranscriptIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    @Test
    void exampleOfSectionFour() {
        final byte[] contents = "Contents of contents.txt\r\n".getBytes(StandardCharsets.US_ASCII);
        SERVER.file("contents.txt", contents);
        // The control connection ("--1-->") is established.
        try (RawFtpClient control = SERVER.connect()) {
            // S--1-->C 220 FTP server ready
            control.expect(220);
            // C--1-->S USER u001
            control.send("USER u001\r\n");
            // S--1-->C 331 Enter password
            control.expect(331);
            // C--1-->S PASS xyz
            control.send("PASS xyz\r\n");
            // S--1-->C 230 You are logged in
            control.expect(230);
            // C--1-->S SPSV
            control.send("SPSV\r\n");
            // S--1-->C 227 Entering single-port mode (DATACONN:007aB)
            final String entering = control.expect(227);
            final Endpoint endpoint = RawFtpClient.endpoint(entering);
            assertThat(entering).isEqualTo("227 Entering single-port mode (DATACONN:" + endpoint.token() + ")");
            // The data connection ("---2->") is established
            try (RawFtpClient data = SERVER.connect()) {
                // S---2->C 220 FTP server ready
                data.expect(220);
                // C---2->S USER DATACONN
                data.send("USER DATACONN\r\n");
                // S---2->C 331 Preparing for a data connection
                assertThat(data.expect(331)).startsWith("331 Preparing for a data connection");
                // C---2->S PASS 007aB
                data.send("PASS " + endpoint.token() + "\r\n");
                // S---2->C 200 DATA
                data.spliced();
                // C--1-->S RETR contents.txt
                control.send("RETR contents.txt\r\n");
                // S--1-->C 150 Transmitting data
                control.expect(150);
                // S---2->C (Contents of contents.txt)
                // The server closes the data connection
                assertThat(data.readToEnd()).isEqualTo(contents);
            }
            // S--1-->C 226 Data transferred
            control.expect(226);
        }
    }
}
