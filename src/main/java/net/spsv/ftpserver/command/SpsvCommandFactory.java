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

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import net.spsv.ftpserver.data.DataConnections;
import org.apache.ftpserver.command.Command;
import org.apache.ftpserver.command.CommandFactory;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.impl.LocalizedFtpReply;

/**
 * FtpServer's commands, with SPSV, and with what SPSV changes in others.
 *
 * <p>Threading: immutable, safe for all threads.
 */
public final class SpsvCommandFactory implements CommandFactory {

    /**
     * Commands that FtpServer ends a login by. PASS is one on a session that is logged in: it is answered 202, and then
     * the session is reinitialized.
     */
    private static final String[] LOGOUTS = {"REIN", "PASS", "QUIT"};

    private static final String[] OTHER_PORTS = {"PASV", "EPSV", "PORT", "EPRT"};

    private final CommandFactory host;

    private final Map<String, Command> commands = new HashMap<>();

    /**
     * Decorates a command factory.
     *
     * @param host FtpServer's own
     * @param spsv the command
     * @param siteSpsv the one that shows the statistics
     * @param singlePortOnly whether to refuse the commands that need another port
     */
    public SpsvCommandFactory(
            final CommandFactory host, final SPSV spsv, final SITE_SPSV siteSpsv, final boolean singlePortOnly) {
        this.host = host;
        commands.put("SPSV", spsv);
        // where FtpServer's SITE looks for SITE SPSV
        commands.put("SITE_SPSV", siteSpsv);
        for (final String verb : LOGOUTS) {
            if (host.getCommand(verb) != null) {
                commands.put(verb, endingDataConnection(host.getCommand(verb)));
            }
        }
        if (singlePortOnly) {
            for (final String verb : OTHER_PORTS) {
                commands.put(verb, refusal());
            }
        }
    }

    /** FtpServer leaves the data connection as it is, or ends it after the reply. */
    private static Command endingDataConnection(final Command logout) {
        return (session, context, request) -> {
            if (DataConnections.of(session) != null) {
                session.getDataConnection().closeDataConnection();
            }
            logout.execute(session, context, request);
        };
    }

    private static Command refusal() {
        return (session, context, request) -> {
            session.resetState();
            session.write(LocalizedFtpReply.translate(
                    session, request, context, FtpReply.REPLY_502_COMMAND_NOT_IMPLEMENTED, "SPSV", null));
        };
    }

    /**
     * The factory that is decorated.
     *
     * @return FtpServer's own
     */
    public CommandFactory host() {
        return host;
    }

    /** {@inheritDoc} */
    @Override
    public Command getCommand(final String name) {
        final Command own = name == null ? null : commands.get(name.toUpperCase(Locale.ROOT));
        return own == null ? host.getCommand(name) : own;
    }
}
