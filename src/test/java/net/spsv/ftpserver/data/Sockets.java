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
package net.spsv.ftpserver.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the kernel knows of this process and its sockets. */
final class Sockets {
    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int STATE = 3;
    private static final int QUEUES = 4;
    private static final int INODE = 9;

    private Sockets() {}

    /** Returns the rows of sockets at a port that a process still holds, those that listen included. */
    static List<String> heldAt(final int port) {
        final List<String> held = new ArrayList<>();
        for (final String[] row : table()) {
            if (row[LOCAL].endsWith(hex(port)) && !"0".equals(row[INODE])) {
                held.add(row[LOCAL] + " to " + row[REMOTE] + " in state " + row[STATE]);
            }
        }
        return held;
    }

    /** Returns the number of bytes in the send queue of a socket. */
    static long queued(final int localPort, final int remotePort) {
        for (final String[] row : table()) {
            if (row[LOCAL].endsWith(hex(localPort)) && row[REMOTE].endsWith(hex(remotePort))) {
                return Long.parseLong(row[QUEUES].substring(0, row[QUEUES].indexOf(':')), 16);
            }
        }
        return 0;
    }

    /** Returns the number of this process' file descriptors. */
    static int descriptors() {
        int count = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Paths.get("/proc/self/fd"))) {
            for (final Path descriptor : all) {
                if (descriptor != null) {
                    count++;
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return count;
    }

    private static String hex(final int port) {
        return String.format(Locale.ROOT, ":%04X", port);
    }

    private static List<String[]> table() {
        final List<String[]> rows = new ArrayList<>();
        for (final String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            final Path path = Paths.get(table);
            if (Files.exists(path)) {
                try {
                    for (final String row : Files.readAllLines(path, StandardCharsets.US_ASCII)) {
                        final String[] columns = row.trim().split("\\s+");
                        if (columns.length > INODE) {
                            rows.add(columns);
                        }
                    }
                } catch (final IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return rows;
    }
}
