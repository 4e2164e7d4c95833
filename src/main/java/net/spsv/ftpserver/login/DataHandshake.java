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
package net.spsv.ftpserver.login;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import net.spsv.ftpserver.data.PendingDataConnection;
import net.spsv.ftpserver.detach.ChannelDetacher;
import net.spsv.ftpserver.detach.WriteQueue;
import net.spsv.ftpserver.tls.ServerHandshake;
import net.spsv.ftpserver.tls.TlsChannel;
import org.apache.mina.core.session.IoSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS handshake behind 200 DATA, of a data connection that has logged in in clear although PROT P is in force.
 *
 * <p>MINA keeps the socket until it is done, so that a peer that stalls holds no thread. What takes time to compute is
 * done on a command thread.
 *
 * <p>Threading: the session's I/O thread.
 */
final class DataHandshake {

    private static final Logger LOG = LoggerFactory.getLogger(DataHandshake.class);

    /** Input that is not looked at beyond this stays in the socket's buffer, in bytes. */
    private static final int MAX_WAITING = 64 * 1024;

    private final IoSession session;

    private final PendingDataConnection pending;

    private final SSLEngine engine;

    private final ServerHandshake handshake;

    private final ChannelDetacher detacher;

    private final CommandQueue commandQueue;

    private final Runnable lost;

    /** Whether a command thread is at work for the handshake, or its last message is on its way out. */
    private boolean busy;

    private boolean inputEnded;

    /** Whether the connection is nobody's handshake any more; other threads only read it. */
    private volatile boolean over;

    /** Whether the control session has given it up, which is no loss. */
    private volatile boolean dropped;

    DataHandshake(
            final IoSession session,
            final PendingDataConnection pending,
            final SSLEngine engine,
            final ChannelDetacher detacher,
            final CommandQueue commandQueue,
            final Runnable lost)
            throws SSLException {
        this.session = session;
        this.pending = pending;
        this.engine = engine;
        this.handshake = new ServerHandshake(engine);
        this.detacher = detacher;
        this.commandQueue = commandQueue;
        this.lost = lost;
    }

    /**
     * Begins.
     *
     * @param reply what the peer gets to read before the handshake
     * @param first what the peer has sent behind its login
     */
    void begin(final byte[] reply, final byte[] first) {
        pending.awaitHandshake(this::drop);
        write(reply);
        received(first);
    }

    void received(final byte[] bytes) {
        if (over) {
            return;
        }
        handshake.received(bytes);
        if (!busy) {
            proceed();
        }
        if (handshake.waiting() > MAX_WAITING) {
            session.suspendRead();
        }
    }

    /** Takes in the peer's FIN, which may be that of a short upload that is already all here. */
    void inputEnded() {
        inputEnded = true;
        session.suspendRead();
        if (!busy && !over) {
            fail(new IOException("the peer has left"));
        }
    }

    void sessionClosed() {
        if (!over) {
            over = true;
            lose();
        }
    }

    private void lose() {
        if (!dropped) {
            lost.run();
        }
        pending.close();
    }

    private void proceed() {
        try {
            switch (handshake.proceed()) {
                case NEEDS_TASKS:
                    busy = true;
                    commandQueue.then(session, () -> {
                        try {
                            handshake.runTasks();
                        } finally {
                            WriteQueue.then(session, this::tasksDone);
                        }
                    });
                    break;
                case FINISHED:
                    busy = true;
                    write(handshake.takeOutput());
                    WriteQueue.then(session, this::finished);
                    break;
                default:
                    if (inputEnded) {
                        throw new IOException("the peer has left");
                    }
                    break;
            }
            write(handshake.takeOutput());
        } catch (IOException | RuntimeException e) {
            // A trust manager may throw what it likes.
            fail(e);
        }
    }

    private void tasksDone() {
        if (over) {
            return;
        }
        busy = false;
        proceed();
        if (!over && !inputEnded && session.isReadSuspended()) {
            session.resumeRead();
        }
    }

    private void finished() {
        if (over) {
            return;
        }
        over = true;
        try {
            pending.deliver(new TlsChannel(
                    detacher.detach(session, ByteBuffer.allocate(0), handshake.rest()), engine, new byte[0]));
        } catch (IOException | RuntimeException e) {
            LOG.debug("A data connection was lost behind its handshake", e);
            lose();
        }
    }

    private void fail(final Exception why) {
        over = true;
        LOG.warn("TLS handshake of a data connection from {} failed: {}", session.getRemoteAddress(), why.toString());
        write(handshake.takeOutput());
        session.closeOnFlush();
        lose();
    }

    private void drop() {
        if (!over) {
            dropped = true;
            session.closeNow();
        }
    }

    private void write(final byte[] bytes) {
        if (bytes.length > 0) {
            WriteQueue.write(session, bytes);
        }
    }
}
