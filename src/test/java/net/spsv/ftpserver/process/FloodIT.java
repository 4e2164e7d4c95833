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
package net.spsv.ftpserver.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server with little memory, and peers that send commands without end and read no reply. */
@Timeout(180)
class FloodIT {
    private static final int FLOODS = 8;
    private static final int SESSIONS = 8;
    private static final int CHUNK = 60_000;

    @TempDir
    Path directory;

    /**
     * FtpServer takes in whatever comes, and keeps what its command threads are not through with and what its peers do
     * not read: a few seconds of commands, or a second of empty lines, from a few peers filled any heap.
     */
    @ParameterizedTest
    @CsvSource({"NOOP, false", "'', false", "NOOP, true", "'', true"})
    void floodOfLinesDoesNotFillTheMemory(final String line, final boolean loggedIn) throws Exception {
        final FtpServerInstallation installation = FtpServerInstallation.into(directory);
        installation.addJavaOption("-Xmx48m");
        // one line per command, and they are not looked at
        installation.edit("common/classes/log4j.properties", "log4j.rootLogger=DEBUG", "log4j.rootLogger=ERROR");
        installation.edit("common/classes/log4j.properties", "net.spsv=TRACE", "net.spsv=INFO");
        final List<Socket> floods = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        try (FtpServerProcess server = installation.start()) {
            for (int i = 0; i < FLOODS; i++) {
                final Socket socket = new Socket();
                floods.add(socket);
                socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
                threads.add(new Thread(() -> flood(socket, loggedIn, line + "\r\n"), "flood " + i));
            }
            threads.forEach(Thread::start);
            for (int i = 0; i < SESSIONS; i++) {
                try (SinglePortClient client = new SinglePortClient("127.0.0.1", server.port())) {
                    client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
                    client.transmit("STOR file", new byte[100_000]);
                    assertThat(client.receive("RETR file")).hasSize(100_000);
                }
            }
            assertThat(server.output()).doesNotContain("OutOfMemoryError");
        } finally {
            for (final Socket socket : floods) {
                socket.close();
            }
            for (final Thread thread : threads) {
                thread.join();
            }
        }
    }

    private static void flood(final Socket socket, final boolean loggedIn, final String line) {
        final String login = loggedIn
                ? "USER " + FtpServerInstallation.USER + "\r\nPASS " + FtpServerInstallation.PASSWORD + "\r\n"
                : "";
        final byte[] lines = String.join("", Collections.nCopies(CHUNK / line.length(), line))
                .getBytes(StandardCharsets.US_ASCII);
        try {
            socket.getOutputStream().write(login.getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 1000; i++) {
                socket.getOutputStream().write(lines);
            }
        } catch (final IOException e) {
            assertThat(e).as("its end, or the server's").isNotNull();
        }
    }
}
