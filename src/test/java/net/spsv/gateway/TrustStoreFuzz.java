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

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;

/** Lets any file be a trust store. The first byte of an input decides whether there is a password. */
class TrustStoreFuzz {
    private static final char[] PASSWORD = "secret".toCharArray();

    @TempDir
    static Path directory;

    @FuzzTest
    void fileIsATrustStoreOrRefusedInOneSentence(final byte[] input) throws Exception {
        final Path file = directory.resolve("store");
        Files.write(file, Arrays.copyOfRange(input, Math.min(1, input.length), input.length));
        final char[] password = input.length > 0 && input[0] % 2 == 0 ? PASSWORD : null;
        try {
            assertThat(TrustStore.of(file, password).get().createSSLEngine()).isNotNull();
        } catch (IOException e) {
            assertThat(e.getMessage())
                    .startsWith("Cannot use trust store " + file + ": ")
                    .doesNotContainPattern("[\\x00-\\x1f\\x7f-\\x9f]")
                    .doesNotEndWith(": ");
        }
    }
}
