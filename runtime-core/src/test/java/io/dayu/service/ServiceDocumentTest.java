package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.facts.NodeReport.Role;
import io.dayu.settings.ConfigurationException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceDocumentTest {
  private static final ServiceSettings CLOSED = ServiceSettingsTest.settings("");
  private static final ServiceSettings WITH_COMMANDS =
      ServiceSettingsTest.settings("services-over-api.commands = true");

  private static void isRefused(String json, ServiceSettings settings, String... words) {
    assertThatThrownBy(() -> ServiceDocument.check("count", json, settings))
        .isInstanceOfSatisfying(
            ConfigurationException.class,
            e -> assertThat(ServiceDocument.words("count", e)).contains(words));
  }

  @Test
  void theKeysAreThoseOfTheConfiguration() {
    var read =
        ServiceDocument.read(
                "count",
                """
            {"url": "http://127.0.0.1:9000", "role": "edge", "parallelism": 4, "timeout": "2s", "max-answer": "1 MiB",
             "inputs": {"cars": ["boxes"]}, "output": "labels"}
            """,
                CLOSED)
            .declaration();
    var configured =
        ServiceSettingsTest.settings(
                """
                services.count { url = "http://127.0.0.1:9000", parallelism = 4, timeout = 2s, max-answer = 1 MiB
                  inputs { cars = [boxes] }, output = labels }
                """)
            .declared();
    assertThat(List.of(read)).isEqualTo(configured);
    assertThat(read.timeout()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void whatIsWrongIsToldAllAtOnce() {
    isRefused(
        """
        {"url": "http://models.example/", "timeout": "1h", "paralelism": 4, "role": "fog", "nodes": []}
        """,
        CLOSED,
        "count.paralelism is no key of a service",
        "count.role is \"fog\"; write edge or cloud",
        "both nodes and role");
    isRefused(
        "{\"url\": \"http://models.example/\", \"timeout\": \"1h\"}",
        CLOSED,
        "count.url leads to models.example, which dayu.services-allowed-hosts does not name",
        "count.timeout is 3600000 ms");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[", "[]", "null", "7", "{\"url\": }", "url = \"http://127.0.0.1/\""})
  void whatIsNoJsonObjectIsRefused(String json) {
    isRefused(json, CLOSED, "count is no JSON");
  }

  @Test
  void whatIsTooLargeOrTooDeepIsRefused() {
    isRefused(" ".repeat(ServiceDocument.MAX_BYTES) + "{}", CLOSED, "at most 16384 are possible");
    isRefused("{\"inputs\":" + "[".repeat(5000), CLOSED, "count is no JSON");
  }

  @Test
  void keysAreNamesAndNothingIsSubstituted() {
    isRefused("{\"a.url\": 1, \"url\": \"http://127.0.0.1/\"}", CLOSED, "is no key of a service");
    isRefused("{\"url\": \"${HOME}\"}", CLOSED, "count.url is \"${HOME}\"");
  }

  @Test
  void programsAndSocketsAreTakenOnlyWhereTheConfigurationAllowsThem() {
    var program = "{\"command\": [\"python3\", \"x.py\"], \"memory\": \"64 MiB\"}";
    isRefused(program, CLOSED, "count.command", "dayu.services-over-api.commands is false");
    ServiceDocument.check("count", program, WITH_COMMANDS);
    var socket = "{\"transport\": \"grpc\", \"url\": \"unix:/run/docker.sock\"}";
    isRefused(socket, CLOSED, "count.url leads to a socket", "use a port of 127.0.0.1");
    ServiceDocument.check("count", socket, WITH_COMMANDS);
  }

  @Test
  void whatIsLoadedOnDemandIsTheSameServiceToMembersWhereverItCannotBe() {
    var json = "{\"url\": \"http://127.0.0.1:9000\", \"nodes\": [\"edge-1\", \"edge-2\"]%s}";
    var onDemand =
        json.formatted(", \"load\": \"on-demand\", \"not-on\": {\"edge-2\": \"no image\"}");
    assertThat(declaration(onDemand))
        .isEqualTo(declaration(json.formatted("")).loadedOnDemand())
        .isEqualTo(declaration(json.formatted(", \"load\": \"on-demand\"")));
    var read = ServiceDocument.onDemand(onDemand).orElseThrow();
    assertThat(read.notOn()).isEqualTo(Map.of("edge-2", "no image"));
    assertThat(read.isFor("edge-2", Role.EDGE)).isTrue();
    assertThat(read.isFor("edge-3", Role.EDGE)).isFalse();
    var edges = ServiceDocument.onDemand("{\"role\": \"edge\", \"load\": \"on-demand\"}");
    assertThat(edges.orElseThrow().isFor("edge-3", Role.EDGE)).isTrue();
    assertThat(edges.orElseThrow().isFor("cloud-1", Role.CLOUD)).isFalse();
    assertThat(ServiceDocument.onDemand(json.formatted(", \"load\": \"always\""))).isEmpty();
    assertThat(ServiceDocument.onDemand("on-demand")).isEmpty();
  }

  @Test
  void whatIsWrongWithLoadingIsTold() {
    isRefused(
        "{\"url\": \"http://127.0.0.1/\", \"load\": \"never\", \"not-on\": [\"edge-1\"]}",
        CLOSED,
        "count.load is \"never\"; write always or on-demand",
        "count.not-on is for load: on-demand",
        "count.not-on is no object of texts");
    isRefused(
        "{\"command\": [\"python3\", \"x.py\"], \"load\": \"on-demand\"}",
        WITH_COMMANDS,
        "count.load is on-demand, which is for a url");
  }

  @Test
  void anImageNamesItsRemedy() {
    isRefused(
        "{\"image\": \"count:1\"}",
        WITH_COMMANDS,
        "only an operator on Kubernetes starts images; here start the container yourself and give its url");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                     | true  | true  | true",
        "{\"nodes\": [\"edge-1\"]} | true  | false | false",
        "{\"role\": \"edge\"}     | true  | true  | false",
        "{\"role\": \"cloud\"}    | false | false | true",
        "broken                 | false | false | false"
      })
  void itIsForTheNodesThatItNames(String json, boolean edge1, boolean edge2, boolean cloud) {
    assertThat(ServiceDocument.isFor(json, "edge-1", Role.EDGE)).isEqualTo(edge1);
    assertThat(ServiceDocument.isFor(json, "edge-2", Role.EDGE)).isEqualTo(edge2);
    assertThat(ServiceDocument.isFor(json, "cloud-1", Role.CLOUD)).isEqualTo(cloud);
  }

  private static ServiceDeclaration declaration(String json) {
    return ServiceDocument.read("count", json, CLOSED).declaration();
  }
}
