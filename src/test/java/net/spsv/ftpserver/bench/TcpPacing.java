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
package net.spsv.ftpserver.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Gets the benchmark out of the way of a kernel that paces what TCP sends.
 *
 * <p>BBR, the default of some machines, sends by a timer at the rate that it believes the way to bear. Over loopback
 * that bounds every server alike, however little it has to do. A network namespace has a congestion control of its own,
 * so the benchmark can run without pacing and without a change to the machine.
 */
final class TcpPacing {
    private static final Path CONGESTION_CONTROL = Paths.get("/proc/sys/net/ipv4/tcp_congestion_control");

    /** What the namespace gets before anything runs in it: loopback, and the one control that may be used anywhere. */
    private static final String PREPARE = "ip link set lo up && echo reno > " + CONGESTION_CONTROL;

    private TcpPacing() {}

    /** The name of the kernel's congestion control, as far as it tells. */
    static String congestionControl() throws IOException {
        return Files.isReadable(CONGESTION_CONTROL)
                ? new String(Files.readAllBytes(CONGESTION_CONTROL), StandardCharsets.US_ASCII).trim()
                : "unknown";
    }

    static boolean isOn() throws IOException {
        return congestionControl().startsWith("bbr");
    }

    /** Whether this process may make a network namespace without pacing. */
    static boolean canBeAvoided() throws InterruptedException {
        try {
            return inNamespace(PREPARE, Collections.emptyList())
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Runs a main in a JVM of its own in such a namespace, with this process's output, and returns its exit code. */
    static int runWithout(final Class<?> main, final List<String> args) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(args);
        final Process process =
                inNamespace(PREPARE + " && exec \"$@\"", command).inheritIO().start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        return process.waitFor();
    }

    private static ProcessBuilder inNamespace(final String script, final List<String> parameters) {
        final List<String> command = new ArrayList<>(Arrays.asList("unshare", "-n", "sh", "-c", script, "sh"));
        command.addAll(parameters);
        return new ProcessBuilder(command);
    }
}
