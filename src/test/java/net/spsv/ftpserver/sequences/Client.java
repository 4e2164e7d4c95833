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
package net.spsv.ftpserver.sequences;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.spsv.ftpserver.testing.FtpServerExtension;

/** One control connection and its data connections, in the hands of somebody who knows FTP and does not care. */
final class Client {
    /** A file for downloads, of letters that tell their place. */
    static final byte[] FILE = file(6_000);

    /** One that does not fit into the buffers of a connection. */
    static final byte[] LARGE_FILE = file(1_000_000);

    private static final int PATIENCE_MILLIS = 20;
    private static final Pattern TOKEN = Pattern.compile("227 .*\\((\\S+):(\\w+)\\).*");
    private static final Pattern PASSIVE = Pattern.compile("22[79] .*?(?:,([0-9]+),([0-9]+)|\\|([0-9]+)\\|)\\).*");

    /** Commands that need nothing and do nothing to the connections. */
    private static final String[] SMALL_TALK = {
        "NOOP",
        "PWD",
        "FEAT",
        "SYST",
        "SITE SPSV",
        "HELP",
        "OPTS UTF8 ON",
        "XYZZY",
        "",
        "  ",
        "USER",
        "PASS",
        "CWD /",
        "SIZE file",
        "STAT",
        "SPSV x",
        "SPDT",
        "USER DATACONN",
        "X",
        "\u00e4\u00f6"
    };

    private final Sequence sequence;
    private final String name;
    private final Random random;
    private final List<Data> connections = new ArrayList<>();
    private final List<Integer> passivePorts = new ArrayList<>();
    private Link control;
    private ServerSocket active;
    private String token;
    private String usedToken;
    /** Whether SPSV was the last thing that prepared a data connection, for all that this client knows. */
    private boolean singlePort;

    private boolean compressed;
    private boolean protectedData;
    private int owed;

    /** A data connection, which may have an upload. */
    private static final class Data {
        private final Link link;
        private final Link control;
        private Upload upload;

        Data(final Link link, final Link control) {
            this.link = link;
            this.control = control;
        }

        boolean hasControl() {
            return !control.isEnded();
        }

        /** FIN is an end that is in order, unless there is TLS. */
        void fin() {
            if (upload != null && !upload.isEnded() && !link.isTls()) {
                upload.end(hasControl());
            }
        }
    }

    Client(final Sequence sequence, final int number) {
        this.sequence = sequence;
        this.name = "client " + number + ": ";
        this.random = sequence.random();
    }

