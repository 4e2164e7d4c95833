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

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import net.spsv.gateway.remote.Protection;

/**
 * What a gateway is told at its start.
 *
 * <p>Threading: one thread at a time, until the gateway has it.
 */
public final class GatewaySettings {

    /** Where clients connect, if nothing else is said. */
    public static final InetSocketAddress DEFAULT_LISTEN = new InetSocketAddress("127.0.0.1", 2121);

    private static final Duration SHORTEST = Duration.ofMillis(1);

    private static final Duration LONGEST = Duration.ofDays(1);

    private final InetSocketAddress server;

    private InetSocketAddress listen = DEFAULT_LISTEN;

    private Protection protection = Protection.none();

    private boolean fallback;

    private Duration connectTimeout = Duration.ofSeconds(30);

    private Duration dataTimeout = Duration.ofSeconds(60);

    private int maxSessions = 500;

    /**
     * Starts with the defaults.
     *
     * @param server where the single-port server is; need not be resolved
     */
    public GatewaySettings(final InetSocketAddress server) {
        if (server.getPort() == 0) {
            throw new IllegalArgumentException("the server's port must be from 1 to 65535");
        }
        this.server = server;
    }

    /**
     * Sets where clients connect, by default {@link #DEFAULT_LISTEN}.
     *
     * @param address port 0 for any that is free
     * @return this
     */
    public GatewaySettings listen(final InetSocketAddress address) {
        this.listen = Objects.requireNonNull(address, "address");
        return this;
    }

    /**
     * Sets how connections to the server are protected, by default not at all.
     *
     * @param how of all of them
     * @return this
     */
    public GatewaySettings protection(final Protection how) {
        this.protection = Objects.requireNonNull(how, "how");
        return this;
    }

    /**
     * Sets whether a server without SPSV is asked for passive ports, by default not.
     *
     * @param allowed true to use EPSV and PASV then
     * @return this
     */
    public GatewaySettings fallback(final boolean allowed) {
        this.fallback = allowed;
        return this;
    }

    /**
     * Sets how long it may take until a connection to the server can be used, by default 30 seconds.
     *
     * @param timeout at least a millisecond, at most a day
     * @return this
     */
    public GatewaySettings connectTimeout(final Duration timeout) {
        this.connectTimeout = positive(timeout);
        return this;
    }

    /**
     * Sets how long a passive port waits for its client, by default 60 seconds.
     *
     * @param timeout at least a millisecond, at most a day
     * @return this
     */
    public GatewaySettings dataTimeout(final Duration timeout) {
        this.dataTimeout = positive(timeout);
        return this;
    }

    private static Duration positive(final Duration timeout) {
        if (timeout.compareTo(SHORTEST) < 0 || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "a timeout must be more than 0 and at most a day, but is " + timeout.getSeconds() + " seconds");
        }
        return timeout;
    }

    /**
     * Sets how many clients are served at once, by default 500; one more is answered 421.
     *
     * @param count at least 1
     * @return this
     */
    public GatewaySettings maxSessions(final int count) {
        if (count < 1) {
            throw new IllegalArgumentException("there must be at least 1 session, but " + count + " are allowed");
        }
        this.maxSessions = count;
        return this;
    }

    InetSocketAddress server() {
        return server;
    }

    InetSocketAddress listen() {
        return listen;
    }

    Protection protection() {
        return protection;
    }

    boolean isFallback() {
        return fallback;
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    Duration dataTimeout() {
        return dataTimeout;
    }

    int maxSessions() {
        return maxSessions;
    }
}
