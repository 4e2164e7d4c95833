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
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.SystemCommand;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Python's ftplib, through the gateway: {@code ftplib_client.py} says what it does and checks what came of it. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class FtplibIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension().singlePortOnly(true);

    @TempDir
    static Path directory;

    private static GatewayProcess gateway;
    private static Path script;

    @BeforeAll
    static void start() throws IOException {
        Prerequisites.commands("FtplibIT is skipped, the gateway is not shown to serve Python's ftplib", "python3");
        script = directory.resolve("ftplib_client.py");
        try (InputStream in = FtplibIT.class.getResourceAsStream("ftplib_client.py")) {
            Files.copy(in, script);
        }
        gateway = GatewayProcess.start(SERVER.port());
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "passive",
                "active",
                "pasv",
                "epsv",
                "changing_modes",
                "ascii_lines",
                "rest",
                "listings",
                "unique",
                "appending",
                "abort",
                "abort_upload",
                "abort_nothing",
                "many",
                "large",
                "half_read_then_closed",
                "nothing_prepared",
                "errors",
                "names"
            })
    void ftplibIsServed(final String what) {
        assertServed(gateway, "127.0.0.1", what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"passive", "active", "changing_modes"})
    void ftplibIsServedOverIpv6(final String what) throws IOException {
        assumeTrue(hasIpv6(), "there is no IPv6 on loopback");
        try (GatewayProcess ipv6 = GatewayProcess.startOn("[::1]:0", SERVER.port())) {
            assertServed(ipv6, "::1", what);
        }
    }

    private static boolean hasIpv6() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return socket.isBound();
        } catch (final IOException e) {
            return false;
        }
    }

    private static void assertServed(final GatewayProcess gateway, final String host, final String what) {
        final SystemCommand client = SystemCommand.run(
                "python3",
                script.toString(),
                host,
                Integer.toString(gateway.port()),
                FtpServerExtension.USER,
                FtpServerExtension.PASSWORD,
                what,
                directory.toString());

        assertThat(client.output()).isEqualTo("done " + what);
        assertThat(gateway.log()).noneMatch(line -> line.contains("WARN") || line.contains("ERROR"));
    }
}
