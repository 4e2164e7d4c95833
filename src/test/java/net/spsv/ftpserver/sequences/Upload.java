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

/** What a client sends over a data connection, and how far it has come. */
final class Upload {
    private final int id;
    private final byte[] bytes;
    private int sent;
    private boolean finished;
    private boolean orphaned;

    Upload(final int id, final byte... bytes) {
        this.id = id;
        this.bytes = bytes;
    }

    int id() {
        return id;
    }

    /** Sends some of it, or all. */
    boolean send(final Link link, final int most) {
        final int count = Math.min(most, bytes.length - sent);
        final byte[] part = new byte[count];
        System.arraycopy(bytes, sent, part, 0, count);
        sent += count;
        return link.send(part);
    }

    /** Sends the rest and ends the connection in an orderly way. */
    void finish(final Link link) {
        if (send(link, bytes.length)) {
            // before the server can say that it has the file
            finished = true;
            finished = link.finish();
        }
    }

    boolean isFinished() {
        return finished;
    }

    /** Takes note that the control connection is gone, and all that comes is too late. */
    void orphan() {
        orphaned = !finished;
    }

    boolean isOrphaned() {
        return orphaned;
    }
}
