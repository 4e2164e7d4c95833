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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Does at random what can be done with tokens, and compares with a map. {@code -Dspsv.seed} repeats a run. */
@Timeout(30)
class TokenRegistryFuzzTest {

    private static final int STEPS = 50_000;

    private final long seed = Long.getLong("spsv.seed", new Random().nextLong());

    private final Random random = new Random(seed);

    private final TokenRegistry<Integer> registry = new TokenRegistry<>(() -> {}, () -> {});

    /** Owners of the tokens that are outstanding. */
    private final Map<DataToken, Integer> model = new HashMap<>();

    /** All tokens there ever were. */
    private final List<DataToken> minted = new ArrayList<>();

    @Test
    void registryDoesWhatAMapWould() {
        System.out.println("TokenRegistryFuzzTest: -Dspsv.seed=" + seed);
        for (int step = 0; step < STEPS; step++) {
            final String where = "seed " + seed + ", step " + step;
            switch (minted.isEmpty() ? 0 : random.nextInt(5)) {
                case 0:
                    mint(step, where);
                    break;
                case 1:
                    redeem(where, true);
                    break;
                case 2:
                    redeem(where, false);
                    break;
                case 3:
                    guess(where);
                    break;
                default:
                    final DataToken token = any();
                    assertThat(registry.revoke(token)).as(where).isEqualTo(model.remove(token) != null);
                    break;
            }
            assertThat(registry.outstanding()).as(where).isEqualTo(model.size());
        }
        for (final DataToken token : minted) {
            assertThat(registry.redeem(token.value(), owner -> true))
                    .as("seed " + seed)
                    .isEqualTo(model.get(token));
        }
        assertThat(registry.outstanding()).isZero();
    }

    private void mint(final int owner, final String where) {
        final DataToken token = registry.mint(owner);
        assertThat(minted).as(where).extracting(DataToken::id).doesNotContain(token.id());
        minted.add(token);
        model.put(token, owner);
        if (minted.size() > 100) {
            // Keeps the search for ids short.
            final DataToken old = minted.remove(random.nextInt(minted.size()));
            assertThat(registry.revoke(old)).as(where).isEqualTo(model.remove(old) != null);
        }
    }

    private void redeem(final String where, final boolean condition) {
        final DataToken token = any();
        final Integer expected = condition ? model.remove(token) : null;
        assertThat(registry.redeem(token.value(), owner -> condition)).as(where).isEqualTo(expected);
    }

    /** A token with a few characters changed, cut off or added. */
    private void guess(final String where) {
        final StringBuilder guess = new StringBuilder(any().value());
        switch (random.nextInt(4)) {
            case 0:
                guess.setLength(random.nextInt(guess.length()));
                break;
            case 1:
                guess.insert(random.nextInt(guess.length() + 1), (char) random.nextInt(0x10000));
                break;
            case 2:
                guess.deleteCharAt(random.nextInt(guess.length())).append((char) (0x80 + random.nextInt(0x1000)));
                break;
            default:
                final int place = random.nextInt(guess.length());
                guess.setCharAt(place, (char) (guess.charAt(place) ^ 1 << random.nextInt(16)));
                break;
        }
        assertThat(registry.redeem(guess.toString(), owner -> true)).as(where).isNull();
    }

    private DataToken any() {
        return minted.get(random.nextInt(minted.size()));
    }
}
