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
package net.spsv.ftpserver.nat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.Prerequisites;
import net.spsv.ftpserver.testing.SystemCommand;

/**
 * Three network namespaces in a row: a client, a router and a server, of which the client sees the router only.
 *
 * <pre>
 *  client 198.51.100.2 ---- 198.51.100.1 router 192.168.77.1 ---- 192.168.77.2 server
 * </pre>
 *
 * <p>The router forwards what it has translated and nothing else. The namespaces carry the id of this process in their
 * names; those that a process left behind that is no more are removed as well.
 */
public final class NatNetwork implements AutoCloseable {
    /** The router's address in the client's network: the one that is published. */
    public static final String PUBLISHED = "198.51.100.1";
    /** The server's address in its own network. */
    public static final String PRIVATE = "192.168.77.2";

    private static final String PREFIX = "spsvnat";
    private static final Pattern NAME = Pattern.compile("(" + PREFIX + "(\\d+)[crs]).*");

    private final String client;
    private final String router;
    private final String server;
    private final String iptables;
    private final Thread atExit = new Thread(this::remove, "remove network namespaces");

    private NatNetwork(final String names, final String iptables) {
        this.iptables = iptables;
        client = names + "c";
        router = names + "r";
        server = names + "s";
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Makes the network. Where network namespaces are not to be had the test is skipped with a notice. Where they are,
     * and the environment variable {@code CI} is {@code true}, whatever else is missing makes the test fail.
     *
     * @param what what is not shown without it, as the beginning of a sentence
     */
    public static NatNetwork createOrSkip(final String what) {
        final String obstacle = obstacle();
        if (obstacle != null) {
            return Prerequisites.skip(what, obstacle);
        }
        try {
            return create();
        } catch (final IllegalStateException e) {
            return Prerequisites.missing(what, e.getMessage());
        }
    }

    /** Returns why this machine or this user cannot have network namespaces; null if they can be had. */
    private static String obstacle() {
        final SystemCommand user = SystemCommand.run("id", "-u");
        if (!user.succeeded() || !"0".equals(user.output())) {
            return "network namespaces need root";
        }
        final String name = PREFIX + pid() + "s";
        final SystemCommand add = SystemCommand.run("ip", "netns", "add", name);
        if (!add.succeeded()) {
            return add.toString();
        }
        final SystemCommand exec = SystemCommand.run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up");
        SystemCommand.run("ip", "netns", "delete", name);
        return exec.succeeded() ? null : exec.toString();
    }

    /**
     * Makes the namespaces, their links and the router's address translation, in which no port is published yet.
     *
     * @throws IllegalStateException if this machine lacks something, with the command that has failed
     */
    private static NatNetwork create() {
        removeLeftovers();
        final String names = PREFIX + pid();
        final NatNetwork network = new NatNetwork(names, iptables(names + "r"));
        try {
            network.build();
            return network;
        } catch (final RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private static String pid() {
        try {
            return Files.readSymbolicLink(Paths.get("/proc/self")).toString();
        } catch (final IOException e) {
            throw new IllegalStateException("no /proc", e);
        }
    }

    /** Makes the router and finds the iptables that this kernel takes rules from: its own, for nftables, or legacy. */
    private static String iptables(final String router) {
        SystemCommand.run("ip", "netns", "add", router).output();
        final List<String> failures = new ArrayList<>();
        for (final String variant : Arrays.asList("iptables", "iptables-nft", "iptables-legacy")) {
            final SystemCommand rule = SystemCommand.run(
                    "ip", "netns", "exec", router, variant, "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE");
            if (rule.succeeded()) {
                return variant;
            }
            failures.add(rule.toString());
        }
        SystemCommand.run("ip", "netns", "delete", router);
        throw new IllegalStateException("no iptables that can translate addresses:\n" + String.join("\n", failures));
    }

    private void build() {
        SystemCommand.run("ip", "netns", "add", client).output();
        SystemCommand.run("ip", "netns", "add", server).output();
        link(client, "198.51.100.2/24", "outer", PUBLISHED + "/24");
        link(server, PRIVATE + "/24", "inner", "192.168.77.1/24");
        run(client, "ip", "route", "add", "default", "via", PUBLISHED);
        run(server, "ip", "route", "add", "default", "via", "192.168.77.1");
        run(router, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
        run(router, iptables, "-P", "FORWARD", "DROP");
        run(router, iptables, "-A", "FORWARD", "-m", "conntrack", "--ctstate", "DNAT", "-j", "ACCEPT");
    }

    private void link(final String host, final String address, final String routerEnd, final String routerAddress) {
        run(router, "ip", "link", "add", routerEnd, "type", "veth", "peer", "name", "eth0", "netns", host);
        for (final String[] end : new String[][] {{host, "eth0", address}, {router, routerEnd, routerAddress}}) {
            run(end[0], "ip", "address", "add", end[2], "dev", end[1]);
            run(end[0], "ip", "link", "set", end[1], "up");
            run(end[0], "ip", "link", "set", "lo", "up");
        }
    }

    /** Publishes one port of the server at the router. */
    public void publish(final int publishedPort, final int serverPort) {
        run(
                router,
                iptables,
                "-t",
                "nat",
                "-A",
                "PREROUTING",
                "-i",
                "outer",
                "-p",
                "tcp",
                "--dport",
                Integer.toString(publishedPort),
                "-j",
                "DNAT",
                "--to-destination",
                PRIVATE + ":" + serverPort);
    }

    /** Cuts the client off: neither side hears of it. */
    void cutClientOff() {
        run(router, "ip", "link", "set", "outer", "down");
    }

    /** Returns the words that make a command run at the client's place. */
    public String[] atClient() {
        return at(client);
    }

    /** Returns the words that make a command run in the router, which is in the server's network. */
    public String[] atRouter() {
        return at(router);
    }

    /** Returns the words that make a command run at the server's place. */
    public String[] atServer() {
        return at(server);
    }

    private static String[] at(final String namespace) {
        return new String[] {"ip", "netns", "exec", namespace};
    }

    private static void run(final String namespace, final String... command) {
        join(at(namespace), command).output();
    }

    private static SystemCommand join(final String[] prefix, final String... command) {
        final List<String> words = new ArrayList<>(Arrays.asList(prefix));
        words.addAll(Arrays.asList(command));
        return SystemCommand.run(words.toArray(new String[0]));
    }

    /**
     * Returns what the kernel knows of the established connections of a place that a filter selects, one a line.
     *
     * @param place {@link #atClient()} or {@link #atServer()}
     * @param filter in the words of {@code ss}
     */
    static List<String> connections(final String[] place, final String filter) {
        // the details of a connection follow in a line that begins with a tab
        final String output =
                join(place, "ss", "-tinH", "state", "established", filter).output();
        return Arrays.asList(output.replaceAll("\\n\\s+", " ").split("\n"));
    }

    /** Removes the namespaces; processes in them should have ended before. */
    @Override
    public void close() {
        remove();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }

    private void remove() {
        for (final String namespace : Arrays.asList(client, router, server)) {
            remove(namespace);
        }
    }

    private static void remove(final String namespace) {
        final SystemCommand processes = SystemCommand.run("ip", "netns", "pids", namespace);
        if (processes.succeeded() && !processes.output().isEmpty()) {
            for (final String process : processes.output().split("\\s+")) {
                SystemCommand.run("kill", "-KILL", process);
            }
        }
        SystemCommand.run("ip", "netns", "delete", namespace);
    }

    private static void removeLeftovers() {
        for (final String line :
                SystemCommand.run("ip", "netns", "list").output().split("\n")) {
            final Matcher name = NAME.matcher(line);
            if (name.matches()) {
                final Path owner = Paths.get("/proc", name.group(2));
                if (!Files.exists(owner)) {
                    remove(name.group(1));
                }
            }
        }
    }
}
