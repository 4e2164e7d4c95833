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

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/** A command of the system that ends by itself: its output and its exit status. */
public final class SystemCommand {
    /** Long before a test's own time limit, so that its message tells which command hangs, and where. */
    private static final Duration LIMIT = Duration.ofSeconds(50);

    private static final int NOT_FOUND = 127;

    private final String words;
    private final String output;
    private final int status;

    private SystemCommand(final String words, final String output, final int status) {
        this.words = words;
        this.output = output;
        this.status = status;
    }

    /** Runs a command to its end; one that does not exist has ended with 127, as in a shell. */
    public static SystemCommand run(final String... command) {
        return runIn(null, command);
    }

    /** Runs a command to its end, in a directory. */
    public static SystemCommand runIn(final File directory, final String... command) {
        final String words = String.join(" ", command);
        final ProcessBuilder builder =
                new ProcessBuilder(Arrays.asList(command)).directory(directory).redirectErrorStream(true);
        try (RunningProcess process = RunningProcess.start(command[0], builder)) {
            process.closeInput();
            if (!process.awaitEnd(LIMIT)) {
                throw new IllegalStateException(
                        "`" + words + "` runs for more than " + LIMIT.getSeconds() + " s: " + process.output());
            }
            return new SystemCommand(words, process.output().trim(), process.exitCode());
        } catch (final IOException e) {
            return new SystemCommand(words, e.getMessage(), NOT_FOUND);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(words, e);
        }
    }

    /** Returns the output, errors included, of a command that has succeeded. */
    public String output() {
        if (!succeeded()) {
            throw new IllegalStateException(toString());
        }
        return output;
    }

    /** Returns the output, errors included, however the command has ended. */
    public String anyOutput() {
        return output;
    }

    /** Returns whether the exit status is 0. */
    public boolean succeeded() {
        return status == 0;
    }

    /** Returns the exit status. */
    public int status() {
        return status;
    }

    @Override
    public String toString() {
        return "`" + words + "` ended with " + status + ": " + output;
    }
}
