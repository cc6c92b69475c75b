package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.k8s.crd.DataSourceResource;
import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.PipelineStatus;
import io.dayu.k8s.desired.Conditions;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pipelines follow their resources, on a mock or on the API server of KUBECONFIG. */
@Timeout(120)
class PipelinesKubeIT {
  private final FakeRuntime runtime = new FakeRuntime();
  private ApiServer server;
  private Operator operator;

  @BeforeEach
  void start() {
    server = new ApiServer();
    operator = operator();
  }

  @AfterEach
  void stop() {
    operator.close();
    if (ApiServer.isReal())
      server
          .client()
          .resources(PipelineResource.class)
          .inNamespace(server.namespace())
          .list()
          .getItems()
          .forEach(
              p -> {
                p.getMetadata().setFinalizers(List.of());
                server.client().resource(p).update();
              });
    server.close();
  }

  @Test
  void aPipelineRunsChangesAndTellsOfItself() {
    create("crossing", "detect", Map.of());
    await()
        .untilAsserted(() -> assertThat(condition("crossing", "Ready")).isEqualTo("True Running"));
    assertThat(condition("crossing", "Accepted")).isEqualTo("True Verified");
    assertThat(status("crossing").version()).isEqualTo(1);
    assertThat(get("crossing").getFinalizers()).contains(Dayu.DRAIN);

    edit(
        "crossing",
        "{'state':'paused','sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'detect'}]}");
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(2));
    assertThat(status("crossing").observedGeneration())
        .isEqualTo(get("crossing").getMetadata().getGeneration());
    assertThat(status("crossing").history())
        .extracting(PipelineStatus.Revision::version)
        .containsExactly(2L, 1L);

