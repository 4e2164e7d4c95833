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

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.spsv.ftpserver.SpsvFtplet;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginPermission;
import org.apache.ftpserver.usermanager.impl.WritePermission;

/** An embedded FtpServer with the plugin, on loopback, with one user and a temporary home that goes when it stops. */
final class DemoServer implements Closeable {
    static final String ADDRESS = "127.0.0.1";
    static final String USER = "demo";
    static final String PASSWORD = "demo";
    static final String SAMPLE = "contents.txt";

    private final Path home;
    private final FtpServer server;
    private final int port;

    private DemoServer(final Path home, final FtpServer server, final int port) {
        this.home = home;
        this.server = server;
        this.port = port;
    }

    /** Makes the home and starts the server; when that fails, the home is gone again. */
    static DemoServer start(final int port) throws IOException, FtpException {
        final Path home = Files.createTempDirectory("spsv-demo");
        try {
            Files.write(
                    home.resolve(SAMPLE),
                    Arrays.asList(
                            "This file came down through the port of the control connection.",
                            "No other port was opened."),
                    StandardCharsets.US_ASCII);
            final FtpServerFactory factory = new FtpServerFactory();
            factory.getFtplets().put("spsv", new SpsvFtplet());
            final ListenerFactory listener = new ListenerFactory();
            listener.setServerAddress(ADDRESS);
            listener.setPort(port);
            factory.addListener("default", listener.createListener());
            factory.setUserManager(users(home));
            final FtpServer server = factory.createServer();
            server.start();
            return new DemoServer(home, server, factory.getListener("default").getPort());
        } catch (FtpException | RuntimeException | IOException e) {
            delete(home);
            throw e;
        }
    }

    int port() {
        return port;
    }

    Path home() {
        return home;
    }

    /** Stops the server and deletes the home; a second call does nothing. */
    @Override
    public synchronized void close() throws IOException {
        if (!server.isStopped()) {
            server.stop();
        }
        delete(home);
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

    private static void delete(final Path home) throws IOException {
        if (Files.exists(home)) {
            final List<Path> paths;
            try (Stream<Path> walk = Files.walk(home)) {
                paths = walk.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            }
            for (final Path path : paths) {
                Files.delete(path);
            }
        }
    }
}
