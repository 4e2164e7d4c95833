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
import net.spsv.ftpserver.testing.FtpServerExtension;
import org.apache.ftpserver.ftplet.FtpException;

/**
 * A server, or a client, in a virtual machine of its own, which renews its keys often: the limit is a security property
 * that is read once. The last line of its output is the result.
 */
public final class KeyUpdateProcess {
    private static final Way[] WAYS = {Way.EXPLICIT, Way.IMPLICIT, Way.CLEAR_LOGIN};
    private static final long SIZE = 48 * 1024 * 1024;

    private KeyUpdateProcess() {}

    /**
     * Runs.
     *
     * @param args none for servers, which run until their input ends; or the ports of servers, in the order of ways
     */
    public static void main(final String... args) throws IOException, FtpException {
        if (args.length == 0) {
            serve();
        } else {
            final int[] ports = new int[args.length];
            for (int i = 0; i < ports.length; i++) {
                ports[i] = Integer.parseInt(args[i]);
            }
            transfer(ports);
            System.out.println("TRANSFERRED");
        }
    }

    private static void serve() throws IOException, FtpException {
        final TlsServers servers = new TlsServers();
        servers.beforeAll(null);
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

    /** Uploads, and reads what the server has to say of keys before it closes. */
    private static String upload(final TlsSession session, final RandomContent content) throws IOException {
        final String digest;
        try (DataConnection data = session.begin("STOR updated")) {
            digest = content.writeTo(data.socket().getOutputStream());
            data.socket().shutdownOutput();
            if (data.socket().getInputStream().read() >= 0) {
                throw new AssertionError("data where there should be none");
            }
        }
        session.control().expect(226);
        return digest;
    }

    /** Transfers both ways, on all ways; fails if a byte is not the one that was sent. */
    static void transfer(final int... ports) throws IOException {
        for (int i = 0; i < WAYS.length; i++) {
            try (TlsSession session = TlsSession.login(
                    ports[i],
                    WAYS[i],
                    "TLSv1.3",
                    Certificates.client(),
                    FtpServerExtension.USER,
                    FtpServerExtension.PASSWORD)) {
                final String sent = upload(session, new RandomContent(i + 1, SIZE));
                final String received = session.downloadDigest("RETR updated");
                if (!sent.equals(received)) {
                    throw new AssertionError("sent " + sent + ", received " + received);
                }
                session.control().command("DELE updated", 250);
            }
            System.out.println("DONE " + WAYS[i]);
        }
    }
}
