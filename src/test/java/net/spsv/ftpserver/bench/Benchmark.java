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
 * Stock FtpServer's PASV against the plugin's SPSV, and PASV with the plugin in place, without and with TLS. Each
 * server has a process of its own; after a warm-up they take turns in every round, each round starting with another
 * one, so that a change of the machine's mood falls on all alike. Progress goes to the error output, the tables to
 * standard output.
 */
@Command(
        name = "benchmark",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Measures FtpServer with and without the single-port plugin over loopback.")
public final class Benchmark implements Callable<Integer> {
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
            description = "only these rows: retr, stor, small-retr, small-stor, sessions, latency, pipelined, "
                    + "tls-retr, tls-stor, tls-small-retr, tls-setup, tls-setup-resumed, tls-setup-full")
    private List<String> only = new ArrayList<>();

    @Option(
            names = "--tls-protocol",
            paramLabel = "<name>",
            defaultValue = "TLSv1.3",
            description = "the TLS version, as the JDK calls it (default: ${DEFAULT-VALUE})")
    private String tlsProtocol;

    @Option(
            names = "--cipher",
            paramLabel = "<suite>",
            defaultValue = "TLS_AES_128_GCM_SHA256",
            description = "the cipher suite, as the JDK calls it (default: ${DEFAULT-VALUE})")
    private String cipherSuite;

    @Option(names = "--vsftpd", description = "measure vsftpd's PASV too, if it is installed")
    private boolean withVsftpd;

    @Option(names = "--gateway", description = "measure PASV through the gateway in front of the plugin, too")
    private boolean withGateway;

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
        final List<ServerProcess> gateways = new ArrayList<>();
        final Thread cleaner = new Thread(() -> {
            gateways.forEach(ServerProcess::close);
            cleanUp(servers, temporary);
        });
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            start(servers, temporary);
            if (withGateway) {
                gateways.add(ServerProcess.gateway(servers.get(1), Security.NONE, temporary, jvmFlags));
                gateways.add(ServerProcess.gateway(servers.get(1), Security.EXPLICIT, temporary, jvmFlags));
            }
            createFiles(rows, servers, temporary);
            final List<Contender> plain = plainContenders(servers);
            final List<Contender> secure = secureContenders(servers);
            if (withGateway) {
                plain.add(throughGateway(gateways.get(0), plain.get(2)));
                secure.add(throughGateway(gateways.get(1), secure.get(1)));
            }
            if (rows.stream().anyMatch(Row::isSecure)) {
                System.err.println("Warming up for TLS");
                for (final ServerProcess server : servers) {
                    server.warmUpHandshakes();
                }
            }
            final List<Results> results = new ArrayList<>();
            for (final Row row : rows) {
                System.err.println(String.format(
                        Locale.ROOT,
                        "[%d/%d] %s: a warm-up and %d rounds",
                        results.size() + 1,
                        rows.size(),
                        row.id(),
                        rounds));
                results.add(measure(row, row.isSecure() ? secure : plain));
            }
            return print(results, plain, secure);
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
                new BulkDownload(false, size),
                new BulkUpload(false, size),
                new SmallDownloads(false, seconds),
                new SmallUploads(seconds),
                new SetUpLatency(false, seconds),
                new SetUpLatency(true, seconds),
                new ConcurrentSessions(),
                new BulkDownload(true, size),
                new BulkUpload(true, size),
                new SmallDownloads(true, seconds),
                new TlsSetUp(Handshakes.OF_THE_JDK, seconds),
                new TlsSetUp(Handshakes.RESUMED, seconds),
                new TlsSetUp(Handshakes.FULL, seconds)));
    }

    private void start(final List<ServerProcess> servers, final Path temporary)
            throws IOException, InterruptedException {
        System.err.println("Starting the servers, homes in " + temporary);
        final TlsKey key = TlsKey.create(temporary);
        servers.add(ServerProcess.ftpServer(false, temporary, jvmFlags, key, tlsClient()));
        servers.add(ServerProcess.ftpServer(true, temporary, jvmFlags, key, tlsClient()));
        if (withVsftpd) {
            final Path executable = ServerProcess.find("vsftpd");
            if (executable == null) {
                System.err.println("vsftpd is not installed, so it is left out.");
            } else {
                servers.add(ServerProcess.vsftpd(executable, temporary, key, tlsClient()));
            }
        }
    }

    /** One for each server, because a client takes up sessions by the port. */
    private TlsClient tlsClient() throws IOException {
        return new TlsClient(tlsProtocol, cipherSuite);
    }

    /** A client that knows PASV and no TLS, against one that speaks to the server itself. */
    private static Contender throughGateway(final ServerProcess gateway, final Contender direct) {
        return new Contender("gateway, PASV", gateway, Security.NONE, DataMode.PASSIVE, direct, "gateway to SPSV");
    }

    private static List<Contender> plainContenders(final List<ServerProcess> servers) {
        final ServerProcess plugin = servers.get(1);
        final List<Contender> contenders = new ArrayList<>();
        final Contender stock = new Contender("stock, PASV", servers.get(0), Security.NONE, DataMode.PASSIVE);
        contenders.add(stock);
        contenders.add(new Contender("with plugin, PASV", plugin, Security.NONE, DataMode.PASSIVE));
        contenders.add(new Contender(
                "with plugin, SPSV", plugin, Security.NONE, DataMode.SINGLE_PORT, stock, "SPSV to stock PASV"));
        for (final ServerProcess vsftpd : servers.subList(2, servers.size())) {
            contenders.add(new Contender("vsftpd, PASV", vsftpd, Security.NONE, DataMode.PASSIVE));
        }
        return contenders;
    }

    private static List<Contender> secureContenders(final List<ServerProcess> servers) {
        final ServerProcess plugin = servers.get(1);
        final List<Contender> contenders = new ArrayList<>();
        final Contender stock = new Contender("stock, PASV", servers.get(0), Security.EXPLICIT, DataMode.PASSIVE);
        contenders.add(stock);
        contenders.add(new Contender(
                "with plugin, SPSV", plugin, Security.EXPLICIT, DataMode.SINGLE_PORT, stock, "SPSV to stock PASV"));
        contenders.add(new Contender(
                "with plugin, implicit SPSV",
                plugin,
                Security.IMPLICIT,
                DataMode.SINGLE_PORT,
                stock,
                "implicit SPSV to stock PASV"));
        contenders.add(new Contender(
                "with plugin, SPSV with login in clear",
                plugin,
                Security.EXPLICIT,
                DataMode.SINGLE_PORT_CLEAR_LOGIN,
                stock,
                "SPSV with login in clear to stock PASV"));
        for (final ServerProcess vsftpd : servers.subList(2, servers.size())) {
            contenders.add(new Contender("vsftpd, PASV", vsftpd, Security.EXPLICIT, DataMode.PASSIVE));
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

    private Results measure(final Row row, final List<Contender> contenders) throws IOException, InterruptedException {
        final ExecutorService client = Executors.newSingleThreadExecutor(task -> {
            final Thread thread = new Thread(task, "client");
            thread.setDaemon(true);
            return thread;
        });
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
        client.shutdown();
        results.printProgress(System.err);
        return results;
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

    private int print(final List<Results> all, final List<Contender> plain, final List<Contender> secure)
            throws IOException {
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
        final List<String> missed = new ArrayList<>();
        printTable(all, false, plain, missed);
        printTable(all, true, secure, missed);
        out.println();
        if (check && !missed.isEmpty()) {
            System.err.println("Targets missed: " + String.join("; ", missed));
            return EXIT_MISSED;
        }
        return CommandLine.ExitCode.OK;
    }

    private void printTable(
            final List<Results> all,
            final boolean secure,
            final List<Contender> contenders,
            final List<String> missed) {
        final PrintStream out = System.out;
        boolean empty = true;
        for (final Results results : all) {
            if (results.isSecure() == secure) {
                if (empty) {
                    empty = false;
                    out.println();
                    if (secure) {
                        out.println("With " + tlsProtocol + " and " + cipherSuite
                                + " on every connection, as its client saw it:");
                        out.println();
                    }
                    Results.printHeader(out, contenders);
                }
                results.printLines(out);
                missed.addAll(results.missed());
            }
        }
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
