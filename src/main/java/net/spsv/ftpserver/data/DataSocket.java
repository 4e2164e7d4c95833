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

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import net.spsv.ftpserver.detach.DataChannel;

/**
 * A data connection in the form that FtpServer's own {@code IODataConnection} takes: a socket with two streams.
 *
 * <p>It is a view and owns nothing. FtpServer closes a stream at the end of each transfer, also of one that failed; by
 * then the failure has closed the channel, and finishing it does nothing any more.
 *
 * <p>Threading: the command thread of the transfer.
 */
final class DataSocket extends Socket {

    private final DataChannel channel;

    DataSocket(final DataChannel channel) {
        this.channel = channel;
    }

    @Override
    public InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                final byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(final byte[] target, final int offset, final int length) throws IOException {
                return length == 0 ? 0 : channel.read(ByteBuffer.wrap(target, offset, length));
            }
        };
    }

    @Override
    public OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(final int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(final byte[] source, final int offset, final int length) throws IOException {
                channel.write(ByteBuffer.wrap(source, offset, length));
            }
        };
    }
}
