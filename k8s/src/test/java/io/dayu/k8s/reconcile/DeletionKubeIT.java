package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is deleted is what was read, on a mock or on the API server of KUBECONFIG. */
@Timeout(60)
class DeletionKubeIT {
  private final ApiServer server = new ApiServer();
  private final Cluster cluster = new Cluster(server.client(), server.namespace());

  @AfterEach
  void stop() {
    cluster.close();
    server.close();
  }

  @Test
  void whatWasMadeAnewSinceItWasReadStays() {
    var read = create("first");
    map().delete();
    var anew = create("second");
    cluster.delete(read);
    assertThat(map().get().getMetadata().getUid()).isEqualTo(anew.getMetadata().getUid());
  }

  @Test
  void whatWasChangedSinceItWasReadGoes() {
    var read = create("first");
    map().edit(m -> new ConfigMapBuilder(m).addToData("more", "words").build());
    cluster.delete(read);
    assertThat(map().get()).isNull();
  }

  @Test
  void whatIsGoneIsFine() {
    var read = create("first");
    cluster.delete(read);
    cluster.delete(read);
    assertThat(map().get()).isNull();
  }

  private ConfigMap create(String words) {
    return server
        .client()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("map")
                .withNamespace(server.namespace())
                .endMetadata()
                .withData(Map.of("words", words))
                .build())
        .create();
  }

  private Resource<ConfigMap> map() {
    return server.client().configMaps().inNamespace(server.namespace()).withName("map");
  }
}
