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
package net.spsv.ftpserver.soak;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.tls.Certificates;
import org.apache.ftpserver.FtpServer;
import org.awaitility.Awaitility;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs mixed transfers for a given time, and looks every now and then at what the server holds with nobody there. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Transfers through SPSV and PASV, in clear and with TLS, both ways, for a given time. Ends with 1"
                + " if anything went wrong, or if the server's heap, threads or descriptors have grown.")
public final class Soak implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;
    private static final int MAX_SHOWN = 20;
    private static final double MIB = 1024 * 1024;

    @Option(names = "--minutes", paramLabel = "<n>", defaultValue = "10", description = "default: ${DEFAULT-VALUE}")
    private double minutes;

    @Option(
            names = "--every",
            paramLabel = "<s>",
            defaultValue = "60",
            description = "seconds between two rows of the table (default: ${DEFAULT-VALUE})")
    private double every;

    @Option(
            names = "--sessions",
            paramLabel = "<n>",
            defaultValue = "50",
            description = "sessions at a time (default: ${DEFAULT-VALUE})")
    private int sessions;

    @Option(names = "--seed", paramLabel = "<n>", description = "of sizes, contents and kinds; a new one unless told")
    private long seed = System.nanoTime();

    @Option(
            names = "--directory",
            paramLabel = "<dir>",
            description = "where to make the server's temporary home (default: java.io.tmpdir)")
    private Path directory = Paths.get(System.getProperty("java.io.tmpdir"));

    @Option(
            names = "--server-jvm-flags",
            paramLabel = "<flags>",
            split = " ",
            defaultValue = "-Xmx256m",
            description = "flags of the server's JVM (default: ${DEFAULT-VALUE})")
    private List<String> jvmFlags;

    private final Counts counts = new Counts();
    /** Held for reading by every session, and for writing while there is none. */
    private final ReadWriteLock gate = new ReentrantReadWriteLock(true);

    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger shown = new AtomicInteger();
    private final List<Levels> run = new ArrayList<>();

    /**
     * Runs it.
     *
     * @param args see {@code --help}
     */
    public static void main(final String[] args) {
        System.exit(new CommandLine(new Soak()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        final Path home = Files.createTempDirectory(directory, "spsv-soak");
        final List<Thread> clients = new ArrayList<>();
        final List<String> wrong = new ArrayList<>();
        try (SoakServerProcess server = new SoakServerProcess(home, jvmFlags)) {
            final SSLContext tls = Certificates.client();
            for (int i = 0; i < sessions; i++) {
                final Client client = new Client(i, seed, server, tls, counts);
                clients.add(new Thread(() -> run(client), "client " + i));
            }
            printHead();
            clients.forEach(Thread::start);
            observe(server, wrong);
            over.countDown();
            for (final Thread client : clients) {
                client.join();
            }
        } finally {
            over.countDown();
            delete(home);
        }
        wrong.addAll(Levels.growth(run));
        System.out.println();
        System.out.println(wrong.isEmpty() ? "All is level." : "Wrong: " + String.join("; ", wrong));
        return wrong.isEmpty() ? CommandLine.ExitCode.OK : EXIT_FAILED;
    }

    private void run(final Client client) {
        while (over.getCount() > 0) {
            gate.readLock().lock();
            try {
                client.session();
            } catch (final IOException | RuntimeException | AssertionError e) {
                counts.errors.incrementAndGet();
                if (shown.getAndIncrement() < MAX_SHOWN) {
                    e.printStackTrace();
                }
            } finally {
                gate.readLock().unlock();
            }
        }
    }

    private void observe(final SoakServerProcess server, final List<String> wrong) throws Exception {
        final long start = System.nanoTime();
        final long end = start + (long) (minutes * TimeUnit.MINUTES.toNanos(1));
        long next = start;
        long errors = 0;
        do {
            next = Math.min(end, next + (long) (every * TimeUnit.SECONDS.toNanos(1)));
            if (over.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return;
            }
            gate.writeLock().lock();
            try {
                final Levels levels = levelsOfEmptyServer(server);
                if (levels.leftovers() > 0) {
                    wrong.add(levels.leftovers() + " connections or tokens without a client");
                }
                run.add(levels);
                final long[] row = counts.take();
                errors += row[row.length - 1];
                printRow((System.nanoTime() - start) / 60e9, row, levels);
            } finally {
                gate.writeLock().unlock();
            }
        } while (next < end);
        if (errors > 0) {
            wrong.add(errors + " sessions with errors");
        }
    }

    /** The server may take a moment to hear that the last one has gone. */
    private static Levels levelsOfEmptyServer(final SoakServerProcess server) throws IOException {
        final Levels[] levels = {server.levels()};
        try {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> {
                        levels[0] = server.levels();
                        return levels[0].leftovers() == 0;
                    });
        } catch (final org.awaitility.core.ConditionTimeoutException e) {
            return levels[0];
        }
        return levels[0];
    }

    private void printHead() {
        System.out.println();
        System.out.println(String.format(
                Locale.ROOT,
                "%d sessions at a time, seed %d; %d cores, Java %s, %s %s, %s",
                sessions,
                seed,
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                new File(FtpServer.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .getPath())
                        .getName()));
        System.out.println();
        System.out.println("| minute | sessions | transfers, SPSV | transfers, PASV | MiB up | MiB down | broken off"
                + " on purpose | errors | heap after GC, MiB | threads | descriptors |");
        System.out.println("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    }

    private static void printRow(final double minute, final long[] row, final Levels levels) {
        System.out.println(String.format(
                Locale.ROOT,
                "| %.1f | %,d | %,d | %,d | %,.0f | %,.0f | %,d | %d | %.1f | %d | %d |",
                minute,
                row[0],
                row[1],
                row[2],
                row[3] / MIB,
                row[4] / MIB,
                row[5],
                row[6],
                levels.heap() / MIB,
                levels.threads(),
                levels.descriptors()));
    }

    private static void delete(final Path home) throws IOException {
        final File[] files = home.toFile().listFiles();
        for (final File file : files == null ? new File[0] : files) {
            Files.delete(file.toPath());
        }
        Files.delete(home);
    }
}
