package io.dayu.policy;

import io.dayu.facts.NodeReport.Role;
import io.dayu.pipeline.PipelineSpec;
import java.util.List;

/**
 * Every stage on a cloud node: the one it is on while that is fit, or else the least busy one.
 * Never on an edge.
 */
public final class CloudOnly implements Policy {
  private static final String NAME = "cloud-only";

  private CloudOnly() {}

  @Override
  public Choice choose(Snapshot s) {
    return Routes.place(
        s,
        NAME,
        "live cloud node",
        stage ->
            Routes.steady(
                s, stage, s.candidates(stage).stream().filter(n -> n.role() == Role.CLOUD)));
  }

  /** Makes {@link CloudOnly}. */
  public static final class Provider implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor(NAME, "Runs every stage on a cloud node.", List.of());
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      return new CloudOnly();
    }
  }
}
