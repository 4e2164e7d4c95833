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

/**
 * What FtpServer was given of a session and may still be busy with. It takes any amount, and keeps a reply for each
 * line until the peer reads it (with TLS, of 33 KB), so whoever asks here first keeps a peer from filling the memory.
 *
 * <p>What is handled is known by a mark that was sent behind it and has come back. The limits are on what waits at a
 * time, not on what a session may send: TCP holds the rest back. A user's is so wide that only a peer with hundreds of
 * commands under way has its ABOR wait with them.
 *
 * <p>Threading: one thread at a time.
 */
final class CommandsAhead {

    /** Lines of a peer that is not logged in. */
    private static final int MAX_LINES = 8;

    /** Bytes of a peer that is not logged in. */
    private static final int MAX_BYTES = 4 * 1024;

    /** Lines of a user. */
    private static final int MAX_USER_LINES = 256;

    /** Bytes of a user. */
    private static final int MAX_USER_BYTES = 64 * 1024;

    /** Lines and bytes that FtpServer was given since the connection began. */
    private long lines;

    private long bytes;

    /** The bytes up to the end of the last password. */
    private long bytesToPassword;

    /** What had been given when the mark was sent. */
    private long markedLines;

    private long markedBytes;

    /** What was handled. */
    private long handledLines;

    private long handledBytes;

    /** The greeting comes before everything. */
    private boolean greeted;

    /**
     * Takes note of what FtpServer gets next.
     *
     * @param part a line, or a part of one
     */
    void add(final byte[] part) {
        bytes += part.length;
        if (part.length > 0 && part[part.length - 1] == '\n') {
            lines++;
        }
    }

    /** Takes note that the last line was a password: whether the peer is a user decides on what is behind it. */
    void addPassword() {
        bytesToPassword = bytes;
    }

    /** A mark is sent behind all that was given. */
    void marked() {
        markedLines = lines;
        markedBytes = bytes;
    }

    /** The mark has come back: FtpServer has handled what was ahead of it, and the replies are out. */
    void markReturned() {
        handledLines = markedLines;
        handledBytes = markedBytes;
        greeted = true;
    }

    /** Whether there is anything that may not be handled. */
    boolean isAny() {
        return !greeted || bytes > handledBytes;
    }

    /**
     * Whether FtpServer should get no more.
     *
     * @param loggedIn whether the peer is a user
     */
    boolean isFull(final boolean loggedIn) {
        return !loggedIn && bytesToPassword > handledBytes || isFilled(loggedIn, 1);
    }

    /**
     * Whether it is time for a mark, so that a peer that waits for its replies never finds it full.
     *
     * @param loggedIn whether the peer is a user
     */
    boolean isHalfFull(final boolean loggedIn) {
        return isFilled(loggedIn, 2);
    }

    private boolean isFilled(final boolean loggedIn, final int divisor) {
        return lines - handledLines >= (loggedIn ? MAX_USER_LINES : MAX_LINES) / divisor
                || bytes - handledBytes >= (loggedIn ? MAX_USER_BYTES : MAX_BYTES) / divisor;
    }
}
