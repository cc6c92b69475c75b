package io.dayu.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.SideVersions;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.source.ShownUri;
import io.dayu.store.Pruner;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The state of a pipeline, put together from what gossip says of its streams and stages.
 *
 * @param state {@code failed} if a stream cannot run at all, {@code degraded} if something is down
 *     and tried again, {@code starting} until every stream was reported, {@code completed} when all
 *     sources have ended, else {@code running}; of one that is to pause {@code pausing} until every
 *     stream says that it is paused, then {@code paused}; of one that is to stop {@code stopping}
 *     until nothing is in flight either and no stage is loaded, then {@code stopped}
 * @param drained whether it is paused and nothing of it is in flight
 * @param problems what someone should look at; empty if all is well
 */
record PipelineShape(
    String state,
    boolean drained,
    Ledger ledger,
    List<Stream> streams,
    List<Stage> stages,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Side> sideInputs,
    List<PipelineProblem> problems) {
  /** The state of a stream whose node is not in the cluster. */
  private static final String NO_NODE = "no-node";

  record Latency(double p50, double p95, double p99) {}

  /**
   * @param node where its source is read
   * @param decisionInUse the decision the generator follows
   * @param decision the newest decision, if there is one
   * @param version of the pipeline that the stream follows; 0 until that was reported
   * @param reportAgeMs empty until the stream was reported
   * @param keptFailed empty where nothing is, and was, to be kept
   */
  record Stream(
      String stream,
      String source,
      Optional<String> node,
      String state,
      long version,
      Ledger ledger,
      Latency latencyMs,
      double perSecond,
      int window,
      long resent,
      double longestGapMs,
      long decisionInUse,
      Optional<DecisionShape> decision,
      Optional<Long> reportAgeMs,
      Optional<String> problem,
      Optional<Kept> keptFailed) {}

  /**
   * What is kept of elements that failed.
   *
   * @param notKept that should have been kept, since the stream is read there
   * @param retried that were sent again, since the stream is read there
   */
  record Kept(long kept, long bytes, long notKept, long retried) {}

  /**
   * A side input.
   *
   * @param version since which all side inputs of the pipeline together have its value; empty while
   *     it has none
   * @param digest SHA-256 of the value
   * @param from the name under which cloud nodes declare it; empty where it is given
   * @param problem why it could not be read the last time; its value stands
   */
  record Side(
      String name,
      Optional<Long> version,
      Optional<Integer> bytes,
      Optional<String> digest,
      Optional<String> from,
      Optional<String> problem) {
    static Side of(PipelineSpec.SideSpec input, SideVersions versions) {
      var now = versions.at(input.name(), versions.latest());
      return new Side(
          input.name(),
          now.map(SideVersions.Change::number),
          now.map(SideVersions.Change::bytes),
          now.map(SideVersions.Change::digest),
          input.from(),
          Optional.ofNullable(versions.problems().get(input.name())));
    }
  }

  /** A stage and its instances. */
  record Stage(String stage, String type, List<Instance> instances) {}

  record Instance(
      String node,
      String state,
      @JsonUnwrapped Work work,
      long restarts,
      Optional<String> problem) {}

  /** A pipeline in the list. */
  record Item(String name, long version, String state, int sources, int stages, String policy) {}

  /**
   * A pipeline by itself.
   *
   * @param document the pipeline as it could be submitted again
   */
  record Whole(
      String name,
      long version,
      Map<String, Object> document,
      PipelineShape status,
      Results results) {}

  /**
   * Results of all pipelines that ever had this name.
   *
   * @param stored that were ever stored
   * @param pruned of these, that are not kept any more
   * @param oldestAgeMs time since the first one that is kept was stored; empty if there is none, or
   *     it is too new to be known
   */
  record Results(long stored, long pruned, Optional<Long> oldestAgeMs) {
    static Results of(Pruner.@Nullable Pipeline pipeline, Instant now) {
      return pipeline == null
          ? new Results(0, 0, Optional.empty())
          : new Results(
              pipeline.stored(),
              pipeline.pruned(),
              pipeline.oldest().map(oldest -> NodeShape.ageMs(oldest, now)));
    }
  }

  static Item item(DesiredPipeline desired, View view, Instant now, Duration silentAfter) {
    var spec = desired.spec();
    return new Item(
        spec.name(),
        desired.version(),
        of(desired, view, now, silentAfter).state(),
        spec.sources().size(),
        spec.stages().size(),
        spec.policy().name());
  }

  static PipelineShape of(DesiredPipeline desired, View view, Instant now, Duration silentAfter) {
    var spec = desired.spec();
    var reports = StreamReports.of(view, spec.name());
    var streams =
        spec.sources().stream()
            .map(s -> stream(spec, s, reports.get(spec.stream(s)), view, now))
            .toList();
    var stages =
        spec.stages().stream()
            .map(s -> new Stage(s.id(), s.type(), instances(spec.name(), s.id(), view)))
            .toList();
    var ledger = StreamReports.sum(streams.stream().map(Stream::ledger).toList());
    boolean drained = isPaused(desired, streams) && ledger.inFlight() == 0;
    return new PipelineShape(
        state(desired, streams, stages, drained),
        drained,
        ledger,
        streams,
        stages,
        spec.sideInputs().stream().map(input -> Side.of(input, desired.side())).toList(),
        problems(desired, streams, stages, view, now, silentAfter));
  }

  /** Whether a pipeline is paused and nothing of it is in flight. */
  static boolean isDrained(DesiredPipeline desired, View view) {
    return desired.isPaused() && of(desired, view, Instant.EPOCH, Duration.ZERO).drained();
  }

  /** The ledgers of the pipeline's streams as far as they have been reported. */
  static Map<StreamName, Optional<Ledger>> ledgers(PipelineSpec spec, View view) {
    var ledgers = new TreeMap<StreamName, Optional<Ledger>>();
    spec.sources().forEach(source -> ledgers.put(spec.stream(source), Optional.empty()));
    StreamReports.of(view, spec.name())
        .forEach((stream, seen) -> ledgers.put(stream, Optional.of(seen.report().ledger())));
    return ledgers;
  }

  private static Stream stream(
      PipelineSpec spec,
      SourceSpec source,
      StreamReports.@Nullable Seen seen,
      View view,
      Instant now) {
    var name = spec.stream(source);
    var decision = Optional.ofNullable(view.decisions().get(name)).map(DecisionShape::of);
    if (seen == null)
      return new Stream(
          name.toString(),
          source.name(),
          source.node(),
          source.node().filter(node -> !view.nodes().containsKey(node)).isPresent()
              ? NO_NODE
              : NodeShape.word(StreamState.STARTING),
          0,
          Ledger.EMPTY,
          new Latency(0, 0, 0),
          0,
          0,
          0,
          0,
          0,
          decision,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    var r = seen.report();
    var traffic = r.traffic();
    var latency = r.latency();
    return new Stream(
        name.toString(),
        source.name(),
        Optional.of(seen.node()),
        NodeShape.word(r.state()),
        r.version(),
        r.ledger(),
        new Latency(latency.p50Ms(), latency.p95Ms(), latency.p99Ms()),
        traffic.perSecond(),
        traffic.window(),
        traffic.resent(),
        traffic.longestGapMs(),
        r.decision(),
        decision,
        Optional.of(NodeShape.ageMs(seen.receivedAt(), now)),
        r.problem(),
        kept(view, seen.node(), name)
            .map(k -> new Kept(k.kept(), k.bytes(), k.notKept(), k.retried())));
  }

  private static Optional<KeptFailed> kept(View view, String node, StreamName stream) {
    return Optional.ofNullable(view.nodes().get(node)).stream()
        .flatMap(seen -> seen.report().keptFailed().stream())
        .filter(kept -> kept.stream().equals(stream))
        .findFirst();
  }

  private static List<Instance> instances(String pipeline, String stage, View view) {
    var instances = new ArrayList<Instance>();
    view.nodes()
        .forEach(
            (node, seen) ->
                seen.report().stages().stream()
                    .filter(s -> s.pipeline().equals(pipeline) && s.stage().equals(stage))
                    .forEach(
                        s ->
                            instances.add(
                                new Instance(
                                    node,
                                    NodeShape.word(s.state()),
                                    s.work(),
                                    s.restarts(),
                                    s.problem()))));
    return instances;
  }

  /** Reports of before the pipeline was paused do not count, nor do nodes that are not there. */
  private static boolean isPaused(DesiredPipeline desired, List<Stream> streams) {
    var paused = NodeShape.word(StreamState.PAUSED);
    var completed = NodeShape.word(StreamState.COMPLETED);
    return desired.isPaused()
        && streams.stream()
            .allMatch(
                s ->
                    s.version() >= desired.version()
                        && (s.state().equals(paused) || s.state().equals(completed)));
  }

  private static String state(
      DesiredPipeline desired, List<Stream> streams, List<Stage> stages, boolean drained) {
    if (has(streams, StreamState.FAILED)) return "failed";
    var backingOff = NodeShape.word(StageState.BACKING_OFF);
    if (has(streams, StreamState.SOURCE_DOWN)
        || streams.stream().anyMatch(s -> s.state().equals(NO_NODE))
        || stages.stream()
            .flatMap(s -> s.instances().stream())
            .anyMatch(i -> i.state().equals(backingOff))) return "degraded";
    var completed = NodeShape.word(StreamState.COMPLETED);
    if (streams.stream().allMatch(s -> s.state().equals(completed))) return "completed";
    if (desired.isStopped())
      return drained && stages.stream().allMatch(s -> s.instances().isEmpty())
          ? "stopped"
          : "stopping";
    if (desired.isPaused()) return isPaused(desired, streams) ? "paused" : "pausing";
    // A stream that still says that it is paused is about to go on.
    return has(streams, StreamState.STARTING) || has(streams, StreamState.PAUSED)
        ? "starting"
        : "running";
  }

  private static boolean has(List<Stream> streams, StreamState state) {
    return streams.stream().anyMatch(s -> s.state().equals(NodeShape.word(state)));
  }

  /** Nodes that a fixed route names and that are not there: such a stream gets no route. */
  private static List<PipelineProblem> unknownNodes(PipelineSpec spec, View view) {
    if (!(spec.policy().params().get("route") instanceof Map<?, ?> route)) return List.of();
    var problems = new ArrayList<PipelineProblem>();
    route.forEach(
        (stage, nodes) -> {
          for (var node : nodes instanceof List<?> several ? several : List.of(nodes))
            if (!view.nodes().containsKey(String.valueOf(node)))
              problems.add(
                  new PipelineProblem(
                      "spec.policy.params.route." + stage,
                      "there is no node %s now".formatted(node),
                      "start it, or name one of: " + String.join(", ", view.nodes().keySet())));
        });
    return problems;
  }

  /** What to do about a stream's problem, which depends on what the stream does now. */
  private static String remedy(String state, String source, String node) {
    if (state.equals(NodeShape.word(StreamState.FAILED)))
      return ("it is not tried again: correct what is wrong with %s, or its uri, and submit the"
              + " pipeline with --replace (PUT)")
          .formatted(source);
    if (state.equals(NodeShape.word(StreamState.SOURCE_DOWN)))
      return "check that node %s reaches %s; it is tried again by itself".formatted(node, source);
    if (state.equals(NodeShape.word(StreamState.STARTING)))
      return "check that node %s reaches the cloud nodes; %s is opened after that"
          .formatted(node, source);
    if (state.equals(NodeShape.word(StreamState.PAUSED)))
      return "the log of node %s tells more; %s is read again when the pipeline is resumed"
          .formatted(node, source);
    var now =
        state.equals(NodeShape.word(StreamState.COMPLETED)) ? "was read to its end" : "is read";
    return "%s %s; the log of node %s tells more".formatted(source, now, node);
  }

  private static List<PipelineProblem> problems(
      DesiredPipeline desired,
      List<Stream> streams,
      List<Stage> stages,
      View view,
      Instant now,
      Duration silentAfter) {
    var spec = desired.spec();
    var problems = new ArrayList<PipelineProblem>();
    for (int i = 0; i < streams.size(); i++) {
      var stream = streams.get(i);
      var path = "spec.sources[" + i + "]";
      var uri = spec.sources().get(i).uri();
      var name = spec.stream(spec.sources().get(i));
      stream
          .problem()
          .ifPresent(
              p ->
                  problems.add(
                      new PipelineProblem(
                          path,
                          p,
                          remedy(stream.state(), ShownUri.of(uri), stream.node().orElse("?")))));
      stream
          .node()
          .flatMap(node -> kept(view, node, name))
          .flatMap(KeptFailed::problem)
          .ifPresent(
              p ->
                  problems.add(
                      new PipelineProblem(
                          "spec.delivery.keepFailed",
                          "%s: %s".formatted(stream.stream(), p),
                          "see the disk of node %s and its dayu.failed.quota; nothing else is lost by it"
                              .formatted(stream.node().orElse("?")))));
      stream
          .node()
          .map(view.nodes()::get)
          .filter(seen -> NodeShape.silent(seen, now, silentAfter))
          .ifPresent(
              seen ->
                  problems.add(
                      new PipelineProblem(
                          path,
                          "node %s has not reported for %s s"
                              .formatted(
                                  seen.report().node(),
                                  NodeShape.ageMs(seen.receivedAt(), now) / 1000),
                          "it may be cut off and still at work; check its network and its log")));
    }
    for (int i = 0; i < spec.sources().size(); i++) {
      var node = spec.sources().get(i).node();
      if (node.isPresent() && !view.nodes().containsKey(node.get()))
        problems.add(
            new PipelineProblem(
                "spec.sources[%s].node".formatted(i),
                "there is no node %s now, so nothing reads stream %s"
                    .formatted(node.get(), spec.stream(spec.sources().get(i))),
                "start the node again, or replace the pipeline with one that names another: "
                    + String.join(", ", view.nodes().keySet())));
    }
    unknownNodes(spec, view).forEach(problems::add);
    if (!view.pipelines().containsKey(spec.name()))
      problems.add(
          new PipelineProblem(
              "",
              "the nodes were not told of the pipeline, or not yet",
              "wait some seconds; if it stays so, look at the problems of the nodes: ./dayu"
                  + " nodes"));
    for (var seen : view.nodes().values())
      seen.report()
          .problem()
          .ifPresent(
              p ->
                  problems.add(
                      new PipelineProblem(
                          "",
                          "node %s: %s".formatted(seen.report().node(), p),
                          "see GET /api/v1/nodes or ./dayu nodes")));
    for (int i = 0; i < stages.size(); i++) {
      var path = "spec.stages[" + i + "]";
      var type = stages.get(i).type();
      for (var node : ServiceDemand.loading(view, desired, spec.stages().get(i)))
        problems.add(
            new PipelineProblem(
                path,
                "%s is being loaded on %s".formatted(type, node),
                "elements wait for it; GET /api/v1/services/%s or, on Kubernetes, kubectl describe stageservice %s tell more"
                    .formatted(type, type)));
      for (var instance : stages.get(i).instances())
        instance
            .problem()
            .ifPresent(
                p ->
                    problems.add(
                        new PipelineProblem(
                            path,
                            "on node %s: %s".formatted(instance.node(), p),
                            "see the log of node %s; restarts so far: %s"
                                .formatted(instance.node(), instance.restarts()))));
    }
    return problems;
  }
}
