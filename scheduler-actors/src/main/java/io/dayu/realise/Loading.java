package io.dayu.realise;

import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.policy.Choice;
import io.dayu.policy.Policy;
import io.dayu.policy.Snapshot;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Types that nodes load only because a stage of them is placed there. Pure. */
final class Loading {
  private Loading() {}

  /** Stages of which a node has not loaded the type yet, though it can. */
  static Set<String> waiting(Snapshot s) {
    return s.pipeline().stages().stream()
        .filter(
            stage ->
                s.now(stage.id()).stream()
                    .anyMatch(
                        share ->
                            !s.has(share.node(), stage)
                                && s.unusable(share.node(), stage).isEmpty()))
        .map(StageSpec::id)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * What a policy chooses for stages that are nowhere, or where they do not work: where nothing has
   * to be loaded, if it takes that.
   */
  static Choice choose(Snapshot s, Policy policy) {
    var ready = s.withoutLoading();
    var choice = policy.choose(ready);
    return choice instanceof Choice.Place || ready.equals(s) ? choice : policy.choose(s);
  }

  /** Whether all nodes of a stage have its type. */
  static boolean isLoaded(Snapshot s, StageSpec stage, List<Share> shares) {
    return shares.stream().allMatch(share -> s.has(share.node(), stage));
  }

  /** Such as {@code count-above is being loaded on edge-2}; empty if nothing is to be loaded. */
  static String words(Snapshot s, SortedMap<String, List<Share>> route) {
    var nodes = new TreeMap<String, TreeSet<String>>(); // by type
    for (var stage : s.pipeline().stages())
      for (var share : route.getOrDefault(stage.id(), List.of()))
        if (!s.has(share.node(), stage))
          nodes.computeIfAbsent(stage.type(), type -> new TreeSet<>()).add(share.node());
    return nodes.entrySet().stream()
        .map(e -> "%s is being loaded on %s".formatted(e.getKey(), String.join("+", e.getValue())))
        .collect(Collectors.joining(", "));
  }

  /** The same of what holds now. */
  static String words(Snapshot s) {
    return s.current().map(now -> words(s, now.route())).orElse("");
  }

  /** The place, saying what elements have to wait for. */
  static Choice.Place told(Snapshot s, Choice.Place place) {
    var words = words(s, place.route());
    return words.isEmpty()
        ? place
        : new Choice.Place(place.route(), place.knobs(), place.reason() + "; " + words);
  }
}
