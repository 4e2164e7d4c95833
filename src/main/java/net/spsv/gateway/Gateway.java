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

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.data.DataConnectionStarter;
import net.spsv.gateway.remote.RemoteServer;
import net.spsv.gateway.remote.ServerProbe;
import net.spsv.gateway.session.Session;
import net.spsv.gateway.wire.PlainWire;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for ordinary FTP clients, and serves each from a remote server of which only one port is open.
 *
 * <p>Threading: one thread listens; each session has a thread, and two more for each data connection. All methods may
 * be called by any thread.
 */
public final class Gateway implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private static final int BACKLOG = 128;

    private static final long PAUSE_MILLIS = 200;

    private static final long STOP_SECONDS = 5;

    private static final long IDLE_THREAD_SECONDS = 60;

    private final ServerSocketChannel listening;

    private final InetSocketAddress address;

    private final int maxSessions;

    private final boolean fallback;

    private final ScheduledThreadPoolExecutor timer;

    private final ExecutorService threads;

    private final RemoteServer server;

    private final DataConnectionStarter dataConnections;

    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

    private final CountDownLatch closing = new CountDownLatch(1);

    private Gateway(final GatewaySettings settings) throws IOException {
        listening = ServerSocketChannel.open();
        try {
            listening.bind(settings.listen(), BACKLOG);
            address = (InetSocketAddress) listening.getLocalAddress();
        } catch (IOException e) {
            listening.close();
            throw e;
        }
        maxSessions = settings.maxSessions();
        fallback = settings.isFallback();
        timer = new ScheduledThreadPoolExecutor(
                1, new Threads("spsv-gateway-timer-"), new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        // what comes in while this is closed is dropped with its session
        threads = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_THREAD_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                new Threads("spsv-gateway-"),
                new ThreadPoolExecutor.DiscardPolicy());
        server = new RemoteServer(
                settings.server(),
                settings.protection(),
                settings.connectTimeout().toMillis(),
                timer);
        dataConnections =
                new DataConnectionStarter(threads, timer, settings.dataTimeout().toMillis());
    }

    /**
     * Starts a gateway. Whether its server is there and has single-port mode is logged as soon as it is known; clients
     * are served at once.
     *
     * @param settings as they are now
     * @return the gateway, which clients can connect to
     * @throws IOException if it cannot listen there
     */
    public static Gateway start(final GatewaySettings settings) throws IOException {
        final Gateway gateway = new Gateway(settings);
        gateway.threads.execute(gateway::listen);
        gateway.threads.execute(new ServerProbe(gateway.server, gateway.fallback));
        return gateway;
    }

    /**
     * Returns where clients connect.
     *
     * @return address and port
     */
    public InetSocketAddress address() {
        return address;
    }

    private void listen() {
        final AtomicLong number = new AtomicLong();
        while (closing.getCount() > 0) {
            try {
                begin(number.incrementAndGet(), listening.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.warn("Could not accept a client: {}", Log.reason(e));
                pause();
            }
        }
    }

    /** Out of descriptors, most likely: trying again at once would not help. */
    private void pause() {
        try {
            closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void begin(final long number, final SocketChannel channel) {
        if (sessions.size() >= maxSessions) {
            LOG.warn("Refused a client: there are {} sessions", maxSessions);
            Session.refuse(new PlainWire(channel), channel, "There are too many sessions at the gateway");
            return;
        }
        final Session session = new Session(number, channel, server, dataConnections, fallback);
        sessions.add(session);
        if (closing.getCount() == 0) {
            session.stop();
            return;
        }
        try {
            threads.execute(() -> serve(session));
        } catch (OutOfMemoryError e) {
            // what the JDK says when the system gives it no more threads
            sessions.remove(session);
            LOG.warn("Refused a client: {}", e.getMessage());
            Session.refuse(new PlainWire(channel), channel, "The gateway has no thread left");
        }
    }

    private void serve(final Session session) {
        try {
            session.run();
        } finally {
            // in this order: whoever reads of the end can count on the place
            sessions.remove(session);
            session.logEnd();
        }
    }

    /**
     * Waits until {@link #close()} is called.
     *
     * @throws InterruptedException if the calling thread is interrupted
     */
    public void awaitClose() throws InterruptedException {
        closing.await();
    }

    /** Stops listening, and ends all sessions with 421; waits a few seconds for them. */
    @Override
    public void close() throws IOException {
        closing.countDown();
        listening.close();
        sessions.forEach(Session::stop);
        server.close();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("Sessions have not ended within {} s, they are reset", STOP_SECONDS);
                sessions.forEach(Session::drop);
                threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
    }

    /** Threads that do not keep a program alive. */
    private static final class Threads implements ThreadFactory {
        private final String prefix;

        private final AtomicLong count = new AtomicLong();

        Threads(final String prefix) {
            this.prefix = prefix;
        }

        @Override
        public Thread newThread(final Runnable task) {
            final Thread thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }
    }
}
