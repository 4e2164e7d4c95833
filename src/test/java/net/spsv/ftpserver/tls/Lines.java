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
package net.spsv.ftpserver.tls;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import net.spsv.ftpserver.testing.RawFtpClient;

/** Literal lines over two streams; not a byte behind the last reply that was asked for is read. */
final class Lines {
    private final InputStream in;
    private final OutputStream out;

    Lines(final InputStream in, final OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Sends characters, one byte each, in one write. */
    Lines send(final String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return this;
    }

    /** Reads one reply, all its lines, which must have this code. */
    Lines expect(final int code) throws IOException {
        final String first = line();
        String line = first;
        while (first.startsWith("-", 3) && !line.startsWith(first.substring(0, 3) + " ")) {
            line = line();
        }
        if (!line.startsWith(code + " ")) {
            throw new AssertionError("expected " + code + ", got: " + line);
        }
        return this;
    }

    /** Logs a data connection in, the greeting included. */
    Lines dataLogin(final RawFtpClient.Endpoint endpoint) throws IOException {
        return expect(220).greetedDataLogin(endpoint);
    }

    /** Logs a data connection in whose greeting was read. */
    Lines greetedDataLogin(final RawFtpClient.Endpoint endpoint) throws IOException {
        send("USER " + endpoint.user() + "\r\n").expect(331);
        send("PASS " + endpoint.token() + "\r\n");
        return expectData();
    }

    /** Reads exactly {@code 200 DATA<CRLF>}. */
    Lines expectData() throws IOException {
        final StringBuilder answer = new StringBuilder();
        while (answer.length() < RawFtpClient.DATA_REPLY.length()) {
            answer.append((char) octet(answer));
        }
        if (!RawFtpClient.DATA_REPLY.contentEquals(answer)) {
            throw new AssertionError("expected exactly 200 DATA<CRLF>, got: " + answer);
        }
        return this;
    }

    /** Reads a line and returns it without its end. */
    String line() throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int octet = octet(line); octet != '\n'; octet = octet(line)) {
            line.append((char) octet);
        }
        return line.toString().trim();
    }

    private int octet(final CharSequence before) throws IOException {
        final int octet = in.read();
        if (octet < 0) {
            throw new EOFException("the server closed the connection after: " + before);
        }
        return octet;
    }
}
