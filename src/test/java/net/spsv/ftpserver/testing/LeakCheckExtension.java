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
package net.spsv.ftpserver.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that leaves a thread or a descriptor behind, the server's or the test's own.
 *
 * <p>Used as {@code @ExtendWith(LeakCheckExtension.class)} on the class, where it looks before a server of a static
 * {@code @RegisterExtension} field has started and after it was stopped.
 */
public final class LeakCheckExtension implements BeforeAllCallback, AfterAllCallback {
    private static final Path DESCRIPTORS = Paths.get("/proc/self/fd");
    /**
     * Threads of the virtual machine and of the test framework, which come and go on their own, and the two that MINA
     * 2.2 keeps for all handshakes of a virtual machine.
     */
    private static final Pattern FOREIGN =
            Pattern.compile("awaitility.*|junit-.*|surefire.*|ForkJoinPool.commonPool.*|process reaper.*|Common-Cleaner"
                    + "|Cleaner-.*|Attach Listener|Signal Dispatcher|Reference Handler|Finalizer|JFR .*|jacoco.*"
                    + "|Keep-Alive-Timer|ssl-exec-.*");

    private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(LeakCheckExtension.class);

    private final Duration patience;

    /**
     * Gives threads and descriptors 40 seconds to go: with one in a few hundred stops FtpServer leaves a command thread
     * behind for 30 seconds, with the plugin and without, see {@link FtpServerExtension#stop()}.
     */
    public LeakCheckExtension() {
        this(Duration.ofSeconds(40));
    }

    LeakCheckExtension(final Duration patience) {
        this.patience = patience;
    }

    /** What was there. */
    public static final class Inventory {
        private final Set<Thread> threads = threads();
        private final Map<String, Integer> descriptors = descriptors();

        /** Returns what is there now and was not there then, one thing a line. */
        public List<String> added() {
            final List<String> added = new ArrayList<>();
            for (final Thread thread : threads()) {
                if (!threads.contains(thread)) {
                    added.add("thread " + thread.getName() + " " + stackOf(thread));
                }
            }
            descriptors().forEach((kind, count) -> {
                final int before = descriptors.getOrDefault(kind, 0);
                if (count > before) {
                    added.add(count - before + " descriptor(s) of " + kind);
                }
            });
            return added;
        }

        /** Returns whether nothing has come and nothing has gone since. */
        boolean isUpToDate() {
            return threads.equals(threads()) && descriptors.equals(descriptors());
        }
    }

    /** Remembers what is there. */
    @Override
    public void beforeAll(final ExtensionContext context) {
        if (isNested(context)) {
            return;
        }
        openWhatTheVirtualMachineKeeps();
        context.getStore(STORE).put(context.getUniqueId(), new Inventory());
    }

    /** Fails when more is there than before, and stays. */
    @Override
    public void afterAll(final ExtensionContext context) {
        if (isNested(context)) {
            return;
        }
        final Inventory before = context.getStore(STORE).remove(context.getUniqueId(), Inventory.class);
        try {
            Awaitility.await()
                    .atMost(patience)
                    .pollDelay(Duration.ZERO)
                    .until(() -> before.added().isEmpty());
        } catch (final ConditionTimeoutException e) {
            throw new AssertionError(
                    context.getRequiredTestClass().getSimpleName() + " left behind:\n"
                            + String.join("\n", before.added()),
                    e);
        }
    }

    /** A nested class runs while the server of its outer class does; the outer class is the one to be checked. */
    private static boolean isNested(final ExtensionContext context) {
        return context.getRequiredTestClass().isAnnotationPresent(Nested.class);
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .filter(thread -> !FOREIGN.matcher(thread.getName()).matches())
                .collect(Collectors.toSet());
    }

    private static String stackOf(final Thread thread) {
        final StackTraceElement[] stack = thread.getStackTrace();
        return stack.length == 0 ? "" : "at " + stack[0];
    }

    /** Counts open sockets and what selectors are made of, and names files in the directory for temporary files. */
    private static Map<String, Integer> descriptors() {
        final Map<String, Integer> counts = new TreeMap<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return counts;
        }
        final String temporary = System.getProperty("java.io.tmpdir");
        try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
            for (final Path descriptor : all) {
                final String target = target(descriptor);
                if (target.startsWith("socket:")) {
                    counts.merge("socket", 1, Integer::sum);
                } else if (target.startsWith("anon_inode:")) {
                    counts.merge(target, 1, Integer::sum);
                } else if (target.startsWith("pipe:")) {
                    counts.merge("pipe", 1, Integer::sum);
                } else if (target.startsWith(temporary + "/spsv")) {
                    counts.merge(target, 1, Integer::sum);
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return counts;
    }

    private static String target(final Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (final IOException e) {
            return "";
        }
    }

    /** The virtual machine keeps a few descriptors for itself from the first use of a selector and of a socket on. */
    private static void openWhatTheVirtualMachineKeeps() {
        try (Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (SocketChannel client = SocketChannel.open(server.getLocalAddress());
                    SocketChannel accepted = server.accept();
                    ServerSocket blocking = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    Socket socket = new Socket(InetAddress.getLoopbackAddress(), blocking.getLocalPort());
                    Socket other = blocking.accept()) {
                client.configureBlocking(false);
                client.register(selector, SelectionKey.OP_READ);
                socket.getOutputStream().write(1);
                other.getInputStream().read();
                accepted.shutdownOutput();
                selector.select();
            }
            selector.selectNow();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
