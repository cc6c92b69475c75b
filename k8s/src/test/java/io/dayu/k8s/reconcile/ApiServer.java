package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.awaitility.Awaitility;

/**
 * The API server that {@code KUBECONFIG} names, or else the mock of the client library. The mock
 * takes every object and deletes nothing by itself: schemas, rules, defaults and garbage collection
 * are what only a real one checks.
 */
final class ApiServer implements AutoCloseable {
  static final OperatorSettings USUAL = OperatorSettings.of("any", "test");

  /** Held here, as the JDK forgets the level of a logger that nobody holds. */
  private static final Logger REQUESTS = Logger.getLogger("io.fabric8.mockwebserver");

  static {
    // Each request is a line of two otherwise.
    REQUESTS.setLevel(Level.WARNING);
    // Several of these tests run beside others, on machines that have little to spare.
    Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
  }

  private final Optional<KubernetesMockServer> mock;
  private final Faults faults = new Faults();
  private final KubernetesClient client;
  private final String namespace = "dayu-test-" + UUID.randomUUID().toString().substring(0, 8);

  ApiServer() {
    if (isReal()) {
      mock = Optional.empty();
      client = new KubernetesClientBuilder().build();
      client
          .resource(
              new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
          .create();
    } else {
      var server =
          new KubernetesMockServer(
              new Context(), new MockWebServer(), new HashMap<>(), faults, false);
      server.init();
      mock = Optional.of(server);
      client = server.createClient();
    }
  }

  static boolean isReal() {
    return System.getenv("KUBECONFIG") != null;
  }

  KubernetesClient client() {
    return client;
  }

  /** Those of an installation that says nothing, in the namespace of this run but for these. */
  OperatorSettings settings(Duration poll, Duration absence, Duration lease) {
    return new OperatorSettings(
        namespace,
        USUAL.identity(),
        USUAL.domain(),
        USUAL.threads(),
        poll,
        absence,
        lease,
        USUAL.firstPort(),
        USUAL.ports(),
        USUAL.alone());
  }

  /** What is to go wrong, on the mock. */
  Faults faults() {
    return faults;
  }

  /** Changes an object, again if the operator writes in between. */
  static <T> void edit(Resource<T> of, Consumer<T> change) {
    Awaitility.await()
        .ignoreException(KubernetesClientException.class)
        .until(
            () ->
                of.edit(
                        object -> {
                          change.accept(object);
                          return object;
                        })
                    != null);
  }

  String namespace() {
    return namespace;
  }

  /** A name of an object outside of namespaces that no other run has. */
  String name(String name) {
    return name + "-" + namespace.substring("dayu-test-".length());
  }

  @Override
  public void close() {
    if (isReal()) client.namespaces().withName(namespace).delete();
    client.close();
    mock.ifPresent(KubernetesMockServer::destroy);
  }
}
