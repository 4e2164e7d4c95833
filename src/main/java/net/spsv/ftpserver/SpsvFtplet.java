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
package net.spsv.ftpserver;

import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import net.spsv.ftpserver.command.SITE_SPSV;
import net.spsv.ftpserver.command.SPSV;
import net.spsv.ftpserver.command.SpsvCommandFactory;
import net.spsv.ftpserver.command.SpsvMessages;
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.login.DataLoginFilter;
import net.spsv.ftpserver.login.Greetings;
import net.spsv.ftpserver.login.LoginTimeout;
import net.spsv.ftpserver.login.Refusals;
import net.spsv.ftpserver.statistics.ManagementBean;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletContext;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.apache.ftpserver.impl.DefaultFtpServerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Switches single-port mode on: the one class that an installation names.
 *
 * <pre>
 * &lt;ftplets&gt;
 *   &lt;ftplet name="spsv"&gt;&lt;beans:bean class="net.spsv.ftpserver.SpsvFtplet"/&gt;&lt;/ftplet&gt;
 * &lt;/ftplets&gt;
 *
 * factory.getFtplets().put("spsv", new SpsvFtplet());
 * </pre>
 *
 * <p>Threading: the properties are set before the server starts; the rest is called by FtpServer, {@code init} and
 * {@code destroy} by the thread that starts and stops it.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02">
 *      draft-rosenau-ftp-single-port-02</a>
 */
public class SpsvFtplet extends DefaultFtplet {

    private static final Logger LOG = LoggerFactory.getLogger(SpsvFtplet.class);

    private static final long TIMER_IDLE_SECONDS = 5;

    private String userName = SpsvConfig.DEFAULT_USER_NAME;

    private boolean singlePortOnly;

    private boolean requireTls = true;

    private int loginTimeout;

    private boolean jmx = true;

    /** Null if there is none: a JVM without JMX has no classes for it. */
    private ManagementBean managementBean;

    private ScheduledThreadPoolExecutor timer;

    private volatile DataConnections dataConnections;

    private ListenerAttachment listeners;

    /** Set from the end of init to the beginning of destroy; written last and read first. */
    private volatile DefaultFtpServerContext context;

    /**
     * Sets the user name of data logins, matched without regard to case. No account may have it.
     *
     * @param userName 1 to 32 printable ASCII characters, no brackets or colons, better A-Z and 0-9 only; the default
     *     is {@code DATACONN}
     */
    public void setUserName(final String userName) {
        this.userName = userName;
    }

    /**
     * Sets whether SPSV is the only way to a data connection: PASV, EPSV, PORT and EPRT are then answered with 502.
     *
     * @param singlePortOnly the default is false
     */
    public void setSinglePortOnly(final boolean singlePortOnly) {
        this.singlePortOnly = singlePortOnly;
    }

    /**
     * Sets whether a token that was issued over TLS must come back over TLS. If so nobody who only listens on the
     * network can use it first; if not, a client may log its data connection in before it protects it.
     *
     * @param requireTls the default is true
     */
    public void setRequireTls(final boolean requireTls) {
        this.requireTls = requireTls;
    }

    /**
     * Sets how long a connection may take to log in, as a user or as a data connection. Without it the listener's idle
     * timeout ends connections that send nothing, but not those that send a byte now and then.
     *
     * <p>What counts is what a connection is when the time has come; nobody is looked at again later.
     *
     * @param seconds from the connection's beginning, 0 for no limit, which is the default
     */
    public void setLoginTimeout(final int seconds) {
        this.loginTimeout = seconds;
    }

    /**
     * Sets whether JMX shows what happens in single-port mode, as {@code net.spsv:type=SinglePort,ports=...}.
     *
     * @param jmx the default is true
     */
    public void setJmx(final boolean jmx) {
        this.jmx = jmx;
    }

    /**
     * Returns what JMX shows, whether or not it does.
     *
     * @return the statistics since the start, or null if the server has never been started
     */
    public SinglePortMXBean getStatistics() {
        return dataConnections == null ? null : dataConnections.statistics();
    }

    /**
     * {@inheritDoc}
     *
     * @throws FtpException if the server or the settings do not allow single-port mode; the message says what to change
     */
    @Override
    public void init(final FtpletContext ftpletContext) throws FtpException {
        if (!(ftpletContext instanceof DefaultFtpServerContext)) {
            throw new FtpException("Single-port mode needs FtpServer's DefaultFtpServerContext, but this server runs a "
                    + ftpletContext.getClass().getName());
        }
        final DefaultFtpServerContext former = context;
        if (former != null && former != ftpletContext && isRunning(former)) {
            throw new FtpException(
                    "SpsvFtplet serves another server, which is running; each server needs an SpsvFtplet of its own");
        }
        // What is left of a server that has not come up, because another Ftplet failed: it tells no Ftplet.
        release();
        boolean started = false;
        try {
            start((DefaultFtpServerContext) ftpletContext);
            started = true;
        } catch (FtpServerConfigurationException e) {
            throw new FtpException(e.getMessage(), e);
        } finally {
            if (!started) {
                release();
            }
        }
    }

