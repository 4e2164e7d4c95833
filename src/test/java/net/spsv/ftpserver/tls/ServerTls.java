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

import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.apache.ftpserver.ssl.ClientAuth;
import org.apache.ftpserver.ssl.SslConfiguration;

/** FtpServer's own configuration, with several protocols at once, which FtpServer 1.1 has no setter for. */
final class ServerTls implements SslConfiguration {
    private final SslConfiguration configuration;
    private final String[] protocols;

    ServerTls(final SslConfiguration configuration, final String... protocols) {
        this.configuration = configuration;
        this.protocols = protocols;
    }

    /** Enables all that the context does, in FtpServer 1.1. */
    @Override
    public String getEnabledProtocol() {
        return protocols.length == 1 ? protocols[0] : null;
    }

    /** Returns the protocols; FtpServer 1.2 asks for these. */
    public String[] getEnabledProtocols() {
        return protocols.clone();
    }

    @Override
    public SSLSocketFactory getSocketFactory() throws GeneralSecurityException {
        return configuration.getSocketFactory();
    }

    @Override
    public SSLContext getSSLContext() throws GeneralSecurityException {
        return configuration.getSSLContext();
    }

    @Override
    public SSLContext getSSLContext(final String protocol) throws GeneralSecurityException {
        return configuration.getSSLContext(protocol);
    }

    @Override
    public String[] getEnabledCipherSuites() {
        return configuration.getEnabledCipherSuites();
    }

    @Override
    public ClientAuth getClientAuth() {
        return configuration.getClientAuth();
    }
}
