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
package net.spsv.ftpserver.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ftpserver.FtpServer;
import org.apache.mina.core.service.IoAcceptor;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Stock FtpServer's PASV against the plugin's SPSV, and PASV with the plugin in place. Each server has a process of
 * its own; after a warm-up they take turns in every round, each round starting with another one, so that a change of
 * the machine's mood falls on all alike. Progress goes to the error output, the table to standard output.
 */
@Command(
        name = "benchmark",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Measures FtpServer with and without the single-port plugin over loopback.")
public final class Benchmark implements Callable<Integer> {
    private static final int STOCK_PASSIVE = 0;
    private static final int PLUGIN_SINGLE_PORT = 2;
    private static final int EXIT_MISSED = 1;
    private static final int EXIT_FAILED = 2;
    private static final long LONGEST_SAMPLE_SECONDS = 120;

    @Option(
            names = "--rounds",
            paramLabel = "<n>",
            defaultValue = "5",
            description = "rounds whose median counts (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(
            names = "--size",
            paramLabel = "<MiB>",
            defaultValue = "512",
            description = "size of the bulk transfers in MiB (default: ${DEFAULT-VALUE})")
    private int size;

    @Option(
            names = "--seconds",
            paramLabel = "<s>",
            defaultValue = "1.5",
            description = "length of a round of those rows that count transfers (default: ${DEFAULT-VALUE})")
    private double seconds;

    @Option(
            names = "--only",
            paramLabel = "<row>",
            split = ",",
            description = "only these rows: retr, stor, small-retr, small-stor, sessions, latency, pipelined")
    private List<String> only = new ArrayList<>();

    @Option(names = "--vsftpd", description = "measure vsftpd's PASV too, if it is installed")
    private boolean withVsftpd;

    @Option(names = "--check", description = "end with exit code 1 when a target is missed")
    private boolean check;

    @Option(
            names = "--directory",
            paramLabel = "<dir>",
            description = "where to make the servers' temporary homes (default: java.io.tmpdir)")
    private Path directory = Paths.get(System.getProperty("java.io.tmpdir"));

    @Option(
            names = "--server-jvm-flags",
            paramLabel = "<flags>",
            split = " ",
            defaultValue = "-Xmx512m",
            description = "flags of both servers' JVMs (default: ${DEFAULT-VALUE})")
    private List<String> jvmFlags;

    @Option(
            names = "--keep-pacing",
            description = "measure with the machine's TCP as it is, even if it paces (see the README)")
    private boolean keepPacing;

    @Spec
    private CommandSpec spec;

    /**
     * Runs the benchmark.
     *
     * @param args see {@code --help}
     */
    public static void main(final String[] args) {
        System.exit(new CommandLine(new Benchmark()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        final List<Row> rows = rows();
        if (!only.isEmpty()) {
            rows.removeIf(row -> !only.contains(row.id()));
        }
        if (rows.isEmpty() || rounds < 1 || size < 1) {
            System.err.println("Nothing to measure: --only names no row, or --rounds or --size is below 1.");
            return EXIT_FAILED;
        }
        if (TcpPacing.isOn() && !keepPacing) {
            System.err.println("This machine's TCP paces what it sends (" + TcpPacing.congestionControl()
                    + "): over loopback its timers are measured, not the servers.");
            if (TcpPacing.canBeAvoided()) {
                System.err.println("So this runs in a network namespace of its own; --keep-pacing measures without.");
                return TcpPacing.runWithout(
                        Benchmark.class, spec.commandLine().getParseResult().originalArgs());
            }
            System.err.println("Run it as root, with iproute2 and util-linux installed, to have it without pacing.");
        }
        final Path temporary = Files.createTempDirectory(directory, "spsv-benchmark");
        final List<ServerProcess> servers = new ArrayList<>();
        final Thread cleaner = new Thread(() -> cleanUp(servers, temporary));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            final List<Contender> contenders = start(servers, temporary);
            createFiles(rows, servers, temporary);
            final List<Results> results = measure(rows, contenders);
            return print(results, contenders);
        } catch (IOException e) {
            System.err.println("The benchmark failed: " + e.getMessage());
            for (final ServerProcess server : servers) {
                System.err.println(server.name() + " printed last:");
                System.err.println(server.tailOfLog());
            }
            return EXIT_FAILED;
        }
    }

    /** All rows, in the order of the table. */
    private List<Row> rows() {
        return new ArrayList<>(Arrays.asList(
                new BulkDownload(size),
                new BulkUpload(size),
                new SmallDownloads(seconds),
                new SmallUploads(seconds),
                new SetUpLatency(false, seconds),
                new SetUpLatency(true, seconds),
                new ConcurrentSessions()));
    }

    private List<Contender> start(final List<ServerProcess> servers, final Path temporary)
            throws IOException, InterruptedException {
        System.err.println("Starting the servers, homes in " + temporary);
        final ServerProcess stock = ServerProcess.ftpServer(false, temporary, jvmFlags);
        servers.add(stock);
        final ServerProcess plugin = ServerProcess.ftpServer(true, temporary, jvmFlags);
        servers.add(plugin);
        final List<Contender> contenders = new ArrayList<>();
        contenders.add(new Contender("stock, PASV", stock, DataMode.PASSIVE));
        contenders.add(new Contender("with plugin, PASV", plugin, DataMode.PASSIVE));
        contenders.add(new Contender("with plugin, SPSV", plugin, DataMode.SINGLE_PORT));
        if (withVsftpd) {
            final Path executable = ServerProcess.find("vsftpd");
            if (executable == null) {
                System.err.println("vsftpd is not installed, so it is left out.");
            } else {
                final ServerProcess vsftpd = ServerProcess.vsftpd(executable, temporary);
                servers.add(vsftpd);
                contenders.add(new Contender("vsftpd, PASV", vsftpd, DataMode.PASSIVE));
            }
        }
        return contenders;
    }

    /** Every home gets the same files, if possible as hard links, so that the page cache holds them once. */
    private static void createFiles(final List<Row> rows, final List<ServerProcess> servers, final Path temporary)
            throws IOException {
        final Path files = Files.createDirectory(temporary.resolve("files"));
        for (final Row row : rows) {
            row.createFiles(files);
        }
        final File[] created = files.toFile().listFiles();
        for (final ServerProcess server : servers) {
            for (final File file : created) {
                final Path copy = server.home().resolve(file.getName());
                try {
                    Files.createLink(copy, file.toPath());
                } catch (UnsupportedOperationException | IOException e) {
                    Files.copy(file.toPath(), copy);
                }
            }
        }
    }

    private List<Results> measure(final List<Row> rows, final List<Contender> contenders)
            throws IOException, InterruptedException {
        final List<Results> all = new ArrayList<>();
        final ExecutorService client = Executors.newSingleThreadExecutor(task -> {
            final Thread thread = new Thread(task, "client");
            thread.setDaemon(true);
            return thread;
        });
        for (final Row row : rows) {
            System.err.println(String.format(
                    Locale.ROOT,
                    "[%d/%d] %s: a warm-up and %d rounds",
                    all.size() + 1,
                    rows.size(),
                    row.metrics().get(0).title(),
                    rounds));
            final Results results = new Results(row, contenders, rounds);
            final List<Integer> order = new ArrayList<>();
            for (int contender = 0; contender < contenders.size(); contender++) {
                if (row.measures(contenders.get(contender).mode())) {
                    order.add(contender);
                }
            }
            for (final int contender : order) {
                sample(client, row, contenders.get(contender), true);
            }
            for (int round = 0; round < rounds; round++) {
                for (final int contender : order) {
                    results.add(contender, round, sample(client, row, contenders.get(contender), false));
                }
                Collections.rotate(order, 1);
            }
            results.printProgress(System.err);
            all.add(results);
        }
        return all;
    }

    private static double[] sample(
            final ExecutorService client, final Row row, final Contender contender, final boolean warmUp)
            throws IOException, InterruptedException {
        final Future<double[]> sample = client.submit(() -> row.sample(contender, warmUp));
        try {
            return sample.get(LONGEST_SAMPLE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(row.id() + ", " + contender.name() + ": " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException(
                    row.id() + ", " + contender.name() + ": no end after " + LONGEST_SAMPLE_SECONDS + " seconds", e);
        }
    }

    private int print(final List<Results> all, final List<Contender> contenders) throws IOException {
        final PrintStream out = System.out;
        out.println();
        out.println(String.format(
                Locale.ROOT,
                "Medians of %d rounds over loopback; %d cores, Java %s, %s %s, TCP %s, files on %s, %s, %s",
                rounds,
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                TcpPacing.congestionControl(),
                Files.getFileStore(directory).type(),
                jarOf(FtpServer.class),
                jarOf(IoAcceptor.class)));
        out.println();
        Results.printHeader(out, contenders);
        final List<String> missed = new ArrayList<>();
        for (final Results results : all) {
            results.printLines(out, STOCK_PASSIVE, PLUGIN_SINGLE_PORT);
            missed.addAll(results.missed(STOCK_PASSIVE, PLUGIN_SINGLE_PORT));
        }
        out.println();
        if (check && !missed.isEmpty()) {
            System.err.println("Targets missed: " + String.join("; ", missed));
            return EXIT_MISSED;
        }
        return CommandLine.ExitCode.OK;
    }

    private static String jarOf(final Class<?> type) {
        try {
            return Paths.get(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .getFileName()
                    .toString()
                    .replaceAll("\\.jar$", "");
        } catch (URISyntaxException e) {
            return type.getSimpleName();
        }
    }

    private static void cleanUp(final List<ServerProcess> servers, final Path temporary) {
        for (final ServerProcess server : servers) {
            server.close();
        }
        try {
            Files.walkFileTree(temporary, new SimpleFileVisitor<Path>() {
                @Override
                public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes)
                        throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(final Path directory, final IOException e)
                        throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.err.println("Could not delete " + temporary + ": " + e);
        }
    }
}
