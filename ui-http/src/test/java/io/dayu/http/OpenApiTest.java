package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.http.Tokens.Role;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SystemMaterializer;
import org.junit.jupiter.api.Test;

class OpenApiTest {
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");

  @Test
  void theDescriptionListsExactlyWhatIsServed() {
    try (var server = new TestServer();
        var metrics =
            new Metrics(
                server.control::view, server.control::stored, Clock.systemUTC(), List.of())) {
      var served =
          HttpServer.endpoints(
                  server.control,
                  HttpSettings.from(TestServer.config()),
                  Clock.systemUTC(),
                  metrics,
                  new Sse(Duration.ofSeconds(1), KillSwitches.shared("test")),
                  SystemMaterializer.get(server.system).materializer())
              .stream()
              .filter(e -> e.path().startsWith("/api/") || e.role() != Role.NOBODY)
              .map(e -> e.method().name().toLowerCase(Locale.ROOT) + " " + e.path())
              .collect(Collectors.toCollection(TreeSet::new));
      var described = new TreeSet<String>();
      var document = server.get("/api/v1/openapi.json").json();
      document
          .get("paths")
          .properties()
          .forEach(
              path ->
                  path.getValue()
                      .fieldNames()
                      .forEachRemaining(
                          method -> {
                            if (METHODS.contains(method))
                              described.add(method + " " + path.getKey());
                          }));
      assertThat(described).isEqualTo(served).hasSizeGreaterThan(10);
    }
  }

  @Test
  void everyReferenceOfTheDescriptionLeadsSomewhere() {
    try (var server = new TestServer()) {
      var document = server.get("/api/v1/openapi.json").json();
      assertThat(document.findValuesAsText("$ref"))
          .isNotEmpty()
          .allSatisfy(ref -> assertThat(document.at(ref.substring(1)).isMissingNode()).isFalse());
    }
  }

  @Test
  void theAnswersHaveNoMembersThatAreNotDescribed() {
    try (var server = new TestServer()) {
      Street.fill(server.control, java.time.Instant.now());
      server.control.store(Street.allKinds(2), java.util.Optional.empty());
      server.control.store(Street.failed(1), java.util.Optional.empty());
      var document = server.get("/api/v1/openapi.json").json();
      var base = "/api/v1/pipelines/crossing";
      covers(document, "Pipeline", server.get(base).json());
      covers(document, "PipelineItem", server.get("/api/v1/pipelines").json().at("/items/0"));
      covers(document, "PipelineLedger", server.get(base + "/ledger").json());
      covers(document, "Decision", server.get(base + "/decisions").json().at("/items/0"));
      var results = server.get(base + "/results").json().get("items");
      assertThat(results).hasSizeGreaterThan(1);
      for (var result : results) covers(document, "Result", result);
      covers(document, "Node", server.get("/api/v1/nodes").json().at("/items/1"));
      covers(document, "StageType", server.get("/api/v1/stages").json().at("/items/0"));
      var declared = server.control.services().declare("count", "{\"url\": \"http://127.0.0.1/\"}");
      assertThat(declared.toCompletableFuture()).isCompleted();
      covers(document, "DeclaredService", server.get("/api/v1/services/count").json());
      covers(document, "Policy", server.get("/api/v1/policies").json().at("/items/0"));
      covers(document, "SourceType", server.get("/api/v1/sources").json().at("/items/0"));
      covers(document, "Problem", server.get("/nowhere").json());
    }
  }

  private static void covers(JsonNode document, String schema, JsonNode answer) {
    covers(document, document.at("/components/schemas/" + schema), answer, schema);
  }

  private static void covers(JsonNode document, JsonNode schema, JsonNode answer, String path) {
    if (schema.has("$ref")) {
      covers(document, document.at(schema.get("$ref").asText().substring(1)), answer, path);
    } else if (answer.isArray()) {
      answer.forEach(item -> covers(document, schema.get("items"), item, path + "[]"));
    } else if (answer.isObject() && schema.path("additionalProperties").isObject()) {
      for (var member : answer.properties())
        covers(
            document,
            schema.get("additionalProperties"),
            member.getValue(),
            path + "." + member.getKey());
    } else if (answer.isObject() && schema.has("properties")) {
      answer
          .properties()
          .forEach(
              member -> {
                var described = schema.get("properties").get(member.getKey());
                assertThat(described).as(path + "." + member.getKey()).isNotNull();
                covers(document, described, member.getValue(), path + "." + member.getKey());
              });
      if (schema.has("required"))
        schema
            .get("required")
            .forEach(name -> assertThat(answer.has(name.asText())).as(path + "." + name).isTrue());
    }
  }
}
