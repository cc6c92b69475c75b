package io.dayu.store;

import io.dayu.element.Media;
import io.dayu.pipeline.StreamName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where results are stored: exactly one per (stream, seq), however often it arrives, and even if it
 * was pruned meanwhile.
 *
 * <p>Thread-safe. Calls block on storage and belong on the dispatcher for blocking work. Every
 * method throws {@link StoreException} when the storage cannot be used; then nothing of the call
 * was stored and a later call works again once the cause is gone.
 */
public interface ResultStore extends AutoCloseable {
  /**
   * @param delivered results stored that did not fail, filtered ones included
   * @param failed results stored as failed
   */
  record Counts(long delivered, long failed) {}

  /**
   * Stores all of {@code batch} or nothing; when it returns, the results are as durable as the
   * implementation promises and may be acknowledged. A payload in an element is not stored.
   *
   * @return the results that were neither stored before nor earlier in the batch, those of a stream
   *     in its order
   */
  List<StoredResult> store(List<StoredResult> batch);

  /** Whether a result can be read later; false if {@link #store} only takes them. */
  default boolean keepsResults() {
    return true;
  }

  /**
   * Results of a pipeline in the order they were stored. A result stored later never appears before
   * the page's cursor.
   *
   * @param after {@link ResultPage#next()} of an earlier page; empty for the beginning
   * @param limit the most results returned, at least 1
   * @throws IllegalArgumentException if {@code after} is not a cursor of this pipeline
   */
  ResultPage page(String pipeline, Optional<String> after, int limit);

  /**
   * Keeps the payload of an element. Of each stream only the newest (highest seq) are kept; a frame
   * kept before stays as it is.
   */
  void keepFrame(StreamName stream, long seq, Media payload);

  /**
   * A kept payload; empty if it was never kept, newer ones have taken its place, or its result was
   * pruned.
   */
  Optional<Media> frame(StreamName stream, long seq);

  /**
   * What was ever stored, by stream, pruned results included; streams without results are left out.
   */
  Map<StreamName, Counts> counts(String pipeline);

  /**
   * Whether each of these results, stored once and maybe pruned since, was delivered (not failed);
   * unknown ones are left out.
   */
  Map<Long, Boolean> outcomes(StreamName stream, Collection<Long> seqs);

  /** The highest seq stored of a stream, -1 if there is none. */
  long highestSeq(StreamName stream);

  /** Idempotent; every later call of another method throws {@link StoreException}. */
  @Override
  void close();
}
