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

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What a client saw of one transfer: the replies, and the bytes that it received. */
final class Outcome {
    private final List<String> replies;
    private final byte[] data;

    Outcome(final List<String> replies, final byte... data) {
        this.replies = Collections.unmodifiableList(replies);
        this.data = data;
    }

    /** Returns all replies from the first command behind the preparation on. */
    List<String> replies() {
        return replies;
    }

    String lastReply() {
        return replies.get(replies.size() - 1);
    }

    byte[] data() {
        return data;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Outcome
                && replies.equals(((Outcome) other).replies)
                && Arrays.equals(data, ((Outcome) other).data);
    }

    @Override
    public int hashCode() {
        return replies.hashCode() * 31 + Arrays.hashCode(data);
    }

    @Override
    public String toString() {
        return replies + " and " + data.length + " bytes (hash " + Integer.toHexString(Arrays.hashCode(data)) + ")";
    }
}
