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

import java.io.IOException;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPSClient;

/** The clients, each with the server it is for. */
enum Kind {
    PLAIN,
    EXPLICIT,
    IMPLICIT;

    private static final int TIMEOUT = 20_000;

    /** Returns a server that has no data connections but those of single-port mode. */
    FtpServerExtension server() {
        final FtpServerExtension server = new FtpServerExtension().singlePortOnly(true);
        return this == PLAIN
                ? server
                : server.tls(Certificates.server(Certificates.LISTENER)).implicitTls(this == IMPLICIT);
    }

    /** Returns a client that trusts the server and is not connected. */
    FTPClient create() {
        return this == PLAIN ? new SpsvFtpClient() : new SpsvFtpsClient(this == IMPLICIT, Certificates.client());
    }

    /** Connects a client and logs it in, ready for protected binary transfers in single-port mode. */
    static <C extends FTPClient> C login(final C client, final FtpServerExtension server) throws IOException {
        return login(client, "127.0.0.1", server);
    }

    /** The same on an address of the caller's choice. */
    static <C extends FTPClient> C login(final C client, final String host, final FtpServerExtension server)
            throws IOException {
        client.setDefaultTimeout(TIMEOUT);
        client.connect(host, server.port());
        client.login(FtpServerExtension.USER, FtpServerExtension.PASSWORD);
        if (client instanceof FTPSClient) {
            ((FTPSClient) client).execPBSZ(0);
            ((FTPSClient) client).execPROT("P");
        }
        client.setFileType(FTP.BINARY_FILE_TYPE);
        enterSinglePort(client);
        return client;
    }

    static void enterSinglePort(final FTPClient client) {
        if (client instanceof SpsvFtpsClient) {
            ((SpsvFtpsClient) client).enterSinglePortPassiveMode();
        } else {
            ((SpsvFtpClient) client).enterSinglePortPassiveMode();
        }
    }

    static boolean isSinglePort(final FTPClient client) {
        return client instanceof SpsvFtpsClient
                ? ((SpsvFtpsClient) client).isSinglePortPassiveMode()
                : ((SpsvFtpClient) client).isSinglePortPassiveMode();
    }

    static void setPassiveFallback(final FTPClient client, final boolean fallback) {
        if (client instanceof SpsvFtpsClient) {
            ((SpsvFtpsClient) client).setPassiveFallback(fallback);
        } else {
            ((SpsvFtpClient) client).setPassiveFallback(fallback);
        }
    }
}
