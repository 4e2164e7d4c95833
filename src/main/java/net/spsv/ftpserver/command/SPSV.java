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
import net.spsv.ftpserver.data.DataConnections;
import net.spsv.ftpserver.detach.WriteQueue;
import net.spsv.ftpserver.login.DataLoginFilter;
import org.apache.ftpserver.command.AbstractCommand;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.FtpServerContext;
import org.apache.ftpserver.impl.LocalizedFtpReply;
import org.apache.mina.core.session.IoSession;

/**
 * <code>SPSV &lt;CRLF&gt;</code>
 *
 * <p>Prepares a data connection on the server's own port. The reply names a user and a one-time password; the second
 * connection that logs in with them becomes the data connection of the next transfer.
 *
 * <p>Threading: the session's command thread.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02#section-3">
 *      draft-rosenau-ftp-single-port-02, section 3</a>
 */
public final class SPSV extends AbstractCommand {

    private final DataConnections dataConnections;

    private final DataLoginFilter filter;

    private final String dataUser;

    /**
     * Creates the command.
     *
     * @param dataConnections where it prepares data connections
     * @param filter puts tokens into replies
     * @param dataUser the user name of data logins
     */
    public SPSV(final DataConnections dataConnections, final DataLoginFilter filter, final String dataUser) {
        this.dataConnections = dataConnections;
        this.filter = filter;
        this.dataUser = dataUser;
    }

    /** {@inheritDoc} */
    @Override
    public void execute(final FtpIoSession session, final FtpServerContext context, final FtpRequest request)
            throws IOException, FtpException {
        session.resetState();
        if (request.hasArgument()) {
            session.write(LocalizedFtpReply.translate(
                    session,
                    request,
                    context,
                    FtpReply.REPLY_501_SYNTAX_ERROR_IN_PARAMETERS_OR_ARGUMENTS,
                    "SPSV",
                    null));
            return;
        }
        final IoSession ioSession = session.getFilterChain().getSession();
        WriteQueue.sendAtOnce(ioSession);
        filter.revealInNextReply(ioSession, dataConnections.prepare(session));
        session.write(LocalizedFtpReply.translate(
                session,
                request,
                context,
                FtpReply.REPLY_227_ENTERING_PASSIVE_MODE,
                "SPSV",
                dataUser + ':' + DataLoginFilter.TOKEN_PLACEHOLDER));
    }
}
