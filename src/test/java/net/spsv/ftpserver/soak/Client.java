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
package net.spsv.ftpserver.soak;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import javax.net.ssl.SSLContext;
import net.spsv.client.SpsvFtpClient;
import net.spsv.client.SpsvFtpsClient;
import net.spsv.ftpserver.testing.RandomContent;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPReply;
import org.apache.commons.net.ftp.FTPSClient;

/** One of the clients: it makes one session after the other, each of a kind of its own. */
final class Client {
    private static final int TIMEOUT_MILLIS = 60_000;
    private static final int MAX_TRANSFERS = 10;
    private static final int MAX_SIZE = 4 * 1024 * 1024;
    /** One session in so many is there to be broken off. */
    private static final int ROUGH = 8;
    /** One session in so many ends in the middle of a download. */
    private static final int LEAVES = 20;

    private final SoakServerProcess server;
    private final SSLContext tls;
    private final Counts counts;
    private final Random random;
    private final String file;
    private String digest;
    private long length;

    Client(
            final int number,
            final long seed,
            final SoakServerProcess server,
            final SSLContext tls,
            final Counts counts) {
        this.server = server;
        this.tls = tls;
        this.counts = counts;
        random = new Random(seed + number);
        file = "file" + number;
    }

    /** Makes one session. */
    void session() throws IOException {
        if (digest != null && random.nextInt(ROUGH) == 0) {
            rough();
        } else {
            smooth();
        }
        counts.sessions.incrementAndGet();
    }

    private void smooth() throws IOException {
        final boolean singlePort = random.nextBoolean();
        final FTPClient client = client(singlePort);
        try {
            if (digest == null) {
                upload(client, singlePort);
            }
            for (int i = random.nextInt(MAX_TRANSFERS); i >= 0; i--) {
                switch (random.nextInt(5)) {
                    case 0:
                        list(client, singlePort);
                        break;
                    case 1:
                    case 2:
                        upload(client, singlePort);
                        break;
                    default:
                        download(client, singlePort);
                }
            }
            if (random.nextInt(LEAVES) == 0) {
                leave(client);
            } else {
                client.logout();
            }
        } finally {
            client.disconnect();
        }
    }

    /** In clear, or with AUTH TLS, or TLS from the start. */
    private FTPClient client(final boolean singlePort) throws IOException {
        final int security = random.nextInt(3);
        final boolean implicit = security == 2;
        final FTPClient client;
        if (security == 0) {
            client = singlePort ? new SpsvFtpClient() : new FTPClient();
        } else {
            client = singlePort ? new SpsvFtpsClient(implicit, tls) : new FTPSClient(implicit, tls);
        }
        client.setDefaultTimeout(TIMEOUT_MILLIS);
        client.setConnectTimeout(TIMEOUT_MILLIS);
        client.setDataTimeout(Duration.ofMillis(TIMEOUT_MILLIS));
        try {
            client.connect("127.0.0.1", implicit ? server.implicitPort() : server.port());
            client.setTcpNoDelay(true);
            check(client, client.login(SoakServer.USER, SoakServer.PASSWORD));
            if (client instanceof FTPSClient) {
                ((FTPSClient) client).execPBSZ(0);
                ((FTPSClient) client).execPROT("P");
            }
            check(client, client.setFileType(FTP.BINARY_FILE_TYPE));
            if (client instanceof SpsvFtpsClient) {
                ((SpsvFtpsClient) client).enterSinglePortPassiveMode();
            } else if (client instanceof SpsvFtpClient) {
                ((SpsvFtpClient) client).enterSinglePortPassiveMode();
            } else {
                client.enterLocalPassiveMode();
            }
            return client;
        } catch (final IOException e) {
            client.disconnect();
            throw e;
        }
    }

    private static void check(final FTPClient client, final boolean succeeded) throws IOException {
        if (!succeeded) {
            throw new IOException("not as expected: " + client.getReplyString());
        }
    }

