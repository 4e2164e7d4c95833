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

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.spsv.gateway.Main;

/** A server in a process of its own, with a home directory of its own. */
final class ServerProcess implements Closeable {
    private static final long START_SECONDS = 30;
    private static final int DATA_BUFFER = 1 << 18;
    private static final int WARM_UP_CONNECTIONS = 500;
    private static final Pattern GATEWAY_READY = Pattern.compile("^Connect FTP clients to \\S+:(\\d+) ");

    private final Process process;
    private final Path home;
    private final Path log;
    private final InetSocketAddress address;
    private final InetSocketAddress implicitAddress;
    private final TlsClient tls;
    private final String user;
    private final String password;
    private final BlockingQueue<Long> cpuTimes;

    private ServerProcess(
            final Process process,
            final Path home,
            final Path log,
            final int[] ports,
            final TlsClient tls,
            final String user,
            final String password,
            final BlockingQueue<Long> cpuTimes) {
        this.process = process;
        this.home = home;
        this.log = log;
        this.address = loopback(ports[0]);
        this.implicitAddress = ports.length > 1 ? loopback(ports[1]) : null;
        this.tls = tls;
        this.user = user;
        this.password = password;
        this.cpuTimes = cpuTimes;
    }

    /** Starts FtpServer in a JVM of the same kind and with the same class path as this one. */
    static ServerProcess ftpServer(
            final boolean withPlugin,
            final Path directory,
            final List<String> jvmFlags,
            final TlsKey key,
            final TlsClient tls)
            throws IOException, InterruptedException {
        final String kind = withPlugin ? BenchServer.WITH_PLUGIN : BenchServer.STOCK;
        final Path home = Files.createDirectories(directory.resolve(kind));
        final List<String> command = java(jvmFlags, BenchServer.class);
        command.addAll(Arrays.asList(kind, home.toString()));
        command.addAll(Arrays.asList(key.keyStore().toString(), tls.protocol(), tls.cipherSuite()));
        return start(command, kind, home, directory, tls, new LinkedBlockingQueue<>());
    }

