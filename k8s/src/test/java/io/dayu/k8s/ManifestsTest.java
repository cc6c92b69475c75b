package io.dayu.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Service;
import org.junit.jupiter.api.Test;

class ManifestsTest {
  private static final String SERVICE =
      """
      apiVersion: v1
      kind: Service
      metadata: {name: %s}
      spec: {ports: [{name: tcp-data, port: 25530, %s: 25530}]}
      """;

  @Test
  void readsEveryDocument() {
    var both =
        Manifests.parse(
            SERVICE.formatted("a", "targetPort") + "---\n" + SERVICE.formatted("b", "targetPort"));
    assertThat(both.all(Service.class)).extracting(s -> s.getMetadata().getName()).hasSize(2);
    assertThat(both.one(Service.class, "b").getSpec().getPorts().get(0).getPort()).isEqualTo(25530);
  }

  @Test
  void refusesAFieldThatKubernetesDoesNotKnow() {
    assertThatThrownBy(() -> Manifests.parse(SERVICE.formatted("a", "targetport")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("targetport");
  }

  @Test
  void refusesAKindThatIsNotExpected() {
    assertThatThrownBy(() -> Manifests.parse("apiVersion: v1\nkind: Pod\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'Pod'");
  }
}
