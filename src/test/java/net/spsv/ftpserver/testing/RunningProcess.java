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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A process of the system from its start to its end, at the latest the end of this virtual machine, and all that it
 * writes, line by line.
 *
 * <p>Threading: any thread may use it; two threads of its own read what the process writes.
 */
public final class RunningProcess implements AutoCloseable {
    /** The shell says which process the command is going to be, as Java 8 cannot. */
    private static final List<String> SHELL = Arrays.asList("sh", "-c", "echo $$; exec \"$@\"", "sh");

    private final String name;
    private final Process process;
    private final List<String> firstLine = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<String> all = new ArrayList<>();
    private final Thread output;
    private final Thread errorOutput;
    private final Thread atExit;

    private RunningProcess(final String name, final Process process) {
        this.name = name;
        this.process = process;
        output = reader("output of " + name, process.getInputStream(), lines, firstLine);
        errorOutput = reader("errors of " + name, process.getErrorStream(), errors, null);
        atExit = new Thread(process::destroyForcibly, "kill " + name);
        try {
            Runtime.getRuntime().addShutdownHook(atExit);
        } catch (final IllegalStateException ignored) {
            // this virtual machine is about to end, and runs a command to clean up
        }
    }

    /**
     * Starts a command in the directory and environment of a builder, which is changed by it.
     *
     * @param name what error messages and threads call it
     */
    public static RunningProcess start(final String name, final ProcessBuilder builder) throws IOException {
        final List<String> command = new ArrayList<>(SHELL);
        command.addAll(builder.command());
        return new RunningProcess(name, builder.command(command).start());
    }

    private Thread reader(
            final String threadName, final InputStream from, final List<String> to, final List<String> firstTo) {
        final Thread thread = new Thread(() -> read(from, to, firstTo), threadName);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void read(final InputStream from, final List<String> to, final List<String> firstTo) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
            List<String> next = firstTo == null ? to : firstTo;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                add(line, next);
                next = to;
            }
        } catch (final IOException e) {
            add("(reading the output ended with " + e + ")", to);
        }
    }

    private void add(final String line, final List<String> to) {
        synchronized (all) {
            to.add(line);
            if (to != firstLine) {
                all.add(line);
            }
        }
    }

    /** Returns the lines on standard output so far. */
    public List<String> lines() {
        return copy(lines);
    }

    /** Returns the lines on standard error so far, if it was not redirected to standard output. */
    public List<String> errors() {
        return copy(errors);
    }

    /** Returns all that was written so far, for humans. */
    public String output() {
        return String.join("\n", copy(all));
    }

    private List<String> copy(final List<String> some) {
        synchronized (all) {
            return new ArrayList<>(some);
        }
    }

    /** Returns the process id. */
    public long pid() {
        Awaitility.await("the process id of " + name)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !copy(firstLine).isEmpty());
        return Long.parseLong(copy(firstLine).get(0));
    }

    /** Waits until a condition holds; fails with the output when it does not, or when the process ends before. */
    public void await(final String what, final Duration timeout, final Condition condition) {
        try {
            Awaitility.await(name + " " + what)
                    .atMost(timeout)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> {
                        // in this order, as the process may do what is awaited as the last thing
                        final boolean ended = awaitEnd(Duration.ZERO);
                        final boolean holds = condition.holds();
                        if (ended && !holds) {
                            throw new AssertionError(name + " has ended with " + exitCode() + ":\n" + output());
                        }
                        return holds;
                    });
        } catch (final ConditionTimeoutException e) {
            throw new AssertionError(e.getMessage() + "\n" + output(), e);
        }
    }

    /** Returns whether the process runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Returns how the process has ended. */
    public int exitCode() {
        return process.exitValue();
    }

    /** Ends what the process reads on its standard input. */
    public void closeInput() throws IOException {
        process.getOutputStream().close();
    }

    /** Sends SIGTERM. {@code Process.destroy} would close the process's output as well, and its last words be lost. */
    public void terminate() throws IOException, InterruptedException {
        signal("TERM");
    }

    /** Lets a Java virtual machine write the stacks of its threads to its standard output, soon. */
    public void dumpThreads() throws IOException, InterruptedException {
        signal("QUIT");
    }

    private void signal(final String name) throws IOException, InterruptedException {
        final int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                .start()
                .waitFor();
        if (status != 0 && isAlive()) {
            throw new IOException("kill has ended with " + status);
        }
    }

    /** Waits until the process has ended and all its output was read; returns false when that takes longer. */
    public boolean awaitEnd(final Duration timeout) throws InterruptedException {
        final boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (ended) {
            output.join();
            errorOutput.join();
        }
        return ended;
    }

    /** Kills the process if it runs, and waits until it is gone. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            output.join();
            errorOutput.join();
            removeAtExit();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void removeAtExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (final IllegalStateException ignored) {
            // this virtual machine is about to end
        }
    }

    /** What one waits for. */
    @FunctionalInterface
    public interface Condition {
        /** Returns whether it has come about. */
        boolean holds() throws IOException;
    }
}
