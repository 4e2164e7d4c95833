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
package net.spsv.ftpserver.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The demonstration does what the README says of it. */
@Timeout(180)
class DemoIT {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void onceShowsASessionInTheFormOfTheDraftAndEnds() {
        assertThat(run("--port=0", "--once")).isZero();

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString().replaceAll("\\R", "\n"))
                .containsPattern(String.join(
                        "\n",
                        "- The control connection \\(\"--1-->\"\\) is established",
                        "S--1-->C 220 .*",
                        "C--1-->S USER demo",
                        "S--1-->C 331 .*",
                        "C--1-->S PASS demo",
                        "S--1-->C 230 .*",
                        "C--1-->S SPSV",
                        "S--1-->C 227 .*\\(DATACONN:(?<first>[A-Za-z0-9]+)\\)",
                        "- The data connection \\(\"---2->\"\\) is established, to the same port \\d+",
                        "S---2->C 220 .*",
                        "C---2->S USER DATACONN",
                        "S---2->C 331 .*",
                        "C---2->S PASS \\k<first>",
                        "S---2->C 200 DATA",
                        "C--1-->S RETR contents.txt",
                        "S--1-->C 150 .*",
                        "S---2->C This file came down through the port of the control connection\\.",
                        "S---2->C No other port was opened\\.",
                        "- The server closes the data connection",
                        "S--1-->C 226 .*",
                        "C--1-->S SPSV",
                        "S--1-->C 227 .*\\(DATACONN:(?<second>[A-Za-z0-9]+)\\)",
                        "- The data connection .*",
                        "S---2->C 220 .*",
                        "C---2->S USER DATACONN",
                        "S---2->C 331 .*",
                        "C---2->S PASS \\k<second>",
                        "S---2->C 200 DATA",
                        "C--1-->S STOR upload.txt",
                        "S--1-->C 150 .*",
                        "C---2->S This line came up through the same port\\.",
                        "- The client closes the data connection",
                        "S--1-->C 226 .*",
                        "C--1-->S QUIT",
                        "S--1-->C 221 .*"));
    }

    @Test
    void portInUseIsOneSentenceAndExitCode1() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName(DemoServer.ADDRESS))) {
            assertThat(run("--once", "--port=" + other.getLocalPort())).isEqualTo(1);

            assertThat(out.toString()).isEmpty();
            assertThat(err.toString().trim())
                    .hasLineCount(1)
                    .startsWith("Port " + other.getLocalPort() + " cannot be used")
                    .contains("--port");
        }
    }

    @Test
    void portThatDoesNotExistIsOneSentenceAndExitCode1() {
        assertThat(run("--once", "--port=65536")).isEqualTo(1);

        assertThat(err.toString().trim()).hasLineCount(1).contains("65536");
    }

    @Test
    void serverStaysUpUntilItIsInterruptedAndLeavesNothing(@TempDir final Path temporary) throws Exception {
        final Path output = temporary.resolve("output.txt");
        final Process demo = new ProcessBuilder(
                        Paths.get(System.getProperty("java.home"), "bin", "java")
                                .toString(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Demo.class.getName(),
                        "--port=0")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            await().atMost(30, TimeUnit.SECONDS).until(() -> text(output).contains("Press Ctrl-C"));
            final String printed = text(output);
            assertThat(printed).contains("user demo, password demo").doesNotContain("INFO", "Exception");
            final int port = Integer.parseInt(printed.replaceAll("(?s).*?listens at \\S+ port (\\d+).*", "$1"));
            assertThat(homes(temporary)).hasSize(1);
            try (Socket client = new Socket(DemoServer.ADDRESS, port)) {
                assertThat(new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))
                                .readLine())
                        .startsWith("220");
            }

            demo.destroy();

            assertThat(demo.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(text(output)).endsWith("The server has stopped and its home is deleted.\n");
            assertThat(homes(temporary)).isEmpty();
        } finally {
            demo.destroyForcibly();
        }
    }

    private static String text(final Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static File[] homes(final Path temporary) {
        return temporary.toFile().listFiles((directory, name) -> name.startsWith("spsv-demo"));
    }

    private int run(final String... args) {
        return new CommandLine(new Demo())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }
}
