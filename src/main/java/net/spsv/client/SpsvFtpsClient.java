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
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPSClient;
import org.apache.commons.net.util.SSLContextUtils;
import org.apache.commons.net.util.SSLSocketUtils;

/**
 * An {@link FTPSClient} with single-port mode: its data connections go where its control connection goes, and are
 * protected as that one is.
 *
 * <pre>
 * SpsvFtpsClient ftps = new SpsvFtpsClient();
 * ftps.setEndpointCheckingEnabled(true);
 * ftps.connect(host, port);
 * ftps.login(user, password);
 * ftps.execPBSZ(0);
 * ftps.execPROT("P");
 * ftps.enterSinglePortPassiveMode();
 * ftps.retrieveFile("contents.txt", out);
 * </pre>
 *
 * <p>The data connection says AUTH (or starts with TLS in implicit mode) before it sends its token, and stays inside
 * TLS, after PROT P and after PROT C alike: a token that was got over TLS goes over TLS. Context, managers, protocols,
 * suites, endpoint checking and the host name verifier are those of the control connection, whose session is resumed if
 * the JDK has it. The socket below the TLS comes from the socket factory that the control connection was made with.
 * A download that ends without TLS's close_notify fails with an {@link javax.net.ssl.SSLException}, whatever the
 * server says: it has been cut off on its way.
 *
 * <p>All that is not said here is as in the base class. A transfer method returns false or null when a command was
 * refused, as ever; it throws an {@link SpsvException} when the data connection could not log in.
 *
 * <p>Threading: as the base class, one thread at a time.
 */
public class SpsvFtpsClient extends FTPSClient {

    private static final String DEFAULT_PROTOCOL = "TLS";

    private final SinglePortMode singlePort = new SinglePortMode();

    private final SSLContext context;

    private KeyManager keyManager;

    /** What made the control connection's socket; execPROT changes the base class's. */
    private SocketFactory controlSocketFactory;

    /** Whether PROT has asked for more than data in clear. */
    private boolean dataProtected;

    /** Creates a client with explicit TLS, as {@link FTPSClient#FTPSClient()}. */
    public SpsvFtpsClient() {
        this(DEFAULT_PROTOCOL, false);
    }

    /**
     * Creates a client, as {@link FTPSClient#FTPSClient(boolean)}.
     *
     * @param isImplicit whether connections start with TLS
     */
    public SpsvFtpsClient(final boolean isImplicit) {
        this(DEFAULT_PROTOCOL, isImplicit);
    }

    /**
     * Creates a client, as {@link FTPSClient#FTPSClient(String)}.
     *
     * @param protocol the name of the context's protocol
     */
    public SpsvFtpsClient(final String protocol) {
        this(protocol, false);
    }

    /**
     * Creates a client, as {@link FTPSClient#FTPSClient(String, boolean)}.
     *
     * @param protocol the name of the context's protocol
     * @param isImplicit whether connections start with TLS
     */
    public SpsvFtpsClient(final String protocol, final boolean isImplicit) {
        this(new DeferredContext(protocol), isImplicit);
    }

    /**
     * Creates a client with explicit TLS, as {@link FTPSClient#FTPSClient(SSLContext)}.
     *
     * @param context used for control and data connections
     */
    public SpsvFtpsClient(final SSLContext context) {
        this(false, context);
    }

    /**
     * Creates a client, as {@link FTPSClient#FTPSClient(boolean, SSLContext)}.
     *
     * @param isImplicit whether connections start with TLS
     * @param context used for control and data connections
     */
    public SpsvFtpsClient(final boolean isImplicit, final SSLContext context) {
        this(context == null ? new DeferredContext(DEFAULT_PROTOCOL) : context, isImplicit);
    }

    private SpsvFtpsClient(final SSLContext context, final boolean isImplicit) {
        super(isImplicit, context);
        this.context = context;
    }

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
        controlSocketFactory = _socketFactory_;
        dataProtected = false;
        super._connectAction_();
    }

    @Override
    public void disconnect() throws IOException {
        singlePort.reset();
        super.disconnect();
    }

    @Override
    public void setKeyManager(final KeyManager keyManager) {
        this.keyManager = keyManager;
        super.setKeyManager(keyManager);
    }

    @Override
    protected String getProtocol() {
        return context instanceof DeferredContext ? context.getProtocol() : super.getProtocol();
    }

    @Override
    public void execPROT(final String prot) throws IOException {
        makeContext();
        super.execPROT(prot);
        dataProtected = prot != null && !"C".equals(prot);
    }

    @Override
    protected void sslNegotiation() throws IOException {
        makeContext();
        super.sslNegotiation();
    }

    /** Does what the base class does at this point when it has no context: makes one of the managers it has now. */
    private void makeContext() throws IOException {
        if (context instanceof DeferredContext && !((DeferredContext) context).isMade()) {
            ((DeferredContext) context)
                    .make(SSLContextUtils.createSSLContext(getProtocol(), keyManager, getTrustManager()));
        }
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
            return SpsvFtpsClient.this;
        }

        @Override
        public InetSocketAddress serverAddress() {
            return getRemoteInetSocketAddress();
        }

        @Override
        public SocketFactory socketFactory() {
            return controlSocketFactory;
        }

        @Override
        public Tls tls() {
            if (isImplicit()) {
                return Tls.IMPLICIT;
            }
            // only after CCC the control connection has no TLS
            return _socket_ instanceof SSLSocket || dataProtected ? Tls.EXPLICIT : Tls.NONE;
        }

        @Override
        public String authValue() {
            return getAuthValue();
        }

        @Override
        public Socket secure(final Socket plain) throws IOException {
            final SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, _hostname_, plain.getPort(), true);
            _prepareDataSocket_(socket);
            socket.setEnableSessionCreation(isCreation());
            socket.setUseClientMode(isClientMode());
            if (!isClientMode()) {
                socket.setNeedClientAuth(isNeedClientAuth());
                socket.setWantClientAuth(isWantClientAuth());
            } else if (isEndpointCheckingEnabled()) {
                SSLSocketUtils.enableEndpointNameVerification(socket);
            }
            if (getProtocols() != null) {
                socket.setEnabledProtocols(getProtocols());
            }
            if (getSuites() != null) {
                socket.setEnabledCipherSuites(getSuites());
            }
            socket.startHandshake();
            if (isClientMode()
                    && getHostnameVerifier() != null
                    && !getHostnameVerifier().verify(_hostname_, socket.getSession())) {
                throw new SSLHandshakeException("Hostname doesn't match certificate");
            }
            return socket;
        }

        @Override
        public void preparePlain(final Socket plain) throws IOException {
            _prepareDataSocket_(plain);
        }

        @Override
        public boolean restart(final long offset) throws IOException {
            return SpsvFtpsClient.this.restart(offset);
        }

        @Override
        public Socket openClassic(final String command, final String argument) throws IOException {
            return SpsvFtpsClient.super._openDataConnection_(command, argument);
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
