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

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The gateway's jar has all that it needs and nothing else, and the plugin's has nothing for the gateway alone. */
@Timeout(180)
class GatewayJarIT {
    private static final Path PLUGIN = Paths.get(System.getProperty("plugin.jar"));
    /** Java 8: what a class file of that version has in its head. */
    private static final int JAVA_8 = 52;

    private static final int MAJOR_VERSION = 7;

    @Test
    void hasItsOwnClassesAndThoseOfItsLibraries() throws IOException {
        assertThat(files(GatewayProcess.jar()))
                .allMatch(name -> name.matches("(net/spsv/gateway|net/spsv/protocol|picocli|org/slf4j)/.*"
                        + "|META-INF/(MANIFEST.MF|LICENSE|NOTICE|LICENSE-slf4j.txt)|simplelogger.properties"))
                .contains(
                        "net/spsv/gateway/Main.class",
                        "picocli/CommandLine.class",
                        "org/slf4j/LoggerFactory.class",
                        "org/slf4j/impl/SimpleLogger.class",
                        "simplelogger.properties")
                .doesNotHaveDuplicates();
    }

    @Test
    void runsOnJava8() throws IOException {
        try (JarFile jar = new JarFile(GatewayProcess.jar().toFile())) {
            for (final String name : files(GatewayProcess.jar())) {
                if (name.endsWith(".class")) {
                    final byte[] content = content(jar, name);
                    assertThat((int) content[MAJOR_VERSION]).as(name).isLessThanOrEqualTo(JAVA_8);
                }
            }
        }
    }

    @Test
    void saysWhatItIs() throws IOException {
        try (JarFile jar = new JarFile(GatewayProcess.jar().toFile());
                JarFile plugin = new JarFile(PLUGIN.toFile())) {
            final Attributes attributes = jar.getManifest().getMainAttributes();
            assertThat(attributes.getValue("Main-Class")).isEqualTo(Main.class.getName());
            assertThat(attributes.getValue("Implementation-Title")).isEqualTo("Single-port FTP gateway");
            assertThat(attributes.getValue("Implementation-Version"))
                    .isNotEmpty()
                    .isEqualTo(plugin.getManifest().getMainAttributes().getValue("Implementation-Version"));
            assertThat(attributes.getValue("Automatic-Module-Name")).isEqualTo("net.spsv.gateway");
        }
    }

    @Test
    void bringsTheLicencesOfItsLibraries() throws IOException {
        try (JarFile jar = new JarFile(GatewayProcess.jar().toFile())) {
            assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License", "Version 2.0, January 2004");
            assertThat(text(jar, "META-INF/LICENSE-slf4j.txt")).contains("QOS.ch", "Permission is hereby granted");
            assertThat(text(jar, "META-INF/NOTICE"))
                    .contains("ftpserver-spsv", "Remko Popma", "QOS.ch")
                    .contains("picocli " + CommandLine.VERSION)
                    .contains("slf4j-api and slf4j-simple " + slf4jVersion());
        }
    }

    @Test
    void pluginBringsNothingAlong() throws IOException {
        assertThat(files(PLUGIN))
                .allMatch(name -> name.startsWith("net/spsv/") || name.startsWith("META-INF/"))
                .contains("net/spsv/gateway/Main.class", "net/spsv/ftpserver/SpsvFtplet.class");
    }

    private static String slf4jVersion() {
        return LoggerFactory.class.getPackage().getImplementationVersion();
    }

    private static List<String> files(final Path path) throws IOException {
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(ZipEntry::getName)
                    .collect(Collectors.toList());
        }
    }

    private static String text(final JarFile jar, final String name) throws IOException {
        return new String(content(jar, name), "UTF-8");
    }

    private static byte[] content(final JarFile jar, final String name) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] buffer = new byte[8192];
        try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                bytes.write(buffer, 0, count);
            }
        }
        return bytes.toByteArray();
    }
}
