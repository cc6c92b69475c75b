package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.k8s.reconcile.ApiDeclarations;
import io.dayu.k8s.reconcile.ApiRuntime;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The life of pipelines over one cloud and two edge nodes. */
class PipelineClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(PipelineClusterIT.class, 2, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  /** A fork and a join, each stage on a node of its own choice. */
  private static String diamond(String name, String source) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?%s", node: edge-1}]
          stages:
            - {id: first, type: identity}
            - {id: left, type: identity, after: [first]}
            - {id: right, type: identity, after: [first]}
            - {id: last, type: identity, after: [left, right]}
          policy: {name: fixed, params: {route: {first: edge-1, left: edge-2, right: cloud-1, last: edge-2}}}
        """
        .formatted(name, source);
  }

  private static String chain(String name, String source) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?%s", node: edge-1}]
          stages:
            - {id: first, type: identity}
            - {id: only, type: identity, after: [first]}
          policy: {name: fixed, params: {route: {first: edge-1, only: cloud-1}}}
        """
        .formatted(name, source);
  }

  private static List<Long> upTo(long end) {
    return LongStream.range(0, end).boxed().toList();
  }

  @Test
  void everyElementOfAForkAndJoinIsStoredOnceAndANameCanBeUsedAgain() {
    cluster.submit(diamond("diamond", "bytes=1024&count=2000"));
    var ledger = cluster.awaitDelivered("diamond", 2000);
    assertThat(ledger.generated()).isEqualTo(2000);
    assertThat(ledger.failed() + ledger.shed()).isZero();
    Cluster.await("the end of the source")
        .until(() -> cluster.status("diamond").path("state").asText().equals("completed"));

    var results = cluster.results("diamond");
    assertThat(Cluster.seqs(results)).containsExactlyInAnyOrderElementsOf(upTo(2000));
    assertThat(results).allSatisfy(PipelineClusterIT::passedTheDiamond);

    cluster.delete("diamond");
    assertThat(cluster.results("diamond")).as("results outlive their pipeline").hasSize(2000);
    cluster.submit(diamond("diamond", "bytes=10&count=300"));
    cluster.awaitDelivered("diamond", 300);
    var all = Cluster.seqs(cluster.results("diamond"));
    assertThat(all).hasSize(2300).doesNotHaveDuplicates().containsAll(upTo(2000));
    var fresh = all.stream().filter(seq -> seq >= 2000).sorted().toList();
    assertThat(fresh.get(299) - fresh.get(0)).as("no gap among the new numbers").isEqualTo(299);
  }

  private static void passedTheDiamond(JsonNode result) {
    assertThat(result.path("status").asText()).isEqualTo("delivered");
    assertThat(result.path("latencyMs").asDouble(-1)).isGreaterThanOrEqualTo(0);
    assertThat(Cluster.trace(result))
        .containsExactly("first@edge-1", "last@edge-2", "left@edge-2", "right@cloud-1");
    assertThat(result.path("trace")).hasSize(4);
    assertThat(result.path("outputs").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("first", "left", "right", "last");
  }

  @Test
  void whoWatchesHearsEveryResultThatIsStoredMeanwhile() {
    cluster.submit(chain("watched", "bytes=100&rate=50"));
    var heard = new CopyOnWriteArrayList<JsonNode>();
    var stream = cluster.listen("pipelines/watched/results/stream", heard::add);
    Cluster.await("results as they are stored")
        .until(
            () -> {
              assertThat(stream).isNotDone();
              return heard.size() >= 100;
            });

    var seqs = Cluster.seqs(List.copyOf(heard));
    assertThat(seqs).doesNotHaveDuplicates();
    long first = seqs.stream().min(Long::compare).orElseThrow();
    assertThat(seqs).contains(first, first + 1, first + 2, first + 50);
    assertThat(Cluster.seqs(cluster.results("watched"))).containsAll(seqs);
    assertThat(heard)
        .allSatisfy(r -> assertThat(Cluster.trace(r)).contains("first@edge-1", "only@cloud-1"));
  }

  @Test
  void stagesAreReplacedWhileElementsFlow() {
    cluster.submit(diamond("changing", "bytes=1024&rate=300&count=2400"));
    cluster.awaitLedger("changing", l -> l.delivered() > 200);
    cluster.replace("changing", chain("changing", "bytes=1024&rate=300&count=2400"));
    var ledger = cluster.awaitDelivered("changing", 2400);
    assertThat(ledger.generated()).isEqualTo(2400);

    var results = cluster.results("changing");
    assertThat(Cluster.seqs(results)).containsExactlyInAnyOrderElementsOf(upTo(2400));
    assertThat(results)
        .filteredOn(r -> r.path("seq").asLong() == 0)
        .first()
        .satisfies(PipelineClusterIT::passedTheDiamond);
    assertThat(results)
        .filteredOn(r -> r.path("seq").asLong() == 2399)
        .first()
        .satisfies(
            r -> assertThat(Cluster.trace(r)).containsExactly("first@edge-1", "only@cloud-1"));
    assertThat(cluster.get("pipelines/changing").path("version").asLong()).isEqualTo(2);
    assertThat(cluster.log("edge-1"))
        .contains("stage changing@1/first goes on as changing@2/first");
  }

  @Test
  void anEqualDocumentIsNoNewVersionAndAnotherOneLeavesASourceOnItsNode() {
    var document = chain("same", "bytes=10&rate=20").replace(", node: edge-1", "");
    cluster.submit(document);
    cluster.awaitLedger("same", l -> l.delivered() > 5);
    var node = cluster.status("same").at("/streams/0/node").asText();
    for (int i = 0; i < 3; i++) cluster.replace("same", document);
    assertThat(cluster.get("pipelines/same").path("version").asLong()).isEqualTo(1);

    cluster.replace("same", document.replace("only: cloud-1", "only: edge-1"));
    var changed = cluster.get("pipelines/same");
    assertThat(changed.path("version").asLong()).isEqualTo(2);
    assertThat(changed.at("/document/spec/sources/0/node").asText()).isEqualTo(node);
  }

  @Test
  void anEqualDocumentStartsAStreamAgainThatHasFailed() throws IOException {
    var file = Files.writeString(Files.createTempFile("readings", ".csv"), "a,b\n1,2\n");
    var document = chain("mended", "").replace("synthetic:?", file.toUri().toString());
    cluster.submit(document);
    Cluster.await("a stream that cannot run")
        .until(() -> cluster.status("mended").path("state").asText().equals("failed"));
    Files.writeString(file, "sensor,at,value,unit\noven,1700000000000,1,C\n");
    cluster.replace("mended", document);
    cluster.awaitDelivered("mended", 1);
    Files.delete(file);
  }

  @Test
  void aPausedPipelineStaysPausedThroughRestartsAndLosesNothing() {
    cluster.submit(chain("resting", "bytes=1024&rate=300&count=1500"));
    cluster.awaitLedger("resting", l -> l.delivered() > 100);
    turn("resting", "pause");
    var paused = awaitDrained("resting");
    assertThat(paused.path("state").asText()).isEqualTo("paused");
    long delivered = paused.at("/ledger/delivered").asLong();
    assertThat(delivered).isLessThan(1500);
    assertThat(paused.at("/ledger/generated").asLong()).isEqualTo(delivered);

    cluster.nodes().kill("edge-1");
    cluster.nodes().restart("edge-1");
    cluster.nodes().kill("cloud-1");
    cluster.nodes().restart("cloud-1");
    // Gossip has told it of no pipeline yet.
    var again = cluster.call("POST", "pipelines/resting/pause", "application/json", "");
    assertThat(again.status()).as(again.text()).isNotEqualTo(404);
    cluster.awaitNodes(3);
    assertThat(awaitDrained("resting").at("/ledger/delivered").asLong()).isEqualTo(delivered);

    turn("resting", "resume");
    cluster.awaitDelivered("resting", 1500);
    // A node that was killed leaves out the numbers that it had reserved.
    assertThat(Cluster.seqs(cluster.results("resting"))).hasSize(1500).doesNotHaveDuplicates();
  }

  @Test
  void aStoppedPipelineIsLoadedNowhereAndGoesOnWhereItWas() {
    cluster.submit(chain("unloaded", "bytes=1024&rate=300&count=1500"));
    cluster.awaitLedger("unloaded", l -> l.delivered() > 100);
    turn("unloaded", "stop");
    Cluster.await("that it is loaded nowhere")
        .until(() -> cluster.status("unloaded").path("state").asText().equals("stopped"));
    var ledger = cluster.status("unloaded").path("ledger");
    assertThat(ledger.path("delivered").asLong()).isEqualTo(ledger.path("generated").asLong());
    turn("unloaded", "resume");
    cluster.awaitDelivered("unloaded", 1500);
    assertThat(Cluster.seqs(cluster.results("unloaded")))
        .containsExactlyInAnyOrderElementsOf(upTo(1500));
  }

  /** What stands in for the runtime in the operator's tests answers as this one does. */
  @Test
  void theOperatorMeetsTheInterfaceItExpects() throws IOException {
    var runtime = new ApiRuntime(new ApiClient(cluster.nodes().api(), Optional.empty()));
    var yaml = new ObjectMapper(new YAMLFactory());
    var one = yaml.readTree(chain("operated", "bytes=10&rate=20"));
    var two = yaml.readTree(diamond("operated", "bytes=10&rate=20"));
    assertThat(runtime.create(one)).isEqualTo(1);
    assertThatThrownBy(() -> runtime.create(two))
        .isInstanceOfSatisfying(
            io.dayu.k8s.reconcile.Runtime.Refused.class,
            r -> assertThat(r.status()).isEqualTo(409));
    assertThat(runtime.changes("operated", one)).isFalse();
    assertThat(runtime.changes("operated", two)).isTrue();
    assertThat(runtime.replace("operated", one)).isEqualTo(1);
    assertThat(runtime.replace("operated", two)).isEqualTo(2);
    assertThat(runtime.pipelines().get("operated").version()).isEqualTo(2);
    var whole = runtime.pipeline("operated").orElseThrow();
    assertThat(whole.stages()).isEqualTo(4);
    assertThat(whole.policy()).isEqualTo("fixed");
    assertThat(whole.drained()).isFalse();
    assertThat(runtime.versions("operated"))
        .extracting(io.dayu.k8s.reconcile.Runtime.Version::version)
        .containsExactly(2L, 1L);
    assertThat(runtime.version("operated", 1).orElseThrow().at("/spec/stages")).hasSize(2);
    assertThat(runtime.version("operated", 9)).isEmpty();

    runtime.drain("operated");
    Cluster.await("that nothing is in flight")
        .until(() -> runtime.pipeline("operated").orElseThrow().drained());
    runtime.delete("operated");
    assertThat(runtime.pipeline("operated")).isEmpty();
    runtime.delete("operated");
    var bad = yaml.readTree(chain("operated", "").replace("type: identity", "type: nothing"));
    assertThatThrownBy(() -> runtime.create(bad))
        .isInstanceOf(io.dayu.k8s.reconcile.Runtime.Refused.class)
        .hasMessageContaining("spec.stages[0].type");
  }

  @Test
  void theOperatorDeclaresServicesAsNodesExpectIt() throws IOException {
    var declarations = new ApiDeclarations(new ApiClient(cluster.nodes().api(), Optional.empty()));
    var json = new ObjectMapper();
    var wanted =
        json.readTree(
            """
            {"url": "http://127.0.0.1:9/", "nodes": ["edge-1"], "parallelism": 2, "timeout": "5s"}
            """);
    declarations.declare("contained", wanted);
    assertThat(declarations.declared().get("contained")).isEqualTo(wanted);
    assertThat(declarations.callers("contained")).as("nobody answers there").isEmpty();
    assertThatThrownBy(
            () -> declarations.declare("contained", json.readTree("{\"timeout\": \"5s\"}")))
        .isInstanceOfSatisfying(
            io.dayu.k8s.reconcile.Runtime.Refused.class,
            r -> assertThat(r.status()).isEqualTo(422));
    declarations.withdraw("contained");
    assertThat(declarations.declared()).doesNotContainKey("contained");
    declarations.withdraw("contained");
  }

  @Test
  void ofTwoChangesAtOnceThatAreMeantForTheSameVersionOneIsCarriedOut() {
    var source = "bytes=10&rate=100&count=100000";
    cluster.submit(chain("contested", source));
    var version = Optional.of(cluster.get("pipelines/contested").path("version").asLong());
    var api =
        new ApiClient(
            cluster.nodes().node("cloud-1").endpoints().api().orElseThrow(), Optional.empty());
    var statuses =
        Stream.of(
                diamond("contested", source),
                chain("contested", source).replace("only: cloud-1", "only: edge-1"))
            .map(
                document ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            api.send("PUT", "pipelines/contested", document, version);
                            return 200;
                          } catch (ApiException refused) {
                            return refused.status();
                          }
                        }))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    assertThat(statuses).containsExactlyInAnyOrder(200, 412);
    assertThat(cluster.get("pipelines/contested").path("version").asLong())
        .isEqualTo(version.get() + 1);
  }

  @Test
  void aChangeThatCannotRunIsRefusedAndThePipelineRunsOnAsItWas() {
    var document = chain("unharmed", "bytes=10&rate=100&count=100000");
    cluster.submit(document);
    cluster.awaitLedger("unharmed", l -> l.delivered() > 10);
    var cycle = document.replace("id: first,", "id: first, after: [only],");
    var unknown = document.replace("type: identity", "type: no-such-type");
    assertThat(cycle).isNotEqualTo(document);
    assertThat(unknown).isNotEqualTo(document);
    for (var wrong : Map.of(cycle, "cycle", unknown, "no-such-type").entrySet()) {
      var answer = cluster.call("PUT", "pipelines/unharmed", "application/yaml", wrong.getKey());
      assertThat(answer.status()).as(answer.text()).isEqualTo(422);
      assertThat(answer.text()).contains(wrong.getValue());
    }
    assertThat(cluster.get("pipelines/unharmed").path("version").asLong()).isEqualTo(1);
    long delivered = cluster.ledger("unharmed").delivered();
    cluster.awaitLedger("unharmed", l -> l.delivered() > delivered + 10);
  }

  @Test
  void anEdgeThatDoesNotHearOfAPauseIsToldWhenItIsBack() {
    cluster.submit(chain("unheard", "bytes=1024&rate=100&count=100000"));
    cluster.awaitLedger("unheard", l -> l.delivered() > 20);
    var edge = cluster.nodes().node("edge-1").process();
    edge.freeze();
    try {
      turn("unheard", "pause");
      assertThat(cluster.status("unheard").path("state").asText()).isEqualTo("pausing");
    } finally {
      edge.thaw();
    }
    var ledger = awaitDrained("unheard").path("ledger");
    assertThat(ledger.path("delivered").asLong()).isEqualTo(ledger.path("generated").asLong());
  }

  @Test
  void aPipelineGoesBackToASpecificationThatItHadWhileElementsFlow() {
    var first = chain("returning", "bytes=1024&rate=300&count=2400");
    cluster.submit(first);
    cluster.awaitLedger("returning", l -> l.delivered() > 100);
    cluster.replace("returning", diamond("returning", "bytes=1024&rate=300&count=2400"));
    cluster.awaitLedger("returning", l -> l.delivered() > 600);
    turn("returning", "rollback");
    assertThat(cluster.get("pipelines/returning/versions").at("/items/0/version").asLong())
        .isEqualTo(3);
    cluster.awaitDelivered("returning", 2400);

    var results = cluster.results("returning");
    assertThat(Cluster.seqs(results)).containsExactlyInAnyOrderElementsOf(upTo(2400));
    assertThat(results)
        .filteredOn(r -> r.path("seq").asLong() == 2399)
        .first()
        .satisfies(
            r -> assertThat(Cluster.trace(r)).containsExactly("first@edge-1", "only@cloud-1"));
  }

  private static void turn(String pipeline, String how) {
    var path = "pipelines/" + pipeline + "/" + how;
    assertThat(cluster.call("POST", path, "application/json", "").status()).isEqualTo(200);
  }

  /** The status of a paused pipeline of which nothing is in flight. */
  private static JsonNode awaitDrained(String pipeline) {
    var last = new JsonNode[1];
    Cluster.await("that nothing of " + pipeline + " is in flight")
        .until(
            () -> {
              last[0] = cluster.status(pipeline);
              return last[0].path("drained").asBoolean();
            });
    return last[0];
  }

  @Test
  void theManagementEndpointShowsMembersAndShards() {
    cluster.submit(chain("shown", "bytes=10&count=50"));
    cluster.awaitDelivered("shown", 50);

    var members = management("/cluster/members").body();
    assertThat(members.path("members"))
        .hasSize(3)
        .allSatisfy(m -> assertThat(m.path("status").asText()).isIn("Up", "WeaklyUp"));
    assertThat(members.path("unreachable")).isEmpty();
    for (var type : List.of("Pipeline", "Distributor")) {
      var shards = management("/cluster/shards/" + type);
      assertThat(shards.status()).as(shards.text()).isEqualTo(200);
      assertThat(shards.body().path("regions")).as(shards.text()).isNotEmpty();
      assertThat(shards.body().path("regions"))
          .anySatisfy(region -> assertThat(region.path("numEntities").asInt()).isPositive());
    }
  }

  private static Cluster.Answer management(String path) {
    var at = cluster.nodes().node("cloud-1").endpoints().management().orElseThrow();
    return cluster.fetch(URI.create("http://127.0.0.1:" + at.getPort() + path));
  }

  @Test
  void metricsShowTheLedgerAlsoWhileAStageRunsInTwoVersions() {
    cluster.submit(chain("measured", "bytes=10&rate=100&count=300"));
    cluster.awaitLedger("measured", l -> l.delivered() > 20);
    cluster.replace("measured", chain("measured", "bytes=10&rate=100&count=300"));
    cluster.awaitDelivered("measured", 300);

    var stream = "\\{pipeline=\"measured\",stream=\"measured/numbers\"\\}";
    Cluster.await("what the stages have worked on")
        .untilAsserted(
            () ->
                assertThat(metrics())
                    .containsPattern("dayu_elements_generated_total" + stream + " 300\\.0")
                    .containsPattern("dayu_elements_delivered_total" + stream + " 300\\.0")
                    .containsPattern("dayu_elements_failed_total" + stream + " 0\\.0")
                    .containsPattern("dayu_elements_in_flight" + stream + " 0\\.0")
                    .containsPattern(
                        "dayu_stage_processed_total\\{node=\"cloud-1\",pipeline=\"measured\",stage=\"only\",type=\"identity\"} 300\\.0"));
  }

  private static String metrics() {
    var answer = cluster.fetch(cluster.nodes().api().resolve("/metrics"));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.text();
  }

  @Test
  void decisionsAreKeptWithTheirReasons() {
    cluster.submit(chain("decided", "bytes=10&rate=20"));
    cluster.awaitLedger("decided", l -> l.delivered() > 0);
    cluster.replace(
        "decided", chain("decided", "bytes=10&rate=20").replace("only: cloud-1", "only: edge-2"));
    Cluster.await("a decision for the new route")
        .until(() -> decisions().stream().anyMatch(d -> placeOfOnly(d).equals("edge-2")));

    var decisions = decisions();
    assertThat(decisions).extracting(d -> d.path("version").asLong()).doesNotHaveDuplicates();
    assertThat(decisions).allSatisfy(d -> assertThat(d.path("reason").asText()).contains("fixed"));
    assertThat(decisions).extracting(PipelineClusterIT::placeOfOnly).contains("cloud-1", "edge-2");
  }

  private static List<JsonNode> decisions() {
    return Cluster.items(cluster.get("pipelines/decided/decisions"));
  }

  private static String placeOfOnly(JsonNode decision) {
    return decision.path("route").path("only").path(0).path("node").asText();
  }
}
