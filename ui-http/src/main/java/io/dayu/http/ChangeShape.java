package io.dayu.http;

import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import io.dayu.realise.Forecast;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a document would do to a pipeline if it was submitted, part by part. Elements that are under
 * way go through the stages as they were, whatever changes.
 *
 * @param present the version that runs; 0 if there is none
 * @param next the version that it would get; the present one if the document changes nothing
 */
record ChangeShape(String name, long present, long next, List<Part> parts) {
  ChangeShape {
    parts = List.copyOf(parts);
  }

  /** What happens to a part. */
  enum What {
    STARTS,
    STOPS,
    /** It goes to another node. */
    MOVES,
    /** It is told of something new and goes on. */
    CHANGES,
    /** It ends, and one like it begins. */
    RESTARTS,
    STAYS
  }

  /**
   * @param kind {@code source}, {@code stage}, {@code policy}, {@code objective}, {@code delivery},
   *     {@code side inputs} or {@code state}
   * @param name of the source or stage; else as the kind
   * @param what {@link What} as a word
   * @param why what differs, and what comes of it
   */
  record Part(String kind, String name, String what, String why) {
    private static Part of(String kind, String name, What what, String why) {
      return new Part(kind, name, what.name().toLowerCase(Locale.ROOT), why);
    }
  }

  /**
   * @param running the pipeline as it is; empty if there is none of its name
   * @param next as it would be, equal if nothing changes
   * @param view tells where its stages run now
   * @param forecasts where the policy would have them, for each stream that it would place
   */
  static ChangeShape of(
      Optional<DesiredPipeline> running,
      DesiredPipeline next,
      View view,
      List<Forecast> forecasts) {
    var parts = new ArrayList<Part>();
    var was = running.map(DesiredPipeline::spec);
    var is = next.spec();
    for (var source : was.map(PipelineSpec::sources).orElse(List.of()))
      if (source(is, source.name()).isEmpty())
        parts.add(
            Part.of(
                "source",
                source.name(),
                What.STOPS,
                "what is in flight is finished; its position is forgotten"));
    for (var source : is.sources())
      parts.add(source(was.flatMap(s -> source(s, source.name())), source));
    for (var stage : was.map(PipelineSpec::stages).orElse(List.of()))
      if (is.stage(stage.id()).isEmpty())
        parts.add(Part.of("stage", stage.id(), What.STOPS, on(next.name(), stage.id(), view)));
    for (var stage : is.stages())
      parts.add(stage(was.flatMap(s -> s.stage(stage.id())), stage, next.name(), view, forecasts));
    was.ifPresent(
        s -> {
          if (!s.policy().equals(is.policy()))
            parts.add(
                Part.of(
                    "policy",
                    "policy",
                    What.CHANGES,
                    "from %s to %s; it decides anew where stages run"
                        .formatted(s.policy().name(), named(s, is))));
          if (!s.objective().equals(is.objective()))
            parts.add(Part.of("objective", "objective", What.CHANGES, "for elements from then on"));
          if (!s.delivery().equals(is.delivery()))
            parts.add(
                Part.of(
                    "delivery",
                    "delivery",
                    What.CHANGES,
                    s.delivery().keepFailed().isPresent() && is.delivery().keepFailed().isEmpty()
                        ? "for elements from then on; the failed elements that are kept are removed"
                        : "for elements from then on"));
          if (!s.sideInputs().equals(is.sideInputs()))
            parts.add(
                Part.of(
                    "side inputs",
                    "side inputs",
                    What.CHANGES,
                    "for elements from then on; what was given by the API stays where the document says what it said"));
        });
    running
        .filter(r -> r.state() != next.state())
        .ifPresent(r -> parts.add(Part.of("state", "state", What.CHANGES, turned(next.state()))));
    return new ChangeShape(
        next.name(), running.map(DesiredPipeline::version).orElse(0L), next.version(), parts);
  }

  private static String turned(RunState to) {
    return switch (to) {
      case RUNNING -> "it goes on: sources are read from where they were left";
      case PAUSED -> "it is paused: sources are read no more";
      case STOPPED -> "it is stopped: sources are read no more, and its stages are unloaded";
    };
  }

  private static String named(PipelineSpec was, PipelineSpec is) {
    var name = is.policy().name();
    return was.policy().name().equals(name) ? name + " with other parameters" : name;
  }

