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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * FtpServer in a process of its own, from its start to its end.
 *
 * <p>Threading: any thread may use it; one thread of its own reads what the process writes.
 */
public final class FtpServerProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final String STARTED = "FtpServer started";
    /** The plugin's line at start: its version, the ports of the listeners and the data user. */
    private static final Pattern PLUGIN_STARTED = Pattern.compile("INFO.*SpsvFtplet\\b.*\\bport\\D*(\\d+).*");

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;
    private final Thread atExit = new Thread(this::kill, "kill FtpServer");

    private FtpServerProcess(final Process process) {
        this.process = process;
        reader = new Thread(this::read, "output of FtpServer");
        reader.setDaemon(true);
        reader.start();
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Starts a command whose first line of output is its process id. */
    static FtpServerProcess launch(final Path directory, final List<String> command) throws IOException {
        return new FtpServerProcess(new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start());
    }

    private void read() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
            }
        } catch (final IOException e) {
            synchronized (lines) {
                lines.add("(reading the output ended with " + e + ")");
            }
        }
    }

    /** Waits until the server accepts connections; fails with its output when it ends instead. */
    void awaitStarted() {
        Awaitility.await("FtpServer has started")
                .atMost(START_TIMEOUT)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("FtpServer has ended with " + process.exitValue() + ":\n" + output());
                    }
                    return lines().contains(STARTED);
                });
    }

    /** Returns all that the process has written so far, the log included. */
    public String output() {
        return String.join("\n", lines());
    }

    /** Returns the lines that the process has written so far, the log included. */
    public List<String> lines() {
        synchronized (lines) {
            return new ArrayList<>(lines.subList(Math.min(1, lines.size()), lines.size()));
        }
    }

    /** Returns the line that the plugin logs at start. */
    public String pluginLine() {
        return plugin().group();
    }

    /** Returns the port of the server's listener, as the plugin logs it. */
    public int port() {
        return Integer.parseInt(plugin().group(1));
    }

    private Matcher plugin() {
        for (final String line : lines()) {
            final Matcher matcher = PLUGIN_STARTED.matcher(line);
            if (matcher.find()) {
                return matcher;
            }
        }
        throw new AssertionError("The plugin has not logged its port:\n" + output());
    }

    /** Returns the process id. */
    public long pid() {
        Awaitility.await("process id").pollInterval(Duration.ofMillis(5)).until(() -> {
            synchronized (lines) {
                return !lines.isEmpty();
            }
        });
        synchronized (lines) {
            return Long.parseLong(lines.get(0));
        }
    }

    /** Returns all TCP ports on which the process listens now. */
    public Set<Integer> listeningPorts() throws IOException {
        return new LinuxProcess(pid()).listeningPorts();
    }

    /** Returns what the open descriptors of the process refer to. */
    public List<String> descriptors() throws IOException {
        return new LinuxProcess(pid()).descriptors();
    }

    /** Returns the names of the process's threads. */
    public List<String> threads() throws IOException {
        return new LinuxProcess(pid()).threads();
    }

    /** Returns whether the process runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Sends SIGTERM. {@code Process.destroy} would close the process's output as well, and its last words be lost. */
    public void terminate() throws IOException, InterruptedException {
        final int status = new ProcessBuilder("kill", "-TERM", Long.toString(pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill has ended with " + status);
        }
    }

    /** Waits until the process has ended and all its output was read; returns false when that takes longer. */
    public boolean awaitEnd(final Duration timeout) throws InterruptedException {
        final boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (ended) {
            reader.join();
        }
        return ended;
    }

    /** Kills the process if it runs, and waits until it is gone. */
    @Override
    public void close() {
        kill();
        try {
            process.waitFor();
            reader.join();
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void kill() {
        process.destroyForcibly();
    }
}
