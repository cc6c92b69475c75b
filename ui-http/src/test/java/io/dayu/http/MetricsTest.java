package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
            "dayu_stage_queue" + stage + " 3.0",
            "dayu_stage_service_seconds" + stage + " 0.0152",
            "dayu_stage_restarts_total" + stage + " 3.0",
            "dayu_link_rtt_seconds"
                + "{instance=\"crossing/count\",node=\"edge-1\",peer=\"cloud-1\"} 0.0015");
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
