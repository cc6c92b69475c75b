package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.dayu.k8s.connect.Clients;
import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.MemberRollOutSpec;
import io.dayu.k8s.crd.MemberRollOutStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.Nodes;
import io.dayu.k8s.desired.RollOutMembers;
import io.dayu.node.Profile;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The operator brings members to the newest template. On the mock alone: the test plays the
 * controller of DaemonSets and the kubelets.
 */
@Timeout(120)
class RollOutKubeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String EDGE = MemberRollOutResource.EDGE;
  private static final String CLOUD = MemberRollOutResource.CLOUD;

  private final AtomicInteger pods = new AtomicInteger();
  private ApiServer server;
  private Line line;
  private KubernetesClient client;
  private Optional<Operator> operator = Optional.empty();

  @BeforeEach
  void start() {
    assumeFalse(ApiServer.isReal(), "plays kubelets and the controller of DaemonSets");
    server = new ApiServer();
    line = new Line(server.client().getMasterUrl().getPort());
    client =
        Clients.of(
            new ConfigBuilder(server.client().getConfiguration())
                .withMasterUrl("http://127.0.0.1:" + line.port() + "/")
                .build());
    template(Nodes.clouds(server.namespace()), "one", 1);
    template(Nodes.edges(server.namespace()), "one", 1);
    server.client().resource(Nodes.cloud("cloud-1", "192.0.2.11")).create();
    for (int i = 1; i <= 3; i++)
      server.client().resource(Nodes.edge("edge-" + i, "192.0.2.2" + i)).create();
    pod(Labels.CLOUD, "cloud-1", "one", true);
    for (int i = 1; i <= 3; i++) pod(Labels.EDGE, "edge-" + i, "one", true);
  }

  @AfterEach
  void stop() {
    if (server == null) return;
    operator.ifPresent(Operator::close);
    assertThat(server.faults().askedOf("127.0.0.1:" + line.port()))
        .as("components/operator/rbac.yaml allows it")
        .contains("delete pods")
        .isSubsetOf(Rights.ofTheOperator());
    client.close();
    line.close();
    server.close();
  }

  @Test
  void edgesAreReplacedOneByOneAndTheOneThatIsAwayWhenItIsBack() {
    operate();
    awaitState(EDGE, "Complete");
    node("edge-1", "Unknown", Map.of());
    template(Nodes.edges(server.namespace()), "two", 2);
    await().atMost(PATIENCE).until(() -> pod("edge-2").isEmpty());
    assertThat(status(EDGE).replacing().node()).isEqualTo("edge-2");
    pod(Labels.EDGE, "edge-2", "two", false);
    await().atMost(PATIENCE).until(() -> running().idle());
    assertThat(pod("edge-3")).isPresent();

    ready("edge-2");
    replaced("edge-3");
    awaitState(EDGE, "LeftOut");
    assertThat(status(EDGE).updated()).isEqualTo("2/3");
    assertThat(status(EDGE).leftOut()).containsExactly("edge-1 (away)");
    assertThat(pod("edge-1")).isPresent();

    node("edge-1", "True", Map.of());
    replaced("edge-1");
    awaitState(EDGE, "Complete");
    assertThat(status(EDGE).updated()).isEqualTo("3/3");
    long writes = running().writes();
    restart();
    await().atMost(PATIENCE).until(() -> running().seen(4) && running().idle());
    assertThat(running().writes()).as("of the new one, after %s", writes).isZero();
  }

  @Test
  void cloudNodesAreFirst() {
    template(Nodes.clouds(server.namespace()), "two", 2);
    template(Nodes.edges(server.namespace()), "two", 2);
    operate();
    await().atMost(PATIENCE).until(() -> pod("cloud-1").isEmpty());
    awaitState(EDGE, "Waiting");
    assertThat(pod("edge-1")).isPresent();
    pod(Labels.CLOUD, "cloud-1", "two", true);
    awaitState(CLOUD, "Complete");
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
  }

  @Test
  void oneThatDoesNotBecomeReadyStopsItUntilSomebodyResumesIt() {
    spec(EDGE, new MemberRollOutSpec(null, 1));
    template(Nodes.edges(server.namespace()), "two", 2);
    operate();
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
    pod(Labels.EDGE, "edge-1", "two", false);
    awaitState(EDGE, "Stopped");
    assertThat(status(EDGE).stopped().why()).contains("edge-1", "within 1 s", "CrashLoopBackOff");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        server
                            .client()
                            .v1()
                            .events()
                            .inNamespace(server.namespace())
                            .list()
                            .getItems())
                    .anySatisfy(e -> assertThat(e.getReason()).isEqualTo("Stopped")));
    restart();
    await().atMost(PATIENCE).until(() -> running().seen(4) && running().idle());
    assertThat(pod("edge-2")).isPresent();

    spec(EDGE, MemberRollOutSpec.USUAL);
    ApiServer.edit(rollOut(EDGE), r -> r.getMetadata().setAnnotations(Map.of(Dayu.RESUME, "true")));
    replaced("edge-2");
    replaced("edge-3");
    awaitState(EDGE, "Complete");
    assertThat(rollOut(EDGE).get().getMetadata().getAnnotations()).isNullOrEmpty();
  }

  @Test
  void oneThatHasStoppedTriesAnotherTemplate() {
    spec(EDGE, new MemberRollOutSpec(null, 1));
    template(Nodes.edges(server.namespace()), "two", 2);
    operate();
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
    pod(Labels.EDGE, "edge-1", "two", false);
    awaitState(EDGE, "Stopped");
    // The former one again: Kubernetes gives its revision a new number.
    template(Nodes.edges(server.namespace()), "one", 3);
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
    pod(Labels.EDGE, "edge-1", "one", true);
    awaitState(EDGE, "Complete");
    assertThat(pod("edge-2")).isPresent();
  }

  @Test
  void whoStartsInTheMiddleGoesOn() {
    template(Nodes.edges(server.namespace()), "two", 2);
    operate();
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
    restart();
    pod(Labels.EDGE, "edge-1", "two", false);
    await().atMost(PATIENCE).until(() -> running().seen(4) && running().idle());
    assertThat(pod("edge-2")).isPresent();
    ready("edge-1");
    await().atMost(PATIENCE).until(() -> pod("edge-2").isEmpty());
  }

  @Test
  void whatWasDecidedAndNotDoneIsDone() {
    template(Nodes.edges(server.namespace()), "two", 2);
    spec(EDGE, MemberRollOutSpec.USUAL);
    var decided = rollOut(EDGE).get();
    var uid = pod("edge-3").orElseThrow().getMetadata().getUid();
    decided.setStatus(
        new MemberRollOutStatus(
            1L,
            "0/3",
            List.of(),
            new MemberRollOutStatus.Replacing(
                "edge-3", uid, "two", true, Instant.now().toString(), null),
            null,
            List.of()));
    server.client().resource(decided).updateStatus();
    operate();
    replaced("edge-3");
    await().atMost(PATIENCE).until(() -> pod("edge-1").isEmpty());
    assertThat(pod("edge-2")).isPresent();
  }

  @Test
  void oneThatIsPausedOrHeldIsLeftAlone() {
    spec(EDGE, new MemberRollOutSpec(true, null));
    node("edge-1", "True", Map.of(Labels.HOLD, "true"));
    template(Nodes.edges(server.namespace()), "two", 2);
    operate();
    awaitState(EDGE, "Paused");
    spec(EDGE, MemberRollOutSpec.USUAL);
    replaced("edge-2");
    replaced("edge-3");
    awaitState(EDGE, "LeftOut");
    assertThat(status(EDGE).leftOut()).containsExactly("edge-1 (held)");
    assertThat(pod("edge-1")).isPresent();
  }

  /** The operator with a clock of its own, since settings take a while to reach a node. */
  @Test
  void aMemberThatWasStartedWithOlderSettingsIsReplacedWhenTheyHaveReachedItsNode() {
    var older = made("edge-1");
    var other = pod("edge-2").orElseThrow().getMetadata().getUid();
    server
        .client()
        .resource(
            NodeProfiles.map(
                server.namespace(),
                Map.of(
                    Profile.file("edge-1"),
                    "{\"since\": \"%s\"}".formatted(older.plusMillis(1)),
                    Profile.file("edge-2"),
                    "{\"since\": \"%s\"}".formatted(made("edge-2")))))
        .create();
    try (var cluster = new Cluster(client, server.namespace())) {
      for (var kind : List.of(DaemonSet.class, ControllerRevision.class, Pod.class))
        cluster.watch(kind, false, Labels.INSTALLED, changed -> {});
      cluster.watch(ConfigMap.class, false, Labels.OURS, changed -> {});
      cluster.watch(Node.class, true, Map.of(), changed -> {});
      cluster.watch(MemberRollOutResource.class, false, Map.of(), changed -> {});
      var clock = Clock.systemUTC();
      var early = new RollOutReconciler(cluster, clock);
      var later = new RollOutReconciler(cluster, Clock.offset(clock, NodeProfiles.SPREAD));
      go(early, EDGE, "Complete");
      await().atMost(PATIENCE).until(() -> early.members().isPresent());
      assertThat(pod("edge-1")).isPresent();
      go(later, EDGE, "Replacing");
      assertThat(pod("edge-1")).isEmpty();
      // The mock tells seconds.
      await().until(() -> clock.instant().isAfter(older.plusSeconds(1)));
      pod(Labels.EDGE, "edge-1", "one", true);
      go(later, EDGE, "Complete");
      assertThat(pod("edge-2").orElseThrow().getMetadata().getUid()).isEqualTo(other);
    }
  }

  private void go(RollOutReconciler reconciler, String name, String reason) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(KubernetesClientException.class)
        .until(
            () -> {
              reconciler.members();
              var there = rollOut(name).get();
              return there != null
                  && Conditions.find(there.getStatus().conditions(), "Progressing")
                      .filter(c -> c.getReason().equals(reason))
                      .isPresent();
            });
  }

  private Instant made(String node) {
    return Instant.parse(pod(node).orElseThrow().getMetadata().getCreationTimestamp());
  }

  private void operate() {
    operator =
        Optional.of(
            Operator.start(
                client,
                server.settings(
                    ApiServer.USUAL.poll(), ApiServer.USUAL.absence(), ApiServer.USUAL.lease()),
                new FakeRuntime(),
                new FakeDeclarations()));
  }

  private void restart() {
    running().close();
    operate();
  }

  private Operator running() {
    return operator.orElseThrow();
  }

  /** As the controller of DaemonSets does: a revision for the template, which it then has seen. */
  private void template(DaemonSet daemonSet, String revision, long number) {
    var there = server.client().resource(daemonSet).get();
    var changed =
        there == null
            ? server.client().resource(daemonSet).create()
            : server
                .client()
                .resource(
                    new DaemonSetBuilder(there)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .withImage("dayu:" + revision + number)
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build())
                .update();
    var name = daemonSet.getMetadata().getName();
    server
        .client()
        .resource(
            new ControllerRevisionBuilder()
                .withNewMetadata()
                .withName(name + "-" + revision)
                .withNamespace(server.namespace())
                .withLabels(Map.of(Labels.PART_OF, "dayu", RollOutMembers.REVISION, revision))
                .addNewOwnerReference()
                .withApiVersion("apps/v1")
                .withKind("DaemonSet")
                .withName(name)
                .withUid(changed.getMetadata().getUid())
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .withRevision(number)
                .build())
        .createOr(r -> r.update());
    server
        .client()
        .resource(
            new DaemonSetBuilder(server.client().resource(daemonSet).get())
                .withNewStatus()
                .withObservedGeneration(changed.getMetadata().getGeneration())
                .endStatus()
                .build())
        .updateStatus();
  }

  /** As the controller of DaemonSets does, and then the kubelet. */
  private void pod(String component, String node, String revision, boolean ready) {
    var daemonSet =
        server
            .client()
            .apps()
            .daemonSets()
            .inNamespace(server.namespace())
            .withName(component)
            .get();
    var pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(component + "-" + pods.incrementAndGet())
            .withNamespace(server.namespace())
            .withLabels(
                Map.of(
                    Labels.PART_OF,
                    "dayu",
                    Labels.COMPONENT,
                    component,
                    RollOutMembers.REVISION,
                    revision))
            .addNewOwnerReference()
            .withApiVersion("apps/v1")
            .withKind("DaemonSet")
            .withName(component)
            .withUid(daemonSet.getMetadata().getUid())
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withNodeName(node)
            .endSpec()
            .withNewStatus()
            .addNewCondition()
            .withType("Ready")
            .withStatus(ready ? "True" : "False")
            .endCondition()
            .addNewContainerStatus()
            .withName("node")
            .withNewState()
            .withNewWaiting()
            .withReason("CrashLoopBackOff")
            .endWaiting()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build();
    server.client().resource(pod).create();
  }

  private void ready(String node) {
    var pod =
        new PodBuilder(pod(node).orElseThrow())
            .editStatus()
            .editFirstCondition()
            .withStatus("True")
            .endCondition()
            .endStatus()
            .build();
    server.client().resource(pod).updateStatus();
  }

  /** Awaits that the pod of an edge is deleted, and gives it the next one. */
  private void replaced(String edge) {
    await().atMost(PATIENCE).until(() -> pod(edge).isEmpty());
    pod(Labels.EDGE, edge, "two", true);
  }

  private Optional<Pod> pod(String node) {
    return server.client().pods().inNamespace(server.namespace()).list().getItems().stream()
        .filter(p -> node.equals(p.getSpec().getNodeName()))
        .findFirst();
  }

  private void node(String name, String ready, Map<String, String> labels) {
    Node changed =
        new NodeBuilder(server.client().nodes().withName(name).get())
            .editMetadata()
            .addToLabels(labels)
            .endMetadata()
            .editStatus()
            .editFirstCondition()
            .withStatus(ready)
            .endCondition()
            .endStatus()
            .build();
    server.client().resource(changed).update();
  }

  private void spec(String name, MemberRollOutSpec spec) {
    var there = rollOut(name).get();
    if (there == null) {
      there = new MemberRollOutResource();
      there.setMetadata(
          new ObjectMetaBuilder().withName(name).withNamespace(server.namespace()).build());
      there.setSpec(spec);
      server.client().resource(there).create();
    } else ApiServer.edit(rollOut(name), r -> r.setSpec(spec));
  }

  private io.fabric8.kubernetes.client.dsl.Resource<MemberRollOutResource> rollOut(String name) {
    return server
        .client()
        .resources(MemberRollOutResource.class)
        .inNamespace(server.namespace())
        .withName(name);
  }

  private MemberRollOutStatus status(String name) {
    return rollOut(name).get().getStatus();
  }

  private void awaitState(String name, String reason) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              var there = rollOut(name).get();
              assertThat(there).isNotNull();
              assertThat(Conditions.find(there.getStatus().conditions(), "Progressing"))
                  .hasValueSatisfying(c -> assertThat(c.getReason()).isEqualTo(reason));
            });
  }
}