    /** Writes what the server prints to the log, so that it never waits for a reader, and picks out its answers. */
    private static void readOutput(
            final Process process,
            final Path log,
            final CompletableFuture<int[]> ports,
            final BlockingQueue<Long> cpuTimes) {
        try (BufferedReader output =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                PrintWriter copy = new PrintWriter(Files.newBufferedWriter(log), true)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                final Matcher gateway = GATEWAY_READY.matcher(line);
                if (gateway.find()) {
                    ports.complete(new int[] {Integer.parseInt(gateway.group(1))});
                } else if (line.startsWith(BenchServer.PORTS_LINE)) {
                    ports.complete(Stream.of(line.substring(BenchServer.PORTS_LINE.length())
                                    .split(" "))
                            .mapToInt(Integer::parseInt)
                            .toArray());
                } else if (line.startsWith(BenchServer.CPU_LINE)) {
                    cpuTimes.add(Long.parseLong(line.substring(BenchServer.CPU_LINE.length())));
                } else {
                    copy.println(line);
                }
            }
            ports.completeExceptionally(new EOFException("the process ended"));
        } catch (IOException e) {
            ports.completeExceptionally(e);
        }
    }

    /** Starts a gateway in front of a server, whose files its clients see; they speak to it in clear. */
    static ServerProcess gateway(
            final ServerProcess server, final Security security, final Path directory, final List<String> jvmFlags)
            throws IOException, InterruptedException {
        final String kind = "gateway-" + security.name().toLowerCase(Locale.ROOT);
        final List<String> command = java(jvmFlags, Main.class);
        command.addAll(Arrays.asList("--server", "127.0.0.1:" + server.address.getPort(), "--listen", "127.0.0.1:0"));
        if (security == Security.EXPLICIT) {
            command.addAll(Arrays.asList("--tls", "explicit", "--insecure"));
        }
        return start(command, kind, server.home, directory, server.tls, null);
    }

    private static List<String> java(final List<String> jvmFlags, final Class<?> main) {
        final List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(Arrays.asList("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }

    /** Starts a program that prints its ports, for {@link BenchServer#USER}; the CPU times, if it tells them. */
    private static ServerProcess start(
            final List<String> command,
            final String kind,
            final Path home,
            final Path directory,
            final TlsClient tls,
            final BlockingQueue<Long> cpuTimes)
            throws IOException, InterruptedException {
        final Path log = directory.resolve(kind + ".log");
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final CompletableFuture<int[]> ports = new CompletableFuture<>();
        final Thread reader = new Thread(() -> readOutput(process, log, ports, cpuTimes), kind + " output");
        reader.setDaemon(true);
        reader.start();
        try {
            return new ServerProcess(
                    process,
                    home,
                    log,
                    ports.get(START_SECONDS, TimeUnit.SECONDS),
                    tls,
                    BenchServer.USER,
                    BenchServer.PASSWORD,
                    cpuTimes);
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new IOException("The " + kind + " process did not start:" + System.lineSeparator() + tail(log), e);
        }
    }

    /** Starts vsftpd with a configuration of its own, for anonymous reading and writing. */
    static ServerProcess vsftpd(final Path executable, final Path directory, final TlsKey key, final TlsClient tls)
            throws IOException, InterruptedException {
        final Path home = Files.createDirectories(directory.resolve("vsftpd"));
        final Path log = directory.resolve("vsftpd.log");
        final Path configuration = directory.resolve("vsftpd.conf");
        final int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.write(
                configuration,
                Arrays.asList(
                        "listen=YES",
                        "listen_address=127.0.0.1",
                        "listen_port=" + port,
                        "background=NO",
                        "run_as_launching_user=YES",
                        "anonymous_enable=YES",
                        "anon_root=" + home,
                        "anon_umask=022",
                        "write_enable=YES",
                        "anon_upload_enable=YES",
                        "anon_other_write_enable=YES",
                        "allow_writeable_chroot=YES",
                        "max_clients=0",
                        "max_per_ip=0",
                        "xferlog_enable=NO",
                        "ssl_enable=YES",
                        "allow_anon_ssl=YES",
                        "force_local_logins_ssl=NO",
                        "force_local_data_ssl=NO",
                        "require_ssl_reuse=NO",
                        "ssl_ciphers=HIGH",
                        "rsa_cert_file=" + key.pem(),
                        "seccomp_sandbox=NO"),
                StandardCharsets.US_ASCII);
        final Process process = new ProcessBuilder(executable.toString(), configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        final ServerProcess server =
                new ServerProcess(process, home, log, new int[] {port}, tls, "anonymous", "bench", null);
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                server.connect(Security.NONE).close();
                return server;
            } catch (ConnectException e) {
                if (process.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    server.close();
                    throw new IOException("vsftpd did not start:" + System.lineSeparator() + tail(log), e);
                }
            }
        }
    }

    /** Finds a program on the PATH, or in the directories of system programs, or returns null. */
    static Path find(final String program) {
        final String path = String.valueOf(System.getenv("PATH")) + File.pathSeparator + "/usr/sbin";
        for (final String directory : path.split(File.pathSeparator)) {
            final Path candidate = Paths.get(directory, program);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    String name() {
        return String.valueOf(home.getFileName());
    }

    /** Opens a control connection and logs in. */
    FtpConnection connect(final Security security) throws IOException {
        return connect(
                security,
                security == Security.NONE ? ByteBuffer.allocateDirect(DATA_BUFFER) : ByteBuffer.allocate(DATA_BUFFER));
    }

    /** Opens a control connection that uses this buffer for its data connections, and logs in. */
    FtpConnection connect(final Security security, final ByteBuffer data) throws IOException {
        final InetSocketAddress server = security == Security.IMPLICIT ? implicitAddress : address;
        final FtpConnection connection = new FtpConnection(server, security, tls, data);
        try {
            connection.login(user, password);
            return connection;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Shakes hands on control connections, often enough for the server's JVM to have compiled what that takes. With
     * data connections alone a server that keeps each transfer waiting would be measured cold, and one that does not
     * would be measured hot.
     */
    void warmUpHandshakes() throws IOException {
        final ByteBuffer unused = ByteBuffer.allocate(0);
        for (int count = 0; count < WARM_UP_CONNECTIONS; count++) {
            if (count % 2 == 0) {
                tls.forgetSessions();
            }
            new FtpConnection(address, Security.EXPLICIT, tls, unused).close();
        }
    }

    TlsClient tls() {
        return tls;
    }

    Path home() {
        return home;
    }

    /** Milliseconds of CPU time that the server's threads have used so far; NaN if it does not tell. */
    double cpuMillis() throws IOException, InterruptedException {
        if (cpuTimes == null) {
            return Double.NaN;
        }
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        final Long nanos = cpuTimes.poll(START_SECONDS, TimeUnit.SECONDS);
        if (nanos == null) {
            throw new IOException("The " + name() + " server does not tell its CPU time");
        }
        return nanos / 1e6;
    }

    /** The last lines that the server printed. */
    String tailOfLog() throws IOException {
        return tail(log);
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (process.waitFor(1, TimeUnit.SECONDS)) {
                return;
            }
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static InetSocketAddress loopback(final int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static String tail(final Path log) throws IOException {
        final List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
        return String.join(System.lineSeparator(), lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    }
}
