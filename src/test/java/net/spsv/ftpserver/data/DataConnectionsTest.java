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
package net.spsv.ftpserver.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.spsv.ftpserver.detach.MinaInternals;
import net.spsv.ftpserver.detach.UnconnectedChannel;
import net.spsv.ftpserver.statistics.Refusal;
import net.spsv.ftpserver.token.DataToken;
import org.apache.ftpserver.DataConnectionConfigurationFactory;
import org.apache.ftpserver.DataConnectionException;
import org.apache.ftpserver.impl.DefaultFtpServerContext;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.IODataConnectionFactory;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.mina.core.session.DummySession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a token and its data connection, in the order in which FtpServer and the network may want it. */
@Timeout(30)
class DataConnectionsTest {

    private static final InetSocketAddress PEER = address(1);

    /** Much longer than a peer that comes here may be held up. */
    private static final int LONG_SECONDS = 20;

    private final DefaultFtpServerContext context = new DefaultFtpServerContext();

    private final DataConnections dataConnections = new DataConnections(context, MinaInternals.probe(), true);

    private final List<Refusal> refused = new ArrayList<>();

    private final FtpIoSession session = session(false, LONG_SECONDS);

    private final UnconnectedChannel socket = new UnconnectedChannel();

    @AfterEach
    void stopServer() {
        context.dispose();
    }

    private FtpIoSession session(final boolean ipCheck, final int idleSeconds) {
        final DataConnectionConfigurationFactory data = new DataConnectionConfigurationFactory();
        data.setIdleTime(idleSeconds);
        data.setPassiveIpCheck(ipCheck);
        final ListenerFactory listener = new ListenerFactory();
        listener.setDataConnectionConfiguration(data.createDataConnectionConfiguration());
        final DummySession wrapped = new DummySession();
        wrapped.setRemoteAddress(PEER);
        wrapped.setLocalAddress(address(2));
        final FtpIoSession made = new FtpIoSession(wrapped, context);
        made.setListener(listener.createListener());
        return made;
    }

