package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Elements that a stage fails, which are kept at the edge that read them and sent again. */
class FailedClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(FailedClusterIT.class, 2, n -> n.classPath(BadStages.classPath()));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void empty() {
    cluster.deleteAll();
  }

  /** Of 500 elements those whose number ends with 0 fail with {@code throws-on-tenth}. */
  private static String pipeline(String name, String type, String delivery) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=100&count=500&rate=500", node: edge-1}]
          stages:
            - {id: before, type: identity}
            - {id: work, type: %s, after: [before]}
          policy: {name: fixed, params: {route: {before: edge-1, work: edge-2}}}
          delivery: %s
        """
        .formatted(name, type, delivery);
  }

  private static List<JsonNode> failed(String name) {
    var items = new ArrayList<JsonNode>();
    JsonNode page = MissingNode.getInstance();
    do {
      var after = page.has("next") ? "&after=" + page.path("next").asText() : "";
      page = cluster.get("pipelines/" + name + "/failed?limit=20" + after);
      assertThat(page.path("away")).isEmpty();
      items.addAll(Cluster.items(page));
    } while (page.has("next"));
    return items;
  }

  /** Sends all again; returns how many. */
  private static int retryAll(String name) {
    int sent = 0;
    var after = "";
    do {
      var answer =
          cluster.call(
              "POST",
              "pipelines/" + name + "/retry",
              "application/json",
              "{\"all\": true" + after + "}");
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      sent += answer.body().path("retried").size();
      after =
          answer.body().has("next")
              ? ", \"after\": \"" + answer.body().path("next").asText() + "\""
              : "";
    } while (!after.isEmpty());
    return sent;
  }

  @Test
  void whatFailedIsListedLookedAtAndDeliveredOnceTheStageIsMended() {
    cluster.submit(pipeline("mended", "throws-on-tenth", "{keepFailed: 1000}"));
    cluster.awaitLedger(
        "mended", l -> l.generated() == 500 && l.failed() == 50 && l.inFlight() == 0);
    var items = failed("mended");
    assertThat(items).hasSize(50);
    var first = items.get(0);
    assertThat(first.path("seq").asLong()).isZero();
    assertThat(first.path("stage").asText()).isEqualTo("work");
    assertThat(first.path("reason").asText()).contains("not this one");
    assertThat(first.path("node").asText()).isEqualTo("edge-1");
    var payload = cluster.nodes().client().bytes(first.path("payload").asText());
    assertThat(payload).hasSize(100);
    Cluster.await("what is kept on the status")
        .until(() -> cluster.status("mended").at("/streams/0/keptFailed/kept").asInt() == 50);

    // The stage still fails every tenth number, and the elements have new numbers now.
    assertThat(retryAll("mended")).isEqualTo(50);
    var again = cluster.awaitLedger("mended", l -> l.generated() == 550 && l.inFlight() == 0);
    int left = (int) again.failed() - 50;
    assertThat(left).isBetween(1, 10);
    Cluster.await("what failed again").until(() -> failed("mended").size() == left);
    assertThat(failed("mended"))
        .allSatisfy(item -> assertThat(item.path("retries").asInt()).isEqualTo(1));

    cluster.replace("mended", pipeline("mended", "identity", "{keepFailed: 1000}"));
    assertThat(retryAll("mended")).isEqualTo(left);
    var ledger =
        cluster.awaitLedger("mended", l -> l.generated() == 550 + left && l.inFlight() == 0);
    assertThat(ledger.delivered()).as("every element that was read").isEqualTo(500);
    assertThat(failed("mended")).isEmpty();
    var results = cluster.results("mended");
    assertThat(Cluster.seqs(results)).doesNotHaveDuplicates().hasSize(550 + left);
    var retried =
        results.stream()
            .filter(r -> r.has("retryOf"))
            .map(r -> r.path("retryOf").asLong())
            .toList();
    assertThat(retried).doesNotHaveDuplicates().hasSize(50 + left);
  }

  @Test
  void anEdgeThatIsKilledAfterARetryDeliversItOnce() {
    cluster.submit(pipeline("killed", "throws-on-tenth", "{keepFailed: {atMost: 100, for: 1h}}"));
    cluster.awaitLedger(
        "killed", l -> l.generated() == 500 && l.failed() == 50 && l.inFlight() == 0);
    cluster.replace(
        "killed", pipeline("killed", "identity", "{keepFailed: {atMost: 100, for: 1h}}"));
    assertThat(retryAll("killed")).isEqualTo(50);
    cluster.nodes().kill("edge-1");
    var away = cluster.get("pipelines/killed/failed").path("away");
    assertThat(away).hasSize(1);
    assertThat(away.path(0).path("why").asText()).contains("edge-1");
    cluster.nodes().restart("edge-1");
    var ledger = cluster.awaitLedger("killed", l -> l.generated() == 550 && l.inFlight() == 0);
    assertThat(ledger.delivered()).isEqualTo(500);
    assertThat(ledger.failed()).isEqualTo(50);
    Cluster.await("nothing to be left").until(() -> failed("killed").isEmpty());
    var retried =
        cluster.results("killed").stream()
            .filter(r -> r.has("retryOf"))
            .map(r -> r.path("retryOf").asLong())
            .collect(Collectors.toList());
    assertThat(retried).doesNotHaveDuplicates().hasSize(50);
  }

  @Test
  void anEdgeThatDoesNotAnswerIsToldAndWhatItKeepsIsThereWhenItIsBack() {
    cluster.submit(pipeline("frozen", "throws-on-tenth", "{keepFailed: 10}"));
    cluster.awaitLedger(
        "frozen", l -> l.generated() == 500 && l.failed() == 50 && l.inFlight() == 0);
    var edge = cluster.nodes().node("edge-1").process();
    edge.freeze();
    try {
      var away = cluster.get("pipelines/frozen/failed").path("away");
      assertThat(away.path(0).path("node").asText()).isEqualTo("edge-1");
      assertThat(away.path(0).path("why").asText()).contains("edge-1").contains("cut off");
      var retry =
          cluster.call("POST", "pipelines/frozen/retry", "application/json", "{\"all\": true}");
      assertThat(retry.status()).isEqualTo(503);
      assertThat(retry.text()).contains("when node edge-1 is back");
    } finally {
      edge.thaw();
    }
    // Nor was it retried later, when nobody expected it any more.
    Cluster.await("the edge to answer")
        .until(() -> cluster.get("pipelines/frozen/failed").path("items").size() == 10);
    assertThat(cluster.ledger("frozen").generated()).isEqualTo(500);
  }

  @Test
  void whatIsKeptGoesWithTheWishToKeepIt() {
    cluster.submit(pipeline("dropped", "throws-on-tenth", "{keepFailed: 1000}"));
    cluster.awaitLedger(
        "dropped", l -> l.generated() == 500 && l.failed() == 50 && l.inFlight() == 0);
    var removed =
        cluster.call(
            "DELETE", "pipelines/dropped/failed?source=numbers&seq=490", "application/json", "");
    assertThat(removed.body().path("removed").asInt()).as(removed.text()).isEqualTo(1);
    assertThat(failed("dropped")).hasSize(49);
    cluster.replace("dropped", pipeline("dropped", "throws-on-tenth", "{offline: local}"));
    Cluster.await("nothing to be kept any more").until(() -> failed("dropped").isEmpty());
  }
}
