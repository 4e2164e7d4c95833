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
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.SocketChannel;

/** Passes everything on to a connected socket; subclasses change what goes through its streams. */
abstract class DelegatingSocket extends Socket {

    private final Socket wire;

    DelegatingSocket(final Socket wire) {
        this.wire = wire;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return wire.getInputStream();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return wire.getOutputStream();
    }

    @Override
    public SocketChannel getChannel() {
        return wire.getChannel();
    }

    @Override
    public void connect(final SocketAddress endpoint) throws IOException {
        wire.connect(endpoint);
    }

    @Override
    public void connect(final SocketAddress endpoint, final int timeout) throws IOException {
        wire.connect(endpoint, timeout);
    }

    @Override
    public void bind(final SocketAddress local) throws IOException {
        wire.bind(local);
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }

    @Override
    public void shutdownInput() throws IOException {
        wire.shutdownInput();
    }

    @Override
    public void shutdownOutput() throws IOException {
        wire.shutdownOutput();
    }

    @Override
    public boolean isConnected() {
        return wire.isConnected();
    }

    @Override
    public boolean isBound() {
        return wire.isBound();
    }

    @Override
    public boolean isClosed() {
        return wire.isClosed();
    }

    @Override
    public boolean isInputShutdown() {
        return wire.isInputShutdown();
    }

    @Override
    public boolean isOutputShutdown() {
        return wire.isOutputShutdown();
    }

    @Override
    public InetAddress getInetAddress() {
        return wire.getInetAddress();
    }

    @Override
    public int getPort() {
        return wire.getPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return wire.getRemoteSocketAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        return wire.getLocalAddress();
    }

    @Override
    public int getLocalPort() {
        return wire.getLocalPort();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return wire.getLocalSocketAddress();
    }

    @Override
    public void setSoTimeout(final int timeout) throws SocketException {
        wire.setSoTimeout(timeout);
    }

    @Override
    public int getSoTimeout() throws SocketException {
        return wire.getSoTimeout();
    }

    @Override
    public void setSoLinger(final boolean on, final int linger) throws SocketException {
        wire.setSoLinger(on, linger);
    }

    @Override
    public int getSoLinger() throws SocketException {
        return wire.getSoLinger();
    }

    @Override
    public void setTcpNoDelay(final boolean on) throws SocketException {
        wire.setTcpNoDelay(on);
    }

    @Override
    public boolean getTcpNoDelay() throws SocketException {
        return wire.getTcpNoDelay();
    }

    @Override
    public void setKeepAlive(final boolean on) throws SocketException {
        wire.setKeepAlive(on);
    }

    @Override
    public boolean getKeepAlive() throws SocketException {
        return wire.getKeepAlive();
    }

    @Override
    public void setSendBufferSize(final int size) throws SocketException {
        wire.setSendBufferSize(size);
    }

    @Override
    public int getSendBufferSize() throws SocketException {
        return wire.getSendBufferSize();
    }

    @Override
    public void setReceiveBufferSize(final int size) throws SocketException {
        wire.setReceiveBufferSize(size);
    }

    @Override
    public int getReceiveBufferSize() throws SocketException {
        return wire.getReceiveBufferSize();
    }

    @Override
    public void setTrafficClass(final int trafficClass) throws SocketException {
        wire.setTrafficClass(trafficClass);
    }

    @Override
    public int getTrafficClass() throws SocketException {
        return wire.getTrafficClass();
    }

    @Override
    public void setReuseAddress(final boolean on) throws SocketException {
        wire.setReuseAddress(on);
    }

    @Override
    public boolean getReuseAddress() throws SocketException {
        return wire.getReuseAddress();
    }

    @Override
    public void setOOBInline(final boolean on) throws SocketException {
        wire.setOOBInline(on);
    }

    @Override
    public boolean getOOBInline() throws SocketException {
        return wire.getOOBInline();
    }

    @Override
    public void sendUrgentData(final int data) throws IOException {
        wire.sendUrgentData(data);
    }

    @Override
    public String toString() {
        return wire.toString();
    }
}
