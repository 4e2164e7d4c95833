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

import java.util.Arrays;

/** What a client sends over a data connection, how far it has come, and how it has ended. */
final class Upload {
    private final byte[] content;
    private final byte[] bytes;
    private int sent;
    private boolean ended;
    private boolean orphaned;

    /** Begins to send a file, deflated or as it is. */
    Upload(final boolean deflated, final byte... content) {
        this.content = content;
        this.bytes = deflated ? Content.deflated(content) : content;
    }

    /** Sends some of it, or all. */
    boolean send(final Link link, final int most) {
        final byte[] part = Arrays.copyOfRange(bytes, sent, Math.min(bytes.length, sent + most));
        sent += part.length;
        return link.send(part);
    }

    /** Sends the rest and ends the connection in an orderly way. */
    void finish(final Link link, final boolean hasControl) {
        if (send(link, bytes.length)) {
            // before the server can say that it has the file
            end(hasControl);
            link.finish();
        }
    }

    /** Takes note that an orderly end comes: what was sent is a file, unless the control connection is gone. */
    void end(final boolean hasControl) {
        ended = true;
        orphaned = !hasControl;
    }

    boolean isEnded() {
        return ended;
    }

    /** Whether a server may say that it has this file, and no other, of this upload. */
    boolean isWhole(final byte... stored) {
        return ended
                && !orphaned
                && (Arrays.equals(stored, Arrays.copyOf(bytes, sent))
                        || sent == bytes.length && Arrays.equals(stored, content));
    }

    @Override
    public String toString() {
        return "upload of " + content.length + " bytes, " + sent + " of " + bytes.length + " sent"
                + (ended ? ", ended" : "") + (orphaned ? " too late" : "");
    }
}
