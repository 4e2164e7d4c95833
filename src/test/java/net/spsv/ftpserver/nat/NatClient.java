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

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.SinglePortClient;

/**
 * A main that a test runs at the client's place in the network. It does one thing and prints what came of it, one
 * {@code name=value} a line.
 *
 * <p>Arguments: the server's address and port as the client knows them, and what to do: {@code passive},
 * {@code transfers} or {@code upload}; for the last two, a file name and a seed.
 */
final class NatClient {
    /** How much {@code transfers} moves each way. */
    static final int TRANSFER_BYTES = 1024 * 1024;
    /** How much {@code upload} sends before it waits. */
    static final int UPLOAD_BYTES = 32 * 1024 * 1024;

    private static final int CONNECT_MILLIS = 2_000;
    private static final Pattern PASSIVE = Pattern.compile("\\((\\d+),(\\d+),(\\d+),(\\d+),(\\d+),(\\d+)\\)");

    private NatClient() {}

    /** Does what the arguments say. */
    public static void main(final String... arguments) throws Exception {
        final String host = arguments[0];
        try (SinglePortClient client = new SinglePortClient(host, Integer.parseInt(arguments[1]))) {
            client.login(FtpServerInstallation.USER, FtpServerInstallation.PASSWORD);
            switch (arguments[2]) {
                case "passive":
                    passive(client, host);
                    break;
                case "transfers":
                    transfers(client, arguments[3], Long.parseLong(arguments[4]));
                    break;
                case "upload":
                    upload(client, arguments[3], Long.parseLong(arguments[4]));
                    break;
                case "download":
                    download(client, arguments[3]);
                    break;
                case "wait":
                    waiting(client);
                    break;
                default:
                    throw new IllegalArgumentException(arguments[2]);
            }
        }
    }

    /** Tries to connect as PASV says, and as clients do that take the address of the control connection instead. */
    private static void passive(final SinglePortClient client, final String host) throws IOException {
        final String reply = client.command("227", "PASV");
        print("reply", reply);
        final Matcher matcher = PASSIVE.matcher(reply);
        if (!matcher.find()) {
            throw new IOException(reply);
        }
        final int port = Integer.parseInt(matcher.group(5)) * 256 + Integer.parseInt(matcher.group(6));
        final String announced =
                String.join(".", matcher.group(1), matcher.group(2), matcher.group(3), matcher.group(4));
        print("announced", connect(announced, port));
        print("published", connect(host, port));
    }

    private static String connect(final String host, final int port) {
        try (Socket data = new Socket()) {
            data.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            return "connected";
        } catch (final IOException e) {
            return e.toString();
        }
    }

    private static void transfers(final SinglePortClient client, final String file, final long seed)
            throws IOException, NoSuchAlgorithmException {
        final byte[] content = bytes(seed, TRANSFER_BYTES);
        client.transmit("STOR " + file, content);
        print("sent", digest(content));
        print("received", digest(client.receive("RETR " + file)));
        print("listed", new String(client.receive("LIST " + file), "UTF-8").trim());
    }

    /** Sends much and keeps the data connection open, so that one can look at it, until a byte comes in. */
    private static void upload(final SinglePortClient client, final String file, final long seed)
            throws IOException, NoSuchAlgorithmException {
        final byte[] content = bytes(seed, UPLOAD_BYTES);
        try (Socket data = client.openData()) {
            client.command("150", "STOR " + file);
            data.getOutputStream().write(content);
            print("port", Integer.toString(data.getLocalPort()));
            System.in.read();
        }
        print("reply", client.expect("226"));
        print("sent", digest(content));
    }

    /** Reads the beginning of a file and no more, until a byte comes in. */
    private static void download(final SinglePortClient client, final String file) throws IOException {
        try (Socket data = client.openData()) {
            client.command("150", "RETR " + file);
            print("first", Integer.toString(data.getInputStream().read()));
            System.in.read();
        }
    }

    /** Has a data connection that nothing is transferred through, until a byte comes in. */
    private static void waiting(final SinglePortClient client) throws IOException {
        try (Socket data = client.openData()) {
            print("port", Integer.toString(data.getLocalPort()));
            System.in.read();
        }
    }

    static byte[] bytes(final long seed, final int count) {
        final byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String digest(final byte[] bytes) throws NoSuchAlgorithmException {
        return new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes)).toString(16);
    }

    private static void print(final String name, final String value) {
        System.out.println(name + "=" + value);
    }
}
