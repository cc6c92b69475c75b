package io.dayu.collect;

import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A node as the scheduler sees it.
 *
 * @param age of its latest report, by the scheduler's clock
 * @param live whether the report is young enough to be trusted; age, not reachability, decides
 * @param resources with {@code cpu} between 0 and 1 and {@code load} at least 0
 */
public record NodeState(
    String name,
    Role role,
    String site,
    Duration age,
    boolean live,
    Resources resources,
    Set<String> stageTypes,
    List<StageReport> stages,
    List<StreamReport> streams) {
  public NodeState {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(site, "site");
    Objects.requireNonNull(age, "age");
    Objects.requireNonNull(resources, "resources");
    stageTypes = Set.copyOf(stageTypes);
    stages = List.copyOf(stages);
    streams = List.copyOf(streams);
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
