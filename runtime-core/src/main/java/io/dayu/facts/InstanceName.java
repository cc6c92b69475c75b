package io.dayu.facts;

import java.util.Objects;

/**
 * The address of a consumer of elements on any node: an instance of a stage, or one of the two
 * consumers at the end of every pipeline. As text {@code <plan>/<stage>}, {@link #OUTBOX} or {@link
 * #DISTRIBUTOR}; that text is part of the protocol of links.
 *
 * @param plan key of the pipeline as it runs, {@code <pipeline>@<version of its stages>}; empty for
 *     those at the end
 */
public record InstanceName(String plan, String stage) {
  /** Collects the leaves of an element and sends it to the distributor; one on every node. */
  public static final InstanceName OUTBOX = new InstanceName("", "@outbox");

  /** Where results enter a cloud node. */
  public static final InstanceName DISTRIBUTOR = new InstanceName("", "@distributor");

  public InstanceName {
    Objects.requireNonNull(plan, "plan");
    Objects.requireNonNull(stage, "stage");
  }

  /** The inverse of {@link #toString}; a text without a slash names no stage of a plan. */
  public static InstanceName parse(String text) {
    int slash = text.indexOf('/');
    return slash < 0
        ? new InstanceName("", text)
        : new InstanceName(text.substring(0, slash), text.substring(slash + 1));
  }

  /** Whether it is an instance of a stage of the plan. */
  public boolean isOf(String otherPlan) {
    return plan.equals(otherPlan);
  }

  @Override
  public String toString() {
    return plan.isEmpty() ? stage : plan + "/" + stage;
  }
}
