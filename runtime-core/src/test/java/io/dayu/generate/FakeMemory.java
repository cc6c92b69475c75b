package io.dayu.generate;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** Remembers as long as it lives, and can be out of order. */
final class FakeMemory implements StreamMemory {
  private final TreeMap<Long, SourceSpan> spans = new TreeMap<>();
  private Optional<Progress> kept = Optional.empty();
  private boolean broken;

  synchronized Optional<Progress> kept() {
    return kept;
  }

  synchronized void set(Progress progress) {
    kept = Optional.of(progress);
  }

  synchronized void broken(boolean now) {
    broken = now;
  }

  @Override
  public synchronized CompletionStage<Recalled> recall() {
    return CompletableFuture.completedStage(new Recalled(kept, new TreeMap<>(spans)));
  }

  @Override
  public synchronized void note(List<SourceSpan> more) {
    more.forEach(span -> spans.put(span.seq(), span));
  }

  @Override
  public synchronized CompletionStage<Done> keep(
      Progress progress, Collection<SourceSpan> underWay) {
    if (broken) return CompletableFuture.failedStage(new IllegalStateException("disk full"));
    kept = Optional.of(progress);
    underWay.forEach(span -> spans.put(span.seq(), span));
    return CompletableFuture.completedStage(Done.getInstance());
  }

  @Override
  public synchronized CompletionStage<Done> forget() {
    kept = Optional.empty();
    spans.clear();
    return CompletableFuture.completedStage(Done.getInstance());
  }
}