    private static InetSocketAddress address(final int last) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), 4000 + last);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private SpsvDataConnectionFactory factory() {
        return (SpsvDataConnectionFactory) session.getDataConnection();
    }

    /** Lets a peer present a token and, if it is good, become the data connection. */
    private boolean comes(final DataToken token) {
        final PendingDataConnection pending =
                dataConnections.redeem(token.value(), PEER.getAddress(), false, refused::add);
        if (pending == null) {
            return false;
        }
        pending.deliver(socket.detached());
        return true;
    }

    @Test
    void factoryOfThisFtpServerCanBeReplaced() {
        assertThat(dataConnections.canReplaceFactory()).isTrue();
    }

    @Test
    void sessionWithoutSpsvHasFtpServersOwnFactory() {
        assertThat(DataConnections.of(session)).isNull();
        assertThat(session.getDataConnection()).isExactlyInstanceOf(IODataConnectionFactory.class);
        assertThat(DataConnections.of(session)).isNull();
    }

    @Test
    void preparedSessionHasOursAndKeepsIt() {
        dataConnections.prepare(session);
        final SpsvDataConnectionFactory first = factory();
        dataConnections.prepare(session);

        assertThat(DataConnections.of(session)).isSameAs(first).isSameAs(factory());
    }

    @Test
    void whatWasPreparedOtherwiseIsEnded() {
        final AtomicInteger closed = new AtomicInteger();
        session.setAttribute(
                FtpIoSession.ATTRIBUTE_PREFIX + "data-connection", new IODataConnectionFactory(context, session) {
                    @Override
                    public synchronized void closeDataConnection() {
                        closed.incrementAndGet();
                    }
                });

        dataConnections.prepare(session);

        assertThat(closed).hasValue(1);
    }

    @Test
    void sessionThatHasNothingPreparedIsForgotten() {
        dataConnections.prepare(session);
        factory().closeDataConnection();
        dataConnections.close();

        // It would be ended for good if it were known still.
        assertThat(comes(dataConnections.prepare(session))).isTrue();
    }

    @Test
    void protectionAndCompressionSurviveTheChange() {
        final FtpIoSession changed = session(false, LONG_SECONDS);
        ((IODataConnectionFactory) changed.getDataConnection()).setSecure(true);
        ((IODataConnectionFactory) changed.getDataConnection()).setZipMode(true);
        dataConnections.prepare(changed);
        dataConnections.prepare(session);

        assertThat(changed.getDataConnection().isSecure()).isTrue();
        assertThat(changed.getDataConnection().isZipMode()).isTrue();
        assertThat(factory().isSecure()).isFalse();
        assertThat(factory().isZipMode()).isFalse();
    }

    @Test
    void connectionThatCameBeforeTheTransferIsUsed() throws Exception {
        final DataToken token = dataConnections.prepare(session);
        assertThat(dataConnections.isAwaited()).isTrue();
        assertThat(comes(token)).isTrue();
        assertThat(dataConnections.isAwaited()).isFalse();
        // The transfer commands answer 503 if this is null.
        assertThat(factory().getInetAddress()).isEqualTo(PEER.getAddress());

        assertThat(factory().isTransferring()).isFalse();
        assertThat(factory().openConnection()).isNotNull();
        assertThat(factory().isTransferring()).isTrue();
        factory().closeDataConnection();
        assertThat(factory().isTransferring()).isFalse();
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void connectionThatComesDuringTheTransferCommandIsUsed() throws Exception {
        final DataToken token = dataConnections.prepare(session);
        final CompletableFuture<Boolean> opened = CompletableFuture.supplyAsync(() -> {
            try {
                return factory().openConnection() != null;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Awaitility.await().until(factory()::isTransferring);

        assertThat(comes(token)).isTrue();

        assertThat(opened.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void oneSpsvServesOneTransfer() throws Exception {
        final DataToken token = dataConnections.prepare(session);
        comes(token);
        factory().openConnection();
        factory().closeDataConnection();

        assertThat(factory().getInetAddress()).isNull();
        assertThatThrownBy(factory()::openConnection).isInstanceOf(DataConnectionException.class);
        assertThat(comes(token)).isFalse();
    }

    @Test
    void nobodyComingEndsTheTransferAndTheToken() {
        final int threads = context.getThreadPoolExecutor().getMaximumPoolSize();
        final FtpIoSession impatient = session(false, 1);
        final DataToken token = dataConnections.prepare(impatient);
        assertThatThrownBy(impatient.getDataConnection()::openConnection).isInstanceOf(SocketTimeoutException.class);

        impatient.getDataConnection().closeDataConnection();

        assertThat(comes(token)).isFalse();
        assertThat(context.getThreadPoolExecutor().getMaximumPoolSize()).isEqualTo(threads);
    }

    @Test
    void newSpsvRevokesTheTokenBeforeIt() {
        final DataToken old = dataConnections.prepare(session);
        final DataToken token = dataConnections.prepare(session);

        assertThat(comes(old)).isFalse();
        assertThat(comes(token)).isTrue();
    }

    @Test
    void newSpsvDropsTheConnectionThatWaits() {
        comes(dataConnections.prepare(session));
        dataConnections.prepare(session);

        assertThat(socket.isOpen()).isFalse();
        assertThat(socket.resets()).isOne();
    }

    @Test
    void portRevokesTheTokenAndDropsTheConnectionThatWaits() {
        final DataToken token = dataConnections.prepare(session);
        factory().initActiveDataConnection(address(9));
        assertThat(comes(token)).isFalse();
        assertThat(factory().getInetAddress()).isEqualTo(address(9).getAddress());

        comes(dataConnections.prepare(session));
        factory().initActiveDataConnection(address(9));
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void abortEndsTheTokenAndTheTransferThatFollows() {
        final DataToken token = dataConnections.prepare(session);
        Aborts.of(session).seen();
        factory().abort();

        assertThat(comes(token)).isFalse();
        assertThatThrownBy(factory()::openConnection).isInstanceOf(SocketException.class);
    }

    /** The peer has its 200, so the transfer begins, and is cut off. */
    @Test
    void abortDropsTheConnectionOfATransferThatIsYetToBegin() throws Exception {
        Aborts.of(session).seen();
        comes(dataConnections.prepare(session));

        assertThat(factory().openConnection()).isNotNull();

        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void abortDropsAConnectionThatIsBetweenItsLoginAndTheTransfer() throws Exception {
        final DataToken token = dataConnections.prepare(session);
        final PendingDataConnection pending =
                dataConnections.redeem(token.value(), PEER.getAddress(), false, refused::add);
        factory().abort();
        assertThat(pending.hasArrived()).isFalse();

        pending.deliver(socket.detached());

        assertThat(socket.isOpen()).isFalse();
        assertThat(factory().openConnection()).isNotNull();
    }

    @Test
    void abortThatWasDealtWithEndsNothingElse() throws Exception {
        Aborts.of(session).seen();
        Aborts.of(session).handled();
        comes(dataConnections.prepare(session));

        assertThat(factory().openConnection()).isNotNull();

        assertThat(socket.isOpen()).isTrue();
    }

    @Test
    void endOfTheControlConnectionEndsWhatIsAndWhatComes() {
        final DataToken token = dataConnections.prepare(session);
        factory().controlConnectionEnded();
        assertThat(comes(token)).isFalse();

        assertThat(comes(dataConnections.prepare(session))).isFalse();
        assertThat(dataConnections.isAwaited()).isFalse();
    }

    @Test
    void endOfTheControlConnectionDropsTheConnectionThatWaits() {
        comes(dataConnections.prepare(session));
        factory().controlConnectionEnded();

        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void endOfTheControlConnectionEndsTheTransferThatWaits() {
        dataConnections.prepare(session);
        final CompletableFuture<Throwable> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return new AssertionError(factory().openConnection());
            } catch (Exception e) {
                return e;
            }
        });
        Awaitility.await().until(factory()::isTransferring);
        factory().controlConnectionEnded();

        assertThat(waiting).succeedsWithin(10, TimeUnit.SECONDS).isInstanceOf(SocketException.class);
    }

    @Test
    void endOfTheServerEndsAllSessions() {
        final FtpIoSession other = session(false, LONG_SECONDS);
        final DataToken token = dataConnections.prepare(other);
        comes(dataConnections.prepare(session));

        dataConnections.close();

        assertThat(comes(token)).isFalse();
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void connectionFromAnotherAddressIsRefusedAndTheTokenKept() throws Exception {
        final FtpIoSession checked = session(true, LONG_SECONDS);
        final DataToken token = dataConnections.prepare(checked);

        assertThat(dataConnections.redeem(token.value(), address(3).getAddress(), false, refused::add))
                .isNull();
        assertThat(refused).containsExactly(Refusal.OTHER_ADDRESS);
        assertThat(comes(token)).isTrue();
        assertThat(checked.getDataConnection().openConnection()).isNotNull();
    }

    @Test
    void connectionFromAnotherAddressIsTakenWithoutTheCheck() {
        final DataToken token = dataConnections.prepare(session);

        assertThat(dataConnections.redeem(token.value(), address(3).getAddress(), false, refused::add))
                .isNotNull();
    }

    @Test
    void protectedTransferIsRefused() {
        comes(dataConnections.prepare(session));
        factory().setSecure(true);

        assertThatThrownBy(factory()::openConnection).isInstanceOf(DataConnectionException.class);
    }

    @Test
    void tokensOfSessionsAreTheirOwn() throws Exception {
        final FtpIoSession other = session(false, LONG_SECONDS);
        final DataToken token = dataConnections.prepare(other);
        dataConnections.prepare(session);

        assertThat(comes(token)).isTrue();
        assertThat(other.getDataConnection().openConnection()).isNotNull();
        assertThat(dataConnections.isAwaited()).isTrue();
    }
}
