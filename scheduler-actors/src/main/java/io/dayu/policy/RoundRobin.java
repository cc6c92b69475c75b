package io.dayu.policy;

import io.dayu.collect.NodeState;
import io.dayu.pipeline.PipelineSpec;
import java.util.List;

/** Every stage on all live nodes that have its type, equal weights. */
public final class RoundRobin implements Policy {
  private static final String NAME = "round-robin";

  private RoundRobin() {}

  @Override
  public Choice choose(Snapshot s) {
    return Routes.place(
        s, NAME, "live node", stage -> s.candidates(stage).stream().map(NodeState::name).toList());
  }

  /** Makes {@link RoundRobin}. */
  public static final class Provider implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor(
          NAME, "Spreads every stage equally over all live nodes that have its type.", List.of());
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      return new RoundRobin();
    }
  }
}
