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
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import net.spsv.ftpserver.SpsvFtplet;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import org.apache.ftpserver.ConnectionConfigFactory;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.impl.DefaultFtpServer;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.ssl.SslConfigurationFactory;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginPermission;
import org.apache.ftpserver.usermanager.impl.WritePermission;

/** The server's process: says its ports, and its levels whenever a byte comes in; the end of its input ends it. */
public final class SoakServer {
    static final String USER = "soak";
    static final String PASSWORD = "soak";
    static final String READY_LINE = "READY ";
    static final String LEVELS_LINE = "LEVELS ";

    private static final int MAX_THREADS = 16;

    private SoakServer() {}

    /**
     * Runs the server.
     *
     * @param args the user's home directory, the key store and its password
     * @throws Exception if the server does not start
     */
    public static void main(final String[] args) throws Exception {
        final FtpServerFactory factory = new FtpServerFactory();
        factory.addListener("default", listener(false, args));
        factory.addListener("implicit", listener(true, args));
        final ConnectionConfigFactory connections = new ConnectionConfigFactory();
        connections.setMaxLogins(0);
        connections.setMaxThreads(MAX_THREADS);
        factory.setConnectionConfig(connections.createConnectionConfig());
        factory.setUserManager(users(Paths.get(args[0])));
        final SpsvFtplet spsv = new SpsvFtplet();
        factory.getFtplets().put("spsv", spsv);
        final DefaultFtpServer server = (DefaultFtpServer) factory.createServer();
        server.start();
        System.out.println(READY_LINE
                + ManagementFactory.getRuntimeMXBean().getName().split("@")[0]
                + ' '
                + server.getListener("default").getPort()
                + ' '
                + server.getListener("implicit").getPort());
        answer(server, spsv.getStatistics());
        server.stop();
    }

    private static void answer(final DefaultFtpServer server, final SinglePortMXBean single) throws IOException {
        while (System.in.read() >= 0) {
            System.gc();
            System.out.println(LEVELS_LINE
                    + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed()
                    + ' '
                    + ManagementFactory.getThreadMXBean().getThreadCount()
                    + ' '
                    + (server.getServerContext().getFtpStatistics().getCurrentConnectionNumber()
                            + single.getTokensOutstanding()
                            + single.getDataConnectionsWaiting()
                            + single.getDataConnectionsActive()));
        }
    }

    private static Listener listener(final boolean implicit, final String... args) {
        final SslConfigurationFactory tls = new SslConfigurationFactory();
        tls.setKeystoreFile(new File(args[1]));
        tls.setKeystoreType("PKCS12");
        tls.setKeystorePassword(args[2]);
        final ListenerFactory listener = new ListenerFactory();
        listener.setServerAddress("127.0.0.1");
        listener.setPort(0);
        listener.setSslConfiguration(tls.createSslConfiguration());
        listener.setImplicitSsl(implicit);
        return listener.createListener();
    }

    private static UserManager users(final Path home) throws FtpException {
        final UserManager users = new PropertiesUserManagerFactory().createUserManager();
        final BaseUser user = new BaseUser();
        user.setName(USER);
        user.setPassword(PASSWORD);
        user.setHomeDirectory(home.toString());
        user.setAuthorities(Arrays.asList(new WritePermission(), new ConcurrentLoginPermission(0, 0)));
        users.save(user);
        return users;
    }
}
