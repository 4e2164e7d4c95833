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
package net.spsv.ftpserver.cluster;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.RunningProcess;
import net.spsv.gateway.FreePort;

/**
 * HAProxy in a process of its own, with {@code example-config/haproxy.cfg} as it stands there but for what
 * {@link #rules} replaces, each of which occurs once in it: addresses and ports, and what only root may have.
 */
final class HaproxyProcess implements AutoCloseable {
    private static final Path EXAMPLE = Paths.get("example-config/haproxy.cfg");
    private static final Pattern FLAGS = Pattern.compile("id=proxies .*flags=0x(\\p{XDigit}+)");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LOG_TIMEOUT = Duration.ofSeconds(60);
    private static final int TIMEOUT_MILLIS = 15_000;

    private final RunningProcess process;
    private final Path configuration;
    private final int port;
    private final int runtimePort;

    private HaproxyProcess(
            final RunningProcess process, final Path configuration, final int port, final int runtimePort) {
        this.process = process;
        this.configuration = configuration;
        this.port = port;
        this.runtimePort = runtimePort;
    }

    /**
     * Starts HAProxy in front of two nodes on 127.0.0.1, and waits until it answers.
     *
     * @param changes more texts to replace, in pairs
     */
    static HaproxyProcess start(final Path directory, final int node1, final int node2, final String... changes)
            throws IOException {
        return FreePort.startOn(port -> {
            final int[] others = FreePort.some(2);
            final int runtimePort = others[0];
            final Map<String, String> rules = rules(port, runtimePort, others[1], node1, node2);
            for (int i = 0; i < changes.length; i += 2) {
                rules.put(changes[i], changes[i + 1]);
            }
            final Path configuration = Files.createTempFile(directory, "haproxy", ".cfg");
            Files.write(configuration, apply(rules).getBytes(StandardCharsets.UTF_8));
            return launch(configuration, port, runtimePort);
        });
    }

    private static Map<String, String> rules(
            final int port, final int runtimePort, final int peersPort, final int node1, final int node2) {
        final Map<String, String> rules = new LinkedHashMap<>();
        rules.put("bind :21\n", "bind 127.0.0.1:" + port + "\n");
        rules.put("server node1 192.0.2.11:2121", "server node1 127.0.0.1:" + node1);
        rules.put("server node2 192.0.2.12:2121", "server node2 127.0.0.1:" + node2);
        rules.put("peer proxy1 127.0.0.1:10121", "peer proxy1 127.0.0.1:" + peersPort);
        rules.put(
                "stats socket /run/haproxy/admin.sock mode 660 level admin",
                "stats socket ipv4@127.0.0.1:" + runtimePort + " level admin");
        rules.put("log /dev/log local0", "log stdout format raw local0");
        rules.put("    chroot /var/lib/haproxy\n    user haproxy\n    group haproxy\n", "");
        return rules;
    }

    private static String apply(final Map<String, String> rules) throws IOException {
        String text = new String(Files.readAllBytes(EXAMPLE), StandardCharsets.UTF_8);
        for (final Map.Entry<String, String> rule : rules.entrySet()) {
            final int at = text.indexOf(rule.getKey());
            if (at < 0 || text.indexOf(rule.getKey(), at + 1) >= 0) {
                throw new IllegalArgumentException(rule.getKey() + " must occur once in " + EXAMPLE);
            }
            text = text.replace(rule.getKey(), rule.getValue());
        }
        return text;
    }

    private static HaproxyProcess launch(
            final Path configuration, final int port, final int runtimePort, final String... options)
            throws IOException {
        final List<String> command =
                new ArrayList<>(Arrays.asList(Prerequisites.path("haproxy"), "-db", "-f", configuration.toString()));
        command.addAll(Arrays.asList(options));
        final RunningProcess process =
                RunningProcess.start("HAProxy", new ProcessBuilder(command).redirectErrorStream(true));
        final HaproxyProcess haproxy = new HaproxyProcess(process, configuration, port, runtimePort);
        try {
            process.await(
                    "answers", START_TIMEOUT, () -> haproxy.runtime("show info").contains("\nPid: " + process.pid()));
            return haproxy;
        } catch (final AssertionError e) {
            process.close();
            if (process.output().contains("cannot bind")) {
                throw new FreePort.PortTakenException(process.output());
            }
            throw e;
        }
    }

    /**
     * Starts another process that takes over from this one, as a reload does; this one serves the connections that it
     * has, and ends with the last one.
     */
    HaproxyProcess reload() throws IOException {
        return launch(configuration, port, runtimePort, "-sf", Long.toString(process.pid()));
    }

    /**
     * Returns whether another process can learn from this one. It first waits five seconds for somebody to learn from
     * itself; the flags are {@code PEERS_F_RESYNC_LOCAL} and {@code PEERS_F_RESYNC_REMOTE}.
     */
    boolean isReadyToReload() {
        final Matcher flags = FLAGS.matcher(runtime("show peers"));
        return flags.find() && (Integer.parseInt(flags.group(1), 16) & 3) == 3;
    }

    /** Sends a command to the runtime API and returns the answer, which is empty if nobody is there. */
    String runtime(final String command) {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(new InetSocketAddress("127.0.0.1", runtimePort), TIMEOUT_MILLIS);
            socket.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
            final ByteArrayOutputStream answer = new ByteArrayOutputStream();
            final byte[] buffer = new byte[8192];
            final InputStream in = socket.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                answer.write(buffer, 0, count);
            }
            return answer.toString("US-ASCII");
        } catch (final IOException e) {
            return "";
        }
    }

    /** Returns whether the stick-table has an address. */
    boolean remembers(final String address) {
        return runtime("show table ftp").contains("key=::ffff:" + address + " ");
    }

    /** Waits for a line of the log. */
    void awaitLog(final String text) {
        process.await("logs " + text, LOG_TIMEOUT, () -> process.output().contains(text));
    }

    /** Returns the port for clients. */
    int port() {
        return port;
    }

    /** Returns whether the process runs. */
    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.close();
    }
}
