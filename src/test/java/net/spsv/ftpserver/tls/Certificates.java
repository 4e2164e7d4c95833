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

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.apache.ftpserver.ssl.SslConfigurationFactory;

/**
 * Keys, certificates and what is made of them, for the server and its clients. The JDK's keytool makes them once in a
 * virtual machine, in a temporary directory that goes with it. The system property {@code tls.keys} names a directory
 * in which another virtual machine has made them.
 */
public final class Certificates {
    /** The password of all stores and keys. */
    public static final String PASSWORD = "password";
    /** The server's certificate, {@code CN=listener}. */
    public static final String LISTENER = "listener";
    /** The certificate of the server's data connections where they have one of their own, {@code CN=data}. */
    public static final String DATA = "data";
    /** A client's certificate that the server trusts, {@code CN=client}. */
    public static final String CLIENT = "client";
    /** A client's certificate that the server does not trust, {@code CN=stranger}. */
    public static final String STRANGER = "stranger";
    /** A server's certificate for its names and addresses, {@code 127.0.0.1} and {@code ftp.example.org}. */
    public static final String NAMED = "named";

    private static final String TYPE = "PKCS12";
    private static final String[] NAMES = {LISTENER, DATA, CLIENT, STRANGER, NAMED};
    private static final Path DIRECTORY =
            System.getProperty("tls.keys") == null ? generate() : Paths.get(System.getProperty("tls.keys"));

    private Certificates() {}

    /** Returns the directory of all stores. */
    public static Path directory() {
        return DIRECTORY;
    }

    /** Returns the key store with one key and its certificate, of type PKCS12 and {@link #PASSWORD}. */
    public static Path keyStore(final String name) {
        return DIRECTORY.resolve(name + ".p12");
    }

    /** Returns a certificate without its key. */
    public static Certificate certificate(final String name) {
        try {
            return load(keyStore(name)).getCertificate(name);
        } catch (final GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the trust store in which a server finds {@link #CLIENT}, of type PKCS12 and {@link #PASSWORD}. */
    public static Path serverTrust() {
        return DIRECTORY.resolve("trust.p12");
    }

    /** Returns what an {@code <ssl>} element makes, with this key, for TLSv1.3 and TLSv1.2. */
    public static SslConfiguration server(final String name) {
        return server(name, "none");
    }

    /** Returns what an {@code <ssl>} element makes, with this key and {@code client-authentication}. */
    public static SslConfiguration server(final String name, final String clientAuthentication) {
        return new ServerTls(factory(name, clientAuthentication).createSslConfiguration(), "TLSv1.3", "TLSv1.2");
    }

    /** Returns what an {@code <ssl>} element makes, with this key, for one protocol and one cipher suite. */
    public static SslConfiguration server(final String name, final String protocol, final String cipherSuite) {
        final SslConfigurationFactory factory = factory(name, "none");
        factory.setEnabledCipherSuites(new String[] {cipherSuite});
        return new ServerTls(factory.createSslConfiguration(), protocol);
    }

    private static SslConfigurationFactory factory(final String name, final String clientAuthentication) {
        final SslConfigurationFactory factory = new SslConfigurationFactory();
        factory.setKeystoreFile(keyStore(name).toFile());
        factory.setKeystoreType(TYPE);
        factory.setKeystorePassword(PASSWORD);
        factory.setTruststoreFile(serverTrust().toFile());
        factory.setTruststoreType(TYPE);
        factory.setTruststorePassword(PASSWORD);
        factory.setClientAuthentication(clientAuthentication);
        return factory;
    }

    /** Returns a new context of a client that trusts the server and has no certificate. */
    public static SSLContext client() {
        return client(null, new AtomicInteger());
    }

    /** Returns a new context of a client that trusts the server and has a certificate. */
    public static SSLContext client(final String name) {
        return client(name, new AtomicInteger());
    }

    /** Returns a new context of a client that counts how often the server's certificate was sent to it. */
    public static SSLContext client(final AtomicInteger certificatesSeen) {
        return client(null, certificatesSeen);
    }

    private static SSLContext client(final String name, final AtomicInteger certificatesSeen) {
        try {
            KeyManager[] keys = null;
            if (name != null) {
                final KeyManagerFactory factory =
                        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                factory.init(load(keyStore(name)), PASSWORD.toCharArray());
                keys = factory.getKeyManagers();
            }
            final KeyStore trusted = empty();
            for (final String server : new String[] {LISTENER, DATA}) {
                trusted.setCertificateEntry(server, certificate(server));
            }
            final TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            final SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keys,
                    new TrustManager[] {
                        new CountingTrust((X509TrustManager) trust.getTrustManagers()[0], certificatesSeen)
                    },
                    null);
            return context;
        } catch (final GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the name in the certificate that the peer has shown, for example {@code CN=listener}. */
    public static String peer(final SSLSession session) throws SSLPeerUnverifiedException {
        return ((X509Certificate) session.getPeerCertificates()[0])
                .getSubjectX500Principal()
                .getName();
    }

    private static Path generate() {
        try {
            final Path directory = Files.createTempDirectory("spsv-keys");
            directory.toFile().deleteOnExit();
            final List<Process> processes = new ArrayList<>();
            for (final String name : NAMES) {
                final File store = directory.resolve(name + ".p12").toFile();
                store.deleteOnExit();
                processes.add(keytool(name, store));
            }
            for (final Process process : processes) {
                if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                    throw new AssertionError("keytool has not made a key");
                }
            }
            final KeyStore trusted = empty();
            trusted.setCertificateEntry(
                    CLIENT, load(directory.resolve(CLIENT + ".p12")).getCertificate(CLIENT));
            final Path trust = directory.resolve("trust.p12");
            trust.toFile().deleteOnExit();
            try (OutputStream out = Files.newOutputStream(trust)) {
                trusted.store(out, PASSWORD.toCharArray());
            }
            return directory;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final GeneralSecurityException e) {
            throw new AssertionError(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static Process keytool(final String name, final File store) throws IOException {
        final List<String> command = new ArrayList<>(Arrays.asList(
                Paths.get(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keyalg",
                "EC",
                "-keysize",
                "256",
                "-validity",
                "3650",
                "-storetype",
                TYPE,
                "-keystore",
                store.getPath(),
                "-storepass",
                PASSWORD,
                "-keypass",
                PASSWORD));
        if (NAMED.equals(name)) {
            command.addAll(Arrays.asList("-ext", "san=dns:ftp.example.org,ip:127.0.0.1"));
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(store.toPath().resolveSibling(name + ".log").toFile())
                .start();
    }

    private static KeyStore empty() throws GeneralSecurityException {
        try {
            final KeyStore store = KeyStore.getInstance(TYPE);
            store.load(null, null);
            return store;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KeyStore load(final Path path) throws GeneralSecurityException {
        try (InputStream in = Files.newInputStream(path)) {
            final KeyStore store = KeyStore.getInstance(TYPE);
            store.load(in, PASSWORD.toCharArray());
            return store;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Trusts whom another trusts, and counts how often it is asked: a session that is resumed does not ask. */
    private static final class CountingTrust implements X509TrustManager {
        private final X509TrustManager trust;
        private final AtomicInteger asked;

        CountingTrust(final X509TrustManager trust, final AtomicInteger asked) {
            this.trust = trust;
            this.asked = asked;
        }

        @Override
        public void checkClientTrusted(final X509Certificate[] chain, final String type) throws CertificateException {
            trust.checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(final X509Certificate[] chain, final String type) throws CertificateException {
            asked.incrementAndGet();
            trust.checkServerTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return trust.getAcceptedIssuers();
        }
    }
}
