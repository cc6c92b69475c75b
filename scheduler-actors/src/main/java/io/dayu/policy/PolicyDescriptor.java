package io.dayu.policy;

import java.util.List;
import java.util.Objects;

/**
 * What is known of a policy without running it.
 *
 * @param name what pipelines refer to, such as {@code least-loaded}
 */
public record PolicyDescriptor(String name, String description, List<PolicyParameter> parameters) {
  public PolicyDescriptor {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(description, "description");
    parameters = List.copyOf(parameters);
  }

  /**
   * A parameter as it may stand under {@code policy.params} in a pipeline.
   *
   * @param description its shape, unit and default
   */
  public record PolicyParameter(String name, boolean required, String description) {
    public PolicyParameter {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(description, "description");
    }
  }
}
