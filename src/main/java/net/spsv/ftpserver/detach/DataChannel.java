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
package net.spsv.ftpserver.detach;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The wire of one data connection, in the clear or protected.
 *
 * <p>There are two ways out. {@link #finish()} is the end of a file. {@link #close()} is anything else, and such that
 * no peer takes a part for the whole. What comes second does nothing.
 *
 * <p>Threading: one thread at a time transfers and finishes; {@code close} may be called by any thread, at any time,
 * and does not block. All failures of the wire are {@link SocketException}s, because FtpServer answers those with 426.
 */
public interface DataChannel extends Closeable {

    /**
     * Says whether TLS protects what goes over this channel.
     *
     * @return true if everything that is read and written is encrypted on the wire
     */
    boolean isProtected();

    /**
     * Begins the transfer that the connection is for.
     *
     * @param idleMillis how long its peer may neither send nor read from now on, in milliseconds, 0 for ever
     */
    void beginTransfer(long idleMillis);

    /**
     * Reads what there is, at least one byte.
     *
     * @param target where to, with space left
     * @return the number of bytes, or -1 at the end of the file that the peer sends
     * @throws SocketException if the connection was reset, closed or cut off, or the peer was idle for too long
     */
    int read(ByteBuffer target) throws IOException;

    /**
     * Writes all of it.
     *
     * @param source what to write
     * @throws SocketException if the connection was reset or closed, or the peer did not read for too long
     */
    void write(ByteBuffer source) throws IOException;

    /**
     * Writes a part of a file.
     *
     * @param file the file
     * @param position where the part begins
     * @param count its length in bytes at most
     * @return the number of bytes written; 0 only if the file has no more of them
     * @throws SocketException if the connection was reset or closed, or the peer did not read for too long
     * @throws IOException if the file could not be read
     */
    long write(FileChannel file, long position, long count) throws IOException;

    /**
     * Lets {@link #close()} interrupt the calling thread, until {@link #sleepingEnds()}: for code that sleeps without
     * looking at the connection, as FtpServer's rate limit does.
     *
     * @throws SocketException if the connection is closed already
     */
    void sleepingBegins() throws SocketException;

    /** Ends what {@link #sleepingBegins()} began; the calling thread is not interrupted any more. */
    void sleepingEnds();

    /**
     * Ends the connection after a complete transfer.
     *
     * @throws SocketException if it was closed by somebody else before
     */
    void finish() throws IOException;

    /** Drops the connection, and with it a transfer that is under way. */
    @Override
    void close();
}
