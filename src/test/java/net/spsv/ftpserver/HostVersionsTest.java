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
package net.spsv.ftpserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.nio.file.Paths;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.ftplet.Ftplet;
import org.apache.mina.core.service.IoService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The tests run on the versions of FtpServer and MINA that the build was asked for, and on no other. */
@Timeout(30)
class HostVersionsTest {

    @Test
    void ftpServerIsTheOneAskedFor() throws Exception {
        assertThat(jarOf(FtpServer.class)).isEqualTo("ftpserver-core-" + askedFor("host.ftpserver") + ".jar");
        assertThat(FtpServer.class.getPackage().getImplementationVersion()).isEqualTo(askedFor("host.ftpserver"));
        assertThat(jarOf(Ftplet.class)).isEqualTo("ftplet-api-" + askedFor("host.ftpserver") + ".jar");
    }

    @Test
    void minaIsTheOneAskedFor() throws Exception {
        assertThat(jarOf(IoService.class)).isEqualTo("mina-core-" + askedFor("host.mina") + ".jar");
    }

    private static String jarOf(final Class<?> type) throws Exception {
        final Path jar = Paths.get(
                type.getProtectionDomain().getCodeSource().getLocation().toURI());
        return jar.getFileName().toString();
    }

    private static String askedFor(final String property) {
        final String version = System.getProperty(property);
        assumeTrue(version != null, "Maven's build sets " + property);
        return version;
    }
}
