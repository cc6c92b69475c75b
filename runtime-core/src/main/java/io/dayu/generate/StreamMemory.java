package io.dayu.generate;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * What of one stream outlives its generator. Calls take effect in their order. Safe for any thread,
 * and never blocks.
 */
public interface StreamMemory {
  /** What was kept last; empty if nothing was, or if it was forgotten. */
  CompletionStage<Optional<Progress>> recall();

  /** Completes when it outlives a crash of the machine; fails when that is not certain. */
  CompletionStage<Done> keep(Progress progress);

  /** The stream is no longer read here. */
  CompletionStage<Done> forget();
}
