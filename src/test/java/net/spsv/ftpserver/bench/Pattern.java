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
package net.spsv.ftpserver.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The content of every file of the benchmark: each 8-byte word is a function of its offset, so that a block that is
 * lost, doubled or out of order shows at once, and a look at the ends of each received block costs next to nothing.
 */
final class Pattern {
    /** The pattern comes in words of so many bytes. */
    static final int WORD = Long.BYTES;

    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private Pattern() {}

    /** Fills what remains of the buffer with the pattern from an offset that is a multiple of 8, and flips it. */
    static void fill(final ByteBuffer buffer, final long offset) {
        buffer.order(ByteOrder.LITTLE_ENDIAN);
        for (long word = offset / WORD; buffer.remaining() >= WORD; word++) {
            buffer.putLong(word * MULTIPLIER);
        }
        buffer.flip();
    }

    /** Writes a file of the pattern, starting with the word at the given offset. */
    static void write(final Path file, final long start, final long size) throws IOException {
        final ByteBuffer block = ByteBuffer.allocateDirect(1 << 18);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long written = 0; written < size; written += block.limit()) {
                block.clear().limit((int) Math.min(block.capacity(), size - written));
                fill(block, start + written);
                while (block.hasRemaining()) {
                    channel.write(block);
                }
            }
        }
    }

    /** Looks at the first and the last whole word between the buffer's start and its position. */
    static void checkEnds(final ByteBuffer received, final long offset) throws IOException {
        final int first = firstWord(offset);
        final int last = first + (received.position() - first) / WORD * WORD - WORD;
        if (last >= first) {
            checkWord(received, offset, first);
            checkWord(received, offset, last);
        }
    }

    /** Looks at every whole word between the buffer's start and its position. */
    static void checkAll(final ByteBuffer received, final long offset) throws IOException {
        for (int index = firstWord(offset); index + WORD <= received.position(); index += WORD) {
            checkWord(received, offset, index);
        }
    }

    /** Reads a whole file and fails unless it holds {@code size} bytes of the pattern from {@code start} on. */
    static void checkFile(final Path file, final long start, final long size, final ByteBuffer buffer)
            throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() != size) {
                throw new IOException(file.getFileName() + " has " + channel.size() + " bytes instead of " + size);
            }
            long offset = start;
            for (buffer.clear(); channel.read(buffer) > 0; buffer.clear()) {
                checkAll(buffer, offset);
                offset += buffer.position();
            }
        }
    }

    private static int firstWord(final long offset) {
        return (int) (-offset & (WORD - 1));
    }

    private static void checkWord(final ByteBuffer received, final long offset, final int index) throws IOException {
        if (received.getLong(index) != (offset + index) / WORD * MULTIPLIER) {
            throw new IOException("Wrong bytes at offset " + (offset + index));
        }
    }
}
