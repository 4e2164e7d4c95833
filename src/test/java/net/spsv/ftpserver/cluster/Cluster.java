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
package net.spsv.ftpserver.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.spsv.ftpserver.process.FtpServerInstallation;
import net.spsv.ftpserver.process.FtpServerProcess;
import net.spsv.ftpserver.tls.Certificates;

/**
 * Two nodes with one port each and one home directory for both, installed as the README says, and HAProxy in front of
 * them. The nodes greet with their names, so that one can see where a connection has come to.
 */
final class Cluster implements AutoCloseable {
    /** The nodes, in the order of HAProxy's configuration. */
    static final String[] NODES = {"node1", "node2"};

    private final FtpServerProcess[] nodes = new FtpServerProcess[NODES.length];
    private final Path directory;
    private final Path home;
    private HaproxyProcess haproxy;

    private Cluster(final Path directory) throws IOException {
        this.directory = directory;
        home = Files.createDirectory(directory.resolve("home"));
    }

    /**
     * Starts nodes and HAProxy in an empty directory.
     *
     * @param loginFailureDelay FtpServer's, in milliseconds
     * @param changes texts to replace in HAProxy's configuration, in pairs
     */
    static Cluster start(final Path directory, final int loginFailureDelay, final String... changes)
            throws IOException {
        final Cluster cluster = new Cluster(directory);
        try {
            for (int i = 0; i < NODES.length; i++) {
                cluster.nodes[i] = cluster.install(NODES[i], loginFailureDelay).launch();
            }
            for (final FtpServerProcess node : cluster.nodes) {
                node.awaitStarted();
            }
            cluster.haproxy =
                    HaproxyProcess.start(directory, cluster.nodes[0].port(), cluster.nodes[1].port(), changes);
            return cluster;
        } catch (final IOException | AssertionError | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private FtpServerInstallation install(final String name, final int loginFailureDelay) throws IOException {
        final FtpServerInstallation node = FtpServerInstallation.into(Files.createDirectory(directory.resolve(name)));
        node.singlePortOnly(true);
        node.useHome(home);
        node.useMessages("220=" + name + "\n");
        node.useTls(false, Certificates.keyStore(Certificates.LISTENER), Certificates.PASSWORD);
        node.edit(
                FtpServerInstallation.CONFIGURATION,
                "login-failure-delay=\"500\"",
                "login-failure-delay=\"" + loginFailureDelay + "\"");
        return node;
    }

    /** Returns the directory that all nodes have as their user's home. */
    Path home() {
        return home;
    }

    /** Returns a node by its name. */
    FtpServerProcess node(final String name) {
        return nodes[name.equals(NODES[0]) ? 0 : 1];
    }

    /** Returns the name of the other node. */
    static String other(final String name) {
        return NODES[name.equals(NODES[0]) ? 1 : 0];
    }

    /** Returns HAProxy. */
    HaproxyProcess haproxy() {
        return haproxy;
    }

    /** Starts a second HAProxy in front of the same nodes. */
    HaproxyProcess another(final String... changes) throws IOException {
        return HaproxyProcess.start(directory, nodes[0].port(), nodes[1].port(), changes);
    }

    /** Logs a client in through HAProxy. */
    ProxiedClient login(final String address) {
        return ProxiedClient.login(haproxy.port(), address);
    }

    /** Logs a client in that HAProxy sends to a node; its address is one that no other client has. */
    ProxiedClient loginAt(final String node, final int network) {
        for (int host = 1; host < 100; host++) {
            final ProxiedClient client = login("127.0." + network + "." + host);
            if (client.node().equals(node)) {
                return client;
            }
            client.close();
        }
        throw new AssertionError("no client comes to " + node);
    }

    @Override
    public void close() {
        if (haproxy != null) {
            haproxy.close();
        }
        for (final FtpServerProcess node : nodes) {
            if (node != null) {
                node.close();
            }
        }
    }
}
