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
package net.spsv.gateway.remote;

import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * How connections to the server are protected.
 *
 * <p>Threading: immutable, safe for all threads.
 */
public final class Protection {

    /** How a connection gets its TLS. */
    public enum Mode {
        /** Not at all. */
        NONE("in clear"),
        /** By AUTH TLS, RFC 4217. */
        EXPLICIT("explicit TLS"),
        /** From its first byte on. */
        IMPLICIT("implicit TLS");

        private final String text;

        Mode(final String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private final Mode mode;

    private final Supplier<SSLContext> contexts;

    private final String name;

    private final boolean verified;

    private Protection(
            final Mode mode, final Supplier<SSLContext> contexts, final String name, final boolean verified) {
        this.mode = mode;
        this.contexts = contexts;
        this.name = name;
        this.verified = verified;
    }

    /**
     * Returns no protection.
     *
     * @return for connections in the clear
     */
    public static Protection none() {
        return new Protection(Mode.NONE, null, null, false);
    }

    /**
     * Returns protection by TLS.
     *
     * @param mode explicit or implicit
     * @param contexts makes one for each FTP session, which decides which certificates are trusted; TLS sessions are
     *     resumed within it: servers may refuse a data connection that resumes another control connection's
     * @param name the server's name, for SNI and for the certificate
     * @param verified whether the certificate must be for that name
     * @return for all connections to one server
     */
    public static Protection tls(
            final Mode mode, final Supplier<SSLContext> contexts, final String name, final boolean verified) {
        return new Protection(mode, contexts, name, verified);
    }

    /**
     * Returns the mode.
     *
     * @return how a connection gets its TLS
     */
    public Mode mode() {
        return mode;
    }

    /**
     * Returns whether there is any.
     *
     * @return false in the clear
     */
    public boolean isTls() {
        return mode != Mode.NONE;
    }

    /**
     * Returns whether the server has to prove who it is.
     *
     * @return false also in the clear
     */
    public boolean isVerified() {
        return verified;
    }

    /** A context for one FTP session, null in the clear. */
    SSLContext newContext() {
        return isTls() ? contexts.get() : null;
    }

    SSLEngine engine(final SSLContext context, final int port) {
        final SSLEngine engine = context.createSSLEngine(name, port);
        engine.setUseClientMode(true);
        if (verified) {
            final SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
        }
        return engine;
    }

    @Override
    public String toString() {
        return mode + (isTls() && !verified ? ", certificate not verified" : "");
    }
}
