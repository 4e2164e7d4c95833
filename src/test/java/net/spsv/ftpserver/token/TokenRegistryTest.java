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
package net.spsv.ftpserver.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TokenRegistryTest {

    private static final String OWNER = "owner";

    /** How many tokens were outstanding when an end was told. */
    private final Map<String, List<Integer>> told = new ConcurrentHashMap<>();

    private final TokenRegistry<String> registry = new TokenRegistry<>(() -> told("redeemed"), () -> told("revoked"));

    private void told(final String what) {
        told.computeIfAbsent(what, unknown -> new CopyOnWriteArrayList<>()).add(registry.outstanding());
    }

    @Test
    void tokenIsThirtyTwoLettersAndDigits() {
        for (int i = 0; i < 1000; i++) {
            assertThat(registry.mint(OWNER).value()).matches("[A-Za-z0-9]{32}");
        }
    }

    @Test
    void secretPartOfTokenHasAtLeast128Bits() {
        final double bitsPerCharacter = Math.log(62) / Math.log(2);

        assertThat((DataToken.LENGTH - DataToken.ID_LENGTH) * bitsPerCharacter).isGreaterThanOrEqualTo(128);
    }

    @Test
    void everyPlaceOfTokenTakesEveryCharacter() {
        final List<Set<Integer>> seen = new ArrayList<>();
        for (int place = 0; place < DataToken.LENGTH; place++) {
            seen.add(new HashSet<>());
        }

        for (int i = 0; i < 3000; i++) {
            final String value = registry.mint(OWNER).value();
            for (int place = 0; place < value.length(); place++) {
                seen.get(place).add((int) value.charAt(place));
            }
        }

        // One missing by chance: 32 * 62 * (61/62)^3000, less than 1 in 10^17.
        assertThat(seen).allSatisfy(characters -> assertThat(characters).hasSize(62));
    }

    @Test
    void tokensAreUnique() {
        final Set<String> values = IntStream.range(0, 10_000)
                .mapToObj(i -> registry.mint(OWNER).value())
                .collect(Collectors.toSet());

        assertThat(values).hasSize(10_000);
        assertThat(registry.outstanding()).isEqualTo(10_000);
    }

    @Test
    void tokenIsRedeemedForItsOwner() {
        final DataToken one = registry.mint("one");
        final DataToken two = registry.mint("two");

        assertThat(registry.redeem(two.value(), owner -> true)).isEqualTo("two");
        assertThat(registry.redeem(one.value(), owner -> true)).isEqualTo("one");
        assertThat(registry.outstanding()).isZero();
    }

    @Test
    void tokenCannotBeRedeemedTwice() {
        final DataToken token = registry.mint(OWNER);
        registry.redeem(token.value(), owner -> true);

        assertThat(registry.redeem(token.value(), owner -> true)).isNull();
        assertThat(registry.revoke(token)).isFalse();
    }

    @Test
    void revokedTokenCannotBeRedeemed() {
        final DataToken token = registry.mint(OWNER);

        assertThat(registry.revoke(token)).isTrue();
        assertThat(registry.revoke(token)).isFalse();
        assertThat(registry.redeem(token.value(), owner -> true)).isNull();
        assertThat(registry.outstanding()).isZero();
    }

    @Test
    void refusedConditionKeepsTheToken() {
        final DataToken token = registry.mint(OWNER);

        assertThat(registry.redeem(token.value(), owner -> false)).isNull();
        assertThat(registry.outstanding()).isOne();
        assertThat(registry.redeem(token.value(), OWNER::equals)).isEqualTo(OWNER);
    }

    @Test
    void conditionIsNotAskedAboutAGuess() {
        final String value = registry.mint(OWNER).value();
        final AtomicInteger asked = new AtomicInteger();

        registry.redeem(otherAt(value, DataToken.LENGTH - 1), owner -> asked.incrementAndGet() > 0);

        assertThat(asked).hasValue(0);
    }

    @Test
    void tokenWithOneWrongCharacterIsRefusedAndKept() {
        final String value = registry.mint(OWNER).value();

        for (int place = 0; place < value.length(); place++) {
            assertThat(registry.redeem(otherAt(value, place), owner -> true))
                    .as("wrong at %d", place)
                    .isNull();
        }

        assertThat(registry.redeem(value, owner -> true)).isEqualTo(OWNER);
    }

    @Test
    void tokenOfAnotherLengthIsRefusedAndKept() {
        final String value = registry.mint(OWNER).value();

        for (int length = 0; length < value.length(); length++) {
            assertThat(registry.redeem(value.substring(0, length), owner -> true))
                    .isNull();
        }
        for (final String wrong : new String[] {value + 'x', ' ' + value, value + ' ', value + '\0', value + value}) {
            assertThat(registry.redeem(wrong, owner -> true)).isNull();
        }
        // 32 characters, but not 32 bytes.
        assertThat(registry.redeem(value.substring(0, 31) + '\u00e9', owner -> true))
                .isNull();
        assertThat(registry.redeem(value.substring(0, 30) + "\ud83d\ude00", owner -> true))
                .isNull();

        assertThat(registry.redeem(value, owner -> true)).isEqualTo(OWNER);
    }

    @Test
    void tokenIsCaseSensitive() {
        String value;
        do {
            value = registry.mint(OWNER).value();
        } while (!value.substring(DataToken.ID_LENGTH).matches(".*[a-z].*[A-Z].*"));
        final String id = value.substring(0, DataToken.ID_LENGTH);
        final String secret = value.substring(DataToken.ID_LENGTH);

        assertThat(registry.redeem(id + secret.toLowerCase(Locale.ROOT), owner -> true))
                .isNull();
        assertThat(registry.redeem(id + secret.toUpperCase(Locale.ROOT), owner -> true))
                .isNull();
        assertThat(registry.redeem(value, owner -> true)).isEqualTo(OWNER);
    }

    @Test
    void idOfOneTokenDoesNotOpenAnother() {
        final String one = registry.mint("one").value();
        final String two = registry.mint("two").value();

        assertThat(registry.redeem(
                        one.substring(0, DataToken.ID_LENGTH) + two.substring(DataToken.ID_LENGTH), owner -> true))
                .isNull();
        assertThat(registry.outstanding()).isEqualTo(2);
    }

    @Test
    void tokenNeverPrintsItself() {
        final DataToken token = registry.mint(OWNER);

        assertThat(token.toString()).isEqualTo("DataToken(redacted)").doesNotContain(token.id());
        assertThat(String.format(Locale.ROOT, "%s", token))
                .doesNotContain(token.value().substring(DataToken.ID_LENGTH));
    }

    @Test
    void tokenOfAnotherLengthCannotBeMade() {
        assertThatThrownBy(() -> new DataToken("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("short");
    }

    @Test
    void exactlyOneOfManyThreadsRedeemsOrRevokes() throws InterruptedException, ExecutionException {
        final int threads = 8;
        final ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 500; round++) {
                final DataToken token = registry.mint(OWNER);
                final CountDownLatch start = new CountDownLatch(1);
                final AtomicInteger redeemers = new AtomicInteger();
                final AtomicInteger revokers = new AtomicInteger();
                final List<Future<?>> runs = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    final boolean redeems = i % 2 == 0;
                    runs.add(pool.submit(() -> {
                        start.await();
                        if (redeems) {
                            if (registry.redeem(token.value(), owner -> true) != null) {
                                redeemers.incrementAndGet();
                            }
                        } else if (registry.revoke(token)) {
                            revokers.incrementAndGet();
                        }
                        return null;
                    }));
                }
                start.countDown();
                for (final Future<?> run : runs) {
                    run.get();
                }
                assertThat(redeemers.get() + revokers.get()).as("winners").isOne();
                assertThat(told.values().stream().mapToInt(List::size).sum()).isEqualTo(round + 1);
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(registry.outstanding()).isZero();
    }

    @Test
    void tokenRevokedWhileItsConditionIsCheckedIsNotRedeemed() {
        final DataToken token = registry.mint(OWNER);

        assertThat(registry.redeem(token.value(), owner -> registry.revoke(token)))
                .isNull();
    }

    @Test
    void endOfATokenIsToldOnceAndBeforeItShows() {
        final DataToken one = registry.mint(OWNER);
        registry.redeem(one.value(), owner -> false);
        assertThat(told).isEmpty();

        registry.redeem(one.value(), owner -> true);
        registry.redeem(one.value(), owner -> true);
        registry.revoke(one);
        assertThat(told).containsOnly(entry("redeemed", Arrays.asList(1)));

        final DataToken two = registry.mint(OWNER);
        registry.revoke(two);
        registry.revoke(two);
        registry.redeem(two.value(), owner -> true);
        assertThat(told).containsOnly(entry("redeemed", Arrays.asList(1)), entry("revoked", Arrays.asList(1)));
    }

    private static String otherAt(final String value, final int place) {
        final char other = value.charAt(place) == 'a' ? 'b' : 'a';
        return value.substring(0, place) + other + value.substring(place + 1);
    }
}
