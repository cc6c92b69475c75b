package io.dayu.store;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what many threads want to be written, in as few transactions as possible, on one
 * connection that is kept: group commit, as in DeWitt et al., "Implementation techniques for main
 * memory database systems", 1984. Whoever comes while nothing is written writes at once, in its own
 * thread. What comes meanwhile waits, and goes into the next transaction together; the first of
 * those that wait writes it. So nothing is delayed for the sake of a larger transaction, and no
 * result changes threads on its way. Thread-safe.
 *
 * @param <C> a change
 */
final class Writer<C extends Writer.Change> implements AutoCloseable {
  /** What one caller wants to be written. */
  interface Change {
    /** For people: what is done. */
    String what();

    /** About as many bytes are written. */
    long bytes();

    /** Whether it goes into a transaction of its own: others do not fail with it. */
    default boolean isAlone() {
      return false;
    }
  }

  /** Makes changes of several callers in one transaction, which may be rolled back afterwards. */
  interface Group<C> {
    void in(Session session, List<C> changes) throws SQLException;
  }

  /** A caller, and what has become of its change once it was its turn. */
  private static final class Call<C> {
    private final C change;

    /** Completes with whether it is to lead; otherwise its change has been dealt with. */
    private final CompletableFuture<Boolean> turn = new CompletableFuture<>();

    private boolean written;
    private @Nullable RuntimeException failure;

    Call(C change) {
      this.change = change;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Writer.class);

  // More would only make the first callers of a transaction wait for the last ones.
  private static final int MOST_CALLS = 1_000;
  private static final int ATTEMPTS = 3; // other nodes may make a stream and its pipeline meanwhile
  private static final long MOST_BYTES = 8L << 20;

  /** A connection that was not used for as long may be gone; the pool looks after those it has. */
  private static final long IDLE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Database database;
  private final Group<C> group;
  // Guarded by this.
  private final ArrayDeque<Call<C>> waiting = new ArrayDeque<>(); // bounded by the threads
  private boolean writing; // somebody leads
  // Used by whoever leads.
  private @Nullable Session session;
  private long usedNanos;

  Writer(Database database, Group<C> group) {
    this.database = database;
    this.group = group;
  }

  /**
   * Returns when the change is committed.
   *
   * @throws StoreException if it was not written
   */
  void write(C change) {
    database.refuseWhenClosed(change.what());
    var call = new Call<>(change);
    synchronized (this) {
      // Whoever leads waits for a connection then; not every thread has to do so.
      if (writing) database.refuseWhileAway(change.what());
      waiting.add(call);
      if (!writing) call.turn.complete(true);
      writing = true;
    }
    if (call.turn.join()) lead();
    if (call.failure != null) throw call.failure;
    if (!call.written) throw new IllegalStateException(change.what() + ": whoever wrote it failed");
  }

  /** Writes the first of those that wait, the leader among them, and appoints the next one. */
  private void lead() {
    var calls = next();
    try {
      writeAll(calls, 1);
    } finally {
      synchronized (this) {
        if (database.isAway()) failWaiting();
        writing = !waiting.isEmpty();
        if (writing) waiting.element().turn.complete(true);
        notifyAll();
      }
      for (var call : calls) call.turn.complete(false);
    }
  }

  private synchronized List<Call<C>> next() {
    var calls = new ArrayList<Call<C>>();
    long bytes = 0;
    boolean alone = false;
    while (!waiting.isEmpty()
        && !alone
        && (calls.isEmpty() || !waiting.element().change.isAlone())
        && calls.size() < MOST_CALLS
        && (calls.isEmpty() || bytes + waiting.element().change.bytes() <= MOST_BYTES)) {
      var call = waiting.remove();
      bytes += call.change.bytes();
      alone = call.change.isAlone();
      calls.add(call);
    }
    return calls;
  }

  /** They would wait for a connection one after the other. */
  private void failWaiting() {
    for (var call : waiting) {
      call.failure = database.absence(call.change.what());
      call.turn.complete(false);
    }
    waiting.clear();
  }

  private void writeAll(List<Call<C>> calls, int attempt) {
    try {
      transaction(calls);
      for (var call : calls) call.written = true;
    } catch (SQLException | RuntimeException e) {
      if (calls.size() == 1 && attempt < ATTEMPTS && Database.isDuplicate(e))
        writeAll(calls, attempt + 1);
      // What one of them holds is refused: the others have to do without it.
      else if (calls.size() > 1 && Database.wouldFailAgain(e))
        for (var call : calls) writeAll(List.of(call), 1);
      else for (var call : calls) call.failure = database.failure(call.change.what(), e);
    }
  }

  private void transaction(List<Call<C>> calls) throws SQLException {
    var current = session();
    boolean committed = false;
    try {
      group.in(current, calls.stream().map(call -> call.change).toList());
      current.connection().commit();
      committed = true;
      usedNanos = System.nanoTime();
    } finally {
      if (!committed) rollback(current);
    }
  }

  /** SQLite keeps what was done in a transaction that failed, unless it is rolled back. */
  private void rollback(Session current) {
    try {
      current.rollback();
    } catch (SQLException e) {
      // It was rolled back by the database, or the connection is gone and the transaction with it.
      drop();
    }
  }

  private Session session() throws SQLException {
    if (session != null && System.nanoTime() - usedNanos > IDLE_NANOS) drop();
    var current = session;
    if (current == null) session = current = database.connect();
    return current;
  }

  private void drop() {
    var dropped = session;
    session = null;
    if (dropped == null) return;
    try {
      dropped.close();
    } catch (SQLException e) {
      // The pool has no more use for it.
      LOG.debug("A connection was not closed", e);
    }
  }

  /** Waits for what is being written; what comes later fails. */
  @Override
  public void close() {
    synchronized (this) {
      boolean interrupted = false;
      while (writing) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) Thread.currentThread().interrupt();
      drop();
    }
  }
}