    private static boolean isRunning(final DefaultFtpServerContext server) {
        return server.getListeners().values().stream().anyMatch(listener -> !listener.isStopped());
    }

    private void start(final DefaultFtpServerContext server) throws FtpException {
        final SpsvConfig config = new SpsvConfig(userName, singlePortOnly, requireTls, loginTimeout);
        if (server.getCommandFactory() instanceof SpsvCommandFactory) {
            throw new FtpException("SpsvFtplet is configured twice; one is enough for all listeners");
        }
        checkNoAccount(server, config.userName());
        final MinaInternals internals = MinaInternals.probe();
        final DataConnections connections = new DataConnections(server, internals, config.isTlsRequired());
        if (!connections.canReplaceFactory()) {
            throw new FtpException("Single-port mode cannot run on this version of FtpServer: its sessions keep their"
                    + " data connections elsewhere than those of 1.1.4 to 1.2.1");
        }
        final SpsvMessages messages =
                new SpsvMessages(server.getMessageResource(), () -> isFull(server) && connections.isAwaited());
        final ScheduledThreadPoolExecutor clock = newTimer();
        final DataLoginFilter filter = new DataLoginFilter(
                server,
                connections,
                new ChannelDetacher(internals),
                new Refusals(
                        clock, () -> server.getConnectionConfig().getLoginFailureDelay(), connections.statistics()),
                new LoginTimeout(clock, config.loginTimeout()),
                new Greetings(clock),
                config.userName());
        final ListenerAttachment attachment = new ListenerAttachment(internals, filter);

        server.setMessageResource(messages);
        server.setCommandFactory(new SpsvCommandFactory(
                server.getCommandFactory(),
                new SPSV(connections, filter, config.userName()),
                new SITE_SPSV(connections.statistics()),
                config.isSinglePortOnly()));
        dataConnections = connections;
        listeners = attachment;
        timer = clock;
        context = server;
        final Iterable<Integer> ports = attachment.attach(server.getListeners());
        if (jmx) {
            managementBean = new ManagementBean();
            managementBean.register(connections.statistics(), ports);
        }
        LOG.info(
                "Single-port mode (SPSV) {} is on for port(s) {}, data user {}{}",
                Objects.toString(SpsvFtplet.class.getPackage().getImplementationVersion(), "(unpackaged)"),
                ports,
                config.userName(),
                config.isSinglePortOnly() ? ", PASV, EPSV, PORT and EPRT are off" : "");
    }

    /** One thread at most, and none while nothing is scheduled. */
    private static ScheduledThreadPoolExecutor newTimer() {
        final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
                1,
                task -> {
                    final Thread thread = new Thread(task, "spsv-timer");
                    thread.setDaemon(true);
                    return thread;
                },
                // sessions that end while the server stops
                new ThreadPoolExecutor.DiscardPolicy());
        timer.setKeepAliveTime(TIMER_IDLE_SECONDS, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    private static void checkNoAccount(final DefaultFtpServerContext server, final String dataUser)
            throws FtpException {
        boolean taken = server.getUserManager().doesExist(dataUser);
        for (final String account : server.getUserManager().getAllUserNames()) {
            taken |= account.equalsIgnoreCase(dataUser);
        }
        if (taken) {
            throw new FtpException("SpsvFtplet: there is an account named \"" + dataUser
                    + "\", which could not log in any more; rename it, or choose another userName");
        }
    }

    private static boolean isFull(final DefaultFtpServerContext server) {
        final int maxLogins = server.getConnectionConfig().getMaxLogins();
        return maxLogins != 0 && server.getFtpStatistics().getCurrentLoginNumber() >= maxLogins;
    }

    /** {@inheritDoc} */
    @Override
    public FtpletResult onConnect(final FtpSession session) {
        final DefaultFtpServerContext server = context;
        if (server != null) {
            listeners.attach(server.getListeners());
        }
        return FtpletResult.DEFAULT;
    }

    /**
     * {@inheritDoc}
     *
     * <p>FtpServer stops its listeners first; if they run, it is another server that is stopped.
     */
    @Override
    public void destroy() {
        final DefaultFtpServerContext server = context;
        if (server != null && !isRunning(server)) {
            release();
        }
    }

    private void release() {
        final DefaultFtpServerContext server = context;
        if (server == null) {
            return;
        }
        context = null;
        if (managementBean != null) {
            managementBean.unregister();
            managementBean = null;
        }
        timer.shutdownNow();
        dataConnections.close();
        if (server.getCommandFactory() instanceof SpsvCommandFactory) {
            server.setCommandFactory(((SpsvCommandFactory) server.getCommandFactory()).host());
        }
        if (server.getMessageResource() instanceof SpsvMessages) {
            server.setMessageResource(((SpsvMessages) server.getMessageResource()).host());
        }
    }
}
