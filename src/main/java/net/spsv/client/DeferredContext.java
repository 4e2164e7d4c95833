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

import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * A context that is made when it is first needed.
 *
 * <p>{@code FTPSClient} makes its context from the managers it has when it first needs it, and shows it to nobody. A
 * data connection can only resume a session of the same context. So it is given this one, and does not make its own.
 */
final class DeferredContext extends SSLContext {

    private final Deferred deferred;

    DeferredContext(final String protocol) {
        this(new Deferred(), protocol);
    }

    private DeferredContext(final Deferred deferred, final String protocol) {
        super(deferred, null, protocol);
        this.deferred = deferred;
    }

    boolean isMade() {
        return deferred.context != null;
    }

    void make(final SSLContext context) {
        deferred.context = context;
    }

    private static final class Deferred extends SSLContextSpi {
        private SSLContext context;

        private SSLContext made() {
            if (context == null) {
                throw new IllegalStateException("TLS has not been started");
            }
            return context;
        }

        @Override
        protected void engineInit(
                final KeyManager[] keyManagers, final TrustManager[] trustManagers, final SecureRandom random)
                throws KeyManagementException {
            made().init(keyManagers, trustManagers, random);
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return made().getSocketFactory();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return made().getServerSocketFactory();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return made().createSSLEngine();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(final String host, final int port) {
            return made().createSSLEngine(host, port);
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return made().getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return made().getClientSessionContext();
        }

        @Override
        protected SSLParameters engineGetDefaultSSLParameters() {
            return made().getDefaultSSLParameters();
        }

        @Override
        protected SSLParameters engineGetSupportedSSLParameters() {
            return made().getSupportedSSLParameters();
        }
    }
}
