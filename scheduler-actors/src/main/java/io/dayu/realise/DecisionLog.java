package io.dayu.realise;

import io.dayu.facts.Decision;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Where decisions are kept with what they were made from. Every method may be called from any
 * thread and returns at once; the stages fail when the store does.
 */
public interface DecisionLog {
  /**
   * Keeps a decision; one that is there already, by stream and version, stays as it is. Old ones of
   * the same stream may be removed.
   *
   * @param inputs the figures behind it, a JSON object
   */
  CompletionStage<Void> append(Decision decision, String inputs);

  /** The decision of a stream with the highest version. */
  CompletionStage<Optional<Decision>> latest(StreamName stream);

  /** Decisions of all streams of a pipeline, the newest first. */
  CompletionStage<List<Decision>> list(String pipeline, int limit);

  /**
   * Removes old decisions; of each stream the newest stays, whatever its age.
   *
   * @param before by pipeline, when a decision was made that is old
   * @return how many are gone
   */
  CompletionStage<Long> prune(Function<String, Instant> before);

  /** What a decision was made from, as given to {@link #append}. */
  CompletionStage<Optional<String>> inputs(StreamName stream, long version);
}
