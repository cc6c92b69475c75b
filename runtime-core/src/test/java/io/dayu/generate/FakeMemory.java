package io.dayu.generate;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * Remembers as long as it lives. It can be out of order, and it can be made to wait: then what is
 * to be kept is kept when the test says so.
 */
final class FakeMemory implements StreamMemory {
  private record Request(Progress progress, CompletableFuture<Done> answer) {}

  private final TreeMap<Long, SourceSpan> spans = new TreeMap<>();
  private final Queue<Request> requests = new ArrayDeque<>();
  private Optional<Progress> kept = Optional.empty();
  private boolean broken;
  private boolean waits;

  synchronized Optional<Progress> kept() {
    return kept;
  }

  synchronized void set(Progress progress) {
    kept = Optional.of(progress);
  }

  synchronized void broken(boolean now) {
    broken = now;
  }

  synchronized void waits() {
    waits = true;
  }

  /** How many requests wait. */
  synchronized int waiting() {
    return requests.size();
  }

  /** The request that has waited longest is done. */
  synchronized void answer() {
    var request = requests.remove();
    kept = Optional.of(request.progress());
    request.answer().complete(Done.getInstance());
  }

  /** The request that has waited longest has failed. */
  synchronized void refuse() {
    requests.remove().answer().completeExceptionally(new IllegalStateException("disk full"));
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
    underWay.forEach(span -> spans.put(span.seq(), span));
    var answer = new CompletableFuture<Done>();
    requests.add(new Request(progress, answer));
    if (!waits) answer();
    return answer;
  }

  @Override
  public synchronized CompletionStage<Done> forget() {
    kept = Optional.empty();
    spans.clear();
    return CompletableFuture.completedStage(Done.getInstance());
  }
}
