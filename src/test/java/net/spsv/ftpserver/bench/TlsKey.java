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

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** The key of all servers, RSA with 2048 bits, with a certificate that it signed itself; made for this run. */
final class TlsKey {
    /** Protects the key store. */
    static final String PASSWORD = "benchmark";

    private static final String ALIAS = "server";

    private final Path keyStore;
    private final Path pem;

    private TlsKey(final Path keyStore, final Path pem) {
        this.keyStore = keyStore;
        this.pem = pem;
    }

    /** Makes the key with the JDK's keytool. */
    static TlsKey create(final Path directory) throws IOException, InterruptedException {
        final TlsKey key = new TlsKey(directory.resolve("server.p12"), directory.resolve("server.pem"));
        final File log = directory.resolve("keytool.log").toFile();
        final int exitCode = new ProcessBuilder(
                        Paths.get(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-keyalg",
                        "RSA",
                        "-keysize",
                        "2048",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        key.keyStore.toString())
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start()
                .waitFor();
        if (exitCode != 0) {
            throw new IOException("keytool failed: " + Files.readAllLines(log.toPath()));
        }
        return key;
    }

    /** The key and the certificate as a PKCS12 file. */
    Path keyStore() {
        return keyStore;
    }

    /** The key and the certificate as a PEM file. */
    Path pem() throws IOException {
        try (InputStream in = Files.newInputStream(keyStore)) {
            final KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, PASSWORD.toCharArray());
            final Base64.Encoder encoder = Base64.getMimeEncoder(64, new byte[] {'\n'});
            final List<String> lines = Arrays.asList(
                    "-----BEGIN PRIVATE KEY-----",
                    encoder.encodeToString(
                            store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()),
                    "-----END PRIVATE KEY-----",
                    "-----BEGIN CERTIFICATE-----",
                    encoder.encodeToString(store.getCertificate(ALIAS).getEncoded()),
                    "-----END CERTIFICATE-----");
            return Files.write(pem, lines, StandardCharsets.US_ASCII);
        } catch (GeneralSecurityException e) {
            throw new IOException("The key does not come out of its store", e);
        }
    }
}
