package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.store.Pruner;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineApiTest {
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aPipelineTellsHowManyOfItsResultsArePruned() {
    Street.fill(server.control, Instant.now());
    var path = "/api/v1/pipelines/crossing";
    assertThat(server.get(path).json().get("results").toString())
        .isEqualTo("{\"stored\":0,\"pruned\":0}");
    server.control.holds(
        new Pruner.Usage(
            1_000,
            2_000,
            Map.of("crossing", pruned(Optional.of(Instant.now().minus(Duration.ofDays(3)))))));
    var results = server.get(path).json().get("results");
    assertThat(results.get("stored").asLong()).isEqualTo(1_240);
    assertThat(results.get("pruned").asLong()).isEqualTo(1_200);
    assertThat(Duration.ofMillis(results.get("oldestAgeMs").asLong()))
        .isBetween(Duration.ofDays(3), Duration.ofDays(3).plusMinutes(5));

    server.control.holds(
        new Pruner.Usage(1_000, 2_000, Map.of("crossing", pruned(Optional.empty()))));
    assertThat(server.get(path).json().get("results").has("oldestAgeMs")).isFalse();
  }

  @Test
  void aPipelineIsPausedDrainedAndResumed() {
    Street.fill(server.control, Instant.now());
    var path = "/api/v1/pipelines/crossing";
    long version = server.get(path).json().get("version").asLong();
    var pausing = post(path + "/pause");
    assertThat(pausing.status()).isEqualTo(200);
    assertThat(pausing.json().at("/document/spec/state").asText()).isEqualTo("paused");
    assertThat(pausing.json().at("/status/state").asText()).isEqualTo("pausing");
    assertThat(pausing.json().get("version").asLong()).isEqualTo(version + 1);
    assertThat(post(path + "/pause").json().get("version").asLong()).isEqualTo(version + 1);

    says(StreamState.PAUSED, new Ledger(10, 6, 1, 0, 3), version);
    assertThat(server.get(path).json().at("/status/state").asText())
        .as("a report of before")
        .isEqualTo("pausing");
    says(StreamState.PAUSED, new Ledger(10, 6, 1, 0, 3), version + 1);
    var draining = post(path + "/drain");
    assertThat(draining.status()).isEqualTo(202);
    assertThat(draining.json().at("/status/state").asText()).isEqualTo("paused");
    assertThat(draining.json().at("/status/drained").asBoolean()).isFalse();
    says(StreamState.PAUSED, new Ledger(10, 9, 1, 0, 0), version + 1);
    var drained = post(path + "/drain");
    assertThat(drained.status()).isEqualTo(200);
    assertThat(drained.json().at("/status/drained").asBoolean()).isTrue();
    assertThat(server.get("/api/v1/pipelines").json().at("/items/0/state").asText())
        .isEqualTo("paused");

    var resumed = post(path + "/resume").json();
    assertThat(resumed.at("/document/spec").has("state")).isFalse();
    assertThat(resumed.at("/status/state").asText()).isEqualTo("starting");
    assertThat(resumed.at("/status/drained").asBoolean()).isFalse();
    assertThat(post("/api/v1/pipelines/none/pause").status()).isEqualTo(404);
  }

  @Test
  void aStoppedPipelineIsStoppedOnceNothingIsInFlightAndNoStageIsLoaded() {
    Street.fill(server.control, Instant.now());
    var path = "/api/v1/pipelines/crossing";
    long version = server.get(path).json().get("version").asLong() + 1;
    var stopping = post(path + "/stop");
    assertThat(stopping.status()).isEqualTo(200);
    assertThat(stopping.json().at("/document/spec/state").asText()).isEqualTo("stopped");
    assertThat(stopping.json().at("/status/state").asText()).isEqualTo("stopping");
    says(StreamState.PAUSED, new Ledger(10, 6, 1, 0, 3), version);
    assertThat(post(path + "/drain").json().at("/document/spec/state").asText())
        .as("draining loads nothing")
        .isEqualTo("stopped");
    says(StreamState.PAUSED, new Ledger(10, 9, 1, 0, 0), version);
    server.control.report(
        Street.node("edge-2", Role.EDGE, 0.1, List.of(), List.of()), Instant.now());
    var loaded = List.of(Street.stage("count", "count-by-label", 0, 1));
    server.control.report(
        Street.node("cloud-1", Role.CLOUD, 0.1, loaded, List.of()), Instant.now());
    var status = server.get(path).json().path("status");
    assertThat(status.path("drained").asBoolean()).isTrue();
    assertThat(status.path("state").asText()).isEqualTo("stopping");
    server.control.report(
        Street.node("cloud-1", Role.CLOUD, 0.1, List.of(), List.of()), Instant.now());
    assertThat(server.get(path).json().at("/status/state").asText()).isEqualTo("stopped");
  }

  @Test
  void aDocumentMaySayThatItsPipelineIsPaused() {
    var paused = Street.YAML.replace("spec:", "spec:\n  state: paused");
    var answer = server.post("application/yaml", paused).json();
    assertThat(answer.at("/document/spec/state").asText()).isEqualTo("paused");
    var silent = server.post("application/yaml", Street.YAML.replace("crossing", "yard")).json();
    assertThat(silent.at("/document/spec").has("state")).isFalse();
  }

  @Test
  void aPipelineGoesBackToASpecificationThatItHad() {
    server.post("application/yaml", Street.YAML);
    var path = "/api/v1/pipelines/crossing";
    assertThat(post(path + "/rollback").status()).as("no other one").isEqualTo(409);
    put(Street.YAML.replace("least-loaded", "cloud-only"), "");
    var versions = server.get(path + "/versions").json().get("items");
    assertThat(versions.findValuesAsText("version")).containsExactly("2", "1");
    assertThat(versions.findValuesAsText("policy")).containsExactly("cloud-only", "least-loaded");
    assertThat(versions.at("/0/at").asText()).isEqualTo("1970-01-01T00:00:02Z");
    assertThat(server.get(path + "/versions/1").json().at("/document/spec/policy/name").asText())
        .isEqualTo("least-loaded");

    var back = post(path + "/rollback").json();
    assertThat(back.get("version").asLong()).isEqualTo(3);
    assertThat(back.at("/document/spec/policy/name").asText()).isEqualTo("least-loaded");
    var chosen =
        server.send(
            server.request(path + "/rollback").POST(BodyPublishers.ofString("{\"version\": 2}")));
    assertThat(chosen.json().at("/document/spec/policy/name").asText()).isEqualTo("cloud-only");

    assertThat(server.get(path + "/versions/9").status()).isEqualTo(404);
    assertThat(server.get(path + "/versions/x").status()).isEqualTo(400);
    var wrong = server.request(path + "/rollback").POST(BodyPublishers.ofString("[2]"));
    assertThat(server.send(wrong).status()).isEqualTo(400);
    assertThat(post("/api/v1/pipelines/none/rollback").status()).isEqualTo(404);
    assertThat(server.get("/api/v1/pipelines/none/versions").status()).isEqualTo(404);
  }

  @Test
  void aChangeOfAPipelineThatHasChangedMeanwhileIsRefused() {
    assertThat(put(Street.YAML, "*").status()).as("there is none").isEqualTo(412);
    var path = "/api/v1/pipelines/crossing";
    assertThat(server.post("application/yaml", Street.YAML).header("ETag")).isEqualTo("\"1\"");
    assertThat(server.get(path).header("ETag")).isEqualTo("\"1\"");
    assertThat(put(Street.YAML, "\"1\"").header("ETag")).isEqualTo("\"2\"");
    var late = put(Street.YAML, "\"1\"");
    assertThat(late.status()).isEqualTo(412);
    assertThat(late.json().get("detail").asText()).contains("version 2");
    assertThat(late.json().get("remedy").asText()).contains("If-Match: \"2\"");
    assertThat(server.get(path).json().get("version").asLong()).isEqualTo(2);
    for (var other : List.of("W/\"2\"", "\"abc\"", "2"))
      assertThat(put(Street.YAML, other).status()).as(other).isIn(400, 412);
    assertThat(put(Street.YAML, "\"7\", \"2\"").status()).isEqualTo(200);
    assertThat(put(Street.YAML, "*").status()).isEqualTo(200);

    assertThat(delete(path, "\"2\"").status()).isEqualTo(412);
    assertThat(delete(path, "\"4\"").status()).isEqualTo(204);
  }

  @Test
  void aDryRunTellsWhatWouldBeDoneAndDoesNothing() {
    var first = dryRun(Street.YAML);
    assertThat(first.at("/present").asLong()).isZero();
    assertThat(parts(first)).contains("source cam-0 starts", "stage detect starts");
    assertThat(server.control.view().pipelines()).isEmpty();

    server.post("application/yaml", Street.YAML);
    var same = dryRun(Street.YAML);
    assertThat(same.at("/next").asLong()).isEqualTo(same.at("/present").asLong()).isEqualTo(1);
    assertThat(parts(same)).allMatch(part -> part.endsWith(" stays"));

    var policy = dryRun(Street.YAML.replace("least-loaded", "cloud-only"));
    assertThat(policy.at("/next").asLong()).isEqualTo(2);
    assertThat(parts(policy))
        .contains("policy policy changes", "stage detect stays", "source cam-0 stays");
    assertThat(server.get("/api/v1/pipelines/crossing").json().get("version").asLong())
        .isEqualTo(1);

    var wrong =
        server.send(
            put(
                "/api/v1/pipelines/crossing?dryRun=true",
                BodyPublishers.ofString(Street.YAML.replace("box-tracker", "x"))));
    assertThat(wrong.status()).as("as it would be refused").isEqualTo(422);
    assertThat(
            server
                .send(
                    put(
                        "/api/v1/pipelines/crossing?dryRun=perhaps",
                        BodyPublishers.ofString(Street.YAML)))
                .status())
        .isEqualTo(400);
  }

  @Test
  void aDryRunTellsWhichStagesThePolicyWouldMove() {
    server.post("application/yaml", Street.YAML);
    for (var name : List.of("cloud-1", "edge-1", "edge-2"))
      server.control.report(
          Street.node(
              name, name.startsWith("cloud") ? Role.CLOUD : Role.EDGE, 0.1, List.of(), List.of()),
          Instant.now());
    server.control.decide(Street.decision(1, "edge-1", "for a start"));

    var cloud = dryRun(Street.YAML.replace("least-loaded", "cloud-only"));
    assertThat(parts(cloud))
        .contains("stage detect moves", "stage track moves", "stage count stays");
    assertThat(cloud.get("parts").toString()).contains("and would be on cloud-1 (cloud-only: ");
    var more =
        dryRun(
            Street.YAML
                .replace("least-loaded", "cloud-only")
                .replace(
                    "id: count,",
                    "id: also, type: box-tracker, after: [detect]}\n    - {id: count,"));
    assertThat(more.get("parts").toString()).contains("as things are, on cloud-1");
    assertThat(parts(dryRun(Street.YAML))).allMatch(part -> part.endsWith(" stays"));
  }

  private JsonNode dryRun(String document) {
    var answer =
        server.send(
            put("/api/v1/pipelines/crossing?dryRun=true", BodyPublishers.ofString(document)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private HttpRequest.Builder put(String path, HttpRequest.BodyPublisher body) {
    return server.request(path).header("Content-Type", "application/yaml").PUT(body);
  }

  private static List<String> parts(JsonNode change) {
    return StreamSupport.stream(change.get("parts").spliterator(), false)
        .map(
            part ->
                "%s %s %s"
                    .formatted(
                        part.get("kind").asText(),
                        part.get("name").asText(),
                        part.get("what").asText()))
        .toList();
  }

  private TestServer.Answer delete(String path, String ifMatch) {
    return server.send(server.request(path).header("If-Match", ifMatch).DELETE());
  }

  /** Without a condition if {@code ifMatch} is empty. */
  private TestServer.Answer put(String body, String ifMatch) {
    var request =
        server
            .request("/api/v1/pipelines/crossing")
            .header("Content-Type", "application/yaml")
            .PUT(BodyPublishers.ofString(body));
    return server.send(ifMatch.isEmpty() ? request : request.header("If-Match", ifMatch));
  }

  private TestServer.Answer post(String path) {
    return server.send(server.request(path).POST(BodyPublishers.noBody()));
  }

  private void says(StreamState state, Ledger ledger, long version) {
    var report = Street.stream(Street.STREAM, state, ledger, Optional.empty()).with(100, version);
    server.control.report(
        Street.node("edge-1", Role.EDGE, 0.1, List.of(), List.of(report)), Instant.now());
  }

  private static Pruner.Pipeline pruned(Optional<Instant> oldest) {
    return new Pruner.Pipeline(Duration.ofDays(7), 1_240, 1_200, oldest);
  }

  @Test
  void aYamlPipelineIsCreatedAndLocated() {
    var answer = server.post("application/yaml", Street.YAML);
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.header("Location")).isEqualTo("/api/v1/pipelines/crossing");
    assertThat(server.get(answer.header("Location")).json().at("/document/metadata/name").asText())
        .isEqualTo("crossing");
  }

  @Test
  void aJsonPipelineIsCreated() {
    assertThat(server.post("application/json; charset=UTF-8", Street.JSON).status()).isEqualTo(201);
  }

  @Test
  void withoutContentTypeTheDocumentItselfTellsItsForm() {
    for (var body : List.of(Street.YAML, Street.JSON)) {
      var answer =
          server.send(server.request("/api/v1/pipelines").POST(BodyPublishers.ofString(body)));
      assertThat(answer.status()).isEqualTo(201);
      server.control.delete("crossing", Set.of());
    }
  }

  @Test
  void allMistakesOfAPipelineAreToldAtOnceWithPlaceAndRemedy() {
    var answer =
        server.post(
            "application/yaml",
            """
            apiVersion: dayu.io/v1alpha1
            kind: Pipeline
            metadata: {name: crossing}
            spec:
              sources: [{name: cam-0, uri: "ftp://nowhere"}]
              stages:
                - {id: detect, type: object-detektion}
                - {id: detect, type: box-tracker, after: [nobody]}
              policy: {name: lucky}
            """);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    var problems = answer.json().get("problems");
    assertThat(problems.findValuesAsText("path"))
        .contains("spec.sources[0].uri", "spec.stages[0].type", "spec.policy.name");
    assertThat(problems).hasSizeGreaterThanOrEqualTo(5);
    assertThat(problems)
        .allSatisfy(
            p -> {
              assertThat(p.get("message").asText()).isNotBlank();
              assertThat(p.get("remedy").asText()).isNotBlank();
            });
    assertThat(answer.json().get("status").asInt()).isEqualTo(422);
    assertThat(server.control.view().pipelines()).isEmpty();
  }

  @Test
  void whatIsWrongWithThePolicyIsToldToo() {
    var answer =
        server.post(
            "application/yaml",
            Street.YAML.replace(
                "{name: least-loaded}", "{name: least-loaded, params: {patience: 3}}"));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().at("/problems/0/path").asText()).contains("patience");
  }

  @Test
  void jsonThatIsNoPipelineIsNotValid() {
    var object = server.post("application/json", "{\"hello\": [1, 2, 3]}");
    assertThat(object.status()).isEqualTo(422);
    assertThat(object.json().get("problems")).isNotEmpty();
    var list = server.post("application/json", "[1, 2]");
    assertThat(list.status()).isEqualTo(422);
    assertThat(list.json().at("/problems/0/message").asText()).contains("a list");
  }

  @Test
  void aSecondPipelineOfTheSameNameIsAConflict() {
    server.post("application/yaml", Street.YAML);
    var answer = server.post("application/yaml", Street.YAML);
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.json().get("remedy").asText()).contains("PUT /api/v1/pipelines/crossing");
  }

  @Test
  void putCreatesAndThenReplaces() {
    var put = server.request("/api/v1/pipelines/crossing").header("Content-Type", "text/x-yaml");
    var first = server.send(put.copy().PUT(BodyPublishers.ofString(Street.YAML)));
    assertThat(first.status()).isEqualTo(201);
    var second = server.send(put.copy().PUT(BodyPublishers.ofString(Street.YAML)));
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.json().get("version").asInt()).isEqualTo(2);
  }

  @Test
  void putUnderAnotherNameIsNotValid() {
    var answer =
        server.send(
            server.request("/api/v1/pipelines/other").PUT(BodyPublishers.ofString(Street.YAML)));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().at("/problems/0/path").asText()).isEqualTo("metadata.name");
  }

  @Test
  void aSourceThatNobodyCanReadIsUnavailable() {
    server.control.refuseNodes();
    var answer = server.post("application/yaml", Street.YAML);
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.json().get("detail").asText()).contains("cam-0");
  }

  @Test
  void aPipelineThatWouldFillAMessageIsRefusedWithThoseBesideIt() {
    server.control.refuseBeside("large-1", "large-2");
    var answer = server.post("application/yaml", Street.YAML);
    assertThat(answer.status()).isEqualTo(422);
    var problem = answer.json().at("/problems/0");
    assertThat(problem.get("path").asText()).isEqualTo("metadata.name");
    assertThat(problem.get("message").asText()).contains("large-1, large-2", "too large");
    assertThat(problem.get("remedy").asText()).contains("smaller", "another name");
  }

  @Test
  void aPipelineThatNodesAreNotToldOfSaysSo() {
    server.control.run(Street.spec("cam-0"));
    server.control.tellNobody();
    var problems = server.get("/api/v1/pipelines/crossing").json().at("/status/problems");
    assertThat(problems.findValuesAsText("message")).anyMatch(p -> p.contains("were not told"));
  }

  @Test
  void whatANodeCannotTellIsAProblemOfTheNodeAndOfPipelines() {
    Street.fill(server.control, Instant.now());
    var node = Street.node("cloud-1", Role.CLOUD, 0.1, List.of(), List.of());
    server.control.report(
        node.withProblem("it cannot tell the nodes of pipeline a"), Instant.now());
    var nodes = server.get("/api/v1/nodes").json().get("items");
    assertThat(nodes.at("/0/problem").asText()).contains("cannot tell");
    assertThat(nodes.get(1).has("problem")).isFalse();
    var problems = server.get("/api/v1/pipelines/crossing").json().at("/status/problems");
    assertThat(problems.findValuesAsText("message"))
        .anyMatch(p -> p.contains("node cloud-1: it cannot tell"));
  }

  @Test
  void aDeletedPipelineIsGone() {
    server.control.run(Street.spec("cam-0"));
    var delete = server.request("/api/v1/pipelines/crossing").DELETE();
    assertThat(server.send(delete).status()).isEqualTo(204);
    assertThat(server.send(delete).status()).isEqualTo(404);
    assertThat(server.get("/api/v1/pipelines/crossing").status()).isEqualTo(404);
  }

  @Test
  void aDeletionThatTheStoreHasToLearnLaterIsAccepted() {
    server.control.run(Street.spec("cam-0"));
    server.control.loseStore();
    var answer = server.send(server.request("/api/v1/pipelines/crossing").DELETE());
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().get("name").asText()).isEqualTo("crossing");
    assertThat(answer.json().get("detail").asText()).contains("stops now", "store");
  }

  @Test
  void theListNamesEveryPipelineWithItsState() {
    Street.fill(server.control, Instant.now());
    var items = server.get("/api/v1/pipelines").json().get("items");
    assertThat(items).hasSize(1);
    assertThat(items.get(0).get("name").asText()).isEqualTo("crossing");
    assertThat(items.get(0).get("state").asText()).isEqualTo("running");
    assertThat(items.get(0).get("policy").asText()).isEqualTo("least-loaded");
  }

  @Test
  void aPipelineTellsItsStreamsItsStagesAndWhereTheyRun() {
    Street.fill(server.control, Instant.now());
    var status = server.get("/api/v1/pipelines/crossing").json().get("status");
    var stream = status.at("/streams/0");
    assertThat(stream.get("stream").asText()).isEqualTo(Street.STREAM);
    assertThat(stream.get("node").asText()).isEqualTo("edge-1");
    assertThat(stream.at("/latencyMs/p95").asDouble()).isEqualTo(88.2);
    assertThat(stream.at("/decision/route/detect/0/node").asText()).isEqualTo("edge-1");
    assertThat(status.at("/stages/1/instances").findValuesAsText("node"))
        .containsExactly("edge-1", "edge-2");
    assertThat(status.get("problems")).isEmpty();
  }

  @Test
  void whatIsWrongWithAPipelineIsToldWithARemedy() {
    Street.fill(server.control, Instant.now());
    server.control.report(
        Street.node(
            "edge-1",
            Role.EDGE,
            0.5,
            List.of(),
            List.of(
                Street.stream(
                    Street.STREAM,
                    StreamState.SOURCE_DOWN,
                    Ledger.EMPTY,
                    Optional.of("connection refused")))),
        Instant.now().minusSeconds(60));
    var status = server.get("/api/v1/pipelines/crossing").json().get("status");
    assertThat(status.get("state").asText()).isEqualTo("degraded");
    assertThat(status.get("problems").findValuesAsText("message"))
        .contains("connection refused")
        .anyMatch(m -> m.contains("edge-1 has not reported"));
  }

  @ParameterizedTest
  @CsvSource({
    "STARTING, reaches the cloud nodes",
    "SOURCE_DOWN, tried again by itself",
    "RUNNING, is read; the log of node edge-1",
    "COMPLETED, was read to its end",
    "FAILED, submit the pipeline with --replace"
  })
  void theRemedyForAStreamFitsWhatItDoesNow(StreamState state, String words) {
    server.post("application/yaml", Street.YAML);
    server.control.report(
        Street.node(
            "edge-1",
            Role.EDGE,
            0.5,
            List.of(),
            List.of(
                Street.stream(Street.STREAM, state, Ledger.EMPTY, Optional.of("no more room")))),
        Instant.now());
    var problems = server.get("/api/v1/pipelines/crossing").json().at("/status/problems");
    assertThat(problems.findValuesAsText("remedy"))
        .anyMatch(remedy -> remedy.contains(words) && remedy.contains("cam:street"));
  }

  @Test
  void theRemedyForASourceHidesItsPassword() {
    server.post(
        "application/yaml", Street.YAML.replace("cam:street", "cam://admin:hunter2@street"));
    server.control.report(
        Street.node(
            "edge-1",
            Role.EDGE,
            0.5,
            List.of(),
            List.of(
                Street.stream(
                    Street.STREAM,
                    StreamState.SOURCE_DOWN,
                    Ledger.EMPTY,
                    Optional.of("connection refused")))),
        Instant.now());
    var problems = server.get("/api/v1/pipelines/crossing").json().at("/status/problems");
    assertThat(problems.findValuesAsText("remedy"))
        .anyMatch(remedy -> remedy.contains("cam://street"))
        .noneMatch(remedy -> remedy.contains("hunter2"));
  }

  @Test
  void theLedgerSumsTheStreamsOfThePipelineOnly() {
    server.control.run(Street.spec("cam-0", "cam-1", "cam-2"));
    server.control.report(
        Street.node(
            "edge-1",
            Role.EDGE,
            0.5,
            List.of(),
            List.of(
                Street.stream("crossing/cam-0", new Ledger(10, 5, 1, 2, 2)),
                Street.stream("crossing/cam-1", new Ledger(7, 6, 0, 0, 1)),
                Street.stream("crossing2/cam-0", new Ledger(100, 100, 0, 0, 0)))),
        Instant.now());
    var ledger = server.get("/api/v1/pipelines/crossing/ledger").json();
    assertThat(ledger.get("total").toString())
        .isEqualTo("{\"generated\":17,\"delivered\":11,\"failed\":1,\"shed\":2,\"inFlight\":3}");
    assertThat(ledger.get("streams").findValuesAsText("stream"))
        .containsExactly("crossing/cam-0", "crossing/cam-1", "crossing/cam-2");
    assertThat(ledger.at("/streams/0/inFlight").asInt()).isEqualTo(2);
    assertThat(ledger.get("streams").findValuesAsText("reported"))
        .as("a ledger that nobody told yet is none without elements")
        .containsExactly("true", "true", "false");
  }

  @Test
  void aStreamThatTwoNodesReportCountsOnceByTheNewestReport() {
    server.control.run(Street.spec("cam-0"));
    var now = Instant.now();
    var older = List.of(Street.stream(Street.STREAM, new Ledger(50, 50, 0, 0, 0)));
    var newer = List.of(Street.stream(Street.STREAM, new Ledger(60, 55, 0, 0, 5)));
    server.control.report(Street.node("edge-1", Role.EDGE, 0.5, List.of(), newer), now);
    server.control.report(
        Street.node("edge-2", Role.EDGE, 0.5, List.of(), older), now.minusSeconds(3));
    var ledger = server.get("/api/v1/pipelines/crossing/ledger").json();
    assertThat(ledger.at("/total/generated").asInt()).isEqualTo(60);
  }

  @Test
  void decisionsComeNewestFirstAndLimited() {
    Street.fill(server.control, Instant.now());
    server.control.decide(Street.decision(2, "cloud-1", "edge-1 is at 93 % CPU"));
    var items = server.get("/api/v1/pipelines/crossing/decisions?limit=1").json().get("items");
    assertThat(items).hasSize(1);
    assertThat(items.get(0).toString())
        .contains(
            "\"version\":2",
            "\"at\":\"2026-03-01T10:00:02Z\"",
            "\"detect\":[{\"node\":\"cloud-1\",\"weight\":1}]",
            "\"knobs\":{\"fps\":10.0}",
            "\"reason\":\"edge-1 is at 93 % CPU\"");
  }

  @Test
  void whatBelongsToAnUnknownPipelineIsNotFound() {
    for (var rest :
        List.of("", "/ledger", "/decisions", "/results", "/results/stream", "/events")) {
      var answer = server.get("/api/v1/pipelines/nobody" + rest);
      assertThat(answer.status()).as(rest).isEqualTo(404);
      assertThat(answer.json().get("detail").asText()).contains("nobody");
    }
  }
}
