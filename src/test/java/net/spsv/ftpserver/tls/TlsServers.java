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
package net.spsv.ftpserver.tls;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import net.spsv.ftpserver.testing.FtpServerExtension;
import org.apache.ftpserver.ftplet.FtpException;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One server for every {@link Way}, configured as that way needs and otherwise alike. */
final class TlsServers implements BeforeAllCallback, AfterAllCallback {
    private final Map<Way, FtpServerExtension> servers = new EnumMap<>(Way.class);

    /** Configures servers, which start with the test class. */
    TlsServers(final Consumer<FtpServerExtension> more) {
        final FtpServerExtension explicit = new FtpServerExtension().tls(Certificates.server(Certificates.LISTENER));
        servers.put(Way.EXPLICIT, explicit);
        servers.put(Way.PASV, explicit);
        servers.put(
                Way.IMPLICIT,
                new FtpServerExtension()
                        .tls(Certificates.server(Certificates.LISTENER))
                        .implicitTls(true));
        servers.put(
                Way.CLEAR_LOGIN,
                new FtpServerExtension()
                        .tls(Certificates.server(Certificates.LISTENER))
                        .requireTls(false));
        servers.values().stream().distinct().forEach(more);
    }

    TlsServers() {
        this(server -> {});
    }

    FtpServerExtension of(final Way way) {
        return servers.get(way);
    }

    /** Writes a file into the home of every server. */
    void file(final String name, final byte[] content) {
        servers.values().stream().distinct().forEach(server -> server.file(name, content));
    }

    /** Returns a file in the home of a server. */
    Path path(final Way way, final String name) {
        return of(way).home().resolve(name);
    }

    @Override
    public void beforeAll(final ExtensionContext context) throws FtpException {
        for (final FtpServerExtension server : servers.values()) {
            if (server.server() == null) {
                server.start();
            }
        }
    }

    @Override
    public void afterAll(final ExtensionContext context) {
        servers.values().forEach(FtpServerExtension::stop);
    }
}
