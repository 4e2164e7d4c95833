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

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** The process of a {@link NatClient}. */
final class NatClientProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final Properties results = new Properties();

    private NatClientProcess(final Process process) {
        this.process = process;
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts a client at a place, to do what {@link NatClient} is told. */
    static NatClientProcess start(final String[] place, final String host, final int port, final String... what)
            throws IOException, URISyntaxException {
        final List<String> command = new ArrayList<>(Arrays.asList(place));
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-classpath");
        command.add(Paths.get(NatClient.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString());
        command.add(NatClient.class.getName());
        command.add(host);
        command.add(Integer.toString(port));
        command.addAll(Arrays.asList(what));
        return new NatClientProcess(
                new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Reads results until this one has come. */
    String awaitResult(final String name) throws IOException {
        while (!results.containsKey(name)) {
            final String line = output.readLine();
            assertThat(line).as("a line with %s; so far: %s", name, results).isNotNull();
            add(line);
        }
        return results.getProperty(name);
    }

    private void add(final String line) {
        final int equals = line.indexOf('=');
        results.setProperty(equals < 0 ? line : line.substring(0, equals), line.substring(equals + 1));
    }

    /** Lets the client go on and returns all results of one that has ended well. */
    Properties end() throws IOException, InterruptedException {
        process.getOutputStream().close();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            add(line);
        }
        assertThat(process.waitFor()).as("%s", results).isZero();
        return results;
    }

    /** Kills the client, if it runs. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
