package io.dayu.collect;

import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A node as the scheduler sees it.
 *
 * @param age of its latest report, by the scheduler's clock
 * @param live whether the report is young enough to be trusted; age, not reachability, decides
 * @param resources with {@code cpu} between 0 and 1 and {@code load} at least 0
 * @param stageTypes that it has and may be given
 * @param loadable types that it does not have, and has some time after a stage of them was placed
 * @param refused types that are loaded on demand and that it cannot have now, and why
 */
public record NodeState(
    String name,
    Role role,
    String site,
    Duration age,
    boolean live,
    Resources resources,
    Set<String> stageTypes,
    Set<String> loadable,
    Map<String, String> refused,
    List<StageReport> stages,
    List<StreamReport> streams) {
  public NodeState {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(site, "site");
    Objects.requireNonNull(age, "age");
    Objects.requireNonNull(resources, "resources");
    stageTypes = Set.copyOf(stageTypes);
    loadable = Set.copyOf(loadable);
    refused = Map.copyOf(refused);
    stages = List.copyOf(stages);
    streams = List.copyOf(streams);
  }

  /** The same without some of the types that it could have. */
  NodeState withoutLoadable(Set<String> types) {
    var others = new TreeSet<>(loadable);
    return others.removeAll(types)
        ? new NodeState(
            name, role, site, age, live, resources, stageTypes, others, refused, stages, streams)
        : this;
  }

  /** How busy the node is: {@code cpu + 0.1 × load per core}, the load capped at 2. */
  public double busy() {
    return resources.cpu() + 0.1 * Math.min(resources.load(), 2);
  }

  /** What the node says of its instance of a pipeline's stage; empty if it runs none. */
  public Optional<StageReport> stage(String pipeline, String stage) {
    return stages.stream()
        .filter(s -> s.pipeline().equals(pipeline) && s.stage().equals(stage))
        .findFirst();
  }
}
