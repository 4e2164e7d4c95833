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
 * <p>The limits are on what waits at a time, not on what a session may send: TCP holds the rest back. A user's is so
 * wide that only a peer with hundreds of commands under way has its ABOR wait with them.
 *
 * <p>Threading: one thread at a time.
 */
final class CommandsAhead {

    /** Lines of a peer that is not logged in. */
    static final int MAX_LINES = 16;

    /** Bytes of a peer that is not logged in. */
    static final int MAX_BYTES = 4 * 1024;

    /** Lines of a user. */
    static final int MAX_USER_LINES = 256;

    /** Bytes of a user. */
    static final int MAX_USER_BYTES = 64 * 1024;

    private int lines;

    private int bytes;

    private boolean password;

    /** The greeting comes before everything. */
    private boolean some = true;

    /**
     * Takes note of what FtpServer gets next.
     *
     * @param part a line, or a part of one
     */
    void add(final byte[] part) {
        some |= part.length > 0;
        bytes += part.length;
        if (part.length > 0 && part[part.length - 1] == '\n') {
            lines++;
        }
    }

    /** Takes note that it was a password: whether the peer is a user decides on what is behind it. */
    void addPassword() {
        password = true;
    }

    /** FtpServer has handled it all, and its replies are out. */
    void handled() {
        lines = 0;
        bytes = 0;
        password = false;
        some = false;
    }

    /** Whether there is anything. */
    boolean isAny() {
        return some;
    }

    /**
     * Whether FtpServer should get no more.
     *
     * @param loggedIn whether the peer is a user
     */
    boolean isFull(final boolean loggedIn) {
        return loggedIn
                ? lines >= MAX_USER_LINES || bytes >= MAX_USER_BYTES
                : password || lines >= MAX_LINES || bytes >= MAX_BYTES;
    }
}
