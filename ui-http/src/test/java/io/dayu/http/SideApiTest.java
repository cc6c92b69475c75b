package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.side.SideValues;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SideApiTest {
  private static final String PIPELINE = "/api/v1/pipelines/gate";
  private static final String DOCUMENT =
      """
      apiVersion: dayu.io/v1alpha1
      kind: Pipeline
      metadata: {name: gate}
      spec:
        sources: [{name: cam-0, uri: "cam:street", node: edge-1}]
        stages: [{id: detect, type: object-detection, side: [limits]}]
        sideInputs:
          - {name: limits, value: {most: 3}}
          - {name: plates, from: registry}
      """;

  private final TestServer server = new TestServer();

  @BeforeEach
  void submit() {
    assertThat(send("PUT", PIPELINE, "application/yaml", DOCUMENT).status()).isEqualTo(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private TestServer.Answer send(String method, String path, String type, String body) {
    return server.send(
        server
            .request(path)
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofString(body)));
  }

  private TestServer.Answer give(String input, String value) {
    return send("PUT", PIPELINE + "/side-inputs/" + input, "application/json", value);
  }

  @Test
  void aValueThatIsGivenIsShownWithItsVersion() {
    var before = server.get(PIPELINE).json().at("/status/sideInputs");
    assertThat(before.toString())
        .isEqualTo("[{\"name\":\"limits\"},{\"name\":\"plates\",\"from\":\"registry\"}]");
    var given = give("limits", "{\"most\": 4}");
    assertThat(given.status()).isEqualTo(200);
    assertThat(given.json().toString()).isEqualTo("{\"name\":\"limits\",\"version\":1}");
    var shown = server.get(PIPELINE).json().at("/status/sideInputs/0");
    assertThat(shown.path("version").asLong()).isEqualTo(1);
    assertThat(shown.path("bytes").asInt()).isEqualTo(11);
    assertThat(shown.path("digest").asText()).hasSize(64);
  }

  @Test
  void whatIsNoValueIsRefusedWithAReason() {
    assertThat(give("limits", "{\"most\": ").status()).isEqualTo(400);
    assertThat(give("limits", "{\"most\": ").json().path("detail").asText()).contains("no JSON");
    assertThat(give("limits", "null").status()).isEqualTo(400);
    assertThat(give("limits", "1".repeat(SideValues.MOST + 1)).status()).isEqualTo(413);
    assertThat(give("plates", "1").status()).isEqualTo(409);
    var unknown = give("none", "1");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.json().path("detail").asText()).contains("no side input none");
    var nowhere = send("PUT", "/api/v1/pipelines/none/side-inputs/limits", "application/json", "1");
    assertThat(nowhere.status()).isEqualTo(404);
    assertThat(nowhere.json().path("detail").asText()).contains("no pipeline named none");
  }
}
