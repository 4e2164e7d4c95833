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

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a test needs of the machine it runs on. Where it is missing the test is skipped with a notice; but where the
 * environment variable {@code CI} is {@code true} it fails, as nobody reads notices there.
 */
public final class Prerequisites {
    private Prerequisites() {}

    /**
     * Skips the test, or fails, unless all these commands are installed.
     *
     * @param what what is not shown without them, as the beginning of a sentence
     */
    public static void commands(final String what, final String... names) {
        final List<String> missing = new ArrayList<>();
        for (final String name : names) {
            if (path(name) == null) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            missing(what, "not installed: " + String.join(", ", missing));
        }
    }

    /** Returns where a command is, also one for the administrator only; null if it is not installed. */
    public static String path(final String command) {
        final List<String> directories = new ArrayList<>(
                Arrays.asList(String.valueOf(System.getenv("PATH")).split(File.pathSeparator)));
        directories.addAll(Arrays.asList("/usr/sbin", "/sbin"));
        for (final String directory : directories) {
            final Path path = Paths.get(directory, command);
            if (Files.isExecutable(path) && Files.isRegularFile(path)) {
                return path.toAbsolutePath().toString();
            }
        }
        return null;
    }

    /** Skips the test, or fails, because of something that one can install or switch on. */
    public static <T> T missing(final String what, final String reason) {
        if ("true".equals(System.getenv("CI"))) {
            throw new IllegalStateException(what + ": " + reason);
        }
        return skip(what, reason);
    }

    /** Skips the test, because of something that a machine may be without for good. */
    public static <T> T skip(final String what, final String reason) {
        final String notice = "SKIPPED: " + what + ": " + reason;
        System.out.println(notice);
        return abort(notice);
    }
}
