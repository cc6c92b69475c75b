package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A cluster as large as they are to be. On the mock alone: a real one would have to have the nodes.
 */
@Timeout(300)
class ManyKubeIT {
  private static final int NODES = 500;
  private static final int PIPELINES = 200;

  /** -Ddayu.k8s.services=1000 for all that they are to be, which takes a minute. */
  private static final int SERVICES = Integer.getInteger("dayu.k8s.services", 100);

  @Test
  void aClusterIsAsItShouldBeWithinHalfAMinuteAndThenNothingIsWritten() throws IOException {
    assumeFalse(ApiServer.isReal(), "makes 500 nodes, on the mock alone");
    var runtime = new FakeRuntime();
    try (var server = new ApiServer()) {
      var client = server.client();
      client.resource(Nodes.clouds(server.namespace())).create();
      client.resource(Nodes.edges(server.namespace())).create();
      for (int i = 0; i < NODES; i++)
        client
            .resource(
                i < 3
                    ? Nodes.cloud("cloud-" + i, "192.0.2." + i)
                    : Nodes.edge("edge-" + i, "198.51." + i / 250 + "." + i % 250))
            .create();
      for (int i = 0; i < PIPELINES; i++)
        client.resource(Pipelines.of(server.namespace(), "p-" + i, "t")).create();
      for (int i = 0; i < SERVICES; i++) {
        var service = new StageServiceResource();
        service.setMetadata(
            new ObjectMetaBuilder().withName("s-" + i).withNamespace(server.namespace()).build());
        service.setSpec(
            new KubernetesSerialization()
                .unmarshal(
                    "---\n{image: 'i:1', placement: {nodes: [edge-%s]}}".formatted(3 + i % 400),
                    StageServiceSpec.class));
        client.resource(service).create();
      }
      var settings = OperatorSettings.of(server.namespace(), "test");
      var declarations = new FakeDeclarations();
      var begun = System.nanoTime();
      try (var first = Operator.start(client, settings, runtime, declarations)) {
        await()
            .atMost(Duration.ofSeconds(120))
            .until(
                () ->
                    client.endpoints().inNamespace(server.namespace()).list().getItems().size()
                            == NODES
                        && accepted(server) == PIPELINES
                        && deployments(server).size() == SERVICES);
        for (var d : deployments(server)) {
          d.setStatus(new DeploymentStatusBuilder().withReadyReplicas(1).build());
          client.resource(d).updateStatus();
        }
        await()
            .atMost(Duration.ofSeconds(120))
            .until(() -> declarations.declared().size() == SERVICES);
        System.err.printf("First time: %d ms%n", (System.nanoTime() - begun) / 1_000_000);
        await().during(Duration.ofSeconds(3)).until(first::idle);
      }
      long changes = runtime.changes();
      long told = declarations.changes();

      // A leader that starts anew looks at everything.
      begun = System.nanoTime();
      try (var second = Operator.start(client, settings, runtime, declarations)) {
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> second.seen(NODES + PIPELINES + SERVICES) && second.idle());
        System.err.printf("Again: %d ms%n", (System.nanoTime() - begun) / 1_000_000);
        // Longer than the runtime is not looked at.
        await().during(Duration.ofSeconds(5)).until(() -> second.writes() == 0);
      }
      assertThat(runtime.changes()).isEqualTo(changes);
      assertThat(declarations.changes()).isEqualTo(told);
    }
  }

  private static List<Deployment> deployments(ApiServer server) {
    return server.client().apps().deployments().inNamespace(server.namespace()).list().getItems();
  }

  private static long accepted(ApiServer server) {
    return server
        .client()
        .resources(PipelineResource.class)
        .inNamespace(server.namespace())
        .list()
        .getItems()
        .stream()
        .filter(p -> p.getStatus().version() != null)
        .count();
  }
}
