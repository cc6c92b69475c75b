package io.dayu.generate;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * The state of one stream that outlives its generator. Calls take effect in their order. Safe for
 * any thread.
 */
public interface StreamMemory {
  /**
   * What is known of the stream.
   *
   * @param progress what was kept last; empty if nothing was, or if it was forgotten
   * @param spans of elements that were under way then and of those that were cut since, by number;
   *     some may be missing after a crash of the machine
   */
  record Recalled(Optional<Progress> progress, NavigableMap<Long, SourceSpan> spans) {}

  CompletionStage<Recalled> recall();

  /**
   * Completes when it outlives a crash of the machine; fails when that is not certain.
   *
   * @param underWay those that are open in {@code progress} and not on the disk
   */
  CompletionStage<Done> keep(Progress progress, Collection<SourceSpan> underWay);

  /**
   * Notes elements that were cut. When it returns, the note survives a crash of the process, but
   * not always a crash of the machine.
   */
  void note(List<SourceSpan> spans);

  /** The stream is no longer read here. A failure is logged as well. */
  @CanIgnoreReturnValue
  CompletionStage<Done> forget();
}
