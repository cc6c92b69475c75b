package io.dayu.bench.revision;

import io.dayu.console.UserException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands in for the kubelet and the controllers between it and Deployments: runs one {@link
 * Container} for each Deployment and tells its status. On a thread of its own; whoever opens it
 * closes it.
 */
final class Kubelet implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Kubelet.class);
  private static final long LOOK_AGAIN_MILLIS = 100;

  /** From the second end on its restarts wait. */
  private static final int BACKS_OFF = 2;

  private final KubernetesClient client;
  private final Path directory;
  private final Map<String, Container> containers = new TreeMap<>(); // by the Deployment's name
  private final Map<String, String> told = new HashMap<>(); // the latest status, by name
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();

  /**
   * @param directory for the programs' logs
   */
  Kubelet(KubernetesClient client, Path directory) {
    this.client = client;
    this.directory = directory;
    var unused =
        thread.scheduleWithFixedDelay(this::look, 0, LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      var wanted = new TreeMap<String, Deployment>();
      for (var d : client.apps().deployments().inNamespace(MockCluster.NAMESPACE).list().getItems())
        wanted.put(d.getMetadata().getName(), d);
      containers
          .values()
          .removeIf(
              container -> {
                boolean gone = !wanted.containsKey(container.deployment().getMetadata().getName());
                if (gone) container.end();
                return gone;
              });
      wanted.forEach((name, d) -> containers.computeIfAbsent(name, n -> container(d)));
      containers.forEach(
          (name, container) -> {
            container.look();
            tell(name, container);
          });
    } catch (KubernetesClientException e) {
      LOG.debug("looked at again", e); // as when a Deployment is deleted meanwhile
    } catch (UserException e) {
      LOG.error("{}; tried again", e.getMessage()); // else the thread would look no more
    }
  }

  private Container container(Deployment deployment) {
    var parameters = new HashMap<String, String>();
    for (EnvFromSource from :
        deployment.getSpec().getTemplate().getSpec().getContainers().get(0).getEnvFrom()) {
      ConfigMap map =
          client
              .configMaps()
              .inNamespace(MockCluster.NAMESPACE)
              .withName(from.getConfigMapRef().getName())
              .get();
      if (map != null && map.getData() != null) parameters.putAll(map.getData());
    }
    return new Container(
        deployment, parameters, directory.resolve(deployment.getMetadata().getName() + ".log"));
  }

  private void tell(String name, Container container) {
    var now = container.isReady() + " " + container.ends();
    if (now.equals(told.get(name))) return;
    if (container.ends() > 0) tellPod(name, container);
    var unused =
        client
            .apps()
            .deployments()
            .inNamespace(MockCluster.NAMESPACE)
            .withName(name)
            .editStatus(
                d -> {
                  d.setStatus(
                      new DeploymentStatusBuilder()
                          .withReadyReplicas(container.isReady() ? 1 : 0)
                          .build());
                  return d;
                });
    told.put(name, now);
  }

  private void tellPod(String name, Container container) {
    var template = container.deployment().getSpec().getTemplate();
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name + "-0")
            .withNamespace(MockCluster.NAMESPACE)
            .withLabels(template.getMetadata().getLabels())
            .withAnnotations(template.getMetadata().getAnnotations())
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .withNewStatus()
            .addNewContainerStatus()
            .withName("service")
            .withRestartCount(container.ends())
            .withNewState()
            .withNewWaiting(
                "its program has ended",
                container.ends() < BACKS_OFF ? "ContainerCreating" : "CrashLoopBackOff")
            .endState()
            .endContainerStatus()
            .endStatus()
            .build();
    var unused = client.resource(pod).createOr(r -> r.update());
  }

  /** Ends all programs. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      // The programs belong to its thread.
      var unused = thread.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (var container : containers.values()) container.end();
  }
}
