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
package net.spsv.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.DefaultSocketFactory;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.util.TrustManagerUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the README, section Commons Net client, as they stand there. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ReadmeExamplesIT {
    @RegisterExtension
    static final Servers SERVERS = new Servers();

    private final String user = FtpServerExtension.USER;
    private final String password = FtpServerExtension.PASSWORD;

    @TempDir
    Path directory;

    @Test
    void plain() throws IOException {
        final String host = "127.0.0.1";
        final int port = SERVERS.of(Kind.PLAIN).port();
        final Path target = directory.resolve("target");
        SERVERS.of(Kind.PLAIN).file("contents.txt", new byte[] {1, 2, 3});

        SpsvFtpClient ftp = new SpsvFtpClient();
        ftp.connect(host, port);
        ftp.login(user, password);
        ftp.setFileType(FTP.BINARY_FILE_TYPE);
        ftp.enterSinglePortPassiveMode();
        try (OutputStream out = Files.newOutputStream(target)) {
            if (!ftp.retrieveFile("contents.txt", out)) {
                throw new IOException(ftp.getReplyString());
            }
        }
        ftp.logout();
        ftp.disconnect();

        assertThat(target).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void withTls() throws Exception {
        final String host = Certificates.LISTENER;
        final int port = SERVERS.of(Kind.EXPLICIT).port();
        final Path source = Files.write(directory.resolve("source"), new byte[] {4, 5, 6});
        final KeyStore trusted = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Certificates.keyStore(Certificates.LISTENER))) {
            trusted.load(in, Certificates.PASSWORD.toCharArray());
        }
        trusted.setCertificateEntry("server", trusted.getCertificate(Certificates.LISTENER));
        trusted.deleteEntry(Certificates.LISTENER);

        SpsvFtpsClient ftps = new SpsvFtpsClient();
        ftps.setSocketFactory(new OneHost());
        ftps.setTrustManager(TrustManagerUtils.getDefaultTrustManager(trusted));
        ftps.setEndpointCheckingEnabled(true);
        ftps.setPassiveFallback(true);
        ftps.connect(host, port);
        ftps.login(user, password);
        ftps.execPBSZ(0);
        ftps.execPROT("P");
        ftps.setFileType(FTP.BINARY_FILE_TYPE);
        ftps.enterSinglePortPassiveMode();
        try (InputStream in = Files.newInputStream(source)) {
            if (!ftps.storeFile("report.pdf", in)) {
                throw new IOException(ftps.getReplyString());
            }
        }
        ftps.logout();
        ftps.disconnect();

        assertThat(SERVERS.of(Kind.EXPLICIT).content("report.pdf")).isEqualTo(new byte[] {4, 5, 6});
    }

    @Test
    void examplesOfTheReadmeAreThoseOfThisTest() throws IOException {
        final List<String> test = lines(Paths.get("src/test/java/net/spsv/client/ReadmeExamplesIT.java"));
        final List<String> readme = lines(Paths.get("README.md"));
        final List<String> section =
                readme.subList(readme.indexOf("## Commons Net client"), readme.indexOf("## How it works"));
        int examples = 0;
        for (int i = 0; i < section.size(); i++) {
            if ("```java".equals(section.get(i))) {
                final int end = i + section.subList(i, section.size()).indexOf("```");
                assertThat(test).containsSubsequence(section.subList(i + 1, end));
                examples++;
            }
        }
        assertThat(examples).isEqualTo(2);
    }

    private static List<String> lines(final Path file) throws IOException {
        final List<String> lines = new ArrayList<>();
        for (final String line : Files.readAllLines(file)) {
            lines.add(line.trim());
        }
        return lines;
    }

    /** Finds every host on loopback, as the certificate of the tests is for a host that is not there. */
    private static final class OneHost extends DefaultSocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(final SocketAddress endpoint, final int timeout) throws IOException {
                    super.connect(
                            new InetSocketAddress("127.0.0.1", ((InetSocketAddress) endpoint).getPort()), timeout);
                }
            };
        }
    }
}
