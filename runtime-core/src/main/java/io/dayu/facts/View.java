package io.dayu.facts;

import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that gossip has brought to this node; immutable.
 *
 * @param nodes by name
 * @param decisions by stream
 * @param pipelines that are to run, by name
 * @param dropped versions of pipelines that are to stop, by name
 * @param services that were declared over the API or withdrawn, by name
 */
public record View(
    SortedMap<String, Seen> nodes,
    SortedMap<StreamName, Decision> decisions,
    SortedMap<String, DesiredPipeline> pipelines,
    SortedMap<String, Long> dropped,
    SortedMap<String, DeclaredService> services) {
  public static final View EMPTY = new View(Map.of(), Map.of(), Map.of());

  public View {
    nodes = Collections.unmodifiableSortedMap(nodes);
    decisions = Collections.unmodifiableSortedMap(decisions);
    pipelines = Collections.unmodifiableSortedMap(pipelines);
    dropped = Collections.unmodifiableSortedMap(dropped);
    services = Collections.unmodifiableSortedMap(services);
  }

  /** Without services. */
  public View(
      SortedMap<String, Seen> nodes,
      SortedMap<StreamName, Decision> decisions,
      SortedMap<String, DesiredPipeline> pipelines,
      SortedMap<String, Long> dropped) {
    this(nodes, decisions, pipelines, dropped, new TreeMap<>());
  }

  public View(
      Map<String, Seen> nodes,
      Map<StreamName, Decision> decisions,
      Map<String, DesiredPipeline> pipelines) {
    this(new TreeMap<>(nodes), new TreeMap<>(decisions), new TreeMap<>(pipelines), new TreeMap<>());
  }

  /**
   * A report and when it came.
   *
   * @param receivedAt this node's clock, so that its age is not taken between two clocks
   */
  public record Seen(NodeReport report, Instant receivedAt) {
    public Seen {
      Objects.requireNonNull(report, "report");
      Objects.requireNonNull(receivedAt, "receivedAt");
    }
  }
}
