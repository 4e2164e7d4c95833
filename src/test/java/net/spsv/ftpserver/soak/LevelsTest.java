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

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LevelsTest {
    private static final long MIB = 1024 * 1024;

    private static List<Levels> run(
            final LongUnaryOperator heap, final LongUnaryOperator threads, final LongUnaryOperator descriptors) {
        return LongStream.range(0, 12)
                .mapToObj(minute -> new Levels(
                        heap.applyAsLong(minute), threads.applyAsLong(minute), descriptors.applyAsLong(minute), 0))
                .collect(Collectors.toList());
    }

    @Test
    void whatGoesUpAndDownIsLevel() {
        assertThat(Levels.growth(
                        run(minute -> (20 + minute % 2) * MIB, minute -> 30 - minute % 3, minute -> 100 + minute % 3)))
                .isEmpty();
    }

    @Test
    void whatGrowsAtTheBeginningOnlyIsLevel() {
        assertThat(Levels.growth(run(
                        minute -> Math.min(20, 10 + 4 * minute) * MIB,
                        minute -> Math.min(20, 10 * minute),
                        minute -> 100)))
                .isEmpty();
    }

    @Test
    void whatGrowsToTheEndHasGrown() {
        assertThat(Levels.growth(run(minute -> (20 + minute) * MIB, minute -> 30, minute -> 100 + 2 * minute)))
                .containsExactly("heap from 27262976 to 31457280", "descriptors from 112 to 120");
        assertThat(Levels.growth(run(minute -> 20 * MIB, minute -> 30 + minute, minute -> 100)))
                .containsExactly("threads from 36 to 40");
    }

    @Test
    void fewFiguresSayNothing() {
        assertThat(Levels.growth(run(minute -> minute * MIB, minute -> minute, minute -> minute)
                        .subList(0, 2)))
                .isEmpty();
    }
}
