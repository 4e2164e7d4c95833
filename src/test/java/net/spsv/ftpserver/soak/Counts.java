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
package net.spsv.ftpserver.soak;

import java.util.concurrent.atomic.AtomicLong;

/** What the clients have done, since the last row of the table. */
final class Counts {
    final AtomicLong sessions = new AtomicLong();
    final AtomicLong singlePort = new AtomicLong();
    final AtomicLong passive = new AtomicLong();
    final AtomicLong sent = new AtomicLong();
    final AtomicLong received = new AtomicLong();
    /** Transfers that were meant to fail. */
    final AtomicLong brokenOff = new AtomicLong();

    final AtomicLong errors = new AtomicLong();

    /** Returns all counts, in the order of the table; they begin at zero again. */
    long[] take() {
        final AtomicLong[] all = {sessions, singlePort, passive, sent, received, brokenOff, errors};
        final long[] taken = new long[all.length];
        for (int i = 0; i < all.length; i++) {
            taken[i] = all[i].getAndSet(0);
        }
        return taken;
    }
}
