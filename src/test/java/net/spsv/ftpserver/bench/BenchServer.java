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
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import net.spsv.ftpserver.SpsvFtplet;
import org.apache.ftpserver.ConnectionConfigFactory;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.apache.ftpserver.ssl.SslConfigurationFactory;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginPermission;
import org.apache.ftpserver.usermanager.impl.WritePermission;

/**
 * The main of a server's process: FtpServer on loopback at a free port and, with TLS from the first byte, at another
 * one, with or without the plugin and otherwise the same. Prints {@code PORTS} and the two numbers; for every byte of
 * its standard input {@code CPU} and the nanoseconds that it has used; and ends when that input does, so that it never
 * outlives the benchmark.
 */
public final class BenchServer {
    static final String USER = "bench";
    static final String PASSWORD = "bench";
    static final String WITH_PLUGIN = "plugin";
    static final String STOCK = "stock";
    static final String PORTS_LINE = "PORTS ";
    static final String CPU_LINE = "CPU ";

    private BenchServer() {}

    /**
     * Runs the server until the end of standard input.
     *
     * @param args {@code stock} or {@code plugin}, the user's home directory, the key store, and the TLS
     *     protocol and cipher suite
     * @throws Exception if the server does not start
     */
    public static void main(final String[] args) throws Exception {
        final FtpServer server = start(WITH_PLUGIN.equals(args[0]), Paths.get(args[1]), tls(args));
        while (System.in.read() >= 0) {
            System.out.println(CPU_LINE + cpuNanos());
        }
        server.stop();
    }

    /** What all Java threads that are alive have used; not what the JVM's own threads have. */
    private static long cpuNanos() {
        final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long nanos = 0;
        for (final long id : threads.getAllThreadIds()) {
            nanos += Math.max(0, threads.getThreadCpuTime(id));
        }
        return nanos;
    }

    private static SslConfiguration tls(final String[] args) {
        final SslConfigurationFactory tls = new SslConfigurationFactory();
        tls.setKeystoreFile(new File(args[2]));
        tls.setKeystoreType("PKCS12");
        tls.setKeystorePassword(TlsKey.PASSWORD);
        tls.setSslProtocol(new String[] {args[3]});
        tls.setEnabledCipherSuites(new String[] {args[4]});
        return tls.createSslConfiguration();
    }

    private static Listener listener(final boolean implicit, final SslConfiguration tls) {
        final ListenerFactory listener = new ListenerFactory();
        listener.setServerAddress("127.0.0.1");
        listener.setPort(0);
        listener.setSslConfiguration(tls);
        listener.setImplicitSsl(implicit);
        return listener.createListener();
    }

    private static FtpServer start(final boolean withPlugin, final Path home, final SslConfiguration tls)
            throws FtpException {
        final FtpServerFactory factory = new FtpServerFactory();
        factory.addListener("default", listener(false, tls));
        factory.addListener("implicit", listener(true, tls));

        final ConnectionConfigFactory connections = new ConnectionConfigFactory();
        connections.setMaxLogins(0);
        connections.setMaxThreads(16);
        factory.setConnectionConfig(connections.createConnectionConfig());

        final UserManager users = new PropertiesUserManagerFactory().createUserManager();
        final BaseUser user = new BaseUser();
        user.setName(USER);
        user.setPassword(PASSWORD);
        user.setHomeDirectory(home.toString());
        user.setAuthorities(Arrays.asList(new WritePermission(), new ConcurrentLoginPermission(0, 0)));
        users.save(user);
        factory.setUserManager(users);

        if (withPlugin) {
            final SpsvFtplet spsv = new SpsvFtplet();
            spsv.setRequireTls(false);
            factory.getFtplets().put("spsv", spsv);
        }
        final FtpServer server = factory.createServer();
        server.start();
        System.out.println(PORTS_LINE + factory.getListener("default").getPort() + " "
                + factory.getListener("implicit").getPort());
        return server;
    }
}
