package io.dayu.store;

import io.dayu.element.Media;
import io.dayu.pipeline.StreamName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Takes results and keeps none of them, so that they are acknowledged and shown to whoever watches
 * at that moment, and gone. Kept frames, and results that were stored before, are those of another
 * store.
 *
 * <p>An element that is sent again is taken again, since nobody knows any more that it came before.
 */
public final class UnkeptResults implements ResultStore {
  private final ResultStore store;
  private final Map<String, Long> highest = new ConcurrentHashMap<>(); // by stream, one number each

  public UnkeptResults(ResultStore store) {
    this.store = store;
  }

  @Override
  public boolean keepsResults() {
    return false;
  }

  /** All of {@code batch}: it returns at once. */
  @Override
  public List<StoredResult> store(List<StoredResult> batch) {
    for (var result : batch)
      highest.merge(result.element().getStream(), result.element().getSeq(), Math::max);
    return List.copyOf(batch);
  }

  @Override
  public ResultPage page(String pipeline, Optional<String> after, int limit) {
    return store.page(pipeline, after, limit);
  }

  @Override
  public void keepFrame(StreamName stream, long seq, Media payload) {
    store.keepFrame(stream, seq, payload);
  }

  @Override
  public Optional<Media> frame(StreamName stream, long seq) {
    return store.frame(stream, seq);
  }

  @Override
  public Map<StreamName, Counts> counts(String pipeline) {
    return store.counts(pipeline);
  }

  @Override
  public Map<Long, Boolean> outcomes(StreamName stream, Collection<Long> seqs) {
    return store.outcomes(stream, seqs);
  }

  /** Of those it took since it was made, and of those stored before. */
  @Override
  public long highestSeq(StreamName stream) {
    return Math.max(highest.getOrDefault(stream.toString(), -1L), store.highestSeq(stream));
  }

  @Override
  public void close() {
    store.close();
  }
}
