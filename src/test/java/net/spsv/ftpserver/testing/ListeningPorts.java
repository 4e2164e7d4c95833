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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.Awaitility;

/** The TCP ports on which this process listens, as the kernel knows them (Linux). */
public final class ListeningPorts {
    private static final String LISTEN = "0A";
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private ListeningPorts() {}

    /** Returns the ports of this process's listening sockets, now. */
    public static Set<Integer> ofThisProcess() {
        try {
            final Set<String> inodes = inodes();
            final Set<Integer> ports = new TreeSet<>();
            for (final String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
                final Path path = Paths.get(table);
                if (Files.exists(path)) {
                    for (final String row : Files.readAllLines(path, StandardCharsets.US_ASCII)) {
                        final String[] columns = row.trim().split("\\s+");
                        if (columns.length > INODE
                                && LISTEN.equals(columns[STATE])
                                && inodes.contains(columns[INODE])) {
                            final String address = columns[LOCAL_ADDRESS];
                            ports.add(Integer.parseInt(address.substring(address.indexOf(':') + 1), 16));
                        }
                    }
                }
            }
            return ports;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Waits until this process does not listen on a port any more: MINA has closed a socket when it says so, but the
     * system keeps it until the acceptor's thread selects again.
     */
    public static void awaitClosed(final int port) {
        Awaitility.await("port " + port + " is closed")
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> !ofThisProcess().contains(port));
    }

    private static Set<String> inodes() throws IOException {
        final Set<String> inodes = new HashSet<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Paths.get("/proc/self/fd"))) {
            for (final Path descriptor : descriptors) {
                final String target = target(descriptor);
                if (target.startsWith("socket:[")) {
                    inodes.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        }
        return inodes;
    }

    private static String target(final Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (final IOException e) {
            // Closed meanwhile: the directory's own descriptor is always one of them.
            return "";
        }
    }
}
