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

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import net.spsv.ftpserver.testing.FtpServerExtension;

/** A few clients that do things in turn, all of them random, and all of them from one seed. */
final class Sequence {
    private static final int MOST_CLIENTS = 3;

    private final FtpServerExtension server;
    private final SSLContext tls;
    private final Random random;
    private final AtomicInteger ids;
    private final List<String> log = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private final List<Upload> uploads = new ArrayList<>();

    Sequence(final FtpServerExtension server, final SSLContext tls, final long seed, final AtomicInteger ids) {
        this.server = server;
        this.tls = tls;
        this.random = new Random(seed);
        this.ids = ids;
    }

    void run() {
        final int count = 1 + random.nextInt(MOST_CLIENTS);
        for (int i = 0; i < count; i++) {
            clients.add(new Client(this, i));
        }
        final int steps = 5 + random.nextInt(9 * count);
        try {
            for (int i = 0; i < steps; i++) {
                clients.get(random.nextInt(count)).step();
            }
        } finally {
            while (!clients.isEmpty()) {
                clients.remove(random.nextInt(clients.size())).end();
            }
        }
    }

    Random random() {
        return random;
    }

    int port() {
        return server.port();
    }

    SSLContext tls() {
        return tls;
    }

    Upload upload(final boolean deflated) {
        final int id = nextId();
        final int length = random.nextInt(random.nextInt(4) == 0 ? 40_000 : 100);
        final Upload upload = new Upload(deflated, random.nextInt(10) == 0 ? new byte[0] : Content.of(id, length));
        uploads.add(upload);
        return upload;
    }

    List<Upload> uploads() {
        return uploads;
    }

    int nextId() {
        return ids.incrementAndGet();
    }

    void note(final String what) {
        log.add(what);
    }

    /** What was done, a line each. */
    String log() {
        return String.join("\n", log);
    }
}
