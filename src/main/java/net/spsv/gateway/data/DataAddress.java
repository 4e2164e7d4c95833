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
package net.spsv.gateway.data;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How addresses of data connections are written in commands and replies.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/rfc959#section-4.1.2">RFC 959, section 4.1.2</a>
 * @see <a href="https://datatracker.ietf.org/doc/html/rfc2428">RFC 2428</a>
 */
public final class DataAddress {

    private static final int MAX_PORT = 65535;

    private static final int BYTE = 256;

    private static final int PORT_NUMBERS = 6;

    private static final int ADDRESS_NUMBERS = 4;

    private static final Pattern NUMBERS = Pattern.compile("[0-9]{1,3}(?:,[0-9]{1,3}){5}");

    private static final Pattern EXTENDED = Pattern.compile("(?<d>[!-~])(?<protocol>[0-9]{1,5})\\k<d>"
            + "(?<address>[0-9A-Fa-f:.]{2,45})\\k<d>(?<port>[0-9]{1,5})\\k<d>");

    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(?:\\.[0-9]{1,3}){3}");

    private static final Pattern PASSIVE_NUMBERS = Pattern.compile("227 .*?([0-9]{1,3}(?:,[0-9]{1,3}){5})[^0-9].*");

    private static final Pattern EXTENDED_PASSIVE = Pattern.compile("229 .*\\(([!-~])\\1\\1([0-9]{1,5})\\1\\).*");

    private DataAddress() {}

    /**
     * Reads the argument of PORT.
     *
     * @param argument six numbers
     * @return the address, or null if it is none
     */
    public static InetSocketAddress ofPort(final String argument) {
        if (!NUMBERS.matcher(argument).matches()) {
            return null;
        }
        final int[] numbers =
                Arrays.stream(argument.split(",")).mapToInt(Integer::parseInt).toArray();
        final byte[] address = new byte[ADDRESS_NUMBERS];
        for (int i = 0; i < PORT_NUMBERS; i++) {
            if (numbers[i] >= BYTE) {
                return null;
            }
            if (i < ADDRESS_NUMBERS) {
                address[i] = (byte) numbers[i];
            }
        }
        return socketAddress(address, numbers[ADDRESS_NUMBERS] * BYTE + numbers[ADDRESS_NUMBERS + 1]);
    }

    /**
     * Reads the argument of EPRT.
     *
     * @param argument protocol, address and port between delimiters
     * @return the address, or null if it is none
     */
    public static InetSocketAddress ofEprt(final String argument) {
        final Matcher matcher = EXTENDED.matcher(argument);
        if (!matcher.matches()) {
            return null;
        }
        final String address = matcher.group("address");
        final boolean ipv4 = IPV4.matcher(address).matches();
        final int port = Integer.parseInt(matcher.group("port"));
        final String protocol = matcher.group("protocol");
        if (!protocol.equals(ipv4 ? "1" : "2") || !ipv4 && address.indexOf(':') < 0 || port > MAX_PORT) {
            return null;
        }
        if (ipv4) {
            final InetSocketAddress numbers = ofPort(address.replace('.', ',') + ",0,0");
            return numbers == null ? null : new InetSocketAddress(numbers.getAddress(), port);
        }
        try {
            // with a colon in it, it is never looked up
            return socketAddress(InetAddress.getByName(address).getAddress(), port);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /**
     * Reads which protocol EPRT asks for.
     *
     * @param argument protocol, address and port between delimiters
     * @return the number, or null if the argument is not of this form
     */
    public static String protocolOfEprt(final String argument) {
        final Matcher matcher = EXTENDED.matcher(argument);
        return matcher.matches() ? matcher.group("protocol") : null;
    }

    private static InetSocketAddress socketAddress(final byte[] address, final int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + address.length + " bytes", e);
        }
    }

    /**
     * Returns the number by which RFC 2428 calls the address's protocol.
     *
     * @param address IPv4 or IPv6
     * @return 1 or 2
     */
    public static String protocol(final InetAddress address) {
        return address instanceof Inet6Address ? "2" : "1";
    }

    /**
     * Writes the address as PASV's reply has it.
     *
     * @param address IPv4
     * @return six numbers
     */
    public static String numbers(final InetSocketAddress address) {
        final byte[] bytes = ((Inet4Address) address.getAddress()).getAddress();
        final StringBuilder numbers = new StringBuilder();
        for (final byte b : bytes) {
            numbers.append(b & 0xFF).append(',');
        }
        return numbers.append(address.getPort() / BYTE)
                .append(',')
                .append(address.getPort() % BYTE)
                .toString();
    }

    /**
     * Reads the port out of a server's reply to EPSV or PASV. The address of the latter is not used: behind NAT it is
     * wrong, and a server that names another host is not to be followed (RFC 2577, section 3).
     *
     * @param line the reply's last line
     * @return the port, or -1 if there is none
     */
    public static int passivePort(final String line) {
        final Matcher extended = EXTENDED_PASSIVE.matcher(line);
        if (extended.matches()) {
            final int port = Integer.parseInt(extended.group(2));
            return port > 0 && port <= MAX_PORT ? port : -1;
        }
        final Matcher numbers = PASSIVE_NUMBERS.matcher(line + ' ');
        final InetSocketAddress address = numbers.matches() ? ofPort(numbers.group(1)) : null;
        return address == null || address.getPort() == 0 ? -1 : address.getPort();
    }
}
