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
package net.spsv.gateway;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import net.spsv.gateway.control.Log;

/** Which certificates of the server are trusted. */
final class TrustStore {

    private static final String PEM = "-----BEGIN ";

    private TrustStore() {}

    /** Trusts what the JDK trusts. */
    static Supplier<SSLContext> ofTheJdk() {
        try {
            return contexts(trustManagers(null));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK cannot read its own certificates", e);
        }
    }

    /** Trusts every certificate. */
    static Supplier<SSLContext> ofAll() {
        return contexts(new TrustManager[] {new TrustAll()});
    }

    /**
     * Trusts the certificates of a file.
     *
     * @param file JKS, PKCS12 or PEM
     * @param password of the file, may be null for JKS and PEM
     * @return makes a context for each FTP session
     * @throws IOException if that cannot be read; its message is for people
     */
    static Supplier<SSLContext> of(final Path file, final char[] password) throws IOException {
        final byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IOException("Cannot read trust store " + file + ": " + Log.reason(e), e);
        }
        final KeyStore certificates;
        try {
            certificates = isPem(content) ? fromPem(content) : fromKeyStore(content, password);
            if (Collections.list(certificates.aliases()).stream()
                    .noneMatch(alias -> isCertificate(certificates, alias))) {
                throw new IOException(
                        password == null
                                ? "it has no certificate that can be read without a password"
                                : "it has no trusted certificate");
            }
            return contexts(trustManagers(certificates));
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException("Cannot use trust store " + file + ": " + Log.reason(e), e);
        }
    }

    private static boolean isCertificate(final KeyStore store, final String alias) {
        try {
            return store.isCertificateEntry(alias);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the store was loaded before", e);
        }
    }

    private static boolean isPem(final byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1).contains(PEM);
    }

    private static KeyStore fromPem(final byte[] content) throws IOException, GeneralSecurityException {
        final KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (final Certificate certificate :
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(content))) {
            store.setCertificateEntry("certificate-" + number++, certificate);
        }
        return store;
    }

    /** The JDK's own type reads JKS and PKCS12 alike. */
    private static KeyStore fromKeyStore(final byte[] content, final char[] password)
            throws IOException, GeneralSecurityException {
        final KeyStore store = KeyStore.getInstance("JKS");
        store.load(new ByteArrayInputStream(content), password);
        return store;
    }

    private static TrustManager[] trustManagers(final KeyStore certificates) throws GeneralSecurityException {
        final TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(certificates);
        return factory.getTrustManagers();
    }

    private static Supplier<SSLContext> contexts(final TrustManager[] trustManagers) {
        return () -> {
            try {
                final SSLContext context = SSLContext.getInstance("TLS");
                context.init(null, trustManagers, null);
                return context;
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has TLS", e);
            }
        };
    }

    /** Of the extended kind, as the JDK checks names and algorithms behind the back of any other. */
    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type) {
            // trusted
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type) {
            // trusted
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type, final Socket socket) {
            // trusted
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type, final Socket socket) {
            // trusted
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type, final SSLEngine engine) {
            // trusted
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type, final SSLEngine engine) {
            // trusted
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
