package io.dayu.k8s.reconcile;

import io.dayu.client.ApiClient;
import io.dayu.k8s.connect.Clients;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator as a part of a process, of a cloud node or of {@code ./dayu operator run}. An API
 * server that cannot be reached, or that refuses, keeps nothing from starting: it is tried again.
 */
public final class OperatorProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorProcess.class);

  private final KubernetesClient client;
  private final Leadership leadership;

  private OperatorProcess(KubernetesClient client, Leadership leadership) {
    this.client = client;
    this.leadership = leadership;
  }

  /**
   * Stands for election; returns at once. Which API server is meant is found as kubectl does: by
   * KUBECONFIG, or by the service account of the pod.
   *
   * @param api of a cloud node
   * @param token for it, with the right to change pipelines
   * @param metrics that tell of it from now on
   */
  public static OperatorProcess start(
      OperatorSettings settings, URI api, Optional<String> token, OperatorMetrics metrics) {
    var client = Clients.of(Config.autoConfigure(null));
    LOG.info(
        "May be the operator of namespace {} at {}", settings.namespace(), client.getMasterUrl());
    var interfaces = new ApiClient(api, token);
    var runtime = new ApiRuntime(interfaces);
    var declarations = new ApiDeclarations(interfaces);
    var leadership =
        Leadership.start(
            client,
            settings,
            () -> Operator.start(client, settings, runtime, declarations, metrics));
    metrics.of(leadership::operator);
    return new OperatorProcess(client, leadership);
  }

  /** Ends after what is being done, and lets another process lead. */
  @Override
  public void close() {
    leadership.close();
    client.close();
  }
}
