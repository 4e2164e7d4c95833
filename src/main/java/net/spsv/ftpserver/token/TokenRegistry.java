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

import java.security.SecureRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;

/**
 * The outstanding tokens and their owners.
 *
 * <p>A token's life is its entry here: minting puts it in, and exactly one of redeeming and revoking takes it out,
 * whichever is first. Nothing expires by time, because each owner has at most one token and revokes it at its end.
 *
 * <p>Threading: safe for all threads, never blocks for long.
 *
 * @param <S> what a token stands for
 */
public final class TokenRegistry<S> {

    private static final char[] ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".toCharArray();

    private final SecureRandom random = new SecureRandom();

    private final ConcurrentMap<String, Entry<S>> outstanding = new ConcurrentHashMap<>();

    private final Runnable redeemed;

    private final Runnable revoked;

    /**
     * Creates a registry without tokens. What ends is told before {@link #outstanding()} shows it, so that nobody sees
     * that a token has gone and does not find it counted.
     *
     * @param redeemed is run for each token that is redeemed; must not change this registry
     * @param revoked is run for each token that is revoked; must not change this registry
     */
    public TokenRegistry(final Runnable redeemed, final Runnable revoked) {
        this.redeemed = redeemed;
        this.revoked = revoked;
    }

    /**
     * Issues a new token.
     *
     * @param owner what the token will be redeemed for
     * @return a token that nobody else has
     */
    public DataToken mint(final S owner) {
        while (true) {
            final DataToken token = new DataToken(randomText());
            if (outstanding.putIfAbsent(token.id(), new Entry<>(token, owner)) == null) {
                return token;
            }
        }
    }

    /**
     * Takes a token out, for good.
     *
     * @param presented what a peer sent, of any length
     * @param condition what the owner must fulfil; if it does not, the token stays outstanding, so that a stranger
     *     cannot use up somebody else's token
     * @return the owner, or null if the token is unknown, used, revoked or not to be redeemed by this peer
     */
    public S redeem(final String presented, final Predicate<? super S> condition) {
        if (presented.length() != DataToken.LENGTH) {
            return null;
        }
        final Entry<S> entry = outstanding.get(presented.substring(0, DataToken.ID_LENGTH));
        if (entry == null || !entry.token.matches(presented) || !condition.test(entry.owner)) {
            return null;
        }
        return take(entry, redeemed) ? entry.owner : null;
    }

    /**
     * Makes a token worthless.
     *
     * @param token the token
     * @return true if it was still outstanding
     */
    public boolean revoke(final DataToken token) {
        final Entry<S> entry = outstanding.get(token.id());
        return entry != null && take(entry, revoked);
    }

    private boolean take(final Entry<S> entry, final Runnable told) {
        final boolean[] taken = {false};
        outstanding.computeIfPresent(entry.token.id(), (id, present) -> {
            if (present != entry) {
                return present;
            }
            told.run();
            taken[0] = true;
            return null;
        });
        return taken[0];
    }

    /**
     * The number of tokens that a data connection may still be opened with.
     *
     * @return 0 or more
     */
    public int outstanding() {
        return outstanding.size();
    }

    private String randomText() {
        final char[] text = new char[DataToken.LENGTH];
        for (int i = 0; i < text.length; i++) {
            text[i] = ALPHABET[random.nextInt(ALPHABET.length)];
        }
        return new String(text);
    }

    private static final class Entry<S> {
        private final DataToken token;
        private final S owner;

        Entry(final DataToken token, final S owner) {
            this.token = token;
            this.owner = owner;
        }
    }
}
