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
package net.spsv.ftpserver.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** What all TLS connections of the client to one server have in common: protocol, cipher suite and session cache. */
final class TlsClient {
    private final String protocol;
    private final String cipherSuite;
    private final AtomicLong fullHandshakes = new AtomicLong();
    private final SSLContext context;

    TlsClient(final String protocol, final String cipherSuite) throws IOException {
        this.protocol = protocol;
        this.cipherSuite = cipherSuite;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new CountingTrust()}, null);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    String protocol() {
        return protocol;
    }

    String cipherSuite() {
        return cipherSuite;
    }

    /**
     * The engine of a new connection.
     *
     * @param peer by whose port the JDK finds a session to resume; null if none is to be resumed
     */
    SSLEngine engine(final InetSocketAddress peer) {
        final SSLEngine engine = peer == null
                ? context.createSSLEngine()
                : context.createSSLEngine(peer.getAddress().getHostAddress(), peer.getPort());
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {protocol});
        engine.setEnabledCipherSuites(new String[] {cipherSuite});
        return engine;
    }

    /** Fails unless a handshake had the result that makes the figures comparable. */
    void check(final SSLSession session) throws IOException {
        if (!protocol.equals(session.getProtocol()) || !cipherSuite.equals(session.getCipherSuite())) {
            throw new IOException("Negotiated " + session.getProtocol() + " with " + session.getCipherSuite()
                    + " instead of " + protocol + " with " + cipherSuite);
        }
    }

    /** Lets the next handshake be a full one. */
    void forgetSessions() {
        final SSLSessionContext sessions = context.getClientSessionContext();
        for (final byte[] id : Collections.list(sessions.getIds())) {
            final SSLSession session = sessions.getSession(id);
            if (session != null) {
                session.invalidate();
            }
        }
    }

    /** The number of handshakes so far in which the server showed its certificate. */
    long fullHandshakes() {
        return fullHandshakes.get();
    }

    /** Trusts everybody. Of this kind, so that the JDK adds no checks of its own. */
    private final class CountingTrust extends X509ExtendedTrustManager {
        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type, final SSLEngine engine) {
            fullHandshakes.incrementAndGet();
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type, final Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type, final SSLEngine engine) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type, final Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
