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
package net.spsv.client;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import net.spsv.ftpserver.testing.FtpServerExtension;
import org.apache.ftpserver.ftplet.FtpException;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One real server for every kind of client, started with the test class. */
final class Servers implements BeforeAllCallback, AfterAllCallback {
    private final Map<Kind, FtpServerExtension> servers = new EnumMap<>(Kind.class);

    Servers() {
        this(UnaryOperator.identity());
    }

    Servers(final UnaryOperator<FtpServerExtension> more) {
        for (final Kind kind : Kind.values()) {
            servers.put(kind, more.apply(kind.server()));
        }
    }

    FtpServerExtension of(final Kind kind) {
        return servers.get(kind);
    }

    @Override
    public void beforeAll(final ExtensionContext context) throws FtpException {
        for (final FtpServerExtension server : servers.values()) {
            server.start();
        }
    }

    @Override
    public void afterAll(final ExtensionContext context) {
        servers.values().forEach(FtpServerExtension::stop);
    }
}
