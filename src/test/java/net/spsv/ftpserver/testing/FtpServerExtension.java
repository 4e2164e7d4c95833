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
package net.spsv.ftpserver.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.spsv.ftpserver.SpsvFtplet;
import org.apache.ftpserver.ConnectionConfigFactory;
import org.apache.ftpserver.DataConnectionConfigurationFactory;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.Authority;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.Ftplet;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.impl.DefaultFtpServer;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.ServerFtpStatistics;
import org.apache.ftpserver.ipfilter.SessionFilter;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.message.MessageResourceFactory;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginPermission;
import org.apache.ftpserver.usermanager.impl.TransferRatePermission;
import org.apache.ftpserver.usermanager.impl.WritePermission;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * A real FtpServer with the plugin, on loopback and a port that the system chooses, with a temporary home.
 *
 * <p>Registered with {@code @RegisterExtension}: a static field gives one server to the class, an instance field a new
 * one to every test method. The methods that return the extension configure the next start:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final FtpServerExtension SERVER = new FtpServerExtension().maxThreads(2).dataIdleTimeout(1);
 * }</pre>
 *
 * <p>Without any of them: no limit of logins, FtpServer's own number of command threads, idle timeouts of 60 s, failed
 * logins answered at once, and three users whose password is their name but for {@link #USER}: {@link #ADMIN},
 * {@link #USER} and {@link #SLOW_USER}, who may write and share one home. A test that wants to start and stop the
 * server itself calls {@link #start()} and {@link #stop()}.
 */
public final class FtpServerExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    /** The name and password of FtpServer's administrator, who may use SITE STAT. */
    public static final String ADMIN = "admin";
    /** The name of an ordinary user, as in the draft's section 4. */
    public static final String USER = "u001";
    /** The password of {@link #USER}. */
    public static final String PASSWORD = "xyz";
    /** The name and password of a user with a transfer rate, see {@link #slowUserRate(int)}. */
    public static final String SLOW_USER = "slow";

    private final ConnectionConfigFactory connections = new ConnectionConfigFactory();
    private final DataConnectionConfigurationFactory dataConnections = new DataConnectionConfigurationFactory();
    private final ListenerFactory listeners = new ListenerFactory();
    private final Map<String, Ftplet> ftpletsBefore = new LinkedHashMap<>();
    private final Map<String, Ftplet> ftpletsAfter = new LinkedHashMap<>();
    private final List<BaseUser> users = new ArrayList<>();
    private final List<Consumer<FtpServerFactory>> customizers = new ArrayList<>();
    private boolean plugin = true;
    private String userName;
    private Boolean singlePortOnly;
    private Boolean requireTls;
    private Integer loginTimeout;
    private Boolean jmx;
    private int slowUserRate = 64 * 1024;
    private Path messagesDirectory;

    private boolean perClass;
    private Path home;
    private DefaultFtpServer server;
    private FtpServerContext context;
    private SpsvFtplet ftplet;

    /** Creates a server that is not started yet. */
    public FtpServerExtension() {
        connections.setMaxLogins(0);
        connections.setMaxAnonymousLogins(0);
        connections.setAnonymousLoginEnabled(false);
        connections.setMaxLoginFailures(0);
        connections.setLoginFailureDelay(0);
        listeners.setServerAddress("127.0.0.1");
        listeners.setPort(0);
        listeners.setIdleTimeout(60);
        dataConnections.setIdleTime(60);
    }

    /** Sets the number of FtpServer's command threads ({@code max-threads}). */
    public FtpServerExtension maxThreads(final int threads) {
        connections.setMaxThreads(threads);
        return this;
    }

    /** Sets the number of users that may be logged in at once ({@code max-logins}); 0 is no limit. */
    public FtpServerExtension maxLogins(final int logins) {
        connections.setMaxLogins(logins);
        return this;
    }

    /** Lets {@code anonymous} log in, so many times at once ({@code max-anon-logins}). */
    public FtpServerExtension anonymous(final int logins) {
        connections.setAnonymousLoginEnabled(true);
        connections.setMaxAnonymousLogins(logins);
        return user("anonymous", "");
    }

    /** Sets how often a session may fail to log in before it is dropped; 0 is no limit. */
    public FtpServerExtension maxLoginFailures(final int failures) {
        connections.setMaxLoginFailures(failures);
        return this;
    }

    /** Sets the listener's {@code idle-timeout}, in seconds. */
    public FtpServerExtension idleTimeout(final int seconds) {
        listeners.setIdleTimeout(seconds);
        return this;
    }

    /** Sets the {@code idle-timeout} of the listener's data connections, in seconds. */
    public FtpServerExtension dataIdleTimeout(final int seconds) {
        dataConnections.setIdleTime(seconds);
        return this;
    }

    /** Switches {@code <passive ip-check>}. */
    public FtpServerExtension passiveIpCheck(final boolean check) {
        dataConnections.setPassiveIpCheck(check);
        return this;
    }

    /** Sets the address the listener binds, 127.0.0.1 unless told. */
    public FtpServerExtension serverAddress(final String address) {
        listeners.setServerAddress(address);
        return this;
    }

    /** Sets the listener's filter of sessions, for example a blacklist. */
    public FtpServerExtension sessionFilter(final SessionFilter filter) {
        listeners.setSessionFilter(filter);
        return this;
    }

    /** Adds an Ftplet that FtpServer calls before the plugin. */
    public FtpServerExtension ftpletBefore(final String name, final Ftplet other) {
        ftpletsBefore.put(name, other);
        return this;
    }

    /** Adds an Ftplet that FtpServer calls after the plugin. */
    public FtpServerExtension ftplet(final String name, final Ftplet other) {
        ftpletsAfter.put(name, other);
        return this;
    }

    /** Starts the server with the plugin (as it does unless told) or without. */
    public FtpServerExtension plugin(final boolean present) {
        plugin = present;
        return this;
    }

    /** Sets the plugin's property {@code userName}. */
    public FtpServerExtension userName(final String name) {
        userName = name;
        return this;
    }

    /** Sets the plugin's property {@code singlePortOnly}. */
    public FtpServerExtension singlePortOnly(final boolean only) {
        singlePortOnly = only;
        return this;
    }

    /** Sets the plugin's property {@code requireTls}. */
    public FtpServerExtension requireTls(final boolean required) {
        requireTls = required;
        return this;
    }

    /** Sets the plugin's property {@code loginTimeout}. */
    public FtpServerExtension loginTimeout(final int seconds) {
        loginTimeout = seconds;
        return this;
    }

    /** Sets the plugin's property {@code jmx}. */
    public FtpServerExtension jmx(final boolean shown) {
        jmx = shown;
        return this;
    }

    /** Sets FtpServer's {@code login-failure-delay}, in milliseconds. */
    public FtpServerExtension loginFailureDelay(final int millis) {
        connections.setLoginFailureDelay(millis);
        return this;
    }

    /** Gives the listener TLS, for AUTH TLS unless {@link #implicitTls(boolean)} says otherwise: its {@code <ssl>}. */
    public FtpServerExtension tls(final SslConfiguration configuration) {
        listeners.setSslConfiguration(configuration);
        return this;
    }

    /** Sets the listener's {@code implicit-ssl}. */
    public FtpServerExtension implicitTls(final boolean implicit) {
        listeners.setImplicitSsl(implicit);
        return this;
    }

    /** Gives data connections a TLS of their own: the {@code <ssl>} in {@code <data-connection>}. */
    public FtpServerExtension dataTls(final SslConfiguration configuration) {
        dataConnections.setSslConfiguration(configuration);
        return this;
    }

    /** Sets the directory with the installation's own message files. */
    public FtpServerExtension messagesDirectory(final Path directory) {
        messagesDirectory = directory;
        return this;
    }

    /** Sets the transfer rate of {@link #SLOW_USER}, both ways, in bytes per second; 64 KiB unless told. */
    public FtpServerExtension slowUserRate(final int bytesPerSecond) {
        slowUserRate = bytesPerSecond;
        return this;
    }

    /** Adds a user who may write, with further permissions. */
    public FtpServerExtension user(final String name, final String password, final Authority... more) {
        final List<Authority> authorities = new ArrayList<>();
        authorities.add(new WritePermission());
        authorities.addAll(Arrays.asList(more));
        final BaseUser user = new BaseUser();
        user.setName(name);
        user.setPassword(password);
        user.setAuthorities(authorities);
        user.setEnabled(true);
        users.add(user);
        return this;
    }

    /** Adds a user who may be logged in so many times at once. */
    public FtpServerExtension userWithLogins(final String name, final String password, final int logins) {
        return user(name, password, new ConcurrentLoginPermission(logins, logins));
    }

    /** Changes whatever else the listener has, now. */
    public FtpServerExtension listener(final Consumer<ListenerFactory> customizer) {
        customizer.accept(listeners);
        return this;
    }

    /** Changes whatever else the listener's data connections have, now. */
    public FtpServerExtension dataConnections(final Consumer<DataConnectionConfigurationFactory> customizer) {
        customizer.accept(dataConnections);
        return this;
    }

    /** Changes whatever else the server has, as the last thing before it starts. */
    public FtpServerExtension factory(final Consumer<FtpServerFactory> customizer) {
        customizers.add(customizer);
        return this;
    }

    /** Returns the port of the server's one listener. */
    public int port() {
        return running().getListener("default").getPort();
    }

    /** Returns the home of all users. */
    public Path home() {
        return home;
    }

    /** Writes a file into the home. */
    public Path file(final String name, final byte[] content) {
        try {
            return Files.write(home.resolve(name), content);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the content of a file in the home. */
    public byte[] content(final String name) {
        try {
            return Files.readAllBytes(home.resolve(name));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the server; its context is gone once it was stopped, see {@link #context()}. */
    public DefaultFtpServer server() {
        return server;
    }

    /** Returns the server's context, also after the server was stopped. */
    public FtpServerContext context() {
        return context;
    }

    /** Returns the server's counts of connections, logins and transfers. */
    public ServerFtpStatistics statistics() {
        return (ServerFtpStatistics) context.getFtpStatistics();
    }

    /** Returns the plugin's Ftplet, or null when the server was started without it. */
    public SpsvFtplet ftplet() {
        return ftplet;
    }

    /** Returns a client that has not read the greeting yet. */
    public RawFtpClient connect() {
        return RawFtpClient.connect(port());
    }

    /** Returns a client that is logged in as {@link #USER}. */
    public RawFtpClient login() {
        return connect().greeted().login(USER, PASSWORD);
    }

    /**
     * Starts the server.
     *
     * @throws FtpException as {@link FtpServer#start()} threw it, with nothing left running
     */
    public void start() throws FtpException {
        try {
            home = Files.createTempDirectory("spsv-home");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        final FtpServerFactory factory = new FtpServerFactory();
        factory.setUserManager(userManager());
        factory.setConnectionConfig(connections.createConnectionConfig());
        listeners.setDataConnectionConfiguration(dataConnections.createDataConnectionConfiguration());
        factory.addListener("default", listeners.createListener());
        if (messagesDirectory != null) {
            final MessageResourceFactory messages = new MessageResourceFactory();
            messages.setCustomMessageDirectory(messagesDirectory.toFile());
            factory.setMessageResource(messages.createMessageResource());
        }
        factory.setFtplets(ftplets());
        customizers.forEach(customizer -> customizer.accept(factory));
        server = (DefaultFtpServer) factory.createServer();
        context = server.getServerContext();
        try {
            server.start();
        } catch (FtpException | RuntimeException e) {
            stop();
            throw e;
        }
    }

    /**
     * Stops the server, if it runs, and deletes the home.
     *
     * <p>Clients that were closed just before are given a moment to be noticed. FtpServer is not good at being stopped
     * while a session ends: with one in a few hundred stops the end of the session starts a command thread behind the
     * pool's back, and the stop takes 5 s, or the thread stays for as long as an idle one may, 30 s unless told.
     */
    public void stop() {
        if (server != null) {
            if (!server.isStopped()) {
                awaitEndOfSessions();
                context.getThreadPoolExecutor().setKeepAliveTime(1, TimeUnit.SECONDS);
            }
            server.stop();
            server = null;
        }
        if (home != null) {
            delete(home);
            home = null;
        }
    }

    @Override
    public void beforeAll(final ExtensionContext test) throws Exception {
        perClass = true;
        start();
    }

    @Override
    public void afterAll(final ExtensionContext test) {
        stop();
    }

    @Override
    public void beforeEach(final ExtensionContext test) throws Exception {
        if (!perClass) {
            start();
        }
    }

    @Override
    public void afterEach(final ExtensionContext test) {
        if (!perClass) {
            stop();
        }
    }

    private void awaitEndOfSessions() {
        try {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(1))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> statistics().getCurrentConnectionNumber() == 0);
        } catch (final ConditionTimeoutException e) {
            LoggerFactory.getLogger(getClass()).debug("Stopping the server with sessions that are open", e);
        }
    }

    private DefaultFtpServer running() {
        if (server == null) {
            throw new IllegalStateException("the server is not running");
        }
        return server;
    }

    private Map<String, Ftplet> ftplets() {
        final Map<String, Ftplet> ftplets = new LinkedHashMap<>(ftpletsBefore);
        ftplet = null;
        if (plugin) {
            ftplet = new SpsvFtplet();
            if (userName != null) {
                ftplet.setUserName(userName);
            }
            if (singlePortOnly != null) {
                ftplet.setSinglePortOnly(singlePortOnly);
            }
            if (requireTls != null) {
                ftplet.setRequireTls(requireTls);
            }
            if (loginTimeout != null) {
                ftplet.setLoginTimeout(loginTimeout);
            }
            if (jmx != null) {
                ftplet.setJmx(jmx);
            }
            ftplets.put("spsv", ftplet);
        }
        ftplets.putAll(ftpletsAfter);
        return ftplets;
    }

    private UserManager userManager() throws FtpException {
        final List<BaseUser> all = new ArrayList<>();
        all.add(user(ADMIN, ADMIN, Arrays.asList(new WritePermission())));
        all.add(user(USER, PASSWORD, Arrays.asList(new WritePermission())));
        all.add(user(
                SLOW_USER,
                SLOW_USER,
                Arrays.asList(new WritePermission(), new TransferRatePermission(slowUserRate, slowUserRate))));
        all.addAll(users);
        final UserManager accounts = new PropertiesUserManagerFactory().createUserManager();
        for (final BaseUser user : all) {
            user.setHomeDirectory(home.toString());
            accounts.save(user);
        }
        return accounts;
    }

    private static BaseUser user(final String name, final String password, final List<Authority> authorities) {
        final BaseUser user = new BaseUser();
        user.setName(name);
        user.setPassword(password);
        user.setAuthorities(authorities);
        user.setEnabled(true);
        return user;
    }

    private static void delete(final Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (final Path path : tree.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
                Files.deleteIfExists(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
