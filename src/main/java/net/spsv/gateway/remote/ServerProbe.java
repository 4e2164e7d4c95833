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

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.ScheduledFuture;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.Reply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out at the start whether the server has single-port mode, and logs it.
 *
 * <p>FEAT tells. A server that tells its features only to users is asked for a data connection with a token that no
 * server gives: 504 is the answer of one that has single-port mode (draft, section 3). Others do not know the user, but
 * nor does one that has given it another name, so that is no more than a guess; the first session knows.
 *
 * <p>Threading: blocks the thread that runs it, no longer than the server's timeout twice over.
 */
public final class ServerProbe implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(ServerProbe.class);

    private static final int FEATURES_FOLLOW = 211;

    private static final int PASSWORD_WANTED = 331;

    private static final int WRONG_TOKEN = 504;

    private final RemoteServer server;

    private final boolean fallback;

    /**
     * Prepares the probe.
     *
     * @param server to be asked
     * @param fallback whether a server without SPSV will do
     */
    public ServerProbe(final RemoteServer server, final boolean fallback) {
        this.server = server;
        this.fallback = fallback;
    }

    @Override
    public void run() {
        final RemoteConnection connection;
        try {
            connection = server.openControl("Probe");
        } catch (IOException e) {
            warn("No connection to {}: {}", e);
            return;
        }
        final ScheduledFuture<?> timeout = server.after(server.timeoutMillis(), connection::drop);
        server.beginWait(connection);
        try {
            ask(connection);
        } catch (IOException e) {
            warn("It is not known whether {} has single-port mode (SPSV): {}", e);
        } finally {
            timeout.cancel(false);
            server.endWait(connection);
            connection.close();
        }
    }

    private void warn(final String format, final IOException e) {
        if (server.isClosed()) {
            LOG.debug("The gateway was closed before it was known whether {} has single-port mode (SPSV)", server, e);
        } else {
            LOG.warn(format, server, Log.reason(e));
        }
    }

    private void ask(final RemoteConnection connection) throws IOException {
        final Reply features = connection.exchange("FEAT");
        if (features.code() == FEATURES_FOLLOW) {
            tell(features.lines().stream().anyMatch(ServerProbe::isSpsv), "has");
        } else {
            // its data user may have another name
            tell(
                    connection.exchange("USER DATACONN").code() == PASSWORD_WANTED
                            && connection.exchange("PASS 0").code() == WRONG_TOKEN,
                    "seems to have");
        }
    }

    private static boolean isSpsv(final String feature) {
        return "SPSV".equals(feature.trim().split("[ ;]", 2)[0].toUpperCase(Locale.ROOT));
    }

    private void tell(final boolean singlePort, final String otherwise) {
        if (singlePort) {
            LOG.info("{} has single-port mode (SPSV)", server);
        } else if (fallback) {
            LOG.warn("{} {} no single-port mode (SPSV), so its passive ports will be used", server, otherwise);
        } else {
            LOG.warn(
                    "{} {} no single-port mode (SPSV), so without --fallback there are no data connections",
                    server,
                    otherwise);
        }
    }
}
