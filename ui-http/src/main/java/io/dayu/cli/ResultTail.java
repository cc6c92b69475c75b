package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads the results of one pipeline as they are stored, each once, and keeps their latencies. */
final class ResultTail {
  private static final int PAGE = 500;

  private final ApiClient api;
  private final String pipeline;
  private final Map<String, BitSet> seen = new HashMap<>();
  private final List<Double> latencies = new ArrayList<>();
  private Optional<String> cursor = Optional.empty();
  private int failed;

  ResultTail(ApiClient api, String pipeline) {
    this.api = api;
    this.pipeline = pipeline;
  }

  /** Reads what is new. */
  void poll(Consumer<JsonNode> each) {
    while (true) {
      var query = "?limit=" + PAGE + cursor.map(c -> "&after=" + path(c)).orElse("");
      var page = api.get(path("pipelines", pipeline, "results") + query);
      for (var result : page.path("items")) add(result, each);
      var next = Optional.ofNullable(page.path("next").asText(null));
      // The last page has no cursor behind it: it is read again, and what was seen is skipped.
      if (next.isEmpty() || next.equals(cursor)) return;
      cursor = next;
    }
  }

  private void add(JsonNode result, Consumer<JsonNode> each) {
    var seqs = seen.computeIfAbsent(result.path("stream").asText(), s -> new BitSet());
    int seq = Math.toIntExact(result.path("seq").asLong());
    if (seqs.get(seq)) return;
    seqs.set(seq);
    if (result.path("status").asText().equals("failed")) failed++;
    else latencies.add(result.path("latencyMs").asDouble());
    each.accept(result);
  }

  /** Different results read so far, failed ones included. */
  int count() {
    return latencies.size() + failed;
  }

  /** Latencies of the delivered results from the {@code from}-th on. */
  Latencies latencies(int from) {
    var values =
        latencies.subList(Math.min(from, latencies.size()), latencies.size()).stream()
            .mapToDouble(Double::doubleValue)
            .toArray();
    return Latencies.of(values);
  }

  int delivered() {
    return latencies.size();
  }

  /** Quantiles in milliseconds; not a number if there is no value. */
  record Latencies(double p50, double p95, double p99) {
    static Latencies of(double[] values) {
      var sorted = values.clone();
      Arrays.sort(sorted);
      return new Latencies(rank(sorted, 50), rank(sorted, 95), rank(sorted, 99));
    }

    /** The nearest rank. */
    private static double rank(double[] sorted, int percent) {
      if (sorted.length == 0) return Double.NaN;
      return sorted[(int) Math.ceil(sorted.length * percent / 100.0) - 1];
    }
  }
}
