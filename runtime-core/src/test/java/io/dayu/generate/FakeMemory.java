package io.dayu.generate;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** Remembers as long as it lives, and can be out of order. */
final class FakeMemory implements StreamMemory {
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
  public CompletionStage<Optional<Progress>> recall() {
    return CompletableFuture.completedStage(kept());
  }

  @Override
  public synchronized CompletionStage<Done> keep(Progress progress) {
    if (broken) return CompletableFuture.failedStage(new IllegalStateException("disk full"));
    kept = Optional.of(progress);
    return CompletableFuture.completedStage(Done.getInstance());
  }

  @Override
  public synchronized CompletionStage<Done> forget() {
    kept = Optional.empty();
    return CompletableFuture.completedStage(Done.getInstance());
  }
}
