package io.dayu.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.testing.Nodes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PoliciesTest {
  private final Policies policies = Policies.load();

  private List<String> problems(String policy, Map<String, Object> params) {
    return policies.make(Nodes.pipeline(policy, params)) instanceof Policies.Bad bad
        ? bad.problems().stream().map(PipelineProblem::path).toList()
        : List.of();
  }

  @Test
  void theBuiltInPoliciesAreFoundAndDescribed() {
    assertThat(policies.names())
        .containsExactlyInAnyOrder(
            "cloud-only", "edge-only", "fixed", "least-loaded", "round-robin");
    assertThat(policies.descriptors())
        .allSatisfy(
            d -> {
              assertThat(d.description()).isNotBlank();
              assertThat(d.parameters()).anyMatch(p -> p.name().equals("minDwell"));
            });
  }

  @Test
  void anUnknownPolicyIsAProblemThatNamesTheOthers() {
    var made = policies.make(Nodes.pipeline("optimist", Map.of()));
    assertThat(made).isInstanceOf(Policies.Bad.class);
    assertThat(((Policies.Bad) made).problems().get(0).remedy()).contains("least-loaded");
  }

  @Test
  void allProblemsOfTheParametersComeAtOnce() {
    assertThat(
            problems(
                "least-loaded", Map.of("hysteresis", "much", "minDwell", "soon", "histeresis", 1)))
        .containsExactlyInAnyOrder(
            "spec.policy.params.hysteresis",
            "spec.policy.params.minDwell",
            "spec.policy.params.histeresis");
  }

  @Test
  void aFixedRouteMustNameEveryStageAndNoOther() {
    assertThat(
            problems(
                "fixed",
                Map.of(
                    "route",
                    Map.of(
                        "detect",
                        "edge-1",
                        "track",
                        List.of("edge-1", 3),
                        "blur",
                        List.of(),
                        "sing",
                        "edge-1"))))
        .containsExactlyInAnyOrder(
            "spec.policy.params.route.track",
            "spec.policy.params.route.blur",
            "spec.policy.params.route.count",
            "spec.policy.params.route.sing");
    assertThat(problems("fixed", Map.of())).hasSize(4);
  }

  @Test
  void aDwellMayBeWrittenInSeveralWays() {
    assertThat(dwell(1500)).isEqualTo(Duration.ofMillis(1500));
    assertThat(dwell("250ms")).isEqualTo(Duration.ofMillis(250));
    assertThat(dwell("30s")).isEqualTo(Duration.ofSeconds(30));
    assertThat(dwell("2 m")).isEqualTo(Duration.ofMinutes(2));
  }

  private Duration dwell(Object value) {
    var made = policies.make(Nodes.pipeline("round-robin", Map.of("minDwell", value)));
    return ((Policies.Ok) made).minDwell().orElseThrow();
  }

  @Test
  void aProviderThatThrowsIsAProblem() {
    var broken =
        new PolicyProvider() {
          @Override
          public PolicyDescriptor descriptor() {
            return new PolicyDescriptor("broken", "", List.of());
          }

          @Override
          public Policy create(PolicyParams params, PipelineSpec pipeline) {
            throw new IllegalStateException("no");
          }
        };
    assertThat(new Policies(List.of(broken)).make(Nodes.pipeline("broken", Map.of())))
        .isInstanceOf(Policies.Bad.class);
    assertThatThrownBy(() -> new Policies(List.of(broken, broken)))
        .hasMessageContaining("provided twice");
  }
}
