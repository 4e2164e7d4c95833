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
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A server that runs out of file descriptors in the middle of transfers, and gets them back. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc, and knows a shell's ulimit")
class DescriptorsIT {
    private static final int LIMIT = 128;
    private static final int GREETING_MILLIS = 500;

    @TempDir
    Path directory;

    private final byte[] content = new byte[8 * 1024 * 1024];
    private final List<Socket> crowd = new ArrayList<>();
    private FtpServerInstallation installation;
    private FtpServerProcess server;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(content);
        installation = FtpServerInstallation.into(directory);
        installation.edit(
                FtpServerInstallation.CONFIGURATION,
                "<data-connection idle-timeout=\"60\">",
                "<data-connection idle-timeout=\"3\">");
        server = installation.start("sh", "-c", "ulimit -n " + LIMIT + " && exec \"$@\"", "sh");
        Files.write(installation.home().resolve("large"), content);
    }

    @AfterEach
    void kill() throws IOException {
        leave();
        server.close();
    }

    private SinglePortClient login() throws IOException {
        final SinglePortClient client = new SinglePortClient("127.0.0.1", server.port());
        client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
        return client;
    }

    /** Connects until the server takes no more. */
    private void exhaust() throws IOException {
        while (true) {
            final Socket socket = new Socket();
            crowd.add(socket);
            socket.setSoTimeout(GREETING_MILLIS);
            socket.connect(new InetSocketAddress("127.0.0.1", server.port()), GREETING_MILLIS);
            if (!isGreeted(socket)) {
                return;
            }
            assertThat(crowd).as("the limit is in force").hasSizeLessThan(LIMIT);
        }
    }

    /** Says whether the server has a descriptor for a connection; without a greeting it may just be slow. */
    private boolean isGreeted(final Socket socket) throws IOException {
        while (true) {
            try {
                return socket.getInputStream().read() >= 0;
            } catch (final SocketTimeoutException e) {
                if (server.descriptors().size() >= LIMIT) {
                    return false;
                }
            }
        }
    }

    private void leave() throws IOException {
        for (final Socket socket : crowd) {
            socket.close();
        }
        crowd.clear();
    }

    @Test
    void whatIsUnderWayEndsTruthfullyAndTheServerServesAgain() throws Exception {
        // what is loaded at the first use of everything
        try (SinglePortClient first = login()) {
            first.transmit("STOR first", content);
            assertThat(first.receive("RETR first")).isEqualTo(content);
            first.receive("LIST");
        }
        final int before = server.descriptors().size();
        try (SinglePortClient uploader = login();
                SinglePortClient downloader = login();
                SinglePortClient opener = login();
                SinglePortClient storer = login();
                SinglePortClient awaiting = login();
                SinglePortClient passive = login();
                Socket upload = uploader.openData();
                Socket download = downloader.openData();
                Socket waiting = opener.openData();
                Socket toStore = storer.openData()) {
            uploader.command("150", "STOR stored");
            upload.getOutputStream().write(content, 0, content.length / 2);
            downloader.command("150", "RETR large");
            final byte[] received = new byte[content.length];
            int count = download.getInputStream().read(received);
            final Path stored = installation.home().resolve("stored");
            Awaitility.await().until(() -> Files.exists(stored) && Files.size(stored) == content.length / 2);

            exhaust();

            // what has its descriptors goes on
            upload.getOutputStream().write(content, content.length / 2, content.length / 2);
            upload.shutdownOutput();
            uploader.expect("226");
            assertThat(Files.readAllBytes(stored)).isEqualTo(content);
            final InputStream in = download.getInputStream();
            while (count < received.length) {
                count += in.read(received, count, received.length - count);
            }
            assertThat(in.read()).isNegative();
            downloader.expect("226");
            assertThat(received).isEqualTo(content);

            // what has not fails, and says so
            exhaust();
            expectNoFile(opener, "RETR large", waiting);
            exhaust();
            expectNoUpload(storer, toStore);
            exhaust();
            awaiting.spsv();
            awaiting.command("150", "RETR large");
            awaiting.expect("425");
            passive.send("PASV");
            assertThat(passive.anyReply()).matches("(?s)[45].*");

            leave();
            for (final SinglePortClient client :
                    Arrays.asList(uploader, downloader, opener, storer, awaiting, passive)) {
                client.transmit("STOR again", new byte[] {1, 2, 3});
                assertThat(client.receive("RETR again")).containsExactly(1, 2, 3);
            }
            try (SinglePortClient next = login()) {
                assertThat(next.receive("RETR large")).isEqualTo(content);
            }
        }
        Awaitility.await("descriptors as before")
                .atMost(10, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(server.descriptors()).hasSizeLessThanOrEqualTo(before));
        assertThat(server.output()).contains("Too many open files");
    }

    private static void expectNoFile(final SinglePortClient client, final String command, final Socket data)
            throws IOException {
        client.command("150", command);
        assertThat(client.anyReply()).matches("(?s)[45].*");
        boolean reset = false;
        try {
            SinglePortClient.readToEnd(data);
        } catch (final IOException e) {
            reset = true;
        }
        assertThat(reset).as("the data connection does not end as a file does").isTrue();
    }

    private static void expectNoUpload(final SinglePortClient client, final Socket data) throws IOException {
        client.send("STOR unopened");
        try {
            data.getOutputStream().write(1);
            data.shutdownOutput();
        } catch (final SocketException e) {
            assertThat(e).as("the server may be the faster one").hasMessageMatching("(?i).*(reset|pipe).*");
        }
        assertThat(client.anyReply()).startsWith("150");
        assertThat(client.anyReply()).matches("(?s)[45].*");
    }
}