  private static Optional<SourceSpec> source(PipelineSpec spec, String name) {
    return spec.sources().stream().filter(s -> s.name().equals(name)).findFirst();
  }

  private static Part source(Optional<SourceSpec> was, SourceSpec is) {
    var node = is.node().orElse("?");
    if (was.isEmpty()) return Part.of("source", is.name(), What.STARTS, "on node " + node);
    var before = was.get();
    if (before.equals(is)) return Part.of("source", is.name(), What.STAYS, "on node " + node);
    if (!before.node().equals(is.node()))
      return Part.of(
          "source",
          is.name(),
          What.MOVES,
          "from node %s to %s, where it is read from its beginning"
              .formatted(before.node().orElse("?"), node));
    var differs = new ArrayList<String>();
    if (!before.uri().equals(is.uri())) differs.add("its address");
    if (!before.shed().equals(is.shed())) differs.add("what it sheds");
    if (differs.isEmpty())
      return Part.of("source", is.name(), What.CHANGES, "other knobs; it is read on");
    return Part.of(
        "source",
        is.name(),
        What.RESTARTS,
        "%s: what is in flight is finished, then it is read from its beginning"
            .formatted(differs(differs)));
  }

  private static Part stage(
      Optional<StageSpec> was, StageSpec is, String pipeline, View view, List<Forecast> forecasts) {
    var to = nodes(forecasts, is.id());
    if (was.isEmpty())
      return Part.of(
          "stage",
          is.id(),
          What.STARTS,
          to.isEmpty()
              ? "where the policy decides"
              : "where the policy decides; as things are, on " + String.join(", ", to));
    var before = was.get();
    var differs = new ArrayList<String>();
    if (!before.type().equals(is.type()))
      differs.add("its type (%s was %s)".formatted(is.type(), before.type()));
    if (!Objects.equals(before.after(), is.after())) differs.add("what it follows");
    if (!before.inputs().equals(is.inputs())) differs.add("what gives its inputs");
    if (!before.lasting().params().equals(is.lasting().params())) differs.add("its parameters");
    if (!before.perBox().equals(is.perBox())) differs.add("how it is asked for each box");
    if (!before.dynamic().equals(is.dynamic())) differs.add("which of its parameters are dynamic");
    if (!before.side().equals(is.side())) differs.add("which side inputs it reads");
    var at = on(pipeline, is.id(), view);
    var moved = forecasts.stream().filter(f -> f.moves(is.id())).findFirst();
    var there = at + moved.map(f -> ", and would be on " + String.join(", ", to)).orElse("");
    if (!differs.isEmpty())
      return Part.of("stage", is.id(), What.RESTARTS, differs(differs) + "; " + there);
    var changed = changed(before.dynamicParams(), is.dynamicParams());
    var why =
        changed.isEmpty()
            ? ""
            : "%s %s without a restart, for elements from then on; "
                .formatted(
                    String.join(" and ", changed), changed.size() == 1 ? "changes" : "change");
    return moved
        .map(f -> Part.of("stage", is.id(), What.MOVES, why + there + " (" + f.reason() + ")"))
        .orElseGet(
            () ->
                Part.of("stage", is.id(), changed.isEmpty() ? What.STAYS : What.CHANGES, why + at));
  }

  /** The names whose values differ. */
  private static SortedSet<String> changed(Map<String, Object> was, Map<String, Object> is) {
    var names = new TreeSet<>(was.keySet());
    names.addAll(is.keySet());
    names.removeIf(name -> Objects.equals(was.get(name), is.get(name)));
    return names;
  }

  private static SortedSet<String> nodes(List<Forecast> forecasts, String stage) {
    return forecasts.stream()
        .flatMap(f -> f.after().getOrDefault(stage, List.of()).stream())
        .map(Decision.Share::node)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String differs(List<String> parts) {
    return "what differs is " + String.join(" and ", parts);
  }

  /** Where a stage runs now. */
  private static String on(String pipeline, String stage, View view) {
    var nodes =
        view.nodes().values().stream()
            .map(View.Seen::report)
            .filter(
                report ->
                    report.stages().stream()
                        .anyMatch(s -> s.pipeline().equals(pipeline) && s.stage().equals(stage)))
            .map(report -> report.node())
            .collect(Collectors.joining(", "));
    return nodes.isEmpty() ? "it runs nowhere now" : "it runs on " + nodes;
  }
}
