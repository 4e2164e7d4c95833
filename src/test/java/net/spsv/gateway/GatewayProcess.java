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
package net.spsv.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.RunningProcess;

/**
 * The gateway's jar in a process of its own, from its start to its end. The system property {@code gateway.jar} says
 * where it is.
 */
public final class GatewayProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LOG_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration END_TIMEOUT = Duration.ofSeconds(60);
    private static final Pattern STARTED = Pattern.compile("Connect FTP clients to (\\S+):(\\d+) .*");

    private final RunningProcess process;

    private GatewayProcess(final RunningProcess process) {
        this.process = process;
    }

    /** Starts the gateway on a free port, in front of a server on 127.0.0.1, and waits until clients can connect. */
    public static GatewayProcess start(final int serverPort, final String... options) throws IOException {
        final List<String> all = new ArrayList<>(Arrays.asList("--server", "127.0.0.1:" + serverPort));
        all.addAll(Arrays.asList(options));
        return startWith(Collections.emptyList(), all.toArray(new String[0]));
    }

    /** Starts the gateway where it is told to listen, and waits until clients can connect. */
    static GatewayProcess startOn(final String listen, final int serverPort) throws IOException {
        return await(launch("--listen", listen, "--server", "127.0.0.1:" + serverPort));
    }

    /**
     * Starts the gateway on a free port and waits until clients can connect.
     *
     * @param prefix words to put before the command, for example to run it in a network namespace
     */
    static GatewayProcess startWith(final List<String> prefix, final String... options) throws IOException {
        final List<String> all = new ArrayList<>(Arrays.asList("--listen", "127.0.0.1:0"));
        all.addAll(Arrays.asList(options));
        return await(launchWith(prefix, all));
    }

    private static GatewayProcess await(final GatewayProcess gateway) {
        try {
            gateway.process.await("accepts clients", START_TIMEOUT, () -> gateway.started() != null);
            return gateway;
        } catch (final AssertionError | RuntimeException e) {
            gateway.close();
            throw e;
        }
    }

    /** Starts the gateway with these options and no others, and does not wait. */
    static GatewayProcess launch(final String... options) throws IOException {
        return launchWith(Collections.emptyList(), Arrays.asList(options));
    }

    private static GatewayProcess launchWith(final List<String> prefix, final List<String> options) throws IOException {
        final List<String> command = new ArrayList<>(prefix);
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-jar");
        command.add(jar().toString());
        command.addAll(options);
        return new GatewayProcess(RunningProcess.start("the gateway", new ProcessBuilder(command)));
    }

    /** Returns where the jar is. */
    static Path jar() {
        final String jar = System.getProperty("gateway.jar");
        if (jar == null) {
            throw new IllegalStateException("The system property gateway.jar is not set; Maven's build sets it, a"
                    + " development environment has to be told.");
        }
        return Paths.get(jar).toAbsolutePath();
    }

    private Matcher started() {
        return process.lines().stream()
                .map(STARTED::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .orElse(null);
    }

    /** Returns the address on which clients can connect. */
    String host() {
        return started().group(1);
    }

    /** Returns the port on which clients can connect. */
    public int port() {
        return Integer.parseInt(started().group(2));
    }

    /** Returns the lines on standard output so far. */
    List<String> out() {
        return process.lines();
    }

    /** Returns the lines on standard error so far: the log, or what is wrong with the options. */
    List<String> log() {
        return process.errors();
    }

    /** Returns all output so far. */
    String output() {
        return process.output();
    }

    /** Waits for a line of the log that is as asked for, and returns it. */
    String awaitLog(final String what, final Predicate<String> line) {
        process.await("logs " + what, LOG_TIMEOUT, () -> log().stream().anyMatch(line));
        return log().stream().filter(line).findFirst().get();
    }

    /** Waits for the end of so many sessions. */
    void awaitSessions(final int count) {
        process.await(
                "logs the end of " + count + " sessions",
                LOG_TIMEOUT,
                () -> sessions().size() >= count);
    }

    /** Returns the lines of the log about sessions that have ended. */
    List<String> sessions() {
        final List<String> sessions = new ArrayList<>(log());
        sessions.removeIf(line -> !line.matches(".* INFO Session \\d+ of .* ended after .*"));
        return sessions;
    }

    /** Returns the process id. */
    long pid() {
        return process.pid();
    }

    /** Returns whether the process runs. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends SIGTERM. */
    void terminate() throws IOException, InterruptedException {
        process.terminate();
    }

    /** Waits for the end of the process, and returns its exit code. */
    int awaitExit() throws InterruptedException {
        if (!process.awaitEnd(END_TIMEOUT)) {
            throw new AssertionError("The gateway has not ended:\n" + output());
        }
        return process.exitCode();
    }

    /** Kills the process if it runs, and waits until it is gone. */
    @Override
    public void close() {
        process.close();
    }
}
