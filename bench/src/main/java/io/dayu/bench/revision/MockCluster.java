package io.dayu.bench.revision;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Labels;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * An API server in memory, that of the client library's tests, with one edge node. Whoever opens it
 * closes it.
 */
final class MockCluster implements AutoCloseable {
  static final String NAMESPACE = "dayu-bench";
  private static final int MOST_TRIES = 20;

  /** Tells of every request; kept, so that its level is. */
  private static final Logger SERVER = Logger.getLogger("io.fabric8.mockwebserver");

  static {
    SERVER.setLevel(Level.WARNING);
  }

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(),
          new MockWebServer(),
          new HashMap<>(),
          new KubernetesCrudDispatcher(),
          false);
  private final KubernetesClient client;

  MockCluster(String edge) {
    server.init();
    client = server.createClient();
    var labels = Map.of(Labels.PART_OF, "dayu", Labels.COMPONENT, Labels.EDGE);
    client
        .resource(
            new DaemonSetBuilder()
                .withNewMetadata()
                .withName(Labels.EDGE)
                .withNamespace(NAMESPACE)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .withMatchLabels(labels)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
    client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName(edge)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addNewAddress("127.0.0.1", "InternalIP")
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build())
        .create();
  }

  KubernetesClient client() {
    return client;
  }

  void create(String service, StageServiceSpec spec) {
    var resource = new StageServiceResource();
    resource.getMetadata().setName(service);
    resource.getMetadata().setNamespace(NAMESPACE);
    resource.setSpec(spec);
    client.resource(resource).create();
  }

  void change(String service, StageServiceSpec spec) {
    // The operator may write in between.
    for (int i = 0; ; i++)
      try {
        var unused =
            service(service)
                .edit(
                    resource -> {
                      resource.setSpec(spec);
                      return resource;
                    });
        return;
      } catch (KubernetesClientException e) {
        if (i == MOST_TRIES) throw e;
      }
  }

  Optional<StageServiceResource> find(String service) {
    return Optional.ofNullable(service(service).get());
  }

  private Resource<StageServiceResource> service(String name) {
    return client.resources(StageServiceResource.class).inNamespace(NAMESPACE).withName(name);
  }

  void createPipeline(String name, JsonNode spec) {
    var resource = new PipelineResource();
    resource.getMetadata().setName(name);
    resource.getMetadata().setNamespace(NAMESPACE);
    resource.setSpec(spec);
    client.resource(resource).create();
  }

  /** The operator has it drained. */
  void deletePipeline(String name) {
    var unused = pipeline(name).delete();
  }

  boolean hasPipeline(String name) {
    return pipeline(name).get() != null;
  }

  private Resource<PipelineResource> pipeline(String name) {
    return client.resources(PipelineResource.class).inNamespace(NAMESPACE).withName(name);
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }
}
