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
package net.spsv.gateway.control;

import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** How things are written into the log and into replies. */
public final class Log {

    private Log() {}

    /**
     * Makes a line that came from a peer fit for the log.
     *
     * @param line any characters
     * @return the same, with question marks for control characters
     */
    public static String printable(final String line) {
        return line.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?");
    }

    /**
     * Returns what an exception says, or what it is.
     *
     * @param failure any
     * @return never null
     */
    public static String reason(final Throwable failure) {
        final String message = failure.getMessage();
        if (failure instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        return printable(message == null ? failure.getClass().getSimpleName() : message);
    }

    /**
     * Returns an address as people write it.
     *
     * @param address never looked up in DNS
     * @return host and port, IPv6 in brackets
     */
    public static String address(final InetSocketAddress address) {
        final String host = address.getHostString();
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + address.getPort();
    }
}
