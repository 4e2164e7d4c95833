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
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.ListeningPorts;
import net.spsv.ftpserver.testing.LogCapture;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.testing.RawFtpClient.Endpoint;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server with the plugin makes of its settings: it starts and serves, or says in one sentence why not. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class SpsvConfigurationIT {
    private static final byte[] CONTENT = "the content of a file".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path messages;

    private final FtpServerExtension server = new FtpServerExtension();

    @AfterEach
    void stop() {
        server.stop();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "DATA CONN",
                " DATACONN",
                "DATACONN ",
                "DATA\tCONN",
                "DATA\nCONN",
                "DATA\u0000CONN",
                "DATA(CONN",
                "DATA)CONN",
                "[DATACONN",
                "DATACONN]",
                "{DATACONN",
                "DATACONN}",
                "DATA:CONN",
                ":",
                "DATA\u007fCONN",
                "DATA\u00c4CONN",
                "DATA\u20acCONN",
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"
            })
    void badUserNameFailsTheStart(final String name) {
        server.userName(name);
        assertThat(failureOfStart()).contains("userName");
    }

    @Test
    void missingUserNameFailsTheStart() {
        final SpsvFtplet ftplet = new SpsvFtplet();
        ftplet.setUserName(null);
        server.plugin(false).ftplet("spsv", ftplet);
        assertThat(failureOfStart()).contains("userName");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "D",
                "DATACONN",
                "0",
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
                "single-port",
                "!#$%&'*+,-./;=?@\\^_`|~",
                "dataconn"
            })
    void goodUserNameServes(final String name) throws Exception {
        server.userName(name).start();
        server.file("contents.txt", CONTENT);
        try (RawFtpClient client = server.login()) {
            final Endpoint endpoint = client.spsv();
            assertThat(endpoint.user()).isEqualTo(name);
            try (Socket data = server.connect().dataLogin(endpoint)) {
                client.line("RETR contents.txt").expect(150);
                assertThat(RawFtpClient.readFully(data)).isEqualTo(CONTENT);
                client.expect(226);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dataconn", "DATA-CONN", "Data1"})
    void userNameOutsideOfLettersAndDigitsIsWarnedOf(final String name) throws Exception {
        final List<ILoggingEvent> warnings = warningsAtStartWith(name);
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0).getFormattedMessage())
                .contains(name)
                .contains("userName")
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATACONN", "A", "9", "TUNNEL42"})
    void userNameOfLettersAndDigitsIsNotWarnedOf(final String name) throws Exception {
        assertThat(warningsAtStartWith(name)).isEmpty();
    }

    @Test
    void secondSpsvFtpletFailsTheStart() {
        server.ftplet("another", new SpsvFtplet());
        assertThat(failureOfStart()).contains("SpsvFtplet").contains("twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "227.SPSV=Entering single-port mode",
                "227.SPSV=",
                "227.SPSV=Entering single-port mode ({output.message})"
            })
    void replyTextWithoutAPlaceForTheTokenFailsTheStart(final String entry) throws Exception {
        Files.write(messages.resolve("FtpStatus.gen"), Collections.singleton(entry), StandardCharsets.ISO_8859_1);
        server.messagesDirectory(messages);
        assertThat(failureOfStart()).contains("227.SPSV").contains("{output.msg}");
    }

    @Test
    void listenerOfAnotherKindFailsTheStart() {
        server.factory(factory -> factory.addListener("default", foreign(factory.getListener("default"))));
        assertThat(failureOfStart()).contains("listener");
    }

    @Test
    void failedStartLeavesNoPortOpen() {
        final AtomicReference<Listener> listener = new AtomicReference<>();
        server.userName("DATA CONN").factory(factory -> listener.set(factory.getListener("default")));
        failureOfStart();
        assertThat(listener.get().getPort()).isPositive();
        assertThat(catchThrowable(() -> new Socket(
                                InetAddress.getByName("127.0.0.1"),
                                listener.get().getPort())
                        .close()))
                .isInstanceOf(ConnectException.class);
    }

    /** What init has put into the server must not stay when init has failed, nor when the server is stopped. */
    @Test
    void serverStartsAgainAfterItWasStopped() throws Exception {
        for (int i = 0; i < 3; i++) {
            server.start();
            server.file("contents.txt", CONTENT);
            try (RawFtpClient client = server.login()) {
                assertThat(client.retrieve("contents.txt")).isEqualTo(CONTENT);
            }
            server.stop();
        }
    }

    @Test
    void suspendedAndResumedServerServesAgain() throws Exception {
        server.start();
        server.file("contents.txt", CONTENT);
        try (RawFtpClient client = server.login()) {
            assertThat(client.retrieve("contents.txt")).isEqualTo(CONTENT);
        }
        final int port = server.port();
        server.server().suspend();
        ListeningPorts.awaitClosed(port);
        server.server().resume();
        try (RawFtpClient client = server.login()) {
            assertThat(client.retrieve("contents.txt")).isEqualTo(CONTENT);
        }
    }

    /** A listener that is stopped and started by hand has a new acceptor, with a new filter chain. */
    @Test
    void restartedListenerServesAgain() throws Exception {
        server.start();
        server.file("contents.txt", CONTENT);
        final Listener listener = server.server().getListener("default");
        final int port = server.port();
        listener.stop();
        ListeningPorts.awaitClosed(port);
        listener.start(server.context());
        try (RawFtpClient client = server.login()) {
            assertThat(client.retrieve("contents.txt")).isEqualTo(CONTENT);
        }
    }

    /** Without the plugin the verb is unknown, so that the tests above are about the plugin. */
    @Test
    void withoutThePluginSpsvIsUnknown() throws Exception {
        server.plugin(false).start();
        try (RawFtpClient client = server.login()) {
            client.line("SPSV").expect(502);
        }
    }

    private List<ILoggingEvent> warningsAtStartWith(final String name) throws FtpException {
        try (LogCapture log = LogCapture.open()) {
            server.userName(name).start();
            return log.ofPlugin(Level.WARN);
        }
    }

    /** Starts the server, which must fail, and returns the one sentence of the failure. */
    private String failureOfStart() {
        final Throwable failure = catchThrowable(server::start);
        assertThat(failure).isInstanceOf(FtpException.class);
        assertThat(failure.getMessage()).matches("[A-Z][^\\p{Cntrl}]{20,300}");
        // MINA's acceptor lets go of its port a moment after it has closed it.
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .untilAsserted(() -> assertThat(ListeningPorts.ofThisProcess()).isEmpty());
        return failure.getMessage();
    }

    /** A listener that is not FtpServer's own, though it leaves all the work to one that is. */
    private static Listener foreign(final Listener listener) {
        final Listener own = listener == null ? new ListenerFactory().createListener() : listener;
        return (Listener) Proxy.newProxyInstance(
                Listener.class.getClassLoader(), new Class<?>[] {Listener.class}, (proxy, method, arguments) -> {
                    if (method.getDeclaringClass() == Object.class && arguments != null) {
                        return proxy == arguments[0];
                    }
                    try {
                        return method.invoke(own, arguments);
                    } catch (final InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
