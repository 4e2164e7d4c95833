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
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.LinuxProcess;
import net.spsv.ftpserver.testing.RunningProcess;

/** FtpServer in a process of its own, from its start to its end. */
public final class FtpServerProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration END_TIMEOUT = Duration.ofSeconds(60);
    /** A little less than FtpServer waits for its command threads. */
    private static final Duration STOP_TIMEOUT = Duration.ofMillis(4500);

    private static final String BEGIN_OF_DUMP = "Full thread dump";
    private static final String END_OF_DUMP = "JNI global ref";
    private static final String WAITS_FOR_COMMANDS = "DefaultFtpServerContext.dispose";
    private static final String COMMAND_THREAD = "OrderedThreadPoolExecutor$Worker.run";
    private static final String IDLE = "OrderedThreadPoolExecutor$Worker.fetchSession";
    private static final String STARTED = "FtpServer started";
    /** The plugin's line at start: its version, the ports of the listeners and the data user. */
    private static final Pattern PLUGIN_STARTED = Pattern.compile("INFO.*SpsvFtplet\\b.*\\bport\\D*(\\d+).*");

    private static final Pattern WARNING =
            Pattern.compile("\\s*(WARN|ERROR) .*|(\\w+\\.)+\\w*(Exception|Error)\\b.*|\t.*");

    private final RunningProcess process;

    private FtpServerProcess(final RunningProcess process) {
        this.process = process;
    }

    /** Starts a command that becomes the server. */
    static FtpServerProcess launch(final Path directory, final List<String> command) throws IOException {
        return new FtpServerProcess(RunningProcess.start(
                "FtpServer",
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)));
    }

    /** Waits until the server accepts connections; fails with its output when it ends instead. */
    public void awaitStarted() {
        process.await("has started", START_TIMEOUT, () -> lines().contains(STARTED));
    }

    /** Returns all that the process has written so far, the log included. */
    public String output() {
        return process.output();
    }

    /** Returns the lines that the process has written so far, the log included. */
    public List<String> lines() {
        return process.lines();
    }

    /** Returns the lines so far that are warnings, errors, exceptions or their stack traces. */
    public List<String> warnings() {
        final List<String> warnings = lines();
        warnings.removeIf(line -> !WARNING.matcher(line).matches());
        return warnings;
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
        return process.pid();
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

    /**
     * Sends SIGTERM; fails unless the process ends within five seconds.
     *
     * <p>It may take longer if FtpServer waits for nothing but a command thread that is idle, as it does for five
     * seconds in one stop of a few hundred, with the plugin and without.
     */
    public void expectEndWhenTerminated() throws IOException, InterruptedException {
        process.terminate();
        if (awaitEnd(STOP_TIMEOUT)) {
            return;
        }
        process.dumpThreads();
        process.await("tells its threads", END_TIMEOUT, () -> !isAlive() || output().contains(END_OF_DUMP));
        if (output().contains(END_OF_DUMP)) {
            final String dump = output().substring(output().indexOf(BEGIN_OF_DUMP));
            final List<String> stacks = Arrays.asList(dump.split("\n\n"));
            assertThat(stacks)
                    .as("waits for its command threads")
                    .anyMatch(stack -> stack.contains(WAITS_FOR_COMMANDS));
            assertThat(stacks)
                    .filteredOn(stack -> stack.contains(COMMAND_THREAD))
                    .as("command threads")
                    .allMatch(stack -> stack.contains(IDLE));
        }
        assertThat(awaitEnd(END_TIMEOUT)).as("the process has ended").isTrue();
    }

    /** Waits until the process has ended and all its output was read; returns false when that takes longer. */
    public boolean awaitEnd(final Duration timeout) throws InterruptedException {
        return process.awaitEnd(timeout);
    }

    /** Kills the process if it runs, and waits until it is gone. */
    @Override
    public void close() {
        process.close();
    }
}
