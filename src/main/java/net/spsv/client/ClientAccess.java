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

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.UnaryOperator;
import javax.net.SocketFactory;
import org.apache.commons.net.ftp.FTPClient;

/** What single-port mode needs of a client beyond the public methods of {@link FTPClient}. */
interface ClientAccess {

    /** How a connection to the server gets its TLS. */
    enum Tls {
        NONE,
        /** By AUTH TLS. */
        EXPLICIT,
        /** From its first byte on. */
        IMPLICIT
    }

    FTPClient client();

    /** Where the control connection was connected to. */
    InetSocketAddress serverAddress();

    /** What made the socket of the control connection, which is that of TCP also where TLS is on top. */
    SocketFactory socketFactory();

    /** What the second connection needs. */
    Tls tls();

    /** The argument of AUTH. */
    String authValue();

    /** Does the TLS handshake as the control connection did it. */
    Socket secure(Socket plain) throws IOException;

    /** Is told of the data socket as the base class tells its subclasses; with TLS {@link #secure} has done that. */
    void preparePlain(Socket plain) throws IOException;

    /** Sends REST, and forgets the offset. */
    boolean restart(long offset) throws IOException;

    /** Opens a data connection as the base class does. */
    Socket openClassic(String command, String argument) throws IOException;

    /** Changes the lines of the last reply, as the client's user gets to see them. */
    void changeReplyLines(UnaryOperator<String> change);

    /** Tells the client's listeners. */
    void commandSent(String command, String message);

    /** Tells the client's listeners. */
    void replyReceived(int code, String message);
}
