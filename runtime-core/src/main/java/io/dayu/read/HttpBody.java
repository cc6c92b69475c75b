package io.dayu.read;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an answer as they come. If the connection breaks it says how far the answer was, and
 * it can give up a server that falls silent. Read by one thread; closed by any.
 */
final class HttpBody extends FilterInputStream {
  private final OptionalLong length;
  private final Optional<Duration> timeout;
  private volatile Optional<Long> waitingSince = Optional.empty(); // in nanoseconds, by a read
  private long count;
  private volatile boolean over;
  private volatile boolean silent;

  /**
   * @param length that the server promised, if it did
   * @param timeout how long it may send nothing while it is waited for
   */
  HttpBody(InputStream bytes, OptionalLong length, Optional<Duration> timeout) {
    super(bytes);
    this.length = length;
    this.timeout = timeout;
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
    int read;
    waitingSince = Optional.of(System.nanoTime());
    try {
      read = in.read(bytes, offset, size);
    } catch (IOException e) {
      throw broken(e);
    } finally {
      waitingSince = Optional.empty();
    }
    if (silent) throw broken(null);
    if (read < 0) over = true;
    else count += read;
    return read;
  }

  private IOException broken(@Nullable IOException cause) {
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
    over = true;
    in.close();
  }
}
