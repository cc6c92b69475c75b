package io.dayu.service;

import io.dayu.service.Answers.Answer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.IntFunction;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolEntry;
import org.apache.hc.core5.pool.StrictConnPool;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/**
 * Calls over HTTP/1.1, on connections that are kept. A call has a thread from its request to its
 * answer: there are as many threads as calls under way, which the parallelism of services bounds.
 * What is called while an answer is told has the thread of that answer, so that calls in a row need
 * no other one to wake. Safe for any thread.
 */
final class Connections implements AutoCloseable {
  /** A connection that has not been used for so long is closed. */
  private static final TimeValue LONGEST_REST = TimeValue.ofMinutes(1);

  /** A call under way; to cancel it closes its connection. */
  private final class Call extends CompletableFuture<Answer> {
    private final Request request;
    private final IntFunction<BoundedBody> bound;
    private volatile @Nullable Connection connection;

    Call(Request request, IntFunction<BoundedBody> bound) {
      this.request = request;
      this.bound = bound;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      var under = connection;
      if (cancelled && under != null) under.close();
      return cancelled;
    }

    void make() {
      if (isDone()) return;
      Answer answer;
      try {
        answer = answer();
      } catch (IOException | RuntimeException e) {
        completeExceptionally(e);
        return;
      }
      complete(answer);
    }

    private Answer answer() throws IOException {
      var place = place(request);
      boolean reusable = false;
      try {
        var under = connection(place);
        connection = under;
        if (isDone()) under.close(); // it was cancelled before it had a connection to close
        if (!under.isOpened()) under.open(request.to(), request.tls());
        var answer = under.call(request, bound);
        reusable = under.isReusable();
        return answer;
      } finally {
        connection = null;
        place.updateExpiry(LONGEST_REST);
        pool.release(place, reusable);
      }
    }
  }

  /** Of a thread that makes calls: the next one. */
  private static final ThreadLocal<ArrayDeque<Call>> FOLLOWING = new ThreadLocal<>();

  private final Executor threads;

  /** Without a bound of its own, so nothing waits for a place. */
  private final StrictConnPool<Origin, Connection> pool =
      new StrictConnPool<>(Integer.MAX_VALUE, Integer.MAX_VALUE);

  /**
   * @param threads gives each task a thread of its own
   */
  Connections(Executor threads) {
    this.threads = threads;
  }

  /**
   * Makes a call; redirects are not followed. To cancel the result closes the connection. It is
   * completed by a thread that makes the calls which are made then.
   *
   * @param bound of the answer's body, by status
   */
  CompletableFuture<Answer> send(Request request, IntFunction<BoundedBody> bound) {
    var call = new Call(request, bound);
    var mine = FOLLOWING.get();
    if (mine != null && mine.isEmpty()) mine.add(call);
    else threads.execute(() -> makeAll(call));
    return call;
  }

  /** A call, and those that follow from it. */
  private void makeAll(Call first) {
    var calls = new ArrayDeque<Call>(1);
    FOLLOWING.set(calls);
    try {
      for (@Nullable Call call = first; call != null; call = calls.poll()) call.make();
    } finally {
      FOLLOWING.remove();
    }
  }

  /** Where connections lead, and whom they trust. */
  private record Origin(String place, Optional<Tls> tls) {
    static Origin of(Request request) {
      var to = request.to();
      var place = to.getScheme() + "://" + to.getHost() + ":" + to.getPort();
      return new Origin(place.toLowerCase(Locale.ROOT), request.tls());
    }
  }

  private PoolEntry<Origin, Connection> place(Request request) throws IOException {
    try {
      return pool.lease(Origin.of(request), null).get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the node ends");
    }
  }

  /** The one that rests there, else one that is not open yet. */
  private Connection connection(PoolEntry<Origin, Connection> place) throws IOException {
    if (place.hasConnection() && !place.getConnection().isQuiet())
      place.discardConnection(CloseMode.IMMEDIATE);
    if (!place.hasConnection()) place.assignConnection(new Connection(threads));
    return place.getConnection();
  }

  /** Closes connections that have rested for too long; to be called now and then. */
  void tidy() {
    pool.closeExpired();
  }

  /** Closes all connections. */
  @Override
  public void close() {
    pool.close(CloseMode.IMMEDIATE);
  }
}
