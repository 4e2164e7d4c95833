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

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import net.spsv.ftpserver.testing.SystemCommand;

/** curl as an FTP client of 127.0.0.1, with its own defaults and none of this machine's. */
public final class Curl {
    /** Shorter than a command may take, so that curl says itself what it has been waiting for. */
    private static final String MAX_SECONDS = "40";

    private final List<String> prefix;
    private final int port;
    private final String login;

    /** Connects to a gateway. */
    public Curl(final GatewayProcess gateway, final String user, final String password) {
        this(Collections.emptyList(), gateway.port(), user, password);
    }

    /**
     * Connects to a port of 127.0.0.1.
     *
     * @param prefix words to put before the command, for example to run it in a network namespace
     */
    Curl(final List<String> prefix, final int port, final String user, final String password) {
        this.prefix = prefix;
        this.port = port;
        login = user + ":" + password;
    }

    /** Returns the URL of a file, or of a directory if it ends in a slash. */
    public String url(final String path) {
        return "ftp://127.0.0.1:" + port + "/" + path;
    }

    /** Returns options, and arguments behind them. */
    static String[] words(final String[] options, final String... more) {
        final String[] all = Arrays.copyOf(options, options.length + more.length);
        System.arraycopy(more, 0, all, options.length, more.length);
        return all;
    }

    /** Runs curl, however it may end. */
    SystemCommand run(final String... arguments) {
        final List<String> command = new ArrayList<>(prefix);
        command.addAll(
                Arrays.asList("curl", "-q", "--silent", "--show-error", "--max-time", MAX_SECONDS, "--user", login));
        command.addAll(Arrays.asList(arguments));
        return SystemCommand.run(command.toArray(new String[0]));
    }

    /** Runs curl, which must succeed, and returns what it has written. */
    public String succeed(final String... arguments) {
        final SystemCommand result = run(arguments);
        assertThat(result.succeeded()).as(result.toString()).isTrue();
        return result.anyOutput();
    }

    /** Runs curl, which must end with an exit code of its own, and returns what it has written. */
    String fail(final int code, final String... arguments) {
        final SystemCommand result = run(arguments);
        assertThat(result.status()).as(result.toString()).isEqualTo(code);
        return result.anyOutput();
    }
}
