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
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.RawFtpClient;

/**
 * A logged-in control connection that can do the same transfer over every {@link DataMode}.
 *
 * <p>A transfer is given as the commands that follow the preparation of the data connection; the last one transfers.
 */
final class TransferClient implements AutoCloseable {
    private final int port;
    private final RawFtpClient control;
    private int receiveBuffer;

    private TransferClient(final int port, final RawFtpClient control) {
        this.port = port;
        this.control = control;
    }

    /** Logs in as {@link FtpServerExtension#USER}, in binary. */
    static TransferClient login(final FtpServerExtension server) {
        return login(server, FtpServerExtension.USER, FtpServerExtension.PASSWORD);
    }

    /** Logs in, in binary. */
    static TransferClient login(final FtpServerExtension server, final String user, final String password) {
        final TransferClient client =
                new TransferClient(server.port(), server.connect().greeted().login(user, password));
        client.command("TYPE I", 200);
        return client;
    }

    /** Sets the size of the receive buffer of the next data connections. */
    TransferClient receiveBuffer(final int bytes) {
        receiveBuffer = bytes;
        return this;
    }

    RawFtpClient control() {
        return control;
    }

    /** Sends a command that must be answered with this code. */
    String command(final String line, final int code) {
        return control.line(line).expect(code);
    }

    /** Prepares a data connection. */
    DataMode.Prepared prepare(final DataMode mode) throws IOException {
        return mode.prepare(control, port, receiveBuffer);
    }

    /** Starts a transfer, whose command must be answered with 150. */
    Transfer begin(final DataMode mode, final String... commands) throws IOException {
        final DataMode.Prepared prepared = prepare(mode);
        try {
            for (final String command : Arrays.copyOf(commands, commands.length - 1)) {
                control.line(command).reply();
            }
            command(commands[commands.length - 1], 150);
            return new Transfer(control, prepared.open());
        } catch (final IOException | RuntimeException | AssertionError e) {
            prepared.close();
            throw e;
        }
    }

    /** Receives whatever the server sends until the end of the data connection. */
    Outcome download(final DataMode mode, final String... commands) throws IOException {
        return transfer(mode, null, commands);
    }

    /** Sends these bytes and ends the data connection. */
    Outcome upload(final DataMode mode, final byte[] content, final String... commands) throws IOException {
        return transfer(mode, content, commands);
    }

    /** Downloads, or uploads if there is something to upload. */
    Outcome transfer(final DataMode mode, final byte[] upload, final String... commands) throws IOException {
        final List<String> replies = new ArrayList<>();
        byte[] received = {};
        try (DataMode.Prepared prepared = prepare(mode)) {
            for (final String command : commands) {
                replies.add(control.line(command).reply());
            }
            if (replies.get(replies.size() - 1).startsWith("1")) {
                try (Socket data = prepared.open()) {
                    if (upload == null) {
                        received = RawFtpClient.readFully(data);
                    } else {
                        try (OutputStream out = data.getOutputStream()) {
                            out.write(upload);
                        }
                    }
                }
                replies.add(control.reply());
            }
        }
        return new Outcome(replies, received);
    }

    /** Fails unless the session can transfer, in single-port mode and through PASV. */
    void expectUsable(final FtpServerExtension server) throws IOException {
        final byte[] content = {'u', 's', 'a', 'b', 'l', 'e'};
        command("TYPE I", 200);
        for (final DataMode mode : new DataMode[] {
            DataMode.SPSV_LOGIN_FIRST, DataMode.SPSV_LOGIN_LAST, DataMode.PASV, DataMode.SPSV_LOGIN_LAST
        }) {
            final String name = "usable-" + mode;
            final Outcome up = upload(mode, content, "STOR " + name);
            final Outcome down = download(mode, "RETR " + name);
            if (!up.lastReply().startsWith("226")
                    || !down.lastReply().startsWith("226")
                    || !Arrays.equals(content, down.data())
                    || !Arrays.equals(content, server.content(name))) {
                throw new AssertionError("not usable any more: " + up + ", " + down + "\n" + control.transcript());
            }
        }
    }

    @Override
    public void close() {
        control.close();
    }
}
