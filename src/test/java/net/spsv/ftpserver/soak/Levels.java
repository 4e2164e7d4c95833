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

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.ToLongFunction;

/** What a server holds at one moment, and what of it grows. */
final class Levels {
    /** What a level may be higher by without having grown: a twentieth, and this. */
    private static final long HEAP_MARGIN = 2L * 1024 * 1024;

    private static final long COUNT_MARGIN = 2;
    private static final int FEWEST = 3;
    private static final int MARGIN_DIVISOR = 20;

    private final long heap;
    private final long threads;
    private final long descriptors;
    private final long leftovers;

    /**
     * Takes note.
     *
     * @param heap bytes in use after a garbage collection
     * @param leftovers connections and tokens
     */
    Levels(final long heap, final long threads, final long descriptors, final long leftovers) {
        this.heap = heap;
        this.threads = threads;
        this.descriptors = descriptors;
        this.leftovers = leftovers;
    }

    long heap() {
        return heap;
    }

    long threads() {
        return threads;
    }

    long descriptors() {
        return descriptors;
    }

    long leftovers() {
        return leftovers;
    }

    /**
     * Compares the last third of a run with the one before; the first one is for caches and compilers.
     *
     * @return what has grown, in words
     */
    static List<String> growth(final List<Levels> run) {
        final List<String> grown = new ArrayList<>();
        if (run.size() >= FEWEST) {
            compare(run, "heap", Levels::heap, HEAP_MARGIN, grown);
            compare(run, "threads", Levels::threads, COUNT_MARGIN, grown);
            compare(run, "descriptors", Levels::descriptors, COUNT_MARGIN, grown);
        }
        return grown;
    }

    private static void compare(
            final List<Levels> run,
            final String name,
            final ToLongFunction<Levels> level,
            final long margin,
            final List<String> grown) {
        final int third = run.size() / 3;
        final long before = median(run.subList(run.size() - 2 * third, run.size() - third), level);
        final long last = median(run.subList(run.size() - third, run.size()), level);
        if (last > before + before / MARGIN_DIVISOR + margin) {
            grown.add(name + " from " + before + " to " + last);
        }
    }

    private static long median(final List<Levels> part, final ToLongFunction<Levels> level) {
        final List<Long> sorted = new ArrayList<>();
        part.forEach(levels -> sorted.add(level.applyAsLong(levels)));
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
