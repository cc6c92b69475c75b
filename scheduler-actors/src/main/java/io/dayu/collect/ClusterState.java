package io.dayu.collect;

import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import io.dayu.service.OnDemand;
import io.dayu.service.ServiceDocument;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All nodes at one moment; immutable.
 *
 * @param at the scheduler's clock
 * @param nodes by name, silent ones included
 */
public record ClusterState(Instant at, SortedMap<String, NodeState> nodes) {
  public ClusterState {
    Objects.requireNonNull(at, "at");
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
  }

  /**
   * Reads a view: ages and liveness of its reports, and figures brought into their ranges (a
   * platform that cannot tell the load says -1).
   *
   * @param staleAfter the age from which a report is no longer trusted; nodes publish at least
   *     every five seconds
   */
  public static ClusterState collect(View view, Instant now, Duration staleAfter) {
    var onDemand = onDemand(view);
    var nodes = new TreeMap<String, NodeState>();
    view.nodes()
        .forEach(
            (name, seen) -> {
              var age = Duration.between(seen.receivedAt(), now);
              if (age.isNegative()) age = Duration.ZERO; // the clock was set back
              var report = seen.report();
              var has = new TreeSet<>(report.stageTypes());
              var loadable = new TreeSet<String>();
              var refused = new TreeMap<String, String>();
              onDemand.forEach(
                  (type, service) -> {
                    if (!service.isFor(name, report.role())) return;
                    var why = service.notOn().get(name);
                    if (why != null) {
                      has.remove(type);
                      refused.put(type, why);
                    } else if (!has.contains(type)) loadable.add(type);
                  });
              nodes.put(
                  name,
                  new NodeState(
                      name,
                      report.role(),
                      report.self().site(),
                      age,
                      age.compareTo(staleAfter) <= 0,
                      inRange(report.resources()),
                      has,
                      loadable,
                      refused,
                      report.stages(),
                      report.streams()));
            });
    return new ClusterState(now, nodes);
  }

  private static Map<String, OnDemand> onDemand(View view) {
    var services = new TreeMap<String, OnDemand>();
    view.services()
        .forEach(
            (name, service) ->
                service
                    .document()
                    .flatMap(ServiceDocument::onDemand)
                    .ifPresent(onDemand -> services.put(name, onDemand)));
    return services;
  }

  /**
   * The same, in which a type that a live node has is not to be loaded on others: elements of its
   * stages need not wait.
   */
  public ClusterState withoutLoading() {
    var had = new TreeSet<String>();
    nodes.values().stream().filter(NodeState::live).forEach(n -> had.addAll(n.stageTypes()));
    var without = new TreeMap<>(nodes);
    without.replaceAll((name, node) -> node.withoutLoadable(had));
    return new ClusterState(at, without);
  }

  /** What the node that reads a stream says of it. */
  public Optional<StreamReport> stream(StreamName stream) {
    return nodes.values().stream()
        .filter(NodeState::live)
        .flatMap(n -> n.streams().stream())
        .filter(s -> s.stream().equals(stream))
        .findFirst();
  }

  private static Resources inRange(Resources r) {
    return new Resources(
        Math.max(1, r.cores()),
        clamp(r.cpu(), 1),
        clamp(r.load(), Double.MAX_VALUE),
        clamp(r.memory(), 1),
        r.memoryBytes(),
        r.rssBytes(),
        r.receivedPerSecond(),
        r.sentPerSecond(),
        r.celsius());
  }

  private static double clamp(double value, double max) {
    return value >= 0 ? Math.min(value, max) : 0; // NaN too
  }
}
