package io.dayu.realise;

import io.dayu.collect.ClusterState;
import io.dayu.evaluate.CostModel;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.policy.Choice;
import io.dayu.policy.Policies;
import io.dayu.policy.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * What the policy of a pipeline would decide as things are now, for a pipeline that does not run,
 * or runs otherwise. It knows of costs only what nodes report at this moment, where the {@link
 * Scheduler} has learnt for longer, and nothing of dwell times; so the real decision may differ.
 *
 * @param before where stages are now; empty if they are nowhere
 * @param after where they would be
 * @param reason the policy's own
 */
public record Forecast(
    SortedMap<String, List<Share>> before, SortedMap<String, List<Share>> after, String reason) {

  /**
   * Pure; for any thread.
   *
   * @param staleAfter the age from which reports are not trusted
   * @return empty if the policy keeps to what is, refuses its parameters, or fails
   */
  public static Optional<Forecast> of(
      DesiredPipeline pipeline,
      SourceSpec source,
      View view,
      Policies policies,
      Instant now,
      Duration staleAfter) {
    if (!(policies.make(pipeline.spec()) instanceof Policies.Ok made)) return Optional.empty();
    var cluster = ClusterState.collect(view, now, staleAfter);
    var current =
        Optional.ofNullable(view.decisions().get(pipeline.spec().stream(source)))
            .map(d -> new Snapshot.Current(d.route(), d.knobs(), Set.of()));
    var snapshot =
        new Snapshot(
            pipeline.spec(),
            source,
            cluster,
            CostModel.EMPTY.observe(cluster, view.pipelines().keySet()),
            current);
    Choice choice;
    try {
      choice = made.policy().choose(snapshot);
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // others wrote the policy
      return Optional.empty();
    }
    if (!(choice instanceof Choice.Place place)) return Optional.empty();
    return Optional.of(
        new Forecast(
            current.map(Snapshot.Current::route).orElseGet(Collections::emptySortedMap),
            place.route(),
            place.reason()));
  }

  /** Whether a stage that is somewhere would be elsewhere. */
  public boolean moves(String stage) {
    var now = before.getOrDefault(stage, List.of());
    return !now.isEmpty() && !now.equals(after.getOrDefault(stage, List.of()));
  }
}
