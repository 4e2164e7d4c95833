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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RunningProcess;
import net.spsv.ftpserver.testing.SystemCommand;

/**
 * A real sshd with keys and settings of its own in a temporary directory, to which the user of this process can log in
 * without a password. The system's own ssh, its settings and its keys are left alone.
 */
final class SshServer implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final String HOST_KEY = "host_key";
    private static final String USER_KEY = "user_key";
    private static final String HOSTS = "known_hosts";
    /** What the client calls the server, whatever its address. */
    private static final String ALIAS = "server";

    private final Path directory;
    private final RunningProcess process;
    private final int port;

    private SshServer(final Path directory, final RunningProcess process, final int port) {
        this.directory = directory;
        this.process = process;
        this.port = port;
    }

    /**
     * Skips the test, or fails, where there is no ssh.
     *
     * @param what what is not shown without it, as the beginning of a sentence
     */
    static void require(final String what) {
        Prerequisites.commands(what, "ssh", "ssh-keygen", "sshd");
    }

    /**
     * Starts sshd on a free port.
     *
     * @param directory for its keys and settings; it must exist
     * @param place words to put before the command, for example to run it in a network namespace
     * @param address the address to listen on
     */
    static SshServer start(final Path directory, final List<String> place, final String address) throws IOException {
        makeKeys(directory);
        makeSeparationDirectory();
        final Path settings = directory.resolve("sshd_config");
        Files.write(
                settings,
                Arrays.asList(
                        "HostKey " + directory.resolve(HOST_KEY),
                        "AuthorizedKeysFile " + directory.resolve(USER_KEY + ".pub"),
                        "ListenAddress " + address,
                        "PidFile none",
                        // sshd takes the system's directory for temporary files for an unsafe place for keys
                        "StrictModes no",
                        "UsePAM no",
                        "PasswordAuthentication no",
                        "KbdInteractiveAuthentication no",
                        "PermitRootLogin prohibit-password",
                        "AllowTcpForwarding local"),
                StandardCharsets.US_ASCII);
        final List<String> command = new ArrayList<>(place);
        // sshd must be called with its directory
        command.addAll(Arrays.asList(Prerequisites.path("sshd"), "-D", "-e", "-f", settings.toString(), "-p"));
        return FreePort.startOn(port -> new SshServer(
                directory,
                launch("sshd", command, Integer.toString(port), "Server listening on " + address + " port " + port),
                port));
    }

    private static void makeKeys(final Path directory) throws IOException {
        for (final String key : Arrays.asList(HOST_KEY, USER_KEY)) {
            final String file = directory.resolve(key).toString();
            SystemCommand.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", file)
                    .output();
        }
        final byte[] hostKey = Files.readAllBytes(directory.resolve(HOST_KEY + ".pub"));
        Files.write(
                directory.resolve(HOSTS),
                (ALIAS + " " + new String(hostKey, StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII));
    }

    /** Makes the directory without which an sshd of root does not start, as the system's service does. */
    private static void makeSeparationDirectory() throws IOException {
        final Path separation = Paths.get("/run/sshd");
        if (Files.isWritable(separation.getParent())) {
            Files.createDirectories(separation);
        }
    }

    /** Starts a program and waits for a line in its log that says that it listens on its port. */
    private static RunningProcess launch(
            final String name, final List<String> command, final String last, final String listening)
            throws IOException {
        final List<String> words = new ArrayList<>(command);
        words.add(last);
        final RunningProcess process = RunningProcess.start(name, new ProcessBuilder(words));
        try {
            process.await("listens", START_TIMEOUT, () -> process.output().contains(listening));
            return process;
        } catch (final AssertionError | RuntimeException e) {
            process.close();
            if (process.output().contains("Address already in use")) {
                throw new FreePort.PortTakenException(process.output());
            }
            throw e;
        }
    }

    /** Returns the port on which sshd listens. */
    int port() {
        return port;
    }

    /**
     * Logs in and forwards a free port of 127.0.0.1 at the client's place to one of 127.0.0.1 at the server's.
     *
     * @param place words to put before the command, for example to run it in a network namespace
     * @param address the address by which the client knows sshd
     * @param publishedPort the port by which the client knows sshd
     * @param serverPort the port to be forwarded
     */
    Forward forward(final List<String> place, final String address, final int publishedPort, final int serverPort)
            throws IOException {
        final List<String> command = new ArrayList<>(place);
        command.addAll(Arrays.asList("ssh", "-v", "-N", "-F", "/dev/null", "-i"));
        command.add(directory.resolve(USER_KEY).toString());
        for (final String option : Arrays.asList(
                "BatchMode=yes",
                "IdentitiesOnly=yes",
                "ExitOnForwardFailure=yes",
                "StrictHostKeyChecking=yes",
                "HostKeyAlias=" + ALIAS,
                "UserKnownHostsFile=" + directory.resolve(HOSTS),
                "GlobalKnownHostsFile=/dev/null")) {
            command.addAll(Arrays.asList("-o", option));
        }
        command.addAll(Arrays.asList("-p", Integer.toString(publishedPort)));
        command.addAll(Arrays.asList("-l", SystemCommand.run("id", "-un").output(), address, "-L"));
        return FreePort.startOn(port -> {
            final String forward = "127.0.0.1:" + port + ":127.0.0.1:" + serverPort;
            return new Forward(
                    launch("ssh", command, forward, "Local forwarding listening on 127.0.0.1 port " + port), port);
        });
    }

    @Override
    public void close() {
        process.close();
    }

    /** The ssh that forwards a port. */
    static final class Forward implements AutoCloseable {
        private final RunningProcess process;
        private final int port;

        Forward(final RunningProcess process, final int port) {
            this.process = process;
            this.port = port;
        }

        /** Returns the port at the client's place. */
        int port() {
            return port;
        }

        @Override
        public void close() {
            process.close();
        }
    }
}
