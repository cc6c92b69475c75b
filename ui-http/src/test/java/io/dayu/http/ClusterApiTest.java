package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.Role;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClusterApiTest {
  private final TestServer server = new TestServer();

  @BeforeEach
  void fill() {
    Street.fill(server.control, Instant.now());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void nodesTellTheirResourcesAndStages() {
    var items = server.get("/api/v1/nodes").json().get("items");
    assertThat(items.findValuesAsText("name")).containsExactly("cloud-1", "edge-1", "edge-2");
    var edge = items.get(1);
    assertThat(edge.get("role").asText()).isEqualTo("edge");
    assertThat(edge.get("site").asText()).isEqualTo("site-edge-1");
    assertThat(edge.get("status").asText()).isEqualTo("up");
    assertThat(edge.get("cpu").asDouble()).isEqualTo(0.93);
    assertThat(edge.get("memory").asDouble()).isEqualTo(0.47);
    assertThat(edge.get("reportAgeMs").asLong()).isBetween(0L, 10_000L);
    assertThat(edge.has("celsius")).isFalse();
    var stage = edge.at("/stages/0");
    assertThat(stage.get("type").asText()).isEqualTo("object-detection");
    assertThat(stage.get("queue").asInt()).isEqualTo(3);
    assertThat(stage.get("serviceMs").asDouble()).isEqualTo(15.2);
    assertThat(edge.at("/links/0/rttMs").asDouble()).isEqualTo(1.5);
    assertThat(edge.at("/budgets/0").toString())
        .isEqualTo("{\"part\":\"sources\",\"usedBytes\":1048576,\"limitBytes\":25165824}");
  }

  @Test
  void aNodeWhoseReportIsOldIsSilent() {
    server.control.report(
        Street.node("edge-2", Role.EDGE, 0.1, List.of(), List.of()),
        Instant.now().minusSeconds(20));
    var edge = server.get("/api/v1/nodes").json().at("/items/2");
    assertThat(edge.get("status").asText()).isEqualTo("silent");
    assertThat(edge.get("reportAgeMs").asLong()).isGreaterThanOrEqualTo(20_000);
  }

  private TestServer.Answer delete(String path) {
    return server.send(server.request(path).DELETE());
  }

  @Test
  void aNodeThatIsGoneIsRemovedAndOneThatLivesOnlyByForce() {
    var lives = delete("/api/v1/nodes/edge-1");
    assertThat(lives.status()).isEqualTo(409);
    assertThat(lives.json().get("detail").asText()).contains("edge-1", "lives");
    assertThat(lives.json().get("remedy").asText()).contains("?force=true");
    assertThat(delete("/api/v1/nodes/edge-1?force=yes").status()).isEqualTo(400);
    assertThat(delete("/api/v1/nodes/edge-1?force=true").status()).isEqualTo(204);
    assertThat(delete("/api/v1/nodes/edge-1").status()).isEqualTo(404);
    server.control.report(
        Street.node("edge-2", Role.EDGE, 0.1, List.of(), List.of()),
        Instant.now().minusSeconds(20));
    assertThat(delete("/api/v1/nodes/edge-2").status()).isEqualTo(204);
  }

  @Test
  void aStreamWhoseNodeIsGoneSaysSo() {
    server.control.forget("edge-1");
    var status = server.get("/api/v1/pipelines/crossing").json().get("status");
    assertThat(status.get("state").asText()).isEqualTo("degraded");
    assertThat(status.at("/streams/0/state").asText()).isEqualTo("no-node");
    assertThat(status.at("/problems/0/message").asText()).contains("edge-1", "crossing/cam-0");
    assertThat(status.at("/problems/0/remedy").asText()).contains("edge-2");
  }

  @Test
  void aFigureThatIsNotANumberIsNull() {
    server.control.report(
        Street.node("edge-2", Role.EDGE, Double.NaN, List.of(), List.of()), Instant.now());
    assertThat(server.get("/api/v1/nodes").json().at("/items/2/cpu").isNull()).isTrue();
  }

  @Test
  void stageTypesTellWhatTheyTakeAndWhereTheyCouldRun() {
    var items = server.get("/api/v1/stages").json().get("items");
    assertThat(items.findValuesAsText("type"))
        .contains("box-tracker", "count-by-label", "object-detection");
    var detection = items.get(2);
    assertThat(detection.get("payload").toString()).isEqualTo("[\"frames\"]");
    assertThat(detection.get("output").asText()).isEqualTo("boxes");
    assertThat(detection.get("nodes")).hasSize(3);
    assertThat(detection.at("/parameters/0").toString())
        .isEqualTo(
            "{\"name\":\"threshold\",\"type\":\"number\",\"required\":false,"
                + "\"defaultValue\":0.5,\"description\":\"least score\",\"dynamic\":false}");
  }

  @Test
  void policiesAndSourcesAreListed() {
    assertThat(server.get("/api/v1/policies").json().get("items").findValuesAsText("name"))
        .contains("fixed", "least-loaded");
    var camera = server.get("/api/v1/sources").json().at("/items/0");
    assertThat(camera.get("payload").asText()).isEqualTo("frames");
    assertThat(camera.at("/knobs/0/defaultValue").asDouble()).isEqualTo(10);
    assertThat(camera.get("example").asText()).isEqualTo("cam:street");
  }

  @Test
  void headIsAnsweredLikeGetWithoutABody() {
    var answer =
        server.send(
            server
                .request("/api/v1/nodes")
                .method("HEAD", java.net.http.HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text()).isEmpty();
  }

  @Test
  void thePageAndItsPartsAreServed() {
    assertThat(server.get("/").header("Content-Type")).isEqualTo("text/html; charset=UTF-8");
    var page = server.get("/").text();
    var parts =
        java.util.regex.Pattern.compile("(?:src|href)=\"(/[^\"]+\\.[^\"]+)\"").matcher(page);
    var found = 0;
    while (parts.find()) {
      assertThat(server.get(parts.group(1)).status()).as(parts.group(1)).isEqualTo(200);
      found++;
    }
    assertThat(found).isGreaterThanOrEqualTo(3);
    assertThat(page).doesNotContain("<style", "onclick=", "http://", "https://");
  }
}