    private void transferred(final boolean singlePort) {
        (singlePort ? counts.singlePort : counts.passive).incrementAndGet();
    }

    private void upload(final FTPClient client, final boolean singlePort) throws IOException {
        final RandomContent content = content();
        final String sent;
        try (OutputStream out = client.storeFileStream(file)) {
            check(client, out != null);
            sent = content.writeTo(out);
        }
        check(client, client.completePendingCommand());
        digest = sent;
        length = content.length();
        counts.sent.addAndGet(length);
        transferred(singlePort);
    }

    private RandomContent content() {
        final int size = random.nextInt(4) == 0 ? random.nextInt(10_000) : random.nextInt(MAX_SIZE);
        return new RandomContent(random.nextLong(), size);
    }

    private void download(final FTPClient client, final boolean singlePort) throws IOException {
        final String received;
        try (InputStream in = client.retrieveFileStream(file)) {
            check(client, in != null);
            received = RandomContent.digest(in);
        }
        check(client, client.completePendingCommand());
        if (!digest.equals(received)) {
            throw new IOException("a file has changed on its way");
        }
        counts.received.addAndGet(length);
        transferred(singlePort);
    }

    private void list(final FTPClient client, final boolean singlePort) throws IOException {
        final String[] names = client.listNames(file);
        check(client, FTPReply.isPositiveCompletion(client.getReplyCode()));
        if (names.length != 1) {
            throw new IOException("a listing with " + names.length + " names instead of one");
        }
        transferred(singlePort);
    }

    private void leave(final FTPClient client) throws IOException {
        try (InputStream in = client.retrieveFileStream(file)) {
            check(client, in != null);
            in.read();
            client.disconnect();
            counts.brokenOff.incrementAndGet();
        } catch (final IOException e) {
            if (client.isConnected()) {
                throw e;
            }
        }
    }

    /** Single-port mode as a client in trouble uses it. */
    private void rough() throws IOException {
        try (RawFtpClient client = RawFtpClient.connect(server.port())) {
            client.greeted().login(SoakServer.USER, SoakServer.PASSWORD).binary();
            for (int i = random.nextInt(MAX_TRANSFERS); i >= 0; i--) {
                breakOff(client, random.nextInt(5));
                counts.brokenOff.incrementAndGet();
            }
            if (random.nextBoolean()) {
                client.spsv();
                client.reset();
            } else {
                client.line("QUIT").expect(221);
            }
        }
    }

    private void breakOff(final RawFtpClient client, final int how) throws IOException {
        final Endpoint endpoint = client.spsv();
        switch (how) {
            case 0:
                try (RawFtpClient stranger = RawFtpClient.connect(server.port()).greeted()) {
                    stranger.line("USER " + endpoint.user()).expect(331);
                    stranger.line("PASS " + endpoint.token().substring(1)).expect(504);
                }
                break;
            case 1:
                try (RawFtpClient stalled = RawFtpClient.connect(server.port())) {
                    stalled.send("USER DATACO");
                }
                break;
            case 2:
                client.line("STOR waited" + file).expect(150);
                client.line("ABOR").expect(425);
                client.expect(226);
                break;
            case 3:
                try (Socket data = RawFtpClient.dataConnection(server.port(), endpoint)) {
                    client.line("STOR cut" + file).expect(150);
                    data.getOutputStream().write(new byte[random.nextInt(100_000)]);
                    RawFtpClient.reset(data);
                    client.expect(426);
                }
                break;
            default:
                try (Socket data = RawFtpClient.dataConnection(server.port(), endpoint)) {
                    client.line("RETR " + file).expect(150);
                    client.line("ABOR");
                    // the whole file may be out already
                    if (!client.reply().matches("(226|426) .*")) {
                        throw new IOException("ABOR: " + client.transcript());
                    }
                    client.expect(226);
                    RawFtpClient.reset(data);
                }
        }
    }
}
