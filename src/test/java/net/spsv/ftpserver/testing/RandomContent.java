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
package net.spsv.ftpserver.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** So many random bytes that come from a seed, made as they are written: a file of any size without the memory. */
public final class RandomContent {
    private static final int BLOCK = 64 * 1024;

    private final long seed;
    private final long length;

    /** So many bytes, of which equal seeds make equal ones. */
    public RandomContent(final long seed, final long length) {
        this.seed = seed;
        this.length = length;
    }

    /** Returns how many bytes these are. */
    public long length() {
        return length;
    }

    /** Writes all bytes, and returns their digest. */
    public String writeTo(final OutputStream out) throws IOException {
        final MessageDigest digest = sha256();
        final ByteBuffer block = ByteBuffer.allocate(BLOCK);
        // xorshift64*: a state of zero would stay zero
        long state = seed == 0 ? 1 : seed;
        for (long left = length; left > 0; left -= BLOCK) {
            block.clear();
            while (block.hasRemaining()) {
                state ^= state >>> 12;
                state ^= state << 25;
                state ^= state >>> 27;
                block.putLong(state * 0x2545F4914F6CDD1DL);
            }
            final int count = (int) Math.min(left, BLOCK);
            digest.update(block.array(), 0, count);
            out.write(block.array(), 0, count);
        }
        return text(digest);
    }

    /** Writes all bytes into a file, and returns their digest. */
    public String writeTo(final Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            return writeTo(out);
        }
    }

    /** Returns all bytes. */
    public byte[] bytes() {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) length);
        try {
            writeTo(bytes);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Reads a stream to its end, and returns the digest of what came. */
    public static String digest(final InputStream in) throws IOException {
        final MessageDigest digest = sha256();
        final byte[] block = new byte[BLOCK];
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            digest.update(block, 0, count);
        }
        return text(digest);
    }

    /** Returns the digest of a file. */
    public static String digest(final Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return digest(in);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String text(final MessageDigest digest) {
        return new BigInteger(1, digest.digest()).toString(16);
    }
}
