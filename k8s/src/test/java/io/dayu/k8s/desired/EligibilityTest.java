package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EligibilityTest {
  @ParameterizedTest
  @CsvSource({
    "zone, In, a b, true",
    "zone, In, b, false",
    "zone, NotIn, b, true",
    "zone, NotIn, a, false",
    "other, NotIn, a, true",
    "zone, Exists, '', true",
    "other, Exists, '', false",
    "other, DoesNotExist, '', true",
    "zone, DoesNotExist, '', false",
    "cores, Gt, 3, true",
    "cores, Gt, 4, false",
    "cores, Lt, 5, true",
    "zone, Gt, 3, false",
    "zone, Unknown, a, false"
  })
  void affinityIsReadAsKubernetesDoes(String key, String operator, String values, boolean fits) {
    var node = Nodes.node("n", "192.0.2.1", Map.of("zone", "a", "cores", "4"));
    assertThat(Eligibility.matches(affinity(key, operator, List.of(values.split(" "))), node))
        .isEqualTo(fits);
  }

  @Test
  void aSelectorNeedsAllItsLabels() {
    var node = Nodes.node("n", "192.0.2.1", Map.of("zone", "a"));
    var pod = new PodSpecBuilder().withNodeSelector(Map.of("zone", "a", "gpu", "yes")).build();
    assertThat(Eligibility.matches(pod, node)).isFalse();
    pod.setNodeSelector(Map.of("zone", "a"));
    assertThat(Eligibility.matches(pod, node)).isTrue();
  }

  @Test
  void aTaintKeepsPodsAwayUnlessTheyTolerateIt() {
    var node = tainted("dedicated", "NoSchedule");
    assertThat(Eligibility.matches(new PodSpec(), node)).isFalse();
    var tolerant =
        new PodSpecBuilder()
            .addNewToleration()
            .withKey("dedicated")
            .withOperator("Exists")
            .endToleration()
            .build();
    assertThat(Eligibility.matches(tolerant, node)).isTrue();
    assertThat(Eligibility.matches(new PodSpec(), tainted("dedicated", "PreferNoSchedule")))
        .isTrue();
  }

  /** An edge that is cut off keeps its Service, whatever the pods say that they tolerate. */
  @Test
  void aNodeThatIsAwayStaysEligible() {
    assertThat(
            Eligibility.matches(
                new PodSpec(), tainted("node.kubernetes.io/unreachable", "NoExecute")))
        .isTrue();
  }

  private static io.fabric8.kubernetes.api.model.Node tainted(String key, String effect) {
    return new NodeBuilder(Nodes.cloud("n", "192.0.2.1"))
        .editSpec()
        .addNewTaint()
        .withKey(key)
        .withEffect(effect)
        .endTaint()
        .endSpec()
        .build();
  }

  private static PodSpec affinity(String key, String operator, List<String> values) {
    return new PodSpecBuilder()
        .withNewAffinity()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .addNewMatchExpression()
        .withKey(key)
        .withOperator(operator)
        .withValues(values)
        .endMatchExpression()
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .build();
  }
}
