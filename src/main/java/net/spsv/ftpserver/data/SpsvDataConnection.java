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

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import net.spsv.ftpserver.detach.DataChannel;
import org.apache.ftpserver.ftplet.DataConnection;
import org.apache.ftpserver.ftplet.DataType;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.IODataConnection;
import org.apache.ftpserver.usermanager.impl.TransferRateRequest;

/**
 * FtpServer's {@code DataConnection} over a detached channel.
 *
 * <p>Whole files in binary, without a rate limit and without compression, take the fast path: the kernel sends from the
 * page cache, and receives through one large buffer. All else goes through FtpServer's {@link IODataConnection}, so
 * that it comes out byte for byte as through PASV.
 *
 * <p>Threading: the command thread of the transfer; each object serves one transfer.
 */
final class SpsvDataConnection implements DataConnection {

    /** Bytes that the kernel sends per call, after each of which the session is told of the progress. */
    private static final int CHUNK = 256 * 1024;

    /** Bytes that are received at a time: small enough to stay in a core's cache between the socket and the file. */
    private static final int BUFFER_SIZE = 64 * 1024;

    /** One per command thread, because direct buffers are dear to allocate and are freed by nothing but a full GC. */
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_SIZE));

    private final DataChannel channel;

    private final FtpIoSession ioSession;

    private final SpsvDataConnectionFactory factory;

    private final IODataConnection faithful;

    SpsvDataConnection(
            final DataChannel channel, final FtpIoSession ioSession, final SpsvDataConnectionFactory factory) {
        this.channel = channel;
        this.ioSession = ioSession;
        this.factory = factory;
        this.faithful = new IODataConnection(new DataSocket(channel), ioSession, factory);
    }

    @Override
    public long transferToClient(final FtpSession session, final InputStream in) throws IOException {
        final long size;
        if (isPlain(session, true) && StreamChannels.isPlainFile(in)) {
            size = send((FileInputStream) in);
        } else {
            size = faithfully(() -> faithful.transferToClient(session, in));
        }
        channel.finish();
        return size;
    }

    @Override
    public void transferToClient(final FtpSession session, final String text) throws IOException {
        faithfully(() -> {
            faithful.transferToClient(session, text);
            return null;
        });
        channel.finish();
    }

    @Override
    public long transferFromClient(final FtpSession session, final OutputStream out) throws IOException {
        final long start = System.nanoTime();
        final long size;
        if (isPlain(session, false) && StreamChannels.isPlainFile(out)) {
            size = receive(((FileOutputStream) out).getChannel());
        } else {
            size = faithfully(() -> {
                final long received = faithful.transferFromClient(session, out);
                readToTheEnd();
                return received;
            });
        }
        factory.ensureControlConnection(System.nanoTime() - start);
        channel.finish();
        return size;
    }

    /** Compressed data ends by itself, but whether it is the whole file is for the connection's end to say. */
    private void readToTheEnd() throws IOException {
        final ByteBuffer ignored = BUFFER.get();
        do {
            ignored.clear();
        } while (channel.read(ignored) >= 0);
    }

    /** FtpServer sleeps to keep to a rate, and takes an interrupt for the end of the transfer. */
    private <T> T faithfully(final Transfer<T> transfer) throws IOException {
        channel.sleepingBegins();
        try {
            return transfer.run();
        } finally {
            channel.sleepingEnds();
        }
    }

    private boolean isPlain(final FtpSession session, final boolean download) {
        if (session.getDataType() == DataType.ASCII || factory.isZipMode()) {
            return false;
        }
        final TransferRateRequest rates =
                (TransferRateRequest) session.getUser().authorize(new TransferRateRequest());
        return rates == null || (download ? rates.getMaxDownloadRate() : rates.getMaxUploadRate()) == 0;
    }

    private long send(final FileInputStream in) throws IOException {
        final FileChannel file = in.getChannel();
        final long start = file.position();
        long position = start;
        long count;
        while ((count = channel.write(file, position, CHUNK)) > 0) {
            position += count;
            sent((int) count);
        }
        file.position(position);
        return position - start + sendRest(file);
    }

    /** What a file holds beyond the size that it reports, as those of /proc do; usually this only meets its end. */
    private long sendRest(final FileChannel file) throws IOException {
        final ByteBuffer buffer = BUFFER.get();
        long size = 0;
        buffer.clear();
        while (file.read(buffer) >= 0) {
            buffer.flip();
            final int count = buffer.remaining();
            channel.write(buffer);
            sent(count);
            size += count;
            buffer.clear();
        }
        return size;
    }

    private long receive(final FileChannel file) throws IOException {
        final ByteBuffer buffer = BUFFER.get();
        long size = 0;
        int count;
        buffer.clear();
        while ((count = channel.read(buffer)) >= 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
            ioSession.increaseReadDataBytes(count);
            ioSession.updateLastAccessTime();
            size += count;
            buffer.clear();
        }
        return size;
    }

    private void sent(final int count) {
        ioSession.increaseWrittenDataBytes(count);
        ioSession.updateLastAccessTime();
    }

    private interface Transfer<T> {
        T run() throws IOException;
    }
}
