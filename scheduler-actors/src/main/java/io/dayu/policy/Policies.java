package io.dayu.policy;

import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.policy.PolicyDescriptor.PolicyParameter;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;

/** The policies a node knows, by name. Immutable and safe for any thread. */
public final class Policies {
  /** A parameter that every policy has: the scheduler enforces it, not the policy. */
  static final PolicyParameter MIN_DWELL =
      new PolicyParameter(
          "minDwell",
          false,
          "how long a stage stays on its nodes at least while they live, such as 5s; default:"
              + " dayu.scheduler.min-dwell");

  private final Map<String, PolicyProvider> providers = new TreeMap<>();

  public Policies(Collection<PolicyProvider> providers) {
    for (var provider : providers) {
      var twin = this.providers.put(provider.descriptor().name(), provider);
      if (twin != null)
        throw new IllegalStateException(
            "policy %s is provided twice, by %s and %s; remove one of the jars"
                .formatted(
                    provider.descriptor().name(),
                    twin.getClass().getName(),
                    provider.getClass().getName()));
    }
  }

  /** Everything that {@link ServiceLoader} finds on the class path, the built-in ones included. */
  public static Policies load() {
    return new Policies(
        ServiceLoader.load(PolicyProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .toList());
  }

  public Set<String> names() {
    return Set.copyOf(providers.keySet());
  }

  /** Ordered by name; parameters that all policies have are included. */
  public List<PolicyDescriptor> descriptors() {
    return providers.values().stream().map(p -> withCommon(p.descriptor())).toList();
  }

  /** What a pipeline's policy section makes. */
  public sealed interface Made {}

  /**
   * @param minDwell the pipeline's own; empty for the scheduler's setting
   */
  public record Ok(Policy policy, Optional<Duration> minDwell) implements Made {
    public Ok {
      Objects.requireNonNull(policy, "policy");
      Objects.requireNonNull(minDwell, "minDwell");
    }
  }

  /** Never empty. */
  public record Bad(List<PipelineProblem> problems) implements Made {
    public Bad {
      problems = List.copyOf(problems);
    }
  }

  /** The policy of a pipeline, or everything that is wrong with the section. */
  public Made make(PipelineSpec pipeline) {
    var provider = providers.get(pipeline.policy().name());
    if (provider == null)
      return new Bad(
          List.of(
              new PipelineProblem(
                  "spec.policy.name",
                  "there is no policy " + pipeline.policy().name(),
                  "choose one of " + String.join(", ", providers.keySet()))));
    var params = new PolicyParams(pipeline.policy().params());
    var minDwell = params.duration(MIN_DWELL.name());
    Policy policy;
    try {
      policy = provider.create(params, pipeline);
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // others wrote the provider
      return new Bad(
          List.of(
              new PipelineProblem(
                  "spec.policy",
                  "the policy cannot be made: " + Causes.words(e),
                  "mend its parameters, or the provider " + provider.getClass().getName())));
    }
    var declared =
        withCommon(provider.descriptor()).parameters().stream().map(PolicyParameter::name).toList();
    var problems = params.problems(declared);
    return problems.isEmpty() ? new Ok(policy, minDwell) : new Bad(problems);
  }

  private static PolicyDescriptor withCommon(PolicyDescriptor own) {
    var parameters = new ArrayList<>(own.parameters());
    parameters.add(MIN_DWELL);
    return new PolicyDescriptor(own.name(), own.description(), parameters);
  }
}
