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
package net.spsv.ftpserver.sequences;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import net.spsv.ftpserver.testing.RawFtpClient;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/**
 * Throws random sequences of what clients do at servers, and looks after each whether all is as it was before.
 *
 * <p>{@code -Dspsv.sequences} says how many, and {@code -Dspsv.seed} what the first one is: a sequence that fails names
 * the seed that begins with it.
 */
@ExtendWith(LeakCheckExtension.class)
class RandomSequencesIT {
    /**
     * Longer than FtpServer waits for a 150 to be sent that MINA has lost: when a session ends while a reply is
     * written, nobody tells the command, which takes 10 to 15 seconds to give up, with the plugin and without.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int SEQUENCES = Integer.getInteger("spsv.sequences", 300);

    /** Command threads, I/O threads and the timer's: they come as they are needed, and go when idle for a while. */
    private static final Pattern THREAD_OF_A_POOL =
            Pattern.compile("thread (?:pool-[0-9]+-thread-|NioProcessor-|spsv-timer ).*", Pattern.DOTALL);

    private static final Pattern PROGRAMMING_ERROR =
            Pattern.compile(".*(?:NullPointer|IllegalState|IllegalArgument|OutOfBounds|ClassCast|ConcurrentModification"
                    + "|BufferOverflow|BufferUnderflow|NegativeArraySize|CancelledKey|NoSuchElement|Completion"
                    + "|UnsupportedOperation)Exception|.*Error");

    /** Replies to uploads, by the names of the files. */
    private static final Map<String, Integer> REPLIES = new ConcurrentHashMap<>();

    @RegisterExtension
    static final FtpServerExtension REQUIRING = server(true);

    @RegisterExtension
    static final FtpServerExtension LENIENT = server(false);

    private final SSLContext tls = Certificates.client();

    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    private final Failures failures = new Failures();

    private final AtomicInteger ids = new AtomicInteger();

    private int wholeUploads;

    /** Remembers what the plugin's own code did not foresee; all else that is logged is of no interest. */
    private static final class Failures extends AppenderBase<ILoggingEvent> {
        private final Queue<String> seen = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(final ILoggingEvent event) {
            for (IThrowableProxy thrown = event.getThrowableProxy(); thrown != null; thrown = thrown.getCause()) {
                if (PROGRAMMING_ERROR.matcher(thrown.getClassName()).matches() && isThrownByThePlugin(thrown)) {
                    seen.add(event.getFormattedMessage()
                            + '\n'
                            + ThrowableProxyUtil.asString(event.getThrowableProxy()));
                }
            }
        }

        /** FtpServer and MINA have some of their own. */
        private static boolean isThrownByThePlugin(final IThrowableProxy thrown) {
            return Arrays.stream(thrown.getStackTraceElementProxyArray())
                    .map(frame -> frame.getStackTraceElement().getClassName())
                    .filter(name -> !name.matches("(?:java|javax|jdk|sun)\\..*"))
                    .findFirst()
                    .filter(name -> name.startsWith("net.spsv."))
                    .isPresent();
        }
    }

    private static FtpServerExtension server(final boolean requireTls) {
        return new FtpServerExtension()
                .tls(Certificates.server(Certificates.LISTENER))
                .requireTls(requireTls)
                .dataIdleTimeout(1)
                .loginFailureDelay(20)
                .ftplet("replies", new DefaultFtplet() {
                    @Override
                    public FtpletResult afterCommand(
                            final FtpSession session, final FtpRequest request, final FtpReply reply) {
                        if (request.getArgument() != null && reply != null) {
                            REPLIES.put(request.getArgument(), reply.getCode());
                        }
                        return FtpletResult.DEFAULT;
                    }
                });
    }

