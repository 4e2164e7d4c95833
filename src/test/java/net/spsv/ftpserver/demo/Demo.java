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
package net.spsv.ftpserver.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.ftpserver.ftplet.FtpException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Starts a server with the plugin, shows one single-port session against it, and leaves the server up. The token is
 * printed on purpose: it is what there is to see, and it was used up a moment later.
 */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Starts FtpServer with the single-port plugin and shows a session, all through one port.")
public final class Demo implements Callable<Integer> {
    @Option(
            names = "--port",
            paramLabel = "<port>",
            defaultValue = "2121",
            description = "the port to listen at; 0 takes a free one (default: ${DEFAULT-VALUE})")
    private int port;

    @Option(names = "--once", description = "end after the session instead of leaving the server up")
    private boolean once;

    @Spec
    private CommandSpec spec;

    /**
     * Runs the demo.
     *
     * @param args see {@code --help}
     */
    public static void main(final String[] args) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        final int exitCode = new CommandLine(new Demo()).execute(args);
        if (exitCode != CommandLine.ExitCode.OK) {
            System.exit(exitCode);
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final DemoServer server;
        try {
            if (port < 0 || port > 65535) {
                err.println("The port " + port + " does not exist; choose one from 0 to 65535 with --port.");
                return CommandLine.ExitCode.SOFTWARE;
            }
            server = DemoServer.start(port);
        } catch (FtpException | RuntimeException | IOException e) {
            err.println(startFailure(e));
            return CommandLine.ExitCode.SOFTWARE;
        }
        final Thread onExit = new Thread(() -> stop(server, out, err), "demo-stop");
        Runtime.getRuntime().addShutdownHook(onExit);
        out.println("FtpServer with the single-port plugin listens at " + DemoServer.ADDRESS + " port " + server.port()
                + ".");
        out.println("One session against it (S = server, C = client):");
        out.println();
        try (SinglePortSession session =
                new SinglePortSession(new InetSocketAddress(DemoServer.ADDRESS, server.port()), out)) {
            session.run(DemoServer.USER, DemoServer.PASSWORD, DemoServer.SAMPLE, "upload.txt");
        } catch (IOException e) {
            out.flush();
            err.println("The session failed: " + e.getMessage());
            return end(server, onExit, CommandLine.ExitCode.SOFTWARE);
        }
        out.println();
        if (once) {
            return end(server, onExit, CommandLine.ExitCode.OK);
        }
        tellHowToGoOn(server, out);
        new CountDownLatch(1).await();
        return CommandLine.ExitCode.OK;
    }

    private static void tellHowToGoOn(final DemoServer server, final PrintWriter out) {
        final String url = "ftp://" + DemoServer.USER + ":" + DemoServer.PASSWORD + "@" + DemoServer.ADDRESS + ":"
                + server.port() + "/";
        out.println("The server stays up. Connect to " + DemoServer.ADDRESS + " port " + server.port() + ", user "
                + DemoServer.USER + ", password " + DemoServer.PASSWORD + ":");
        out.println("  nc -C " + DemoServer.ADDRESS + " " + server.port()
                + "   by hand, in two terminals: the lines that begin with C above");
        out.println("  curl " + url + "   any FTP client: PASV and PORT work as without the plugin");
        out.println("Its home, which goes with it, is " + server.home());
        out.println("Press Ctrl-C to stop it.");
        out.flush();
    }

    private int end(final DemoServer server, final Thread onExit, final int exitCode) {
        Runtime.getRuntime().removeShutdownHook(onExit);
        stop(server, spec.commandLine().getOut(), spec.commandLine().getErr());
        return exitCode;
    }

    private static void stop(final DemoServer server, final PrintWriter out, final PrintWriter err) {
        try {
            server.close();
            out.println("The server has stopped and its home is deleted.");
        } catch (IOException e) {
            err.println("The server has stopped, but its home could not be deleted: " + e);
        }
        out.flush();
        err.flush();
    }

    private String startFailure(final Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return "Port " + port + " cannot be used (" + cause.getMessage()
                        + "): stop what listens there, or choose another one with --port.";
            }
        }
        return "The server did not start: " + failure.getMessage();
    }
}