    private static byte[] file(final int groups) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups; i++) {
            text.append((char) ('A' + i / 17_576 % 26))
                    .append((char) ('A' + i / 676 % 26))
                    .append((char) ('A' + i / 26 % 26))
                    .append((char) ('A' + i % 26));
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Does one thing. */
    void step() {
        if (control == null || !control.isUsable()) {
            connect();
            return;
        }
        switch (random.nextInt(24)) {
            case 0:
                login();
                break;
            case 1:
                authTls();
                break;
            case 2:
            case 3:
                spsv();
                break;
            case 4:
                classic();
                break;
            case 5:
            case 6:
            case 7:
                openData();
                break;
            case 8:
            case 9:
            case 10:
                transfer();
                break;
            case 11:
            case 12:
            case 13:
            case 14:
                useData();
                break;
            case 15:
                abort();
                break;
            case 16:
                setting();
                break;
            case 17:
            case 18:
                readReplies();
                break;
            case 19:
                smallTalk();
                break;
            case 20:
                pipeline();
                break;
            case 21:
                wholeTransfer();
                break;
            case 22:
                if (random.nextInt(3) == 0) {
                    leave();
                } else {
                    wholeTransfer();
                }
                break;
            default:
                send("SPSV\r\n" + command() + "\r\n");
                singlePort = false;
                break;
        }
    }

    /** Closes all there is, in any order and manner. */
    void end() {
        if (control != null && random.nextBoolean()) {
            close(control);
        }
        for (final Data data : connections) {
            if (random.nextInt(3) == 0) {
                finish(data);
            }
            if (random.nextBoolean()) {
                data.fin();
                note("close of a data connection");
                data.link.close();
            } else {
                note("RST of a data connection");
                data.link.reset();
            }
        }
        if (control != null) {
            close(control);
        }
        stopListening();
        releasePassivePorts();
    }

    private void close(final Link link) {
        if (random.nextBoolean()) {
            note("RST of the control connection");
            link.reset();
        } else {
            note("close of the control connection");
            link.close();
        }
    }

    /** FtpServer waits at them, whether or not the control connection is there. */
    private void releasePassivePorts() {
        for (final int port : passivePorts) {
            try {
                Link.open(port, false).close();
            } catch (final UncheckedIOException e) {
                note("nobody waits at port " + port);
            }
        }
        passivePorts.clear();
    }

    private void connect() {
        if (control != null) {
            control.close();
        }
        releasePassivePorts();
        token = null;
        singlePort = false;
        compressed = false;
        protectedData = false;
        owed = 0;
        control = Link.open(sequence.port(), false);
        note("connects");
        if (random.nextInt(4) > 0) {
            owed = 1;
            readReplies();
            if (random.nextInt(3) == 0) {
                authTls();
            }
            if (random.nextInt(5) > 0) {
                login();
            }
        }
    }

    private void login() {
        final String password = random.nextInt(8) == 0 ? "wrong" : FtpServerExtension.PASSWORD;
        if (random.nextBoolean()) {
            send("USER " + FtpServerExtension.USER + "\r\nPASS " + password + "\r\n");
            owed++;
        } else {
            send("USER " + FtpServerExtension.USER + "\r\n");
            readReplies();
            send("PASS " + password + "\r\n");
        }
        readReplies();
    }

    private void authTls() {
        if (control.isTls()) {
            send("AUTH TLS\r\n");
            return;
        }
        send("AUTH TLS\r\n");
        if (random.nextInt(10) == 0) {
            send("NOOP\r\n");
        }
        if (awaitReply(control, "234")) {
            owed = 0;
            note("handshake " + control.secure(sequence.tls()));
        }
    }

    private void spsv() {
        send("SPSV\r\n");
        singlePort = false;
        token = null;
        readReplies();
    }

    private void classic() {
        singlePort = false;
        switch (random.nextInt(4)) {
            case 0:
                send("PASV\r\n");
                break;
            case 1:
                send("EPSV\r\n");
                break;
            default:
                listen();
                final int port = active.getLocalPort();
                send(
                        random.nextBoolean()
                                ? "PORT 127,0,0,1," + port / 256 + ',' + port % 256 + "\r\n"
                                : "EPRT |1|127.0.0.1|" + port + "|\r\n");
                break;
        }
        readReplies();
    }

    private void listen() {
        stopListening();
        try {
            active = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void stopListening() {
        if (active != null) {
            try {
                active.close();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
            active = null;
        }
    }

    private void openData() {
        if (active != null) {
            try {
                active.setSoTimeout(PATIENCE_MILLIS);
                final Socket accepted = active.accept();
                note("accepts a data connection");
                use(Link.of(accepted));
            } catch (final IOException e) {
                note("no data connection comes");
            }
            stopListening();
        } else if (!passivePorts.isEmpty()) {
            final int port = passivePorts.remove(passivePorts.size() - 1);
            try {
                use(Link.open(port, random.nextInt(4) == 0));
                note("connects to passive port " + port);
            } catch (final UncheckedIOException e) {
                note("passive port is closed");
            }
        } else {
            dataLogin();
        }
    }

    private void use(final Link link) {
        connections.add(new Data(link, control));
        if (protectedData && random.nextInt(5) > 0) {
            note("handshake on it " + link.secure(sequence.tls()));
        }
    }

    private void dataLogin() {
        final Link link = Link.open(sequence.port(), random.nextInt(4) == 0);
        note("opens a data connection");
        connections.add(new Data(link, control));
        if (random.nextInt(3) == 0) {
            link.line(PATIENCE_MILLIS);
        }
        if (random.nextInt(20) == 0) {
            return;
        }
        final boolean likeControl = random.nextInt(12) > 0;
        if (control.isTls() == likeControl) {
            link.send("AUTH TLS\r\n");
            if (!awaitReply(link, "234") || !link.secure(sequence.tls())) {
                note("no TLS on it");
                return;
            }
        }
        present(link);
        if (random.nextInt(4) > 0) {
            final boolean open = awaitReply(link, "200");
            note("data login " + (open ? "is done" : "is not answered by 200"));
            if (open && protectedData && !link.isTls() && random.nextInt(5) > 0) {
                note("handshake behind it " + link.secure(sequence.tls()));
            }
        }
    }

    private void present(final Link link) {
        final String shown = token();
        final String lines;
        switch (random.nextInt(5)) {
            case 0:
                lines = "SPDT DATACONN:" + shown + "\r\n";
                break;
            case 1:
                lines = "NOOP\r\nUSER dataconn\r\nSYST\r\nPASS " + shown + "\r\n";
                break;
            default:
                lines = "USER DATACONN\r\nPASS " + shown + "\r\n";
                break;
        }
        final int most = random.nextInt(12) == 0 ? random.nextInt(lines.length()) : lines.length();
        note("logs it in with " + most + " of " + lines.replace(shown, "TOKEN").trim());
        switch (random.nextInt(4)) {
            case 0:
                for (int i = 0; i < most; i++) {
                    link.send(lines.substring(i, i + 1));
                }
                break;
            case 1:
                final int cut = most == 0 ? 0 : random.nextInt(most);
                link.send(lines.substring(0, cut));
                if (random.nextBoolean()) {
                    link.line(PATIENCE_MILLIS / 2);
                }
                link.send(lines.substring(cut, most));
                break;
            default:
                link.send(lines.substring(0, most));
                break;
        }
    }

    private String token() {
        if (token != null && random.nextInt(12) > 0) {
            usedToken = token;
            return token;
        }
        if (usedToken != null && random.nextBoolean()) {
            return usedToken;
        }
        return "0123456789abcdefghijABCDEFGHIJKL".substring(random.nextInt(3));
    }

    private String command() {
        switch (random.nextInt(10)) {
            case 0:
                return "LIST";
            case 1:
                return "MLSD";
            case 2:
                return "NLST";
            case 3:
                return "RETR file";
            case 4:
                return "RETR large";
            case 5:
                return "RETR missing";
            case 6:
                return "STOU";
            case 7:
                return "APPE " + uploadName();
            default:
                return "STOR " + uploadName();
        }
    }

    private String uploadName() {
        return (singlePort ? "spsv-" : "any-") + sequence.nextId();
    }

    private void transfer() {
        send(command() + "\r\n");
        if (random.nextBoolean()) {
            readReplies();
        }
    }

    private void useData() {
        if (connections.isEmpty()) {
            return;
        }
        final Data data = connections.get(random.nextInt(connections.size()));
        final Link link = data.link;
        switch (random.nextInt(9)) {
            case 0:
                note("RST of a data connection");
                link.reset();
                break;
            case 1:
                note("FIN of a data connection");
                data.fin();
                link.cut();
                break;
            case 2:
                note("close of a data connection");
                data.fin();
                link.close();
                break;
            case 3:
            case 4:
                note("sends a part");
                upload(data).send(link, 1 + random.nextInt(2000));
                break;
            case 5:
            case 6:
                finish(data);
                break;
            case 7:
                note("reads a little");
                link.readSome(PATIENCE_MILLIS / 2);
                break;
            default:
                readData(data);
                break;
        }
        if (!link.isUsable()) {
            data.fin();
            link.close();
            connections.remove(data);
        }
    }

    private void readData(final Data data) {
        final byte[] read = data.link.readToTheEnd(PATIENCE_MILLIS);
        note("reads to the end: " + (read == null ? "none" : read.length + " bytes"));
        if (read != null) {
            expectWhole(read);
        }
    }

    /** An end that is in order is the end of a file, or listing, or of nothing. */
    private void expectWhole(final byte... read) {
        final byte[] inflated = Content.inflated(read);
        final byte[] content = inflated == null ? read : inflated;
        final boolean ofAFile =
                content.length >= 4 && new String(content, 0, 4, StandardCharsets.US_ASCII).matches("[A-Z]{4}");
        if (ofAFile && singlePort && !isEndOf(FILE, content) && !isEndOf(LARGE_FILE, content)) {
            throw new AssertionError("a download of " + content.length + " bytes that was cut off has an orderly end");
        }
    }

    private static boolean isEndOf(final byte[] file, final byte... content) {
        return content.length <= file.length
                && Arrays.equals(Arrays.copyOfRange(file, file.length - content.length, file.length), content);
    }

    private void finish(final Data data) {
        upload(data).finish(data.link, data.hasControl());
        note("sends the rest and the end: " + data.upload);
    }

    private Upload upload(final Data data) {
        if (data.upload == null) {
            data.upload = sequence.upload(compressed);
        }
        return data.upload;
    }

    private void abort() {
        if (random.nextBoolean()) {
            send("ABOR\r\n");
        } else {
            note("telnet Synch");
            if (!control.isTls()) {
                control.send("\u00ff\u00f4\u00ff");
                control.sendUrgent(0xf2);
            }
            send("\u00f2ABOR\r\n");
        }
        if (random.nextBoolean()) {
            readReplies();
        }
    }

    private void setting() {
        switch (random.nextInt(9)) {
            case 0:
                send("TYPE A\r\n");
                break;
            case 1:
            case 2:
                send("TYPE I\r\n");
                break;
            case 3:
                compressed = true;
                send("MODE Z\r\n");
                break;
            case 4:
                compressed = false;
                send("MODE S\r\n");
                break;
            case 5:
                send("REST " + random.nextInt(5000) + "\r\n");
                break;
            case 6:
                protectedData = false;
                send("PROT C\r\n");
                break;
            default:
                protectedData = true;
                send("PBSZ 0\r\nPROT P\r\n");
                owed++;
                break;
        }
        readReplies();
    }

    private void smallTalk() {
        final String line = SMALL_TALK[random.nextInt(SMALL_TALK.length)];
        if (random.nextInt(3) == 0) {
            // the rest comes with whatever is next
            control.send(line);
            note("half a line: " + line);
        } else {
            send(line + "\r\n");
        }
    }

    private void pipeline() {
        final StringBuilder lines = new StringBuilder();
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            final String line;
            switch (random.nextInt(6)) {
                case 0:
                    line = "SPSV";
                    singlePort = false;
                    break;
                case 1:
                    line = "ABOR";
                    break;
                case 2:
                    line = "REST 7";
                    break;
                case 3:
                    line = "NOOP";
                    break;
                default:
                    line = command();
                    break;
            }
            lines.append(line).append("\r\n");
            owed++;
        }
        send(lines.toString());
    }

    /** All in order, which by chance alone would be too rare. */
    private void wholeTransfer() {
        spsv();
        if (token == null) {
            return;
        }
        dataLogin();
        final Data data = connections.get(connections.size() - 1);
        if (random.nextBoolean()) {
            send("STOR " + uploadName() + "\r\n");
            if (random.nextBoolean()) {
                upload(data).send(data.link, 500);
            }
            if (random.nextInt(4) > 0) {
                finish(data);
            }
        } else {
            send("RETR " + (random.nextInt(4) == 0 ? "large" : "file") + "\r\n");
            if (random.nextInt(4) > 0) {
                readData(data);
            }
        }
        if (random.nextInt(4) > 0) {
            readReplies();
        }
    }

    private void leave() {
        switch (random.nextInt(6)) {
            case 0:
                send("QUIT\r\n");
                break;
            case 1:
                send("REIN\r\n");
                break;
            case 2:
                note("FIN of the control connection");
                control.cut();
                break;
            case 3:
                note("close of the control connection");
                control.close();
                break;
            case 4:
                note("close_notify of the control connection");
                control.finish();
                break;
            default:
                note("RST of the control connection");
                control.reset();
                break;
        }
        singlePort = false;
    }

    private void send(final String text) {
        note("> " + (text.length() > 200 ? text.substring(0, 200) : text).trim().replace("\r\n", " | "));
        control.send(text);
        owed++;
    }

    /** Reads replies as long as one is owed and comes soon. */
    private void readReplies() {
        String line = null;
        while (owed > 0) {
            line = control.line(PATIENCE_MILLIS);
            if (line == null) {
                return;
            }
            note("< " + line.replaceAll(":\\w{32}\\)", ":TOKEN)"));
            if (line.length() > 3 && line.charAt(3) == ' ' && Character.isDigit(line.charAt(0))) {
                owed -= line.charAt(0) == '1' ? 0 : 1;
            }
            learn(line);
        }
    }

    private void learn(final String line) {
        final Matcher issued = TOKEN.matcher(line);
        final Matcher passive = PASSIVE.matcher(line);
        if (issued.matches()) {
            token = issued.group(2);
            singlePort = true;
        } else if (passive.matches()) {
            singlePort = false;
            passivePorts.add(
                    passive.group(3) == null
                            ? Integer.parseInt(passive.group(1)) * 256 + Integer.parseInt(passive.group(2))
                            : Integer.parseInt(passive.group(3)));
        }
    }

    private boolean awaitReply(final Link link, final String code) {
        for (int i = 0; i < 10; i++) {
            final String line = link.line(PATIENCE_MILLIS * 3);
            if (line == null) {
                return false;
            }
            if (line.startsWith(code + ' ')) {
                return true;
            }
            if (line.matches("[45][0-9][0-9] .*")) {
                return false;
            }
        }
        return false;
    }

    private void note(final String what) {
        sequence.note(name + what);
    }
}
