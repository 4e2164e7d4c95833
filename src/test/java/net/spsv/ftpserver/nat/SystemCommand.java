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
package net.spsv.ftpserver.nat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** A command of the system that ends by itself: its output and its exit status. */
final class SystemCommand {
    private final String words;
    private final String output;
    private final int status;

    private SystemCommand(final String words, final String output, final int status) {
        this.words = words;
        this.output = output;
        this.status = status;
    }

    /** Runs a command to its end; one that does not exist has ended with 127, as in a shell. */
    static SystemCommand run(final String... command) {
        final String words = String.join(" ", command);
        final Process process;
        try {
            process = new ProcessBuilder(Arrays.asList(command))
                    .redirectErrorStream(true)
                    .start();
        } catch (final IOException e) {
            return new SystemCommand(words, e.getMessage(), 127);
        }
        try {
            process.getOutputStream().close();
            final ByteArrayOutputStream output = new ByteArrayOutputStream();
            final byte[] buffer = new byte[4096];
            final InputStream in = process.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                output.write(buffer, 0, count);
            }
            return new SystemCommand(words, output.toString("UTF-8").trim(), process.waitFor());
        } catch (final IOException e) {
            throw new IllegalStateException(words, e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(words, e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Returns the output of a command that has succeeded. */
    String output() {
        if (!succeeded()) {
            throw new IllegalStateException(toString());
        }
        return output;
    }

    boolean succeeded() {
        return status == 0;
    }

    @Override
    public String toString() {
        return "`" + words + "` ended with " + status + ": " + output;
    }
}
