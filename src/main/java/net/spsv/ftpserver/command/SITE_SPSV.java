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
package net.spsv.ftpserver.command;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import net.spsv.ftpserver.statistics.SinglePortMXBean;
import org.apache.ftpserver.command.AbstractCommand;
import org.apache.ftpserver.ftplet.DefaultFtpReply;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.LocalizedFtpReply;

/**
 * {@code SITE SPSV}: shows the administrator what happens in single-port mode, as {@code SITE STAT} does for the rest.
 *
 * <p>Threading: immutable, safe for all threads; FtpServer calls it on a command thread.
 */
public final class SITE_SPSV extends AbstractCommand {

    private final SinglePortMXBean statistics;

    /**
     * Creates the command.
     *
     * @param statistics what to show
     */
    public SITE_SPSV(final SinglePortMXBean statistics) {
        this.statistics = statistics;
    }

    /** {@inheritDoc} */
    @Override
    public void execute(final FtpIoSession session, final FtpServerContext context, final FtpRequest request)
            throws IOException, FtpException {
        session.resetState();
        if (!context.getUserManager().isAdmin(session.getUser().getName())) {
            session.write(LocalizedFtpReply.translate(
                    session, request, context, FtpReply.REPLY_530_NOT_LOGGED_IN, "SITE", null));
            return;
        }
        session.write(new DefaultFtpReply(FtpReply.REPLY_200_COMMAND_OKAY, text()));
    }

    private String text() {
        final StringBuilder text = new StringBuilder("\n");
        line(text, "Tokens Issued", statistics.getTokensIssued());
        line(text, "Tokens Redeemed", statistics.getTokensRedeemed());
        line(text, "Tokens Expired", statistics.getTokensExpired());
        line(text, "Tokens Outstanding", statistics.getTokensOutstanding());
        line(text, "Logins Refused", statistics.getLoginsRefused());
        for (final Map.Entry<String, Long> reason :
                statistics.getLoginsRefusedByReason().entrySet()) {
            line(text, "  " + reason.getKey(), reason.getValue());
        }
        line(text, "Refusals Delayed", statistics.getRefusalsDelayed());
        line(text, "Data Connections", statistics.getDataConnections());
        line(text, "Data Connections Waiting", statistics.getDataConnectionsWaiting());
        line(text, "Data Connections Active", statistics.getDataConnectionsActive());
        line(text, "Bytes Received", statistics.getBytesReceived());
        line(text, "Bytes Sent", statistics.getBytesSent());
        return text.append('\n').toString();
    }

    private static void line(final StringBuilder text, final String name, final long value) {
        text.append(String.format(Locale.ROOT, "%-25s: %d", name, value)).append('\n');
    }
}
