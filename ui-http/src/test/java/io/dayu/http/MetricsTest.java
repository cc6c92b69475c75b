package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.store.Pruner;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsTest {
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theFiguresOfTheViewAreServed() {
    Street.fill(server.control, Instant.now());
    var stream = "{pipeline=\"crossing\",stream=\"crossing/cam-0\"}";
    var node = "{node=\"edge-1\",role=\"edge\",site=\"site-edge-1\"}";
    var sources = "{node=\"edge-1\",part=\"sources\",role=\"edge\",site=\"site-edge-1\"}";
    var stage =
        "{node=\"edge-1\",pipeline=\"crossing\",stage=\"detect\",type=\"object-detection\"}";
    assertThat(server.get("/metrics").text().lines())
        .contains(
            "dayu_elements_generated_total" + stream + " 1250.0",
            "dayu_elements_delivered_total" + stream + " 1234.0",
            "dayu_elements_failed_total" + stream + " 2.0",
            "dayu_elements_shed_total" + stream + " 8.0",
            "dayu_elements_in_flight" + stream + " 6.0",
            "dayu_latency_seconds"
                + "{pipeline=\"crossing\",stream=\"crossing/cam-0\",quantile=\"0.95\"} 0.0882",
            "dayu_node_cpu_ratio" + node + " 0.93",
            "dayu_node_budget_used_bytes" + sources + " 1048576.0",
            "dayu_node_budget_limit_bytes" + sources + " 2.5165824E7",
            "dayu_stage_queue" + stage + " 3.0",
            "dayu_stage_service_seconds" + stage + " 0.0152",
            "dayu_stage_restarts_total" + stage + " 3.0",
            "dayu_link_rtt_seconds"
                + "{instance=\"crossing/count\",node=\"edge-1\",peer=\"cloud-1\"} 0.0015");
  }

  @Test
  void whatTheStoreHoldsAndHasPrunedIsServed() {
    server.control.holds(
        new Pruner.Usage(
            1_000,
            2_000,
            Map.of(
                "crossing",
                new Pruner.Pipeline(Duration.ofDays(7), 1_240, 1_200, Optional.empty()))));
    assertThat(server.get("/metrics").text().lines())
        .contains(
            "dayu_store_bytes 1000.0",
            "dayu_store_quota_bytes 2000.0",
            "dayu_results_pruned_total{pipeline=\"crossing\"} 1200.0");
  }

  /** What is asked for by Telegraf, Prometheus 3, curl, and somebody who wants neither form. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3"
            + " | text/plain",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
            + " | application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0, text/plain;q=0 |"
            + " application/openmetrics-text",
        "text/*;q=0.1 | text/plain",
        "TEXT/PLAIN; version=0.0.4 | text/plain",
        "*/* | text/plain",
        "- | text/plain",
        "application/json | -",
        "text/plain;q=0, text/*;q=0, application/json | -",
      })
  void theFormIsTheOneThatIsAskedForAndItsParametersNeverRefuseIt(
      @Nullable String accept, @Nullable String form) {
    Street.fill(server.control, Instant.now());
    var request = server.request("/metrics");
    if (accept != null) request.header("Accept", accept);
    var answer = server.send(request);
    assertThat(answer.status()).isEqualTo(form == null ? 406 : 200);
    if (form == null) return;
    boolean open = form.startsWith("application");
    assertThat(answer.header("Content-Type").replace(" ", "").toLowerCase(Locale.ROOT))
        .isEqualTo(form + (open ? ";version=1.0.0" : ";version=0.0.4") + ";charset=utf-8");
    assertThat(answer.text().endsWith("# EOF\n")).isEqualTo(open);
    assertThat(answer.text())
        .contains("dayu_elements_generated_total{pipeline=\"crossing\",stream=\"crossing/cam-0\"}");
  }

  @Test
  void seriesOfWhatHasGoneDisappear() {
    Street.fill(server.control, Instant.now());
    assertThat(server.get("/metrics").text()).contains("stream=\"crossing/cam-0\"");
    server.control.forget("edge-1");
    assertThat(server.get("/metrics").text())
        .doesNotContain("stream=\"crossing/cam-0\"", "node=\"edge-1\"")
        .contains("node=\"edge-2\"");
  }

  @Test
  void theJvmAndTheRequestsAreMeasuredToo() {
    server.get("/api/v1/pipelines/secret-name");
    var text = server.get("/metrics").text();
    assertThat(text)
        .contains("jvm_memory_used_bytes", "jvm_gc_", "process_uptime_seconds")
        .contains("method=\"GET\",path=\"/api/v1/pipelines/{name}\",status=\"404\"")
        .doesNotContain("secret-name");
  }
}
