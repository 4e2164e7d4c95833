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

    Contender(final String name, final ServerProcess server, final Security security, final DataMode mode) {
        this.name = name;
        this.server = server;
        this.security = security;
        this.mode = mode;
    }

    String name() {
        return name;
    }

    ServerProcess server() {
        return server;
    }

    /** The name without the server's. */
    String way() {
        return name.substring(name.indexOf(", ") + 2);
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
