package io.dayu.read;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The bytes of an answer as they come. If the connection breaks it goes on where it was, if the
 * server can do that, or says how far the answer was; and it can give up a server that falls
 * silent. Read by one thread; closed by any.
 */
final class HttpBody extends FilterInputStream {
  /** Where the rest of a broken answer is to be had. */
  interface Rest {
    /**
     * What follows the first {@code position} bytes; empty if nobody can give that any more.
     *
     * @throws IOException if it cannot be had now
     */
    Optional<InputStream> from(long position) throws IOException;
  }

  /** How often in a row the rest is asked for before the answer is given up. */
  private static final int TRIES = 4;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  private final OptionalLong length;
  private final Optional<Duration> timeout;
  private final Optional<Rest> rest;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Optional<Long> waitingSince = Optional.empty(); // in nanoseconds, by a read
  private long count;
  private int tries; // since a connection lasted
  private long connectedNanos = System.nanoTime();
  private Duration waited = Duration.ZERO; // before this connection
  private volatile boolean over;
  private volatile boolean silent;

  /**
   * @param length that the server promised, if it did
   * @param timeout how long it may send nothing while it is waited for
   * @param rest empty if a broken answer cannot go on
   */
  HttpBody(
      InputStream bytes, OptionalLong length, Optional<Duration> timeout, Optional<Rest> rest) {
    super(bytes);
    this.length = length;
    this.timeout = timeout;
    this.rest = rest;
    watch();
  }

  private void watch() {
    timeout.ifPresent(most -> look(most.toNanos()));
  }

  /** Looks after a while how long the server has been waited for. */
  private void look(long nanos) {
    CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(this::look);
  }

  private void look() {
    if (over) return;
    long waited = waitingSince.map(at -> System.nanoTime() - at).orElse(0L);
    long left = timeout.orElseThrow().toNanos() - waited;
    if (left > 0) {
      look(left);
      return;
    }
    silent = true;
    closeQuietly();
  }

  private void closeQuietly() {
    try {
      in.close();
    } catch (IOException e) {
      // The read that waits ends in any case.
    }
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int size) throws IOException {
    while (true) {
      try {
        int read = readOnce(bytes, offset, size);
        // Who closes it makes some streams seem to be at their end: the last line would be a half.
        if (read < 0 && closed.getCount() == 0) throw new IOException("it is closed");
        if (read < 0) over = true;
        else count += read;
        return read;
      } catch (IOException e) {
        if (rest.isEmpty() || closed.getCount() == 0) throw broken(e);
        goOn(rest.get(), e);
      }
    }
  }

  private int readOnce(byte[] bytes, int offset, int size) throws IOException {
    waitingSince = Optional.of(System.nanoTime());
    try {
      int read = in.read(bytes, offset, size);
      if (silent) throw new IOException("the server fell silent");
      return read;
    } finally {
      waitingSince = Optional.empty();
    }
  }

  /**
   * Asks for the rest, after longer and longer pauses. They begin anew only once a connection lasts
   * longer than the pause before it, so that a server which sends little each time is not hammered.
   */
  private void goOn(Rest rest, IOException cause) throws IOException {
    over = true; // nobody is waited for meanwhile
    closeQuietly();
    if (System.nanoTime() - connectedNanos > waited.toNanos()) tries = 0;
    while (tries < TRIES) {
      waited = FIRST_PAUSE.multipliedBy(1L << tries++);
      if (isClosedWithin(waited)) break;
      Optional<InputStream> more;
      try {
        more = rest.from(count);
      } catch (IOException e) {
        continue;
      }
      if (more.isEmpty()) break;
      connect(more.get());
      return;
    }
    throw broken(cause);
  }

  private boolean isClosedWithin(Duration pause) throws IOException {
    try {
      return closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted between two connections");
    }
  }

  private void connect(InputStream more) throws IOException {
    in = more;
    silent = false;
    over = false;
    connectedNanos = System.nanoTime();
    watch();
    // Who closed it meanwhile has closed the former connection.
    if (closed.getCount() == 0) close();
  }

  private IOException broken(IOException cause) {
    over = true;
    var at =
        length.isPresent()
            ? "%s of %s bytes".formatted(count, length.getAsLong())
            : "%s bytes, before the answer was complete".formatted(count);
    return new IOException(
        silent
            ? "the server fell silent and was given up after " + at
            : "the connection closed after " + at,
        cause);
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    over = true;
    in.close();
  }
}
