package io.dayu.http;

import io.dayu.facts.Decision;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What became different for one pipeline between two views. Pure. */
final class ViewChanges {
  /**
   * @param changed stages that run elsewhere than before
   */
  record Decided(DecisionShape decision, List<String> changed) {}

  record StreamChanged(
      String stream, String node, String state, Instant at, Optional<String> problem) {}

  /**
   * @param state {@code gone} when the instance was stopped
   */
  record StageChanged(
      String stage,
      String node,
      String state,
      long restarts,
      Instant at,
      Optional<String> problem) {}

  /**
   * @param state {@code wanted}, {@code drained} (it is paused and nothing is in flight any more)
   *     or {@code deleted}
   */
  record PipelineChanged(String name, String state, long version, Instant at) {}

  private record Place(String stage, String node) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      var byStage = stage.compareTo(other.stage);
      return byStage != 0 ? byStage : node.compareTo(other.node);
    }
  }

  private ViewChanges() {}

  static List<Sse.Event> between(View before, View after, String pipeline, Instant now) {
    var events = new ArrayList<Sse.Event>();
    pipelines(before, after, pipeline, now, events);
    decisions(before, after, pipeline, events);
    streams(StreamReports.of(before, pipeline), StreamReports.of(after, pipeline), now, events);
    stages(instances(before, pipeline), instances(after, pipeline), now, events);
    drained(before, after, pipeline, now, events);
    return events;
  }

  private static void pipelines(
      View before, View after, String name, Instant now, List<Sse.Event> events) {
    var was = before.pipelines().get(name);
    var is = after.pipelines().get(name);
    if (is != null && (was == null || was.version() != is.version()))
      events.add(event("pipeline", new PipelineChanged(name, "wanted", is.version(), now)));
    if (is == null && was != null)
      events.add(event("pipeline", new PipelineChanged(name, "deleted", was.version(), now)));
  }

  private static void drained(
      View before, View after, String name, Instant now, List<Sse.Event> events) {
    var is = after.pipelines().get(name);
    if (is != null
        && PipelineShape.isDrained(is, after)
        && !Optional.ofNullable(before.pipelines().get(name))
            .filter(was -> PipelineShape.isDrained(was, before))
            .isPresent())
      events.add(event("pipeline", new PipelineChanged(name, "drained", is.version(), now)));
  }

  private static void decisions(View before, View after, String pipeline, List<Sse.Event> events) {
    after
        .decisions()
        .forEach(
            (stream, is) -> {
              if (!stream.pipeline().equals(pipeline)) return;
              var was = before.decisions().get(stream);
              if (was == null || was.version() != is.version())
                events.add(event("decision", new Decided(DecisionShape.of(is), changed(was, is))));
            });
  }

  private static List<String> changed(@Nullable Decision was, Decision is) {
    if (was == null) return List.of();
    var stages = new TreeSet<>(was.route().keySet());
    stages.addAll(is.route().keySet());
    stages.removeIf(s -> is.route().containsKey(s) && is.route().get(s).equals(was.route().get(s)));
    return List.copyOf(stages);
  }

  private static void streams(
      Map<StreamName, StreamReports.Seen> before,
      Map<StreamName, StreamReports.Seen> after,
      Instant now,
      List<Sse.Event> events) {
    after.forEach(
        (stream, is) -> {
          var was = before.get(stream);
          var r = is.report();
          if (was == null
              || was.report().state() != r.state()
              || !was.node().equals(is.node())
              || !was.report().problem().equals(r.problem()))
            events.add(
                event(
                    "stream",
                    new StreamChanged(
                        stream.toString(),
                        is.node(),
                        NodeShape.word(r.state()),
                        now,
                        r.problem())));
        });
  }

  private static void stages(
      SortedMap<Place, StageReport> before,
      SortedMap<Place, StageReport> after,
      Instant now,
      List<Sse.Event> events) {
    after.forEach(
        (place, is) -> {
          var was = before.get(place);
          if (was == null
              || was.state() != is.state()
              || was.restarts() != is.restarts()
              || !was.problem().equals(is.problem()))
            events.add(stage(place, NodeShape.word(is.state()), is.restarts(), now, is.problem()));
        });
    before.forEach(
        (place, was) -> {
          if (!after.containsKey(place))
            events.add(stage(place, "gone", was.restarts(), now, Optional.empty()));
        });
  }

  private static Sse.Event stage(
      Place place, String state, long restarts, Instant now, Optional<String> problem) {
    return event(
        "stage", new StageChanged(place.stage(), place.node(), state, restarts, now, problem));
  }

  private static SortedMap<Place, StageReport> instances(View view, String pipeline) {
    var instances = new TreeMap<Place, StageReport>();
    view.nodes()
        .forEach(
            (node, seen) ->
                seen.report().stages().stream()
                    .filter(s -> s.pipeline().equals(pipeline))
                    .forEach(s -> instances.put(new Place(s.stage(), node), s)));
    return instances;
  }

  private static Sse.Event event(String name, Object data) {
    return new Sse.Event(name, "", data);
  }
}
