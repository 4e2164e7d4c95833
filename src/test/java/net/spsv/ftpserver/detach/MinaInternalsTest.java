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
package net.spsv.ftpserver.detach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.listener.nio.NioListener;
import org.apache.mina.transport.socket.nio.NioSocketAcceptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Fails when MINA or FtpServer changes something that is looked into; see each test for why it is needed. */
@Timeout(60)
class MinaInternalsTest {

    private static final String SEARCH = MinaInternals.class.getName() + "$Search";

    @TempDir
    private Path directory;

    @Test
    void everythingIsFoundInThisMina() {
        assertThatCode(MinaInternals::probe).doesNotThrowAnyException();
    }

    /** The acceptor's chain is where the filter goes; a stopped listener has none. */
    @Test
    void stoppedListenerHasNoAcceptor() {
        final Listener listener = new ListenerFactory().createListener();
        assertThat(listener).isInstanceOf(NioListener.class);

        assertThat(MinaInternals.probe().acceptor(listener)).isNull();
    }

    @Test
    void listenerOfAnotherKindHasNoAcceptor() {
        final Listener other = (Listener) Proxy.newProxyInstance(
                Listener.class.getClassLoader(), new Class<?>[] {Listener.class}, (proxy, method, arguments) -> null);

        assertThat(MinaInternals.probe().acceptor(other)).isNull();
    }

    @Test
    void acceptorThatIsNotBoundHasNoListeningChannels() {
        final NioSocketAcceptor acceptor = new NioSocketAcceptor(1);
        try {
            assertThat(MinaInternals.probe().listeningChannels(acceptor)).isEmpty();
        } finally {
            acceptor.dispose();
        }
    }

    /** The channel is what is taken away. */
    @Test
    void sessionWithoutAChannelIsNamed() throws Exception {
        assertThatProbeMisses("NioSession.channel", "transport.socket.nio", "NioSession", "");
    }

    /** Its key is what is cancelled, so that MINA leaves the channel alone. */
    @Test
    void sessionWithoutASelectionKeyIsNamed() throws Exception {
        assertThatProbeMisses(
                "NioSession.getSelectionKey()", "transport.socket.nio", "NioSession", "private Object channel;");
    }

    private void assertThatProbeMisses(
            final String member, final String minaPackage, final String name, final String body) throws Exception {
        final ClassLoader otherMina = loaderWith("org.apache.mina." + minaPackage, name, body);

        assertThatThrownBy(() -> probeIn(otherMina))
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessageContaining("cannot run on MINA 2.")
                .hasMessageContaining("with FtpServer 1.")
                .hasMessageContaining("needs " + member + ",")
                .hasMessageEndingWith("use FtpServer 1.1.4, 1.2.0 or 1.2.1 with the MINA that comes with it")
                .hasMessageNotContaining("\n");
    }

    /** As in MINA 2.0.4, which has the private parts: only a session would find out. */
    @Test
    void processorThatCannotWriteIsNamed() throws Exception {
        assertThatProbeMisses("IoProcessor.write()", "core.service", "IoProcessor", "");
    }

    @Test
    void sessionThatCannotCloseBehindItsLastReplyIsNamed() throws Exception {
        assertThatProbeMisses("IoSession.closeOnFlush()", "core.session", "IoSession", "");
    }

    /** The engine and what it has received are taken over with a connection that logs in inside TLS. */
    @Test
    void sslHandlerWithoutAnEngineIsNamed() throws Exception {
        assertThatProbeMisses("SslHandler.mEngine", "filter.ssl", "SslHandler", "");
    }

    @Test
    void sslHandlerWithoutItsInputIsNamed() throws Exception {
        assertThatProbeMisses("SslHandler.mDecodeBuffer", "filter.ssl", "SslHandler", "Object mEngine;");
    }

    @Test
    void listenerWithoutAnAcceptorIsNamed() throws Exception {
        final ClassLoader otherFtpServer =
                loaderWith("org.apache.ftpserver.listener.nio", "NioListener", "private Object port;");

        assertThatThrownBy(() -> probeIn(otherFtpServer))
                .isInstanceOf(FtpServerConfigurationException.class)
                .hasMessageContaining("needs NioListener.acceptor,");
    }

    /** Only uploads over distance would be slower. */
    @Test
    void acceptorWithoutListeningChannelsIsAccepted() throws Exception {
        final ClassLoader otherMina = loaderWith("org.apache.mina.core.polling", "AbstractPollingIoAcceptor", "");

        assertThat(probeIn(otherMina)).isNotNull();
    }

    private static Object probeIn(final ClassLoader loader) throws Exception {
        final Method probe = loader.loadClass(MinaInternals.class.getName()).getDeclaredMethod("probe");
        try {
            return probe.invoke(null);
        } catch (InvocationTargetException e) {
            throw (Exception) e.getCause();
        }
    }

    /** Loads the class under test anew, and one class of the host from a source of ours; all else is as it is. */
    private ClassLoader loaderWith(final String inPackage, final String name, final String body) throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assumeTrue(compiler != null, "needs a JDK");
        final Path source = directory.resolve(name + ".java");
        Files.write(
                source,
                ("package " + inPackage + "; public class " + name + " { " + body + " }")
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(compiler.run(null, null, null, "-proc:none", "-d", directory.toString(), source.toString()))
                .isZero();
        final byte[] other = Files.readAllBytes(
                directory.resolve(inPackage.replace('.', '/')).resolve(name + ".class"));
        final List<String> own = Arrays.asList(MinaInternals.class.getName(), SEARCH, inPackage + '.' + name);
        return new ClassLoader(MinaInternals.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(final String sought, final boolean resolve) throws ClassNotFoundException {
                if (!own.contains(sought)) {
                    return super.loadClass(sought, resolve);
                }
                synchronized (getClassLoadingLock(sought)) {
                    final Class<?> loaded = findLoadedClass(sought);
                    if (loaded != null) {
                        return loaded;
                    }
                    final byte[] code = sought.startsWith(inPackage) ? other : codeOf(sought);
                    return defineClass(sought, code, 0, code.length);
                }
            }
        };
    }

    private static byte[] codeOf(final String ownClass) {
        try (InputStream in = MinaInternals.class.getResourceAsStream('/' + ownClass.replace('.', '/') + ".class")) {
            final ByteArrayOutputStream code = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                code.write(b);
            }
            return code.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