    runtime.turns("crossing", "degraded", "spec.sources[0]: the camera is away (look at it)");
    await()
        .untilAsserted(
            () -> assertThat(condition("crossing", "Degraded")).isEqualTo("True Problems"));
    assertThat(condition("crossing", "Ready")).isEqualTo("False Degraded");
  }

  @Test
  void problemsOfTheVerificationStandOnTheResourceAndTheOldPipelineRunsOn() {
    create("crossing", "detect", Map.of());
    await()
        .untilAsserted(() -> assertThat(condition("crossing", "Ready")).isEqualTo("True Running"));
    edit("crossing", "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'bad'}]}");
    await()
        .untilAsserted(
            () -> assertThat(condition("crossing", "Accepted")).isEqualTo("False Invalid"));
    assertThat(
            Conditions.find(status("crossing").conditions(), "Accepted").orElseThrow().getMessage())
        .contains("there is no stage type bad");
    assertThat(condition("crossing", "Ready")).isEqualTo("True Running");
    assertThat(runtime.document("crossing").orElseThrow().toString()).contains("detect");
  }

  @Test
  void aPipelineOfTheApiIsNotTakenUnlessItIsSaid() throws JsonProcessingException {
    runtime.create(
        json("{'metadata':{'name':'crossing'},'spec':{'stages':[{'id':'other','type':'x'}]}}"));
    var before = runtime.document("crossing");
    create("crossing", "detect", Map.of());
    await()
        .untilAsserted(
            () -> assertThat(condition("crossing", "Accepted")).isEqualTo("False NameTaken"));
    assertThat(runtime.document("crossing")).isEqualTo(before);

    resource("crossing").delete();
    await().untilAsserted(() -> assertThat(get("crossing")).isNull());
    assertThat(runtime.document("crossing")).as("what came over the API stays").isEqualTo(before);

    create("crossing", "detect", Map.of(Dayu.ADOPT, "true"));
    await()
        .untilAsserted(() -> assertThat(condition("crossing", "Ready")).isEqualTo("True Running"));
    assertThat(runtime.document("crossing")).isNotEqualTo(before);
  }

  @Test
  void whatIsChangedOrDeletedOverTheApiIsAsTheResourceSaysAgain() throws JsonProcessingException {
    create("crossing", "detect", Map.of());
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(1));
    var wanted = runtime.document("crossing").orElseThrow();
    runtime.replace("crossing", json("{'metadata':{'name':'crossing'},'spec':{'stages':[]}}"));
    await().untilAsserted(() -> assertThat(runtime.document("crossing")).contains(wanted));
    runtime.delete("crossing");
    await().untilAsserted(() -> assertThat(runtime.document("crossing")).contains(wanted));
  }

  @Test
  void aPipelineThatIsToGoFinishesWhatIsInFlight() {
    create("crossing", "detect", Map.of());
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(1));
    runtime.inFlight("crossing", true);
    resource("crossing").delete();
    await().until(() -> runtime.draining("crossing"));
    assertThat(get("crossing")).isNotNull();
    runtime.inFlight("crossing", false);
    await().untilAsserted(() -> assertThat(get("crossing")).isNull());
    assertThat(runtime.document("crossing")).isEmpty();
  }

  @Test
  void whatNeverDrainsIsGivenUpAfterItsTime() {
    create("crossing", "detect", Map.of(Dayu.DRAIN_TIMEOUT, "2s"));
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(1));
    runtime.inFlight("crossing", true);
    resource("crossing").delete();
    await().untilAsserted(() -> assertThat(get("crossing")).isNull());
    assertThat(runtime.document("crossing")).isEmpty();
  }

  @Test
  void anAnnotationRestoresAnEarlierSpecification() {
    create("crossing", "detect", Map.of());
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(1));
    edit("crossing", "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'track'}]}");
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(2));
    ApiServer.edit(
        resource("crossing"),
        p -> p.getMetadata().setAnnotations(Map.of(Dayu.ROLLBACK_TO, "previous")));
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(3));
    assertThat(get("crossing").getSpec().findValuesAsText("type")).containsExactly("detect");
    assertThat(Optional.ofNullable(get("crossing").getMetadata().getAnnotations()).orElse(Map.of()))
        .doesNotContainKey(Dayu.ROLLBACK_TO);
  }

  @Test
  void aDataSourceIsReadWhereAPipelineNamesIt() throws JsonProcessingException {
    var p = pipeline("crossing", "detect", Map.of());
    p.setSpec(
        json(
            "{'sources':[{'name':'a','dataSource':'cam'}],'stages':[{'id':'s','type':'detect'}]}"));
    server.client().resource(p).create();
    await()
        .untilAsserted(
            () -> assertThat(condition("crossing", "Accepted")).isEqualTo("False Missing"));
    var camera = new DataSourceResource();
    camera.setMetadata(
        new ObjectMetaBuilder().withName("cam").withNamespace(server.namespace()).build());
    camera.setSpec(json("{'uri':'http://cam.example/1','node':'edge-1'}"));
    server.client().resource(camera).create();
    await().untilAsserted(() -> assertThat(status("crossing").version()).isEqualTo(1));
    assertThat(runtime.document("crossing").orElseThrow().path("spec").path("sources").get(0))
        .isEqualTo(json("{'name':'a','uri':'http://cam.example/1','node':'edge-1'}"));
  }

  @Test
  void nothingIsWrittenOrAskedWhileNothingChangesAndNothingEndsWhileTheRuntimeIsAway() {
    create("crossing", "detect", Map.of());
    await()
        .untilAsserted(() -> assertThat(condition("crossing", "Ready")).isEqualTo("True Running"));
    operator.close();
    operator = operator();
    create("second", "detect", Map.of());
    await().untilAsserted(() -> assertThat(condition("second", "Ready")).isEqualTo("True Running"));
    await().during(Duration.ofMillis(500)).until(operator::idle);
    long writes = operator.writes();
    assertThat(writes).as("finalizer and status of the second").isBetween(2L, 3L);
    int questions = runtime.questions();
    int changes = runtime.changes();

    runtime.reachable(false);
    await().until(() -> runtime.unanswered() >= 3);
    runtime.reachable(true);
    await().during(Duration.ofMillis(500)).until(operator::idle);
    assertThat(operator.writes()).isEqualTo(writes);
    assertThat(runtime.questions()).isEqualTo(questions);
    assertThat(runtime.changes()).isEqualTo(changes);
  }

  private Operator operator() {
    return Operator.start(
        server.client(),
        server.settings(Duration.ofMillis(100), ApiServer.USUAL.absence(), ApiServer.USUAL.lease()),
        runtime,
        new FakeDeclarations());
  }

  private void create(String name, String type, Map<String, String> annotations) {
    server.client().resource(pipeline(name, type, annotations)).create();
  }

  private PipelineResource pipeline(String name, String type, Map<String, String> annotations) {
    var resource = Pipelines.of(server.namespace(), name, type);
    resource.getMetadata().setAnnotations(annotations);
    return resource;
  }

  private void edit(String name, String spec) {
    ApiServer.edit(resource(name), p -> p.setSpec(parsed(spec)));
  }

  private static JsonNode parsed(String spec) {
    try {
      return json(spec);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private Resource<PipelineResource> resource(String name) {
    return server
        .client()
        .resources(PipelineResource.class)
        .inNamespace(server.namespace())
        .withName(name);
  }

  private PipelineResource get(String name) {
    return resource(name).get();
  }

  private PipelineStatus status(String name) {
    return get(name).getStatus();
  }

  private String condition(String name, String type) {
    return Conditions.find(status(name).conditions(), type)
        .map(c -> c.getStatus() + " " + c.getReason())
        .orElse("");
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return new ObjectMapper().readTree(text.replace('\'', '"'));
  }
}
