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
package net.spsv.ftpserver.detach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Over real sockets, because it is their habits that are wrapped here. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class DetachedChannelIT {

    /** More than the socket buffers of both sides together can be made to hold on loopback. */
    private static final int MUCH = 32 * 1024 * 1024;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    private final List<AutoCloseable> opened = new ArrayList<>();

    @TempDir
    private Path directory;

    private Socket peer;

    private SocketChannel socket;

    private DetachedChannel channel;

    @BeforeEach
    void connect() throws IOException {
        connect("");
    }

    private void connect(final String first) throws IOException {
        connect(first, 0);
    }

    private void connect(final String first, final int receiveBuffer) throws IOException {
        try (ServerSocketChannel listening = ServerSocketChannel.open()) {
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            peer = opened(new Socket());
            if (receiveBuffer > 0) {
                peer.setReceiveBufferSize(receiveBuffer);
            }
            peer.connect(listening.getLocalAddress());
            peer.setSoTimeout(20_000);
            socket = listening.accept();
            socket.configureBlocking(false);
            channel = new DetachedChannel(
                    socket, (InetSocketAddress) socket.getRemoteAddress(), first.getBytes(StandardCharsets.ISO_8859_1));
            opened(channel::close);
        }
    }

    @AfterEach
    void closeAll() throws Exception {
        closeOpened();
        threads.shutdownNow();
        assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void peerIsTheOneThatWasGiven() {
        assertThat(channel.peer().getPort()).isEqualTo(peer.getLocalPort());
        assertThat(channel).hasToString("data connection from " + channel.peer());
    }

    @Test
    void whatThePeerSendsIsRead() throws Exception {
        peer.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
        assertThat(readText(5)).isEqualTo("hello");

        final Future<String> later = threads.submit(() -> readText(5));
        awaitWaiting();
        peer.getOutputStream().write("again".getBytes(StandardCharsets.US_ASCII));
        assertThat(later.get()).isEqualTo("again");
    }

    @Test
    void leftOverBytesAreReadFirst() throws Exception {
        connect("left over ");
        peer.getOutputStream().write("and sent".getBytes(StandardCharsets.US_ASCII));
        peer.shutdownOutput();

        // Three bytes at a time, so that the left-over ones do not fit at once.
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        final ByteBuffer small = ByteBuffer.allocate(3);
        while (channel.read(small) >= 0) {
            all.write(small.array(), 0, small.position());
            small.clear();
        }

        assertThat(all.toString("US-ASCII")).isEqualTo("left over and sent");
    }

    @Test
    void leftOverBytesDoNotWaitForMore() throws Exception {
        connect("x");
        final ByteBuffer target = ByteBuffer.allocate(10);
        assertThat(channel.read(target)).isOne();
        assertThat(target.position()).isOne();
        assertThat(target.get(0)).isEqualTo((byte) 'x');
    }

    @Test
    void finOfThePeerIsTheEnd() throws Exception {
        peer.close();

        assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    @Test
    void resetOfThePeerIsNot() throws Exception {
        final Future<Integer> reading = threads.submit(() -> channel.read(ByteBuffer.allocate(1)));
        awaitWaiting();
        resetByPeer();

        assertThatThrownBy(reading::get).hasCauseInstanceOf(SocketException.class);
        assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(SocketException.class);
    }

    @Test
    void everythingIsWrittenToAPeerThatIsSlow() throws Exception {
        final byte[] sent = random(MUCH);
        final Future<?> writing = threads.submit(() -> {
            channel.write(ByteBuffer.wrap(sent));
            channel.finish();
            return null;
        });
        awaitWaiting();

        assertThat(Arrays.equals(readAll(peer), sent)).isTrue();
        writing.get();
    }

    @Test
    void finishedTransferEndsWithFin() throws Exception {
        channel.write(ByteBuffer.wrap("all".getBytes(StandardCharsets.US_ASCII)));
        channel.finish();

        assertThat(readAll(peer)).asString(StandardCharsets.US_ASCII).isEqualTo("all");
        assertThat(socket.isOpen()).isFalse();
    }

    /** With input unread the system answers a close with a reset, and what it has not sent yet is lost. */
    @Test
    void finishedTransferArrivesEvenIfThePeerHasSentSomething() throws Exception {
        for (final int unread : new int[] {1, 8192, 8193, 50_000}) {
            connect("", 65536);
            socket.setOption(StandardSocketOptions.SO_SNDBUF, 1024 * 1024);
            peer.getOutputStream().write(new byte[unread]);
            channel.write(ByteBuffer.allocate(500_000));
            channel.finish();

            assertThat(readAll(peer)).as("with %d bytes unread", unread).hasSize(500_000);
        }
    }

    @Test
    void droppedTransferEndsWithReset() throws Exception {
        channel.write(ByteBuffer.wrap("part".getBytes(StandardCharsets.US_ASCII)));
        channel.close();

        assertThatThrownBy(() -> readAll(peer)).isInstanceOf(SocketException.class);
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void transferThatWasDroppedWhileItWaitedEndsWithReset() throws Exception {
        final Future<Integer> reading = threads.submit(() -> channel.read(ByteBuffer.allocate(1)));
        awaitWaiting();
        channel.close();

        assertThatThrownBy(reading::get).hasCauseInstanceOf(SocketException.class);
        assertThatThrownBy(() -> readAll(peer)).isInstanceOf(SocketException.class);
    }

    @Test
    void finishedTransferIsNotResetByClosing() throws Exception {
        channel.write(ByteBuffer.wrap("all".getBytes(StandardCharsets.US_ASCII)));
        channel.finish();
        channel.close();
        channel.close();

        assertThat(readAll(peer)).hasSize(3);
    }

    @Test
    void droppedTransferCannotBeFinished() throws Exception {
        channel.close();

        assertThatThrownBy(() -> channel.finish()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1))).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(SocketException.class);
        try (FileChannel file = open(createFile(1))) {
            assertThatThrownBy(() -> channel.write(file, 0, 1)).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void transferCannotBeFinishedTwice() throws Exception {
        channel.finish();

        assertThatThrownBy(() -> channel.finish()).isInstanceOf(SocketException.class);
    }

    @Test
    void closingWakesAWriterWhosePeerDoesNotRead() throws Exception {
        assertClosingEnds(() -> {
            channel.write(ByteBuffer.allocate(MUCH));
            return null;
        });
    }

    @Test
    void closingWakesAFileWriterWhosePeerDoesNotRead() throws Exception {
        final Path much = createFile(MUCH);
        assertClosingEnds(() -> writeFile(much));
    }

    private void assertClosingEnds(final Callable<?> transfer) throws Exception {
        final Future<?> running = threads.submit(transfer);
        awaitWaiting();
        final long start = System.nanoTime();
        channel.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));

        assertThatThrownBy(() -> running.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(SocketException.class)
                .hasMessageContaining("was closed");
        assertThat(socket.isOpen()).isFalse();
        assertThatThrownBy(() -> readAll(peer)).isInstanceOf(SocketException.class);
    }

    @Test
    void peerThatDoesNotSendIsIdle() {
        channel.beginTransfer(200);

        assertIdle(() -> channel.read(ByteBuffer.allocate(1)));
    }

    @Test
    void peerThatDoesNotReadIsIdle() throws IOException {
        channel.beginTransfer(200);
        assertIdle(() -> {
            channel.write(ByteBuffer.allocate(MUCH));
            return null;
        });

        connect();
        channel.beginTransfer(200);
        final Path much = createFile(MUCH);
        assertIdle(() -> writeFile(much));
    }

    private static void assertIdle(final Callable<?> transfer) {
        final long start = System.nanoTime();
        assertThatThrownBy(transfer::call)
                .isInstanceOf(SocketException.class)
                .hasMessageStartingWith("No progress on the data connection");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(200), Duration.ofSeconds(20));
    }

    @Test
    void peerThatSendsAgainAndAgainIsNotIdle() throws Exception {
        channel.beginTransfer(2000);
        final Future<?> reading = threads.submit(() -> readText(80));
        for (int i = 0; i < 80; i++) {
            pause(30);
            peer.getOutputStream().write('x');
        }
        reading.get();
    }

    /**
     * The system calls a socket writable only when a third of its buffer is free. That buffer grows to megabytes, of
     * which a peer that plays what it downloads takes its time to read a third.
     */
    @Test
    void peerThatReadsSlowlyIsNotIdle() throws Exception {
        connect("", 65536);
        channel.beginTransfer(2000);
        final Future<?> writing = threads.submit(() -> {
            channel.write(ByteBuffer.allocate(MUCH));
            return null;
        });
        awaitWaiting();
        final DataInputStream in = new DataInputStream(peer.getInputStream());
        final byte[] piece = new byte[10_000];
        for (int i = 0; i < 50 && !writing.isDone(); i++) {
            pause(50);
            in.readFully(piece);
        }

        assertThat(writing.isDone()).isFalse();
        channel.close();
    }

    @Test
    void closingWakesWhoSleepsInATransfer() throws Exception {
        final CountDownLatch sleeping = new CountDownLatch(1);
        final Future<Boolean> transfer = threads.submit(() -> {
            channel.sleepingBegins();
            try {
                sleeping.countDown();
                new CountDownLatch(1).await();
                return false;
            } catch (InterruptedException e) {
                return !Thread.currentThread().isInterrupted();
            } finally {
                channel.sleepingEnds();
            }
        });
        sleeping.await();
        channel.close();

        assertThat(transfer.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void threadIsNotInterruptedAfterItsTransfer() throws Exception {
        // Closed while nobody sleeps: the interrupt must not be left to the next command of the thread.
        channel.sleepingBegins();
        channel.close();
        channel.sleepingEnds();
        assertThat(Thread.interrupted()).isFalse();

        connect();
        channel.sleepingBegins();
        channel.sleepingEnds();
        channel.close();
        assertThat(Thread.interrupted()).isFalse();

        assertThatThrownBy(() -> channel.sleepingBegins()).isInstanceOf(SocketException.class);
    }

    @Test
    void noTimeoutMeansNone() throws Exception {
        channel.beginTransfer(0);
        final Future<String> reading = threads.submit(() -> readText(1));
        awaitWaiting();
        assertThatThrownBy(() -> reading.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        peer.getOutputStream().write('x');
        assertThat(reading.get()).isEqualTo("x");
    }

    @Test
    void fileIsWrittenFromAnyPlace() throws Exception {
        final Path file = createFile(100_000);
        final byte[] content = Files.readAllBytes(file);
        try (FileChannel in = open(file)) {
            assertThat(channel.write(in, 99_990, 1000)).isEqualTo(10);
            assertThat(channel.write(in, 100_000, 1000)).isZero();
            assertThat(channel.write(in, 200_000, 1000)).isZero();
            assertThat(channel.write(in, 0, 5)).isEqualTo(5);
        }
        channel.finish();

        final byte[] received = readAll(peer);
        assertThat(received).hasSize(15);
        assertThat(Arrays.copyOf(received, 10)).isEqualTo(Arrays.copyOfRange(content, 99_990, 100_000));
        assertThat(Arrays.copyOfRange(received, 10, 15)).isEqualTo(Arrays.copyOf(content, 5));
    }

    @Test
    void largeFileArrivesByteForByte() throws Exception {
        final Path file = createFile(MUCH);
        final Future<byte[]> received = threads.submit(() -> readAll(peer));

        assertThat(writeFile(file)).isEqualTo(MUCH);
        channel.finish();

        assertThat(Arrays.equals(received.get(), Files.readAllBytes(file))).isTrue();
    }

    @Test
    void fileThatShrinksEndsEarly() throws Exception {
        final Path file = createFile(MUCH);
        final Future<Long> writing = threads.submit(() -> writeFile(file));
        awaitWaiting();
        try (FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
            other.truncate(10);
        }
        final Future<Long> received = threads.submit(() -> countAll(peer));

        assertThat(writing.get(20, TimeUnit.SECONDS)).isBetween(1L, MUCH - 1L);
        channel.finish();
        assertThat(received.get()).isEqualTo(writing.get());
    }

    @Test
    void fileThatFailsIsNotTakenForABrokenConnection() throws Exception {
        final FileChannel file = open(createFile(1000));
        file.close();

        assertThatThrownBy(() -> channel.write(file, 0, 1000))
                .isInstanceOf(ClosedChannelException.class)
                .isNotInstanceOf(SocketException.class);
    }

    @Test
    void brokenConnectionIsNotTakenForAFileThatFails() throws Exception {
        final Path much = createFile(MUCH);
        final Future<Long> writing = threads.submit(() -> writeFile(much));
        awaitWaiting();
        resetByPeer();

        assertThatThrownBy(writing::get).hasCauseInstanceOf(SocketException.class);
    }

    @Test
    void transferMayBeDroppedAtAnyMoment() throws Exception {
        final long seed = Long.getLong("spsv.seed", new Random().nextLong());
        System.out.println("DetachedChannelIT: -Dspsv.seed=" + seed);
        final Random random = new Random(seed);
        final Path file = createFile(1024 * 1024);
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        for (int round = 0; round < 150 && System.nanoTime() < end; round++) {
            connect();
            final Future<?> drain = threads.submit(() -> countAll(peer));
            final Future<?> writing = threads.submit(() -> {
                while (true) {
                    writeFile(file);
                }
            });
            for (int yields = random.nextInt(1000); yields > 0; yields--) {
                Thread.yield();
            }
            channel.close();

            assertThatThrownBy(() -> writing.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(SocketException.class);
            assertThatThrownBy(() -> drain.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(SocketException.class);
            assertThat(socket.isOpen()).as("seed %d, round %d", seed, round).isFalse();
            closeOpened();
        }
    }

    @Test
    void oneOfManyThreadsEndsIt() throws Exception {
        for (int round = 0; round < 200; round++) {
            connect();
            final DetachedChannel ended = channel;
            final List<Future<Boolean>> ends = new ArrayList<>();
            ends.add(threads.submit(() -> {
                try {
                    ended.finish();
                    return true;
                } catch (SocketException e) {
                    return false;
                }
            }));
            for (int i = 0; i < 3; i++) {
                ends.add(threads.submit(() -> {
                    ended.close();
                    return false;
                }));
            }
            boolean finished = false;
            for (final Future<Boolean> end : ends) {
                finished |= end.get(10, TimeUnit.SECONDS);
            }
            // FIN if the transfer was finished, reset if it was dropped, never one for the other.
            if (finished) {
                assertThat(peer.getInputStream().read()).isEqualTo(-1);
            } else {
                assertThatThrownBy(() -> peer.getInputStream().read()).isInstanceOf(SocketException.class);
            }
            closeOpened();
        }
    }

    private void closeOpened() throws Exception {
        for (final AutoCloseable one : opened) {
            one.close();
        }
        opened.clear();
    }

    /** Returns when a thread waits in a selector, which is where this class waits. */
    private void awaitWaiting() {
        Awaitility.await()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Thread.getAllStackTraces().values().stream()
                        .anyMatch(stack -> Arrays.stream(stack)
                                .anyMatch(frame -> frame.getClassName().equals(DetachedChannel.class.getName())
                                        && frame.getMethodName().equals("await"))));
    }

    /** Lets a peer be slow; what is slept for is not waited for. */
    private static void pause(final long millis) {
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private void resetByPeer() throws IOException {
        peer.setSoLinger(true, 0);
        peer.close();
    }

    private String readText(final int length) throws IOException {
        final ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining()) {
            assertThat(channel.read(target)).isPositive();
        }
        return new String(target.array(), StandardCharsets.ISO_8859_1);
    }

    private long writeFile(final Path file) throws IOException {
        long position = 0;
        try (FileChannel in = open(file)) {
            for (long count = channel.write(in, 0, 65536); count > 0; count = channel.write(in, position, 65536)) {
                position += count;
            }
        }
        return position;
    }

    private static FileChannel open(final Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    private Path createFile(final int size) throws IOException {
        return Files.write(directory.resolve("file" + size), random(size));
    }

    private static byte[] random(final int size) {
        final byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static byte[] readAll(final Socket from) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        final InputStream in = from.getInputStream();
        final byte[] buffer = new byte[65536];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            all.write(buffer, 0, count);
        }
        return all.toByteArray();
    }

    private static long countAll(final Socket from) throws IOException {
        long all = 0;
        final byte[] buffer = new byte[65536];
        for (int count = from.getInputStream().read(buffer);
                count >= 0;
                count = from.getInputStream().read(buffer)) {
            all += count;
        }
        return all;
    }

    private <T extends AutoCloseable> T opened(final T one) {
        opened.add(one);
        return one;
    }
}
