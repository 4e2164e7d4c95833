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
package net.spsv.ftpserver.tls;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RandomContent;
import org.apache.ftpserver.ftplet.FtpException;

/**
 * A server, or a client, in a virtual machine of its own, which renews its keys often: the limit is a security property
 * that is read once. The last line of its output is the result.
 */
public final class KeyUpdateProcess {
    private static final Way[] WAYS = {Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN};
    /**
     * Keys are renewed once, in the middle: the answer of the one that receives must not come when the other one has
     * closed, and 10 MiB may be in the sockets' buffers, of which the client keeps its own small.
     */
    private static final long SIZE = 30 * 1024 * 1024;

    private static final int RECEIVE_BUFFER = 256 * 1024;

    private KeyUpdateProcess() {}

    /**
     * Runs.
     *
     * @param args none for servers, which run until their input ends; or "up" or "down", and the ports of servers
     */
    public static void main(final String... args) throws IOException, FtpException {
        if (args.length == 0) {
            serve();
        } else {
            final int[] ports = new int[WAYS.length];
            for (int i = 0; i < ports.length; i++) {
                ports[i] = Integer.parseInt(args[1 + i]);
            }
            transfer("up".equals(args[0]), ports);
            System.out.println("TRANSFERRED");
        }
    }

    private static void serve() throws IOException, FtpException {
        final TlsServers servers = new TlsServers();
        servers.beforeAll(null);
        prepare(servers);
        try {
            final StringBuilder ports = new StringBuilder("PORTS");
            for (final Way way : WAYS) {
                ports.append(' ').append(servers.of(way).port());
            }
            System.out.println(ports);
            while (System.in.read() >= 0) {
                continue;
            }
        } finally {
            servers.afterAll(null);
        }
    }

    /**
     * Transfers on all ways; fails if a byte is not the one that was sent.
     *
     * @param upload whether the client sends, and does not receive
     */
    static void transfer(final boolean upload, final int... ports) throws IOException {
        for (int i = 0; i < WAYS.length; i++) {
            final RandomContent content = new RandomContent(i + 1, SIZE);
            try (TlsSession session = TlsSession.login(
                    ports[i],
                    WAYS[i],
                    "TLSv1.3",
                    Certificates.client(),
                    FtpServerExtension.USER,
                    FtpServerExtension.PASSWORD)) {
                final String sent;
                final String received;
                if (upload) {
                    sent = uploadAndListen(session, content, "STOR up-" + i);
                    received = null;
                } else {
                    received = session.receiveBuffer(RECEIVE_BUFFER).downloadDigest("RETR down-" + i);
                    sent = content.writeTo(nowhere());
                }
                if (received != null && !received.equals(sent)) {
                    throw new AssertionError("sent " + sent + ", received " + received);
                }
                System.out.println("DONE " + WAYS[i] + " " + sent);
            }
        }
    }

    /** Uploads while it reads what the server has to say of keys, as a client does that wants to hear of it. */
    private static String uploadAndListen(final TlsSession session, final RandomContent content, final String command)
            throws IOException {
        final String digest;
        try (DataConnection data = session.begin(command)) {
            final CompletableFuture<Integer> end = CompletableFuture.supplyAsync(() -> {
                try {
                    return data.socket().getInputStream().read();
                } catch (final IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            digest = content.writeTo(data.socket().getOutputStream());
            data.socket().shutdownOutput();
            if (end.join() >= 0) {
                throw new AssertionError("data where there should be none");
            }
        }
        session.control().expect(226);
        return digest;
    }

    /** Puts the files to download into the homes of servers. */
    static void prepare(final TlsServers servers) throws IOException {
        for (int i = 0; i < WAYS.length; i++) {
            new RandomContent(i + 1, SIZE).writeTo(servers.path(WAYS[i], "down-" + i));
        }
    }

    /** Fails unless the homes of servers have the files that were uploaded. */
    static void check(final TlsServers servers) throws IOException {
        for (int i = 0; i < WAYS.length; i++) {
            final String digest = RandomContent.digest(servers.path(WAYS[i], "up-" + i));
            if (!digest.equals(new RandomContent(i + 1, SIZE).writeTo(nowhere()))) {
                throw new AssertionError(WAYS[i] + " has stored something else");
            }
        }
    }

    private static OutputStream nowhere() {
        return new OutputStream() {
            @Override
            public void write(final int octet) {
                // nothing is kept
            }

            @Override
            public void write(final byte[] bytes, final int offset, final int length) {
                // nothing is kept
            }
        };
    }
}
