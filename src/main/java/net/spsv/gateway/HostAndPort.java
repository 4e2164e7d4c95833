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

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.gateway.control.Log;

/** An address as people write it on a command line. */
final class HostAndPort {

    private static final int MAX_PORT = 65535;

    private static final Pattern BRACKETS =
            Pattern.compile("\\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z_.-]+)?)](?::([0-9]{1,5}))?");

    private static final Pattern PLAIN = Pattern.compile("([^:\\s\\[\\]]+)(?::([0-9]{1,5}))?");

    /** Behind an IPv6 address without brackets there can be no port. */
    private static final Pattern BARE_IPV6 = Pattern.compile("([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)()?");

    private final String host;

    /** -1 if there is none. */
    private final int port;

    private HostAndPort(final String host, final int port) {
        this.host = host;
        this.port = port;
    }

    /**
     * Reads {@code HOST}, {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code IPV6}.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static HostAndPort parse(final String text) {
        for (final Pattern form : new Pattern[] {PLAIN, BRACKETS, BARE_IPV6}) {
            final Matcher matcher = form.matcher(text);
            if (matcher.matches()) {
                final String port = matcher.group(2);
                if (port == null || port.isEmpty()) {
                    return new HostAndPort(matcher.group(1), -1);
                }
                if (Integer.parseInt(port) > MAX_PORT) {
                    break;
                }
                return new HostAndPort(matcher.group(1), Integer.parseInt(port));
            }
        }
        throw new IllegalArgumentException(
                "'" + Log.printable(text) + "' is no HOST:PORT with a port up to " + MAX_PORT);
    }

    String host() {
        return host;
    }

    /** The address, not looked up. */
    InetSocketAddress unresolved(final int defaultPort) {
        return InetSocketAddress.createUnresolved(host, port < 0 ? defaultPort : port);
    }

    /** The address, looked up. */
    InetSocketAddress resolved(final int defaultPort) {
        return new InetSocketAddress(host, port < 0 ? defaultPort : port);
    }

    boolean hasPort() {
        return port >= 0;
    }
}
