package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.connect.Clients;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An API server that takes connections and says nothing. On the mock alone, since a real one does
 * not do it on demand.
 */
@Timeout(120)
class SilentServerKubeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * Longer than a busy machine lets a connection wait: the mock repeats no event that was missed.
   */
  private static final Duration BEAT = Duration.ofSeconds(2);

  private static final Duration LEASE = Duration.ofSeconds(6);

  /** Until an answer begins, in ms: longer than a lease, as the one of an installation may be. */
  private static final int LONG = 10_000;

  private static final int SHORT = 1_000;

  private final FakeRuntime runtime = new FakeRuntime();
  private ApiServer server;
  private Line line;

  @BeforeEach
  void start() {
    assumeFalse(ApiServer.isReal(), "injects faults, on the mock alone");
    server = new ApiServer();
    line = new Line(server.client().getMasterUrl().getPort());
    server.client().resource(Nodes.clouds(server.namespace())).create();
    server.client().resource(Nodes.edges(server.namespace())).create();
  }

  @AfterEach
  void stop() {
    if (server == null) return;
    line.close();
    server.close();
  }

  @Test
  void aLeaderThatIsNotAnsweredEndsBeforeAnotherMayLeadAndLeadsAgainWhenItIs() {
    try (var client = client(LONG);
        var leadership = lead(client)) {
      pipeline("crossing");
      await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
      line.hold();
      await().atMost(LEASE).until(() -> leadership.operator().isEmpty());
      pipeline("night");
      line.release();
      await().atMost(PATIENCE).until(() -> runtime.document("night").isPresent());
      assertThat(runtime.changes()).isEqualTo(2);
    }
  }

  @Test
  void aServerThatIsSilentFromTheBeginningIsWaitedFor() {
    line.hold();
    pipeline("crossing");
    try (var client = client(SHORT);
        var leadership = lead(client)) {
      // Some tries of the election later.
      await().during(Duration.ofSeconds(3)).until(() -> leadership.operator().isEmpty());
      line.release();
      await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    }
  }

  @Test
  void watchesAndConnectionsThatAreLostWithoutAWordBeginAnewAndOthersStay() {
    try (var client = client(SHORT);
        var operator = Operator.start(client, settings(), runtime, new FakeDeclarations())) {
      node("edge-1");
      await().atMost(PATIENCE).until(() -> hasEndpoints("edge-1") && operator.idle());
      int watches = server.faults().asked("watch", "nodes");
      await()
          .during(BEAT.multipliedBy(3))
          .until(() -> server.faults().asked("watch", "nodes") == watches);
      line.lose();
      node("edge-2");
      await().atMost(PATIENCE).until(() -> hasEndpoints("edge-2"));
      assertThat(server.faults().asked("watch", "nodes")).isGreaterThan(watches);
    }
  }

  private KubernetesClient client(int requestTimeout) {
    return Clients.of(
        new ConfigBuilder(server.client().getConfiguration())
            .withMasterUrl("http://127.0.0.1:" + line.port() + "/")
            .withRequestTimeout(requestTimeout)
            .build(),
        BEAT);
  }

  private Leadership lead(KubernetesClient client) {
    return Leadership.start(
        client,
        settings(),
        () -> Operator.start(client, settings(), runtime, new FakeDeclarations()));
  }

  private OperatorSettings settings() {
    return server.settings(Duration.ofMillis(200), ApiServer.USUAL.absence(), LEASE);
  }

  private void node(String name) {
    server.client().resource(Nodes.edge(name, "192.0.2.21")).create();
  }

  private boolean hasEndpoints(String node) {
    return server
            .client()
            .endpoints()
            .inNamespace(server.namespace())
            .withName(NodeServiceName.service(node))
            .get()
        != null;
  }

  private void pipeline(String name) {
    server.client().resource(Pipelines.of(server.namespace(), name, "t")).create();
  }
}