    @BeforeEach
    void listen() {
        root.iteratorForAppenders().forEachRemaining(appender -> appender.stop());
        failures.setContext(root.getLoggerContext());
        failures.start();
        root.addAppender(failures);
        for (final FtpServerExtension server : new FtpServerExtension[] {REQUIRING, LENIENT}) {
            server.file("file", Client.FILE);
            server.file("large", Client.LARGE_FILE);
        }
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(failures);
        root.iteratorForAppenders().forEachRemaining(appender -> appender.start());
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void nothingIsLeftBehindWhateverClientsDo() throws IOException {
        final long seed = Long.getLong("spsv.seed", new Random().nextInt(1_000_000_000));
        System.out.println("RandomSequencesIT: " + SEQUENCES + " sequences, -Dspsv.seed=" + seed);
        LeakCheckExtension.Inventory before = null;
        for (int i = 0; i < SEQUENCES; i++) {
            // equal first numbers would come of seeds that are next to each other
            final SplittableRandom first = new SplittableRandom(seed + i);
            final FtpServerExtension server = first.nextInt(2) == 0 ? REQUIRING : LENIENT;
            final Sequence sequence = new Sequence(server, tls, first.nextLong(), ids);
            try {
                sequence.run();
                expectBaseline(server);
                expectWholeUploads(server, sequence);
                expectAlive(server);
                expectBaseline(server);
                assertThat(failures.seen).isEmpty();
                if (before == null) {
                    // what the first sequence has brought stays: selectors, timers
                    before = new LeakCheckExtension.Inventory();
                } else {
                    expectNothingAdded(before);
                }
            } catch (final AssertionError | RuntimeException | IOException e) {
                throw new AssertionError(
                        "sequence " + i + ", -Dspsv.seed=" + (seed + i) + ": " + e.getMessage() + "\n" + sequence.log()
                                + "\nThere are:\n" + state(server),
                        e);
            }
            if ((i + 1) % 1000 == 0) {
                System.out.println("RandomSequencesIT: " + (i + 1) + " sequences are done");
            }
        }
        System.out.println(
                "RandomSequencesIT: " + SEQUENCES + " sequences are done, " + wholeUploads + " uploads are whole");
        for (final FtpServerExtension server : new FtpServerExtension[] {REQUIRING, LENIENT}) {
            final SinglePortMXBean statistics = server.ftplet().getStatistics();
            System.out.println("RandomSequencesIT: " + statistics.getTokensIssued() + " tokens, "
                    + statistics.getDataConnections() + " data connections, refused "
                    + statistics.getLoginsRefusedByReason());
        }
    }

    /** The sessions that are open, and what threads do. */
    private static String state(final FtpServerExtension server) {
        final StringBuilder state = new StringBuilder();
        server.server()
                .getListener("default")
                .getActiveSessions()
                .forEach(session -> state.append(session)
                        .append(session.isClosing() ? ", closing" : "")
                        .append(session.isReadSuspended() ? ", not read" : "")
                        .append(", to be written: ")
                        .append(session.getScheduledWriteMessages())
                        .append('\n'));
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (stack.length > 0) {
                state.append(thread.getName()).append('\n');
                for (final StackTraceElement frame : stack) {
                    state.append("  ").append(frame).append('\n');
                }
            }
        });
        return state.toString();
    }

    private static void expectBaseline(final FtpServerExtension server) {
        final SinglePortMXBean statistics = server.ftplet().getStatistics();
        Awaitility.await()
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> {
                    assertThat(server.statistics().getCurrentConnectionNumber())
                            .as("connections")
                            .isZero();
                    assertThat(server.statistics().getCurrentLoginNumber())
                            .as("logins")
                            .isZero();
                    assertThat(statistics.getTokensOutstanding())
                            .as("tokens outstanding")
                            .isZero();
                    assertThat(statistics.getDataConnectionsWaiting())
                            .as("data connections waiting")
                            .isZero();
                    assertThat(statistics.getDataConnectionsActive())
                            .as("data connections active")
                            .isZero();
                    assertThat(statistics.getRefusalsDelayed())
                            .as("refusals delayed")
                            .isZero();
                    assertThat(statistics.getTokensRedeemed() + statistics.getTokensExpired())
                            .as("tokens used and expired, of all")
                            .isEqualTo(statistics.getTokensIssued());
                    assertThat(server.context().getThreadPoolExecutor().getActiveCount())
                            .as("busy command threads")
                            .isZero();
                });
    }

    /** What was answered with 226 over SPSV is whole, and its client has ended it in an orderly way. */
    private void expectWholeUploads(final FtpServerExtension server, final Sequence sequence) throws IOException {
        try (Stream<Path> home = Files.list(server.home())) {
            for (final Path file : home.collect(Collectors.toList())) {
                final String name = file.getFileName().toString();
                if (name.startsWith("spsv-") && Integer.valueOf(226).equals(REPLIES.get(name))) {
                    expectWhole(name, Files.readAllBytes(file), sequence);
                }
                if (!"file".equals(name) && !"large".equals(name)) {
                    Files.delete(file);
                }
            }
        }
        REPLIES.clear();
    }

    private void expectWhole(final String name, final byte[] bytes, final Sequence sequence) {
        int start = 0;
        while (start < bytes.length && bytes[start] == 0) {
            // REST was heard before it
            start++;
        }
        final byte[] content = Arrays.copyOfRange(bytes, start, bytes.length);
        if (content.length == 0 || content[0] != 'U') {
            // nothing, or what client and server do not agree to be deflated
            return;
        }
        assertThat(sequence.uploads())
                .as(name + ", of " + content.length + " bytes, was answered with 226")
                .anyMatch(upload -> upload.isWhole(content));
        wholeUploads++;
    }

    private static void expectAlive(final FtpServerExtension server) {
        try (RawFtpClient client = server.login().binary()) {
            client.store("alive", Client.FILE);
            assertThat(client.retrieve("alive")).isEqualTo(Client.FILE);
            client.line("QUIT").expect(221);
        }
    }

    private static void expectNothingAdded(final LeakCheckExtension.Inventory before) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> {
                    final List<String> added = before.added().stream()
                            .filter(what -> !THREAD_OF_A_POOL.matcher(what).matches())
                            .collect(Collectors.toList());
                    assertThat(added).isEmpty();
                });
    }
}
