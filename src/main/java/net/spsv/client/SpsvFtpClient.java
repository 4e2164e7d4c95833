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

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.UnaryOperator;
import javax.net.SocketFactory;
import org.apache.commons.net.ftp.FTPClient;

/**
 * An {@link FTPClient} with single-port mode: its data connections go where its control connection goes.
 *
 * <pre>
 * SpsvFtpClient ftp = new SpsvFtpClient();
 * ftp.connect(host, port);
 * ftp.login(user, password);
 * ftp.enterSinglePortPassiveMode();
 * ftp.retrieveFile("contents.txt", out);
 * </pre>
 *
 * <p>All that is not said here is as in the base class. A transfer method returns false or null when a command was
 * refused, as ever; it throws an {@link SpsvException} when the data connection could not log in.
 *
 * <p>Threading: as the base class, one thread at a time.
 */
public class SpsvFtpClient extends FTPClient {

    private final SinglePortMode singlePort = new SinglePortMode();

    /**
     * Opens data connections by SPSV from now on, on the host and port of the control connection. As with
     * {@link #enterLocalPassiveMode()}, nothing is sent yet, connecting anew starts in active mode, and
     * {@link #getDataConnectionMode()} is {@link FTPClient#PASSIVE_LOCAL_DATA_CONNECTION_MODE}.
     */
    public void enterSinglePortPassiveMode() {
        super.enterLocalPassiveMode();
        singlePort.enter();
    }

    /**
     * Returns whether data connections are opened by SPSV.
     *
     * @return true between {@link #enterSinglePortPassiveMode()} and any other mode
     */
    public boolean isSinglePortPassiveMode() {
        return singlePort.isOn();
    }

    /**
     * Sets what happens when the server answers SPSV with 500, 502 or 202. It is asked once in a connection.
     *
     * @param fallback true to use EPSV and PASV then, as {@link #enterLocalPassiveMode()} does; false to throw an
     *     {@link SpsvUnsupportedException}, which is the default
     */
    public void setPassiveFallback(final boolean fallback) {
        singlePort.setFallback(fallback);
    }

    /**
     * Returns whether EPSV and PASV are used when the server does not have SPSV.
     *
     * @return the default is false
     */
    public boolean isPassiveFallback() {
        return singlePort.isFallback();
    }

    @Override
    public void enterLocalActiveMode() {
        singlePort.leave();
        super.enterLocalActiveMode();
    }

    @Override
    public void enterLocalPassiveMode() {
        singlePort.leave();
        super.enterLocalPassiveMode();
    }

    @Override
    public boolean enterRemoteActiveMode(final InetAddress host, final int port) throws IOException {
        final boolean entered = super.enterRemoteActiveMode(host, port);
        if (entered) {
            singlePort.leave();
        }
        return entered;
    }

    @Override
    public boolean enterRemotePassiveMode() throws IOException {
        final boolean entered = super.enterRemotePassiveMode();
        if (entered) {
            singlePort.leave();
        }
        return entered;
    }

    @Override
    public boolean setFileTransferMode(final int mode) throws IOException {
        final boolean set = super.setFileTransferMode(mode);
        if (set) {
            singlePort.transferMode(mode);
        }
        return set;
    }

    @Override
    public boolean reinitialize() throws IOException {
        final boolean done = super.reinitialize();
        if (done) {
            singlePort.reset();
        }
        return done;
    }

    @Override
    public void connect(final InetAddress host, final int port) throws IOException {
        connect(host, port, null, -1);
    }

    @Override
    public void connect(final InetAddress host, final int port, final InetAddress localAddr, final int localPort)
            throws IOException {
        singlePort.localAddress(localAddr);
        super.connect(host, port, localAddr, localPort);
    }

    @Override
    public void connect(final String hostname, final int port, final InetAddress localAddr, final int localPort)
            throws IOException {
        singlePort.localAddress(localAddr);
        super.connect(hostname, port, localAddr, localPort);
    }

    @Override
    protected void _connectAction_() throws IOException {
        singlePort.connected();
        super._connectAction_();
    }

    @Override
    public void disconnect() throws IOException {
        singlePort.reset();
        super.disconnect();
    }

    /** {@inheritDoc} The token of single-port mode is masked. */
    @Override
    protected void fireReplyReceived(final int replyCode, final String reply) {
        super.fireReplyReceived(replyCode, SinglePortMode.masked(replyCode, reply));
    }

    @Override
    protected Socket _openDataConnection_(final String command, final String arg) throws IOException {
        return singlePort.isOn()
                ? singlePort.open(new Access(), command, arg)
                : super._openDataConnection_(command, arg);
    }

    private final class Access implements ClientAccess {
        @Override
        public FTPClient client() {
            return SpsvFtpClient.this;
        }

        @Override
        public InetSocketAddress serverAddress() {
            return getRemoteInetSocketAddress();
        }

        @Override
        public SocketFactory socketFactory() {
            return _socketFactory_;
        }

        @Override
        public Tls tls() {
            return Tls.NONE;
        }

        @Override
        public String authValue() {
            throw new IllegalStateException("no TLS");
        }

        @Override
        public Socket secure(final Socket plain) {
            throw new IllegalStateException("no TLS");
        }

        @Override
        public void preparePlain(final Socket plain) {
            // FTPClient has nothing to be told
        }

        @Override
        public boolean restart(final long offset) throws IOException {
            return SpsvFtpClient.this.restart(offset);
        }

        @Override
        public Socket openClassic(final String command, final String argument) throws IOException {
            return SpsvFtpClient.super._openDataConnection_(command, argument);
        }

        @Override
        public void changeReplyLines(final UnaryOperator<String> change) {
            _replyLines.replaceAll(change);
            _newReplyString = true;
        }

        @Override
        public void commandSent(final String command, final String message) {
            fireCommandSent(command, message);
        }

        @Override
        public void replyReceived(final int code, final String message) {
            fireReplyReceived(code, message);
        }
    }
}
