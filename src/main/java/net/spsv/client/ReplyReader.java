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

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.Charset;

/**
 * Reads replies byte by byte: what follows a reply may belong to a TLS handshake, or to the file already.
 *
 * <p>A server can neither fill the memory nor hold the thread for ever: lines, their number, and the time for all of it
 * are limited. Replies end as RFC 959, section 4.2, says; lines end with LF, with or without CR.
 */
final class ReplyReader {

    /** Bytes of a line; servers send a few dozen. */
    static final int MAX_LINE = 4096;

    /** Lines of all replies of one connection; some servers greet with a page of terms of use. */
    static final int MAX_LINES = 500;

    /** What is said of a connection that ends where a reply is due, by FIN or by reset. */
    static final String CLOSED = "The server closed the data connection before it was logged in";

    private static final int CODE_LENGTH = 3;

    private final Charset charset;

    private final Deadline deadline;

    private Socket socket;

    private InputStream in;

    private int lines;

    /** One reply. */
    static final class Reply {
        private final int code;
        private final String text;

        Reply(final int code, final String text) {
            this.code = code;
            this.text = text;
        }

        int code() {
            return code;
        }

        /** All lines, with their line ends, as they were sent. */
        String text() {
            return text;
        }
    }

    ReplyReader(final Charset charset, final Deadline deadline) {
        this.charset = charset;
        this.deadline = deadline;
    }

    /** Reads from this socket from now on. */
    void from(final Socket newSocket) throws IOException {
        socket = newSocket;
        in = newSocket.getInputStream();
    }

    /** Reads one reply, and nothing beyond. */
    Reply read() throws IOException {
        final StringBuilder text = new StringBuilder();
        final String first = line(true);
        text.append(first);
        final String code = first.substring(0, CODE_LENGTH);
        if (first.charAt(CODE_LENGTH) == '-') {
            String line;
            do {
                line = line(false);
                text.append(line);
            } while (!line.startsWith(code + ' '));
        }
        return new Reply(Integer.parseInt(code), text.toString());
    }

    /** Reads a line with its line end; the first one of a reply is refused as soon as it cannot be one. */
    private String line(final boolean first) throws IOException {
        if (++lines > MAX_LINES) {
            throw new SpsvException("The server sent more than " + MAX_LINES + " lines on the data connection", 0);
        }
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next;
        do {
            next = next();
            if (first && !isReply(next, line.size())) {
                throw new SpsvException("The server sent something that is no FTP reply on the data connection", 0);
            }
            if (line.size() == MAX_LINE) {
                throw new SpsvException("The server sent an endless line on the data connection", 0);
            }
            line.write(next);
        } while (next != '\n');
        return new String(line.toByteArray(), charset);
    }

    private int next() throws IOException {
        deadline.limit(socket);
        final int next = in.read();
        if (next < 0) {
            throw new SpsvException(CLOSED, 0);
        }
        return next;
    }

    private static boolean isReply(final int next, final int position) {
        if (position == 0) {
            return next >= '1' && next <= '5';
        }
        if (position < CODE_LENGTH) {
            return next >= '0' && next <= '9';
        }
        return position > CODE_LENGTH || next == ' ' || next == '-';
    }
}
