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

import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.remote.Protection;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The gateway as a program. */
@Command(
        name = "java -jar ftpserver-spsv-gateway.jar",
        description = {
            "Gives every FTP client single-port mode: listens for ordinary FTP clients, and serves each from a remote "
                    + "server of which only one port is open."
        },
        footer = {
            "",
            "Local clients log in with the account that they have on the server. The connections to the server are as "
                    + "--tls says; the local ones are in clear, so keep --listen on this machine.",
            "",
            "Exit codes: 0 after --help and --version, 1 if the gateway cannot run, 2 if the options are wrong."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        abbreviateSynopsis = true)
public final class Main implements Callable<Integer> {

    private static final long LARGEST_NUMBER = 86_400;

    private static final int FTP_PORT = 21;

    private static final int IMPLICIT_TLS_PORT = 990;

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-s", "--server"},
            required = true,
            paramLabel = "HOST[:PORT]",
            description = "The single-port server. The port is 21 by default, with --tls implicit 990.")
    private String server;

    @Option(
            names = {"-l", "--listen"},
            paramLabel = "[HOST:]PORT",
            defaultValue = "127.0.0.1:2121",
            description = "Where FTP clients connect, by default ${DEFAULT-VALUE}; with port 0 on any that is free.")
    private String listen;

    @Option(
            names = "--tls",
            paramLabel = "none|explicit|implicit",
            defaultValue = "none",
            description = "How all connections to the server are protected, by default not at all.")
    private String tls;

    @Option(
            names = "--truststore",
            paramLabel = "FILE",
            description = "The certificates to trust, JKS, PKCS12 or PEM, in place of the JDK's.")
    private Path trustStore;

    @Option(
            names = "--truststore-password-file",
            paramLabel = "FILE",
            description = "The first line of this file is the password of --truststore.")
    private Path trustStorePasswordFile;

    @Option(
            names = "--server-name",
            paramLabel = "NAME",
            description = "The name that the server's certificate must be for, if it is not HOST of --server.")
    private String serverName;

    @Option(names = "--insecure", description = "Trusts every certificate: whoever is on the way can read along.")
    private boolean insecure;

    @Option(names = "--fallback", description = "If the server has no single-port mode, its passive ports are used.")
    private boolean fallback;

    @Option(
            names = "--connect-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long a connection to the server, and its login, may take, by default ${DEFAULT-VALUE}.")
    private long connectTimeout;

    @Option(
            names = "--data-timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long a passive port waits for its client, by default ${DEFAULT-VALUE}.")
    private long dataTimeout;

    @Option(
            names = "--max-sessions",
            paramLabel = "NUMBER",
            defaultValue = "500",
            description = "How many clients are served at once, by default ${DEFAULT-VALUE}; one more gets 421.")
    private int maxSessions;

    @Option(
            names = {"-v", "--verbose"},
            description = "Logs commands and replies, without passwords and tokens.")
    private boolean verbose;

    private Main() {}

    /**
     * Runs the gateway until the process is told to end.
     *
     * @param arguments see {@code --help}
     */
    public static void main(final String... arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main()).setParameterExceptionHandler(Main::explain);
    }

    /** One sentence, as the list of options would hide it. */
    private static int explain(final ParameterException failure, final String... arguments) {
        final CommandLine command = failure.getCommandLine();
        command.getErr().println(failure.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        command.getErr().println("Try '--help' for the options.");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    @Override
    public Integer call() throws InterruptedException {
        // before the first logger is made
        if (verbose) {
            System.setProperty("org.slf4j.simpleLogger.log.net.spsv", "debug");
        }
        final GatewaySettings settings = settings();
        final Gateway gateway;
        try {
            gateway = Gateway.start(settings);
        } catch (IOException e) {
            spec.commandLine()
                    .getErr()
                    .println("Cannot listen on " + Log.address(settings.listen()) + ": "
                            + (e instanceof BindException ? Log.reason(e) : e.toString()));
            return CommandLine.ExitCode.SOFTWARE;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(gateway), "spsv-gateway-stop"));
        spec.commandLine()
                .getOut()
                .println("Connect FTP clients to " + Log.address(gateway.address())
                        + " (plain FTP, passive or active); files are on " + Log.address(settings.server()) + " ("
                        + settings.protection() + ").");
        spec.commandLine().getOut().flush();
        gateway.awaitClose();
        return CommandLine.ExitCode.OK;
    }

    private static void close(final Gateway gateway) {
        try {
            gateway.close();
        } catch (IOException e) {
            throw new IllegalStateException("the listening socket did not close", e);
        }
    }

    /** What the options ask for. */
    GatewaySettings settings() {
        checkNumber("--connect-timeout", connectTimeout);
        checkNumber("--data-timeout", dataTimeout);
        checkNumber("--max-sessions", maxSessions);
        final Protection.Mode mode = mode();
        final HostAndPort remote = address("--server", server);
        final InetSocketAddress serverAddress =
                remote.unresolved(mode == Protection.Mode.IMPLICIT ? IMPLICIT_TLS_PORT : FTP_PORT);
        final InetSocketAddress listenAddress = listenAddress();
        checkNotItself(serverAddress, listenAddress);
        try {
            return new GatewaySettings(serverAddress)
                    .listen(listenAddress)
                    .protection(protection(mode, serverName == null ? remote.host() : serverName))
                    .fallback(fallback)
                    .connectTimeout(Duration.ofSeconds(connectTimeout))
                    .dataTimeout(Duration.ofSeconds(dataTimeout))
                    .maxSessions(maxSessions);
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private void checkNumber(final String option, final long value) {
        if (value < 1 || value > LARGEST_NUMBER) {
            throw wrong(option + " must be from 1 to " + LARGEST_NUMBER + ", but is " + value);
        }
    }

    /** The first session would open the second one, and so on. */
    private void checkNotItself(final InetSocketAddress remote, final InetSocketAddress local) {
        try {
            if (remote.getPort() == local.getPort()
                    && Arrays.asList(InetAddress.getAllByName(remote.getHostString()))
                            .contains(local.getAddress())) {
                throw wrong("--listen must be another address or port than --server, or the gateway is its own server");
            }
        } catch (UnknownHostException ignored) {
            // a server that is not known now may be known later; that it is not is logged then
        }
    }

    private Protection.Mode mode() {
        switch (tls.toLowerCase(Locale.ROOT)) {
            case "none":
                return Protection.Mode.NONE;
            case "explicit":
                return Protection.Mode.EXPLICIT;
            case "implicit":
                return Protection.Mode.IMPLICIT;
            default:
                throw wrong("--tls is none, explicit or implicit, but not '" + tls + "'");
        }
    }

    private InetSocketAddress listenAddress() {
        final HostAndPort where = address("--listen", listen.matches("[0-9]+") ? "127.0.0.1:" + listen : listen);
        if (!where.hasPort()) {
            throw wrong("--listen needs a port, as in 127.0.0.1:2121, and not just '" + listen + "'");
        }
        final InetSocketAddress address = where.resolved(0);
        if (address.isUnresolved()) {
            throw wrong("--listen: there is no host '" + where.host() + "'");
        }
        return address;
    }

    private HostAndPort address(final String option, final String text) {
        try {
            return HostAndPort.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(option + ": " + e.getMessage());
        }
    }

    private Protection protection(final Protection.Mode mode, final String name) {
        if (mode == Protection.Mode.NONE) {
            if (Stream.of(trustStore, trustStorePasswordFile, serverName).anyMatch(option -> option != null)
                    || insecure) {
                throw wrong("--truststore, --server-name and --insecure need --tls explicit or --tls implicit");
            }
            return Protection.none();
        }
        if (insecure) {
            if (trustStore != null) {
                throw wrong("--insecure trusts every certificate, so leave --truststore out");
            }
            return Protection.tls(mode, TrustStore.ofAll(), name, false);
        }
        if (trustStore == null) {
            if (trustStorePasswordFile != null) {
                throw wrong("--truststore-password-file needs --truststore");
            }
            return Protection.tls(mode, TrustStore.ofTheJdk(), name, true);
        }
        try {
            return Protection.tls(mode, TrustStore.of(trustStore, trustStorePassword()), name, true);
        } catch (IOException e) {
            throw wrong(e.getMessage());
        }
    }

    private char[] trustStorePassword() {
        if (trustStorePasswordFile == null) {
            return null;
        }
        try (BufferedReader lines = Files.newBufferedReader(trustStorePasswordFile, StandardCharsets.UTF_8)) {
            final String line = lines.readLine();
            return line == null ? new char[0] : line.toCharArray();
        } catch (CharacterCodingException e) {
            throw wrong("Cannot read " + trustStorePasswordFile + ": it is not in UTF-8");
        } catch (IOException e) {
            throw wrong("Cannot read " + trustStorePasswordFile + ": " + Log.reason(e));
        }
    }

    private ParameterException wrong(final String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** The jar knows its version. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            final String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"ftpserver-spsv-gateway " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
