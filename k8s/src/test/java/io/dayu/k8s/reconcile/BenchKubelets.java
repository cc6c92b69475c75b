package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes each Deployment ready, with a pod, soon after it was made. */
final class BenchKubelets {
  private final KubernetesClient client;
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final AtomicInteger ready = new AtomicInteger();

  BenchKubelets(KubernetesClient client, String namespace) {
    this.client = client;
    client
        .apps()
        .deployments()
        .inNamespace(namespace)
        .watch(
            new Watcher<Deployment>() {
              @Override
              public void eventReceived(Action action, Deployment deployment) {
                if (action == Action.ADDED) threads.execute(() -> start(deployment));
              }

              @Override
              public void onClose(WatcherException cause) {
                throw new IllegalStateException("Deployments are not watched any more", cause);
              }
            });
  }

  int ready() {
    return ready.get();
  }

  private void start(Deployment deployment) {
    var template = deployment.getSpec().getTemplate();
    client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(deployment.getMetadata().getName() + "-7f9c6d5b4-abcde")
                .withNamespace(deployment.getMetadata().getNamespace())
                .withLabels(template.getMetadata().getLabels())
                .withAnnotations(template.getMetadata().getAnnotations())
                .withManagedFields(BenchObjects.managers(2, 60))
                .endMetadata()
                .withSpec(template.getSpec())
                .withNewStatus()
                .withPhase("Running")
                .addNewContainerStatus()
                .withName("service")
                .withReady(true)
                .withRestartCount(0)
                .withImage(template.getSpec().getContainers().get(0).getImage())
                .withNewState()
                .withNewRunning("2026-01-01T00:00:00Z")
                .endState()
                .endContainerStatus()
                .endStatus()
                .build())
        .create();
    // As the controllers of a real cluster leave it.
    deployment.getMetadata().setManagedFields(BenchObjects.managers(2, 60));
    deployment.setStatus(
        new DeploymentStatusBuilder()
            .withReplicas(1)
            .withReadyReplicas(1)
            .withAvailableReplicas(1)
            .withUpdatedReplicas(1)
            .build());
    client.resource(deployment).updateStatus();
    ready.incrementAndGet();
  }
}
