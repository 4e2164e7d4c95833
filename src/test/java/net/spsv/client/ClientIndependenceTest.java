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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.spsv.protocol.DataCredentials;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who uses the client needs nothing of FtpServer, and who uses the plugin nothing of Commons Net. */
@Timeout(60)
class ClientIndependenceTest {
    private static final String[] HOST = {"org/apache/ftpserver", "org/apache/mina", "org/slf4j", "net/spsv/ftpserver"};
    private static final String COMMONS_NET = "org/apache/commons/net";

    @Test
    void clientKnowsNothingOfTheServer() throws Exception {
        assertThat(classes(SpsvFtpClient.class, "net/spsv/client"))
                .hasSizeGreaterThan(10)
                .allSatisfy(code -> assertThat(code).doesNotContain(HOST));
    }

    @Test
    void whatIsSharedKnowsNeither() throws Exception {
        assertThat(classes(DataCredentials.class, "net/spsv/protocol"))
                .isNotEmpty()
                .allSatisfy(
                        code -> assertThat(code).doesNotContain(HOST).doesNotContain(COMMONS_NET, "net/spsv/client"));
    }

    @Test
    void serverKnowsNothingOfTheClient() throws Exception {
        assertThat(classes(SpsvFtpClient.class, "net/spsv/ftpserver"))
                .hasSizeGreaterThan(30)
                .allSatisfy(code -> assertThat(code).doesNotContain(COMMONS_NET, "net/spsv/client"));
    }

    /** Returns the class files of a package and those below it, each as text: names in them are ASCII. */
    private static List<String> classes(final Class<?> beside, final String packageName) throws Exception {
        final Path root = Paths.get(
                beside.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(root.resolve(packageName))) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .map(ClientIndependenceTest::text)
                    .collect(Collectors.toList());
        }
    }

    private static String text(final Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }
}
