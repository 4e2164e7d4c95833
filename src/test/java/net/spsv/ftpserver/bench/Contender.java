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

import java.io.IOException;

/** A column of a table: a server, and how its control and data connections are opened. */
final class Contender {
    private final String name;
    private final ServerProcess server;
    private final Security security;
    private final DataMode mode;
    private final Contender reference;
    private final String comparison;

    /** A column that nothing is said of but its figures. */
    Contender(final String name, final ServerProcess server, final Security security, final DataMode mode) {
        this(name, server, security, mode, null, null);
    }

    /** A column that gets a second one, of how many times better it is than the reference. */
    Contender(
            final String name,
            final ServerProcess server,
            final Security security,
            final DataMode mode,
            final Contender reference,
            final String comparison) {
        this.name = name;
        this.server = server;
        this.security = security;
        this.mode = mode;
        this.reference = reference;
        this.comparison = comparison;
    }

    String name() {
        return name;
    }

    ServerProcess server() {
        return server;
    }

    /** What it is compared with, or null. */
    Contender reference() {
        return reference;
    }

    /** What the comparison is called. */
    String comparison() {
        return comparison;
    }

    boolean isSinglePort() {
        return mode != DataMode.PASSIVE;
    }

    /** Opens a control connection and logs in. */
    FtpConnection connect() throws IOException {
        return server.connect(security);
    }

    DataMode mode() {
        return mode;
    }
}
