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

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import net.spsv.protocol.DataCredentials;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.impl.DefaultFtpServerContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/** Sets the Ftplet's properties to anything: four bytes are a number, one has the flags, and the rest is a name. */
class SettingsFuzz {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("net.spsv.ftpserver");

    @BeforeAll
    static void logNothing() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void logAgain() {
        LOGGER.setLevel(null);
    }

    @FuzzTest
    void settingsStartOrAreRefusedInOneSentence(final byte[] input) {
        final ByteBuffer in = ByteBuffer.wrap(input);
        final int timeout = in.remaining() >= 4 ? in.getInt() : 0;
        final int flags = in.hasRemaining() ? in.get() : 0;
        final String name = StandardCharsets.UTF_8.decode(in).toString();
        final SpsvFtplet ftplet = new SpsvFtplet();
        ftplet.setUserName(name);
        ftplet.setLoginTimeout(timeout);
        ftplet.setSinglePortOnly((flags & 1) != 0);
        ftplet.setRequireTls((flags & 2) != 0);
        ftplet.setJmx((flags & 4) != 0);
        final DefaultFtpServerContext server = new DefaultFtpServerContext();
        server.setListeners(new HashMap<>());
        try {
            ftplet.init(server);
            assertThat(name).matches("[!-~&&[^()\\[\\]{}<>:]]{1,32}");
            assertThat(timeout).isNotNegative();
            final DataCredentials credentials = DataCredentials.parse("227 OK (" + name + ":TOKEN)");
            assertThat(credentials.user()).isEqualTo(name);
            assertThat(credentials.token()).isEqualTo("TOKEN");
        } catch (FtpException e) {
            assertThat(e.getMessage())
                    .startsWith("SpsvFtplet: ")
                    .contains(timeout < 0 ? "" : "userName")
                    .doesNotContainPattern("[\\x00-\\x1f\\x7f]");
        } finally {
            ftplet.destroy();
            server.dispose();
        }
    }
}
