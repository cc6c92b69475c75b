package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.joran.spi.JoranException;
import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.connect.Clients;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * What goes wrong with an API server: on the mock alone, since a real one does not do it on demand.
 */
@Timeout(120)
class BadDaysKubeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final FakeRuntime runtime = new FakeRuntime();
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final List<String> news = new CopyOnWriteArrayList<>();
  private final Logger log = (Logger) LoggerFactory.getLogger("io.dayu.k8s.reconcile");
  private final AppenderBase<ILoggingEvent> listener =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (event.getLevel().isGreaterOrEqual(Level.WARN))
            warnings.add(event.getFormattedMessage());
          else news.add(event.getFormattedMessage());
        }
      };
  private Optional<AutoCloseable> running = Optional.empty();
  private ApiServer server;
  private Line line;
  private KubernetesClient client;

  @BeforeEach
  void start() {
    assumeFalse(ApiServer.isReal(), "injects faults, on the mock alone");
    server = new ApiServer();
    line = new Line(server.client().getMasterUrl().getPort());
    client =
        Clients.of(
            new ConfigBuilder(server.client().getConfiguration())
                .withMasterUrl("http://127.0.0.1:" + line.port() + "/")
                .build());
    server.client().resource(Nodes.clouds(server.namespace())).create();
    server.client().resource(Nodes.edges(server.namespace())).create();
    listener.start();
    log.addAppender(listener);
  }

  @AfterEach
  void stop() throws Exception {
    if (server == null) return;
    log.detachAppender(listener);
    if (running.isPresent()) {
      running.get().close();
      assertThat(server.faults().askedOf("127.0.0.1:" + line.port()))
          .as("components/operator/rbac.yaml allows it")
          .isNotEmpty()
          .isSubsetOf(Rights.ofTheOperator());
    }
    client.close();
    line.close();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "403, nodes, false, true",
    "403, endpoints, false, true",
    "403, deployments, true, true",
    "403, pipelines, true, false",
    "404, pipelines, true, false",
    "404, datasources, true, false",
    "404, stageservices, true, true"
  })
  void aKindThatCannotBeWatchedKeepsNothingElseAndIsFollowedWhenItCan(
      int code, String kind, boolean names, boolean pipelines) {
    server.faults().answer(code, "list", kind);
    operate();
    server.client().resource(Nodes.edge("edge-1", "192.0.2.21")).create();
    pipeline("crossing");
    if (names) await().atMost(PATIENCE).until(() -> address("edge-1").equals("192.0.2.21"));
    if (pipelines) await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    await().atMost(PATIENCE).until(() -> server.faults().asked("list", kind) > 1);
    assertThat(warnings).singleElement().asString().contains(kind, "get, list and watch");
    server.faults().mend();
    await().atMost(PATIENCE).until(() -> address("edge-1").equals("192.0.2.21"));
    await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    await().atMost(PATIENCE).until(() -> news.contains(kind + " are watched again"));
    assertThat(warnings).hasSize(1);
  }

  @Test
  void aRightToWriteThatIsMissingIsToldOnceAndStandsInTheWayOfNothingElse() {
    server.faults().answer(403, "create", "endpoints");
    operate();
    for (int i = 1; i <= 5; i++)
      server.client().resource(Nodes.edge("edge-" + i, "192.0.2.2" + i)).create();
    pipeline("crossing");
    await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    // Each node was tried more than once.
    await().atMost(PATIENCE).until(() -> server.faults().asked("create", "endpoints") > 7);
    assertThat(warnings).singleElement().asString().contains("create endpoints");
    server.faults().mend();
    for (int i = 1; i <= 5; i++) {
      var name = "edge-" + i;
      await().atMost(PATIENCE).until(() -> !address(name).isEmpty());
    }
    await()
        .atMost(PATIENCE)
        .until(() -> news.stream().anyMatch(n -> n.contains("as it should be now")));
  }

  @Test
  void resourcesSayWhatTheOperatorMayNotDo() {
    server.faults().answer(403, "update", "pipelines");
    server.faults().answer(403, "create", "deployments");
    server.client().resource(Nodes.edge("edge-1", "192.0.2.21")).create();
    operate();
    pipeline("crossing");
    service("count");
    await()
        .atMost(PATIENCE)
        .until(() -> said(conditions("crossing"), "Accepted").equals("False Forbidden"));
    await()
        .atMost(PATIENCE)
        .until(() -> said(serviceConditions("count"), "Progressing").equals("False Forbidden"));
    assertThat(runtime.document("crossing")).as("it could not be drained").isEmpty();
    assertThat(warnings).hasSize(2);
    server.faults().mend();
    await()
        .atMost(PATIENCE)
        .until(() -> said(conditions("crossing"), "Accepted").equals("True Verified"));
    await()
        .atMost(PATIENCE)
        .until(() -> !said(serviceConditions("count"), "Progressing").equals("False Forbidden"));
  }

  @Test
  void aDefinitionThatIsDeletedEndsNothingAndIsFollowedWhenItIsBack() {
    operate();
    pipeline("crossing");
    await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    for (var verb : List.of("list", "watch")) server.faults().answer(404, verb, "pipelines");
    line.cut();
    line.mend();
    await()
        .atMost(PATIENCE)
        .until(() -> warnings.stream().anyMatch(w -> w.startsWith("pipelines cannot")));
    server.client().resource(Nodes.edge("edge-1", "192.0.2.21")).create();
    await().atMost(PATIENCE).until(() -> !address("edge-1").isEmpty());
    assertThat(runtime.document("crossing")).isPresent();
    pipeline("night");
    server.faults().mend();
    await().atMost(PATIENCE).until(() -> runtime.document("night").isPresent());
    assertThat(runtime.changes()).isEqualTo(2);
  }

  @Test
  void nothingEndsWhileTheServerIsAwayAndTheLogSaysItOnce() {
    var settings = settings();
    var leadership =
        Leadership.start(
            client,
            settings,
            () -> Operator.start(client, settings, runtime, new FakeDeclarations()));
    running = Optional.of(leadership);
    pipeline("crossing");
    await().atMost(PATIENCE).until(() -> runtime.document("crossing").isPresent());
    line.cut();
    await().atMost(PATIENCE).until(() -> leadership.operator().isEmpty());
    pipeline("night");
    // Some tries of the election later.
    await().during(Duration.ofSeconds(3)).until(() -> leadership.operator().isEmpty());
    assertThat(runtime.document("crossing")).isPresent();
    assertThat(warnings).hasSizeBetween(1, 3);
    line.mend();
    await().atMost(PATIENCE).until(() -> runtime.document("night").isPresent());
    assertThat(runtime.changes()).isEqualTo(2);
    assertThat(warnings).hasSizeBetween(1, 3);
  }

  @Test
  void aWatchThatBreaksOrIsTooOldBeginsAnew() {
    operate();
    server.client().resource(Nodes.edge("edge-1", "192.0.2.21")).create();
    await().atMost(PATIENCE).until(() -> !address("edge-1").isEmpty());
    int lists = server.faults().asked("list", "nodes");
    server.faults().answer(410, "watch", "nodes", 1);
    line.cut();
    server.client().resource(Nodes.edge("edge-1", "192.0.2.99")).update();
    server.client().resource(Nodes.edge("edge-2", "192.0.2.22")).create();
    line.mend();
    await().atMost(PATIENCE).until(() -> address("edge-1").equals("192.0.2.99"));
    await().atMost(PATIENCE).until(() -> address("edge-2").equals("192.0.2.22"));
    assertThat(server.faults().asked("list", "nodes")).isGreaterThan(lists);
  }

  @Test
  void conflictsAreTriedAgainWithoutAWord() {
    for (var kind : List.of("pipelines", "pipelines/status", "services"))
      for (var verb : List.of("update", "create")) server.faults().answer(409, verb, kind, 2);
    operate();
    server.client().resource(Nodes.edge("edge-1", "192.0.2.21")).create();
    server.faults().answer(409, "update", "pipelines", 2);
    var crossing = pipelineOf("crossing");
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> server.client().resource(crossing).create() != null);
    await()
        .atMost(PATIENCE)
        .until(() -> said(conditions("crossing"), "Accepted").equals("True Verified"));
    await().atMost(PATIENCE).until(() -> address("edge-1").equals("192.0.2.21"));
    assertThat(runtime.changes()).isOne();
    assertThat(warnings).isEmpty();
  }

  @Test
  void theClientLibraryDoesNotFillTheLog() throws JoranException {
    var context = new LoggerContext();
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(OperatorCommand.class.getResource("/io/dayu/k8s/logback.xml"));
    assertThat(context.getLogger(LeaderElector.class).isWarnEnabled()).isFalse();
    assertThat(
            context
                .getLogger("io.fabric8.kubernetes.client.informers.impl.cache.Reflector")
                .isErrorEnabled())
        .isFalse();
    assertThat(context.getLogger(Operator.class).isInfoEnabled()).isTrue();
    context.stop();
  }

  private void operate() {
    running = Optional.of(Operator.start(client, settings(), runtime, new FakeDeclarations()));
  }

  private OperatorSettings settings() {
    return server.settings(
        Duration.ofMillis(200), ApiServer.USUAL.absence(), Duration.ofSeconds(3));
  }

  private void pipeline(String name) {
    server.client().resource(pipelineOf(name)).create();
  }

  private PipelineResource pipelineOf(String name) {
    return Pipelines.of(server.namespace(), name, "t");
  }

  private void service(String name) {
    var service = new StageServiceResource();
    service.setMetadata(
        new ObjectMetaBuilder().withName(name).withNamespace(server.namespace()).build());
    service.setSpec(
        new KubernetesSerialization()
            .unmarshal("---\n{image: 'i:1', placement: {role: edge}}", StageServiceSpec.class));
    server.client().resource(service).create();
  }

  private List<Condition> conditions(String pipeline) {
    return server
        .client()
        .resources(PipelineResource.class)
        .inNamespace(server.namespace())
        .withName(pipeline)
        .get()
        .getStatus()
        .conditions();
  }

  private List<Condition> serviceConditions(String service) {
    return server
        .client()
        .resources(StageServiceResource.class)
        .inNamespace(server.namespace())
        .withName(service)
        .get()
        .getStatus()
        .conditions();
  }

  private static String said(List<Condition> conditions, String type) {
    return Conditions.find(conditions, type)
        .map(c -> c.getStatus() + " " + c.getReason())
        .orElse("");
  }

  private String address(String node) {
    var endpoints =
        server
            .client()
            .endpoints()
            .inNamespace(server.namespace())
            .withName(NodeServiceName.service(node))
            .get();
    return endpoints == null ? "" : endpoints.getSubsets().get(0).getAddresses().get(0).getIp();
  }
}
