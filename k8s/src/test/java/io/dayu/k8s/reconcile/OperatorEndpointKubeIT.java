package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.k8s.desired.Nodes;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class OperatorEndpointKubeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void itTellsWhatTheOperatorDoesAndIsReadyWithoutTheApiServer() throws Exception {
    var metrics = new OperatorMetrics();
    var leading = new AtomicReference<Optional<Operator>>(Optional.empty());
    metrics.of(leading::get);
    try (var endpoint = OperatorEndpoint.start(new HostPort("127.0.0.1", 0), metrics)) {
      assertThat(ask("GET", endpoint, "/alive").statusCode()).isEqualTo(200);
      assertThat(ask("GET", endpoint, "/ready").statusCode()).isEqualTo(503);
      endpoint.ready(true);
      assertThat(ask("GET", endpoint, "/ready").statusCode()).isEqualTo(200);
      assertThat(ask("POST", endpoint, "/metrics").statusCode()).isEqualTo(405);
      assertThat(ask("GET", endpoint, "/").statusCode()).isEqualTo(404);
      assertThat(lines(endpoint))
          .contains("dayu_operator_leader 0.0")
          .noneMatch(l -> l.startsWith("dayu_operator_queue_depth"));
      try (var server = new ApiServer()) {
        server.client().resource(Nodes.clouds(server.namespace())).create();
        server.client().resource(Nodes.edges(server.namespace())).create();
        server.client().resource(Pipelines.of(server.namespace(), "good", "t")).create();
        server.client().resource(Pipelines.of(server.namespace(), "wrong", "bad")).create();
        var operator =
            Operator.start(
                server.client(),
                server.settings(
                    Duration.ofMillis(200), ApiServer.USUAL.absence(), ApiServer.USUAL.lease()),
                new FakeRuntime(),
                new FakeDeclarations(),
                metrics);
        leading.set(Optional.of(operator));
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(lines(endpoint))
                        .contains(
                            "dayu_operator_leader 1.0",
                            "dayu_operator_watch_up{kind=\"pipelines\"} 1.0",
                            "dayu_operator_resources{kind=\"pipelines\"} 2.0",
                            "dayu_operator_resource_conditions{condition=\"Accepted\",kind=\"pipelines\",status=\"False\"} 1.0",
                            "dayu_operator_resource_conditions{condition=\"Accepted\",kind=\"pipelines\",status=\"True\"} 1.0",
                            "dayu_operator_queue_depth 0.0",
                            "dayu_operator_retrying 0.0",
                            // A finalizer, and at least one state.
                            "dayu_operator_writes_total{kind=\"events\",verb=\"create\"} 1.0")
                        .anyMatch(
                            l ->
                                l.matches(
                                    "dayu_operator_writes_total\\{kind=\"pipelines\",verb=\"update\"} [4-9][.]0"))
                        .anyMatch(
                            l ->
                                l.matches(
                                    "dayu_operator_reconciles_total\\{kind=\"pipeline\",outcome=\"done\"} [1-9].*"))
                        .anyMatch(
                            l ->
                                l.matches(
                                    "dayu_operator_reconcile_seconds_count\\{kind=\"pipeline\"} [1-9].*")));
        operator.close();
        leading.set(Optional.empty());
      }
      assertThat(ask("GET", endpoint, "/ready").statusCode()).isEqualTo(200);
      assertThat(lines(endpoint))
          .as("what was done is told for as long as the process lives")
          .contains("dayu_operator_leader 0.0")
          .anyMatch(l -> l.startsWith("dayu_operator_writes_total{kind=\"pipelines\""));
    }
  }

  private List<String> lines(OperatorEndpoint endpoint) {
    try {
      var answer = ask("GET", endpoint, "/metrics");
      assertThat(answer.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/plain; version=0.0.4");
      return answer.body().lines().toList();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpResponse<String> ask(String method, OperatorEndpoint endpoint, String path)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + endpoint.address().getPort() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }
}
