package io.dayu.bench.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.client.LedgerCounts;

/**
 * What the API tells of a pipeline's only stream, as its generator reported it last.
 *
 * @param perSecond elements acknowledged between its last two reports
 * @param decisionInUse version of the decision that its elements follow
 * @param longestGapMs longest time between two acknowledgements since its start
 */
public record StreamFigures(
    String state,
    LedgerCounts ledger,
    double perSecond,
    Latency latency,
    long decisionInUse,
    long resent,
    double longestGapMs) {
  /** End to end, by the generator's clock, over its last 15 to 30 reports. */
  public record Latency(double p50, double p95, double p99) {}

  public static StreamFigures of(ApiClient api, String pipeline) {
    return of(api.get("pipelines/" + pipeline));
  }

  public static StreamFigures of(JsonNode pipeline) {
    var stream = pipeline.path("status").path("streams").path(0);
    var latency = stream.path("latencyMs");
    return new StreamFigures(
        stream.path("state").asText(),
        LedgerCounts.of(stream.path("ledger")),
        stream.path("perSecond").asDouble(),
        new Latency(
            latency.path("p50").asDouble(),
            latency.path("p95").asDouble(),
            latency.path("p99").asDouble()),
        stream.path("decisionInUse").asLong(),
        stream.path("resent").asLong(),
        stream.path("longestGapMs").asDouble());
  }

  public boolean completed() {
    return state.equals("completed");
  }
}
