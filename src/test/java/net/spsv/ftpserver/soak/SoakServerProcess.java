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
package net.spsv.ftpserver.soak;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.testing.LinuxProcess;
import net.spsv.ftpserver.tls.Certificates;

/** A {@link SoakServer} in a JVM of the same kind and with the same class path as this one. */
final class SoakServerProcess implements Closeable {
    private static final long ANSWER_SECONDS = 60;

    private final Process process;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final LinuxProcess linux;
    private final int port;
    private final int implicitPort;

    SoakServerProcess(final Path home, final List<String> jvmFlags) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(Arrays.asList(
                "-cp",
                System.getProperty("java.class.path"),
                SoakServer.class.getName(),
                home.toString(),
                Certificates.keyStore(Certificates.LISTENER).toString(),
                Certificates.PASSWORD));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final Thread reader = new Thread(this::readOutput, "output of the server");
        reader.setDaemon(true);
        reader.start();
        final String[] ready = answer(SoakServer.READY_LINE);
        linux = new LinuxProcess(Long.parseLong(ready[0]));
        port = Integer.parseInt(ready[1]);
        implicitPort = Integer.parseInt(ready[2]);
    }

    /** Takes the log as well, so that the server never waits for a reader. */
    private void readOutput() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(SoakServer.READY_LINE) || line.startsWith(SoakServer.LEVELS_LINE)) {
                    answers.add(line);
                }
            }
        } catch (final IOException e) {
            answers.add(e.toString());
        }
    }

    private String[] answer(final String start) throws IOException {
        try {
            final String line = answers.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
            if (line == null || !line.startsWith(start)) {
                throw new IOException("The server does not answer, but for: " + line);
            }
            return line.substring(start.length()).split(" ");
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    int port() {
        return port;
    }

    int implicitPort() {
        return implicitPort;
    }

    /** Returns what the server has after a garbage collection. */
    Levels levels() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        final String[] said = answer(SoakServer.LEVELS_LINE);
        return new Levels(
                Long.parseLong(said[0]),
                Long.parseLong(said[1]),
                linux.descriptors().size(),
                Long.parseLong(said[2]));
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
