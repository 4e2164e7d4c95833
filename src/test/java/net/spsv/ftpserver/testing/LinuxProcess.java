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
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the kernel knows of a process: its threads, its descriptors and the ports on which it listens. */
public final class LinuxProcess {
    private static final String LISTEN = "0A";

    private final Path directory;

    /** Looks at a process of this machine. */
    public LinuxProcess(final long pid) {
        directory = Paths.get("/proc", Long.toString(pid));
    }

    /** Returns the names of all threads, some of them equal. */
    public List<String> threads() throws IOException {
        final List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(directory.resolve("task"))) {
            for (final Path task : tasks) {
                try {
                    names.add(text(task.resolve("comm")).trim());
                } catch (final IOException e) {
                    // the thread has ended meanwhile
                    continue;
                }
            }
        }
        return names;
    }

    /** Returns what the open descriptors refer to, one entry each, for example {@code socket:[4711]}. */
    public List<String> descriptors() throws IOException {
        final List<String> targets = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(directory.resolve("fd"))) {
            for (final Path descriptor : descriptors) {
                try {
                    targets.add(Files.readSymbolicLink(descriptor).toString());
                } catch (final NoSuchFileException e) {
                    // closed meanwhile
                    continue;
                }
            }
        }
        return targets;
    }

    /** Returns the TCP ports on which the process listens, as its own network namespace numbers them. */
    public Set<Integer> listeningPorts() throws IOException {
        final Set<String> own = new HashSet<>(descriptors());
        final Set<Integer> ports = new TreeSet<>();
        for (final String table : new String[] {"net/tcp", "net/tcp6"}) {
            final Path path = directory.resolve(table);
            if (Files.exists(path)) {
                for (final String row : text(path).split("\n")) {
                    final String[] columns = row.trim().split("\\s+");
                    if (LISTEN.equals(columns[3]) && own.contains("socket:[" + columns[9] + "]")) {
                        ports.add(Integer.parseInt(columns[1].substring(columns[1].lastIndexOf(':') + 1), 16));
                    }
                }
            }
        }
        return ports;
    }

    private static String text(final Path path) throws IOException {
        return new String(Files.readAllBytes(path), StandardCharsets.US_ASCII);
    }
}
