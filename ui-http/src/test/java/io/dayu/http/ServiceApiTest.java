package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.http.TestServer.Answer;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ServiceApiTest {
  private static final String PATH = "/api/v1/services";
  private static final String URL = "{\"url\": \"http://127.0.0.1:9000/\", \"role\": \"edge\"}";

  private static Answer put(TestServer server, String name, String type, String json) {
    return server.send(
        server
            .request(PATH + "/" + name)
            .header("Content-Type", type)
            .PUT(BodyPublishers.ofString(json)));
  }

  private static Answer put(TestServer server, String name, String json) {
    return put(server, name, "application/json", json);
  }

  private static Answer delete(TestServer server, String name) {
    return server.send(server.request(PATH + "/" + name).DELETE());
  }

  @Test
  void aServiceIsDeclaredShownChangedAndEnded() {
    try (var server = new TestServer()) {
      Street.fill(server.control, Instant.now());
      assertThat(server.get(PATH).json().path("items")).isEmpty();
      assertThat(put(server, "count", URL).status()).isEqualTo(201);
      var shown = server.get(PATH + "/count").json();
      assertThat(shown.path("version").asLong()).isEqualTo(1);
      assertThat(shown.at("/declaration/url").asText()).isEqualTo("http://127.0.0.1:9000/");
      assertThat(shown.path("nodes")).isNotEmpty();
      for (var node : shown.path("nodes")) {
        assertThat(node.path("node").asText()).startsWith("edge");
        assertThat(node.path("ready").asBoolean()).isFalse();
      }
      var changed = put(server, "count", URL.replace("9000", "9001"));
      assertThat(changed.status()).isEqualTo(200);
      assertThat(changed.json().path("version").asLong()).isEqualTo(2);
      assertThat(server.get(PATH).json().at("/items/0/name").asText()).isEqualTo("count");
      assertThat(delete(server, "count").status()).isEqualTo(204);
      assertThat(delete(server, "count").status()).isEqualTo(404);
      assertThat(server.get(PATH + "/count").status()).isEqualTo(404);
    }
  }

  @Test
  void whatCannotBeDeclaredIsToldWithItsRemedy() {
    try (var server = new TestServer()) {
      var program = put(server, "count", "{\"command\": [\"sh\"]}");
      assertThat(program.status()).isEqualTo(422);
      assertThat(program.json().path("detail").asText()).contains("commands is false");
      assertThat(put(server, "count", "{").status()).isEqualTo(422);
      assertThat(put(server, "Count", URL).json().path("detail").asText()).contains("lower-case");
      assertThat(put(server, "count", "text/plain", URL).status()).isEqualTo(415);
      var taken = put(server, "taken", URL);
      assertThat(taken.status()).isEqualTo(409);
      assertThat(taken.json().path("detail").asText()).contains("configuration");
      var used = delete(server, "used");
      assertThat(used.status()).isEqualTo(409);
      assertThat(used.json().path("detail").asText()).contains("crossing");
    }
  }

  @Test
  void onlyAdminsDeclareAndTheyMayDoAllElse() {
    var tokens =
        "dayu.http.tokens = [\"read:%s\", \"write:%s\", \"admin:%s\"]"
            .formatted(Tokens.sha256("r"), Tokens.sha256("w"), Tokens.sha256("a"));
    try (var server = new TestServer(tokens)) {
      for (var token : new String[] {"r", "w"}) {
        var refused = server.send(server.request(PATH).header("Authorization", "Bearer " + token));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.json().path("detail").asText()).contains("with the role admin");
        assertThat(refused.json().path("remedy").asText()).contains("admin:HASH");
      }
      var admin =
          server.send(
              server
                  .request(PATH + "/count")
                  .header("Authorization", "Bearer a")
                  .header("Content-Type", "application/json")
                  .PUT(BodyPublishers.ofString(URL)));
      assertThat(admin.status()).isEqualTo(201);
      var pipeline =
          server.send(
              server
                  .request("/api/v1/pipelines")
                  .header("Authorization", "Bearer a")
                  .header("Content-Type", "application/yaml")
                  .POST(BodyPublishers.ofString(Street.YAML)));
      assertThat(pipeline.status()).isEqualTo(201);
    }
  }
}
