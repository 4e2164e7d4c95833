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
package net.spsv.ftpserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import net.spsv.ftpserver.testing.RawFtpClient;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The property {@code singlePortOnly}: no other port is ever opened or dialled. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SinglePortOnlyIT {
    @RegisterExtension
    static final FtpServerExtension ONLY = new FtpServerExtension().singlePortOnly(true);

    @RegisterExtension
    static final FtpServerExtension DEFAULT = new FtpServerExtension();

    private static final String FILE = "contents.txt";
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);

    /** The ways of old. */
    private enum Mode {
        PASV,
        EPSV,
        PORT,
        EPRT
    }

    @BeforeAll
    static void files() {
        ONLY.file(FILE, CONTENT);
        DEFAULT.file(FILE, CONTENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PASV",
                "pasv",
                "EPSV",
                "EPSV 1",
                "EPSV ALL",
                "PORT 127,0,0,1,200,10",
                "EPRT |1|127.0.0.1|51210|",
                "PORT",
                "EPRT"
            })
    void everyOtherWayIsAnswered502ThatNamesSpsv(final String command) {
        try (RawFtpClient client = ONLY.login()) {
            assertThat(client.line(command).expect(502)).contains("SPSV");
            client.expectAlive();
        }
    }

    @Test
    void spsvWorks() {
        try (RawFtpClient client = ONLY.login()) {
            assertThat(client.retrieve(FILE)).isEqualTo(CONTENT);
            client.line("PASV").expect(502);
            client.store("up.txt", CONTENT);
            assertThat(ONLY.content("up.txt")).isEqualTo(CONTENT);
        }
    }

    @Test
    void noPortIsOpened() {
        try (RawFtpClient client = ONLY.login()) {
            final Set<Integer> before = ListeningPorts.ofThisProcess();
            assertThat(before).contains(ONLY.port());
            client.line("PASV").expect(502);
            client.line("EPSV").expect(502);
            assertThat(ListeningPorts.ofThisProcess()).isEqualTo(before);
            assertThat(client.line("RETR " + FILE).reply()).matches("(503|425) .*");
            client.spsv();
            assertThat(ListeningPorts.ofThisProcess()).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PORT 127,0,0,1,%2$d,%3$d", "EPRT |1|127.0.0.1|%1$d|"})
    void noPortIsDialled(final String command) throws IOException {
        try (RawFtpClient client = ONLY.login();
                ServerSocketChannel port = ServerSocketChannel.open()) {
            port.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0))
                    .configureBlocking(false);
            final int number = port.socket().getLocalPort();
            client.line(String.format(Locale.ROOT, command, number, number >> 8, number & 0xff))
                    .expect(502);
            assertThat(client.line("RETR " + FILE).reply()).matches("(503|425) .*");
            client.expectAlive();
            assertThat(port.accept()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void everyOtherWayWorksByDefault(final Mode mode) throws IOException {
        final FTPClient client = new FTPClient();
        client.connect("127.0.0.1", DEFAULT.port());
        try {
            client.setUseEPSVwithIPv4(mode == Mode.EPSV);
            assertThat(client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD))
                    .isTrue();
            assertThat(client.setFileType(FTP.BINARY_FILE_TYPE)).isTrue();
            if (mode == Mode.PASV || mode == Mode.EPSV) {
                client.enterLocalPassiveMode();
                transferBothWays(client);
            } else {
                client.enterLocalActiveMode();
                transferActively(client, mode);
            }
            assertThat(client.logout()).isTrue();
        } finally {
            client.disconnect();
        }
    }

    private static void transferBothWays(final FTPClient client) throws IOException {
        final ByteArrayOutputStream down = new ByteArrayOutputStream();
        assertThat(client.retrieveFile(FILE, down)).as(client.getReplyString()).isTrue();
        assertThat(down.toByteArray()).isEqualTo(CONTENT);
        assertThat(client.storeFile("up.txt", new ByteArrayInputStream(CONTENT)))
                .as(client.getReplyString())
                .isTrue();
        assertThat(DEFAULT.content("up.txt")).isEqualTo(CONTENT);
    }

    /** Commons Net sends PORT of its own accord where it can; EPRT is sent here. */
    private static void transferActively(final FTPClient client, final Mode mode) throws IOException {
        if (mode == Mode.PORT) {
            transferBothWays(client);
            return;
        }
        try (ServerSocket port = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(client.eprt(port.getInetAddress(), port.getLocalPort())).isEqualTo(200);
            assertThat(client.sendCommand("RETR", FILE)).isEqualTo(150);
            try (Socket data = port.accept()) {
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
            }
            assertThat(client.completePendingCommand()).isTrue();
        }
    }
}
