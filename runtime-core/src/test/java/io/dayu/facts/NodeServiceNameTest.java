package io.dayu.facts;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeServiceNameTest {
  @Test
  void aLabelStaysAsItIs() {
    assertThat(NodeServiceName.member("edge-1")).isEqualTo("edge-1");
    assertThat(NodeServiceName.service("edge-1")).isEqualTo("node-edge-1");
    assertThat(NodeServiceName.host("edge-1", "dayu-system", "cluster.local"))
        .isEqualTo("node-edge-1.dayu-system.svc.cluster.local");
  }

  /** Frozen: Services of running clusters have these names. */
  @Test
  void namesWithDotsAreTheSameInEveryRelease() {
    assertThat(NodeServiceName.member("cloud.kubeedge")).isEqualTo("cloud-kubeedge-9d4686");
  }

  @Test
  void namesThatDifferInDotsOnlyStayApart() {
    assertThat(
            Stream.of("a.b.c", "a-b.c", "a.b-c", "a-b-c").map(NodeServiceName::service).distinct())
        .hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "0.1",
        "ip-10-0-0-1.eu-central-1.compute.internal",
        "a-name-of-58-letters-that-is-as-long-as-a-member-can-be-named",
        "a-very-long-name.of-a-node.with-dots.and-more-than.sixty-three-letters.example"
      })
  void servicesAreDnsLabelsAndMembersMayBeNamedSo(String node) {
    assertThat(NodeServiceName.service(node)).matches("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");
    assertThat(NodeName.isName(NodeServiceName.member(node))).isTrue();
  }
}
