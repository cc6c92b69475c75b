package io.dayu.testing;

import io.dayu.collect.ClusterState;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Nodes as they report, built up step by step; and the pipeline the tests place on them. */
public final class Nodes {
  public static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
  public static final Duration STALE = Duration.ofSeconds(15);
  public static final StreamName STREAM = StreamName.parse("crossing/cam");
  private static final Set<String> ALL = Set.of("detector", "tracker", "blurrer", "counter");

  private final Map<String, View.Seen> seen = new TreeMap<>();
  private final Map<String, DeclaredService> services = new TreeMap<>();

  /** A fork and a join: detect, then track beside blur, then count; read on edge-1. */
  public static PipelineSpec pipeline(String policy, Map<String, Object> params) {
    var knobs = new TreeMap<String, List<Double>>();
    knobs.put("fps", List.of(15.0, 5.0, 10.0));
    knobs.put("height", List.of(360.0, 720.0));
    return new PipelineSpec(
        "crossing",
        List.of(
            new SourceSpec(
                "cam",
                URI.create("http://127.0.0.1/cam.mjpeg"),
                Optional.of("edge-1"),
                Optional.empty(),
                knobs)),
        List.of(
            new StageSpec("detect", "detector", List.of(), Map.of()),
            new StageSpec("track", "tracker", List.of("detect"), Map.of()),
            new StageSpec("blur", "blurrer", List.of("detect"), Map.of()),
            new StageSpec("count", "counter", List.of("track", "blur"), Map.of())),
        new PolicySpec(policy, params),
        PipelineSpec.Objective.DEFAULT,
        PipelineSpec.Delivery.DEFAULT);
  }

  /** A node with all stage types that reported at {@link #T0}. */
  public Nodes with(String name, double cpu) {
    return with(name, name.startsWith("cloud") ? "cloud" : "site-" + name, cpu, ALL, T0);
  }

  public Nodes with(String name, String site, double cpu, Set<String> types, Instant receivedAt) {
    seen.put(
        name,
        new View.Seen(
            new NodeReport(
                new NodeReport.Self(
                    name, name.startsWith("cloud") ? Role.CLOUD : Role.EDGE, site, "127.0.0.1", 1),
                new NodeReport.Edition(1, 1),
                new Resources(2, cpu, 0.5, 0.5, 1 << 30, 1 << 27, 0, 0, OptionalDouble.empty()),
                types,
                List.of(),
                List.of(),
                List.of()),
            receivedAt));
    return this;
  }

  /** A node with all stage types but one. */
  public Nodes lacking(String type, String name, double cpu) {
    var others = new TreeSet<>(ALL);
    others.remove(type);
    return with(name, "site-" + name, cpu, others, T0);
  }

  /** A service is declared over the API. */
  public Nodes declared(String name, String document) {
    services.put(name, new DeclaredService(name, services.size() + 1, Optional.of(document)));
    return this;
  }

  public Nodes without(String name) {
    seen.remove(name);
    return this;
  }

  /** All nodes but {@code silent} report at {@code now}. */
  public Nodes reportAt(Instant now, Set<String> silent) {
    seen.replaceAll((name, s) -> silent.contains(name) ? s : new View.Seen(s.report(), now));
    return this;
  }

  /** The node runs a stage of the pipeline; replaces what it said of it before. */
  public Nodes runs(
      String node, String stage, StageState state, int queue, double queueMs, double serviceMs) {
    return runs(node, stage, state, queue, queueMs, serviceMs, 1);
  }

  public Nodes runs(
      String node,
      String stage,
      StageState state,
      int queue,
      double queueMs,
      double serviceMs,
      long processed) {
    var type = pipeline("fixed", Map.of()).stage(stage).orElseThrow().type();
    var problem =
        state == StageState.BACKING_OFF ? Optional.of("no model") : Optional.<String>empty();
    var report =
        new StageReport(
            "crossing",
            stage,
            type,
            state,
            new NodeReport.Work(queue, queueMs, serviceMs, queue > 0 ? 10 : 0, 0, processed, 0),
            3,
            problem);
    return change(
        node,
        old -> {
          var stages = new ArrayList<>(old.stages());
          stages.removeIf(s -> s.stage().equals(stage));
          stages.add(report);
          return copy(old, stages, old.streams());
        });
  }

  /** The node's generator follows a decision. */
  public Nodes reads(String node, long decision, double perSecond) {
    return change(
        node,
        old ->
            copy(
                old,
                old.stages(),
                List.of(
                    new StreamReport(
                        STREAM,
                        StreamState.RUNNING,
                        decision,
                        Ledger.EMPTY,
                        new Traffic(8, perSecond, 0, 0),
                        new Latency(1, 1, 1),
                        Optional.empty()))));
  }

  public Map<String, View.Seen> seen() {
    return Map.copyOf(seen);
  }

  public ClusterState at(Instant now) {
    var view =
        new View(
            new TreeMap<>(seen),
            new TreeMap<>(),
            new TreeMap<>(),
            new TreeMap<>(),
            new TreeMap<>(services));
    return ClusterState.collect(view, now, STALE);
  }

  /** A change of a report. */
  private interface Change {
    NodeReport of(NodeReport old);
  }

  private Nodes change(String node, Change change) {
    seen.computeIfPresent(node, (name, s) -> new View.Seen(change.of(s.report()), s.receivedAt()));
    return this;
  }

  private static NodeReport copy(
      NodeReport old, List<StageReport> stages, List<StreamReport> streams) {
    return new NodeReport(
        old.self(),
        new NodeReport.Edition(old.edition().incarnation(), old.edition().sequence() + 1),
        old.resources(),
        old.stageTypes(),
        stages,
        List.of(),
        streams);
  }
}
