package io.dayu.generate;

import io.dayu.settings.Budget;
import io.dayu.source.SourceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The memory of what was read on this node and is not settled, shared by all of its streams: a
 * segment waits, or is given up, until its stream may take it.
 *
 * <p>A stream may have as much as it leaves to the others (the dynamic threshold of Choudhury and
 * Hahne, 1998, with α = 1): one alone has half, and a stream that comes later finds room at once. A
 * stream that has nothing goes before the others, so that large segments are not starved by small
 * ones. {@link #LEAST} each stream always has, so that sensors do not wait for cameras. Safe for
 * any thread.
 */
public final class SourceBytes {
  /** What a stream may have even when nothing is left. */
  static final long LEAST = 64 << 10;

  private static final double MIB = 1 << 20;

  /** A segment that waits for memory of its stream. */
  private record Waiting(Opening opening, long bytes, CompletableFuture<Boolean> room) {}

  private final Budget budget;
  private final List<Waiting> waiting = new ArrayList<>(); // guarded by this; one of each stream

  public SourceBytes(Budget budget) {
    this.budget = budget;
  }

  /** The largest element that this node reads: one in the making, one on its way, two of others. */
  long largest() {
    return budget.limit() / 4;
  }

  long limit() {
    return budget.limit();
  }

  /** For a message, behind what is wrong. */
  String limits() {
    return String.format(
        Locale.ROOT,
        "all sources of this node may hold %.1f MB, one element %.1f MB: raise dayu.memory.sources or the heap of this node",
        budget.limit() / MIB,
        largest() / MIB);
  }

  Account account() {
    return new Account();
  }

  /** What one stream has. */
  final class Account {
    private long held; // guarded by SourceBytes.this

    /** What waits for the window or is in flight has become more or less. */
    void change(long bytes) {
      add(this, bytes);
    }

    /** The stream ends here: gives back what it has. */
    void close() {
      long left;
      synchronized (SourceBytes.this) {
        left = held;
      }
      add(this, -left);
    }

    /**
     * The source is opened.
     *
     * @param own what the source has itself while it is open
     * @throws SourceException if it cannot be opened on this node, or not now
     */
    Opening open(long own) {
      if (own > largest())
        throw new SourceException(
            String.format(
                Locale.ROOT,
                "an element of %.1f MB is too large for this node; %s",
                own / MIB,
                limits()),
            true,
            null);
      synchronized (SourceBytes.this) {
        if (own > LEAST && !budget.take(own, budget.limit()))
          throw new SourceException(
              "waits for memory, which other sources have; " + limits(), false, null);
      }
      return new Opening(this, own > LEAST ? own : 0);
    }
  }

  /** What a source has while it is open, and what it gave that its stream has not taken yet. */
  final class Opening {
    private final Account account;
    private final long own;
    private long ahead; // guarded by SourceBytes.this, as the next one
    private boolean closed;

    private Opening(Account account, long own) {
      this.account = account;
      this.own = own;
    }

    /** Takes memory for a segment; completes with true, or with false once this is closed. */
    CompletionStage<Boolean> room(long bytes) {
      synchronized (SourceBytes.this) {
        if (closed) return CompletableFuture.completedFuture(false);
        if (taken(this, bytes)) return CompletableFuture.completedFuture(true);
        var room = new CompletableFuture<Boolean>();
        waiting.add(new Waiting(this, bytes, room));
        return room;
      }
    }

    /** Takes memory for a segment if it is there. */
    boolean roomNow(long bytes) {
      synchronized (SourceBytes.this) {
        return !closed && taken(this, bytes);
      }
    }

    /** Segments of {@code bytes} are the stream's own affair from now on. */
    void handedOver(long bytes) {
      synchronized (SourceBytes.this) {
        if (closed) return; // all was given back
        ahead -= bytes;
      }
      add(account, -bytes);
    }

    /** The source is closed: gives back what it has, and what its stream has not taken. */
    void close() {
      long left;
      var ended = new ArrayList<Waiting>();
      synchronized (SourceBytes.this) {
        if (closed) return;
        closed = true;
        left = ahead;
        budget.add(-own);
        for (var segment : waiting) if (segment.opening() == this) ended.add(segment);
        waiting.removeAll(ended);
      }
      ended.forEach(segment -> segment.room().complete(false));
      add(account, -left);
    }
  }

  private void add(Account account, long bytes) {
    var served = new ArrayList<Waiting>();
    synchronized (this) {
      account.held += bytes;
      budget.add(bytes);
      if (bytes <= 0)
        for (var segment : waiting)
          if (taken(segment.opening(), segment.bytes())) served.add(segment);
      waiting.removeAll(served);
    }
    // Not under the lock: this runs whatever waits for it.
    served.forEach(segment -> segment.room().complete(true));
  }

  /** Guarded by this. */
  private boolean taken(Opening opening, long bytes) {
    if (!mayTake(opening.account, bytes)) return false;
    opening.ahead += bytes;
    opening.account.held += bytes;
    budget.add(bytes);
    return true;
  }

  private boolean mayTake(Account account, long bytes) {
    if (account.held + bytes <= LEAST) return true;
    long left = budget.limit() - budget.used();
    if (account.held == 0) return bytes <= left;
    return account.held + bytes <= left && waiting.stream().noneMatch(SourceBytes::isStarved);
  }

  private static boolean isStarved(Waiting segment) {
    return segment.opening().account.held == 0;
  }
}
