package io.dayu.bench.truth;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.client.ApiClient;
import io.dayu.pipeline.StreamName;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A result as the store has it.
 *
 * @param reason why it failed; empty if it was delivered
 * @param createdAtMs by the clock of the node that cut it
 * @param latencyMs from there to the store
 * @param marks one of each {@link ChecksumStage} it passed
 * @param plan the stages whose outputs it has; with its revision where one has put that out
 */
public record StoredResult(
    StreamName stream,
    long seq,
    Optional<String> reason,
    long createdAtMs,
    double latencyMs,
    List<Mark> marks,
    Set<String> plan) {
  private static final int PAGE = 1000;

  /** Of which data a stage made its output, and what it found there. */
  public record Mark(String sensor, long index, String checksum) {}

  public StoredResult {
    marks = List.copyOf(marks);
    plan = Collections.unmodifiableSet(new TreeSet<>(plan));
  }

  /** A stage of a {@link #plan}. */
  static String step(String stage, int revision) {
    return revision == 0 ? stage : stage + "(" + revision + ")";
  }

  boolean failed() {
    return reason.isPresent();
  }

  public static StoredResult of(JsonNode result) {
    var marks = new ArrayList<Mark>();
    var plan = new TreeSet<String>();
    for (var output : result.path("outputs").properties()) {
      int revision = 0;
      for (var reading : output.getValue().path("readings")) {
        if (reading.path("sensor").asText().equals(Variant.REVISION))
          revision = reading.path("value").asInt();
        else
          marks.add(
              new Mark(
                  reading.path("sensor").asText(),
                  reading.path("value").asLong(),
                  reading.path("unit").asText()));
      }
      plan.add(step(output.getKey(), revision));
    }
    return new StoredResult(
        StreamName.parse(result.path("stream").asText()),
        result.path("seq").asLong(),
        result.path("status").asText().equals("failed")
            ? Optional.of(result.path("ending").path("reason").asText())
            : Optional.empty(),
        Instant.parse(result.path("createdAt").asText()).toEpochMilli(),
        result.path("latencyMs").asDouble(),
        marks,
        plan);
  }

  /**
   * Hands on what stands in the store of a pipeline behind a place.
   *
   * @param after a cursor that this method returned; empty for the beginning
   * @return the cursor to go on from; what is behind it may be handed on again
   */
  @CanIgnoreReturnValue
  public static Optional<String> read(
      ApiClient api, String pipeline, Optional<String> after, Consumer<JsonNode> each) {
    var cursor = after;
    while (true) {
      var query =
          "?limit="
              + PAGE
              + cursor
                  .map(c -> "&after=" + URLEncoder.encode(c, StandardCharsets.UTF_8))
                  .orElse("");
      var page = api.get("pipelines/" + pipeline + "/results" + query);
      page.path("items").forEach(each);
      if (!page.path("next").isTextual()) return cursor;
      cursor = Optional.of(page.path("next").asText());
    }
  }

  /** All results of a pipeline. */
  public static List<StoredResult> all(ApiClient api, String pipeline) {
    var all = new ArrayList<StoredResult>();
    read(api, pipeline, Optional.empty(), result -> all.add(of(result)));
    return all;
  }
}
