package io.dayu.bench.pipeline;

import io.dayu.client.ApiClient;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.function.LongConsumer;

/**
 * What stands in the result store for one stream.
 *
 * @param rows results, however often each element is among them
 * @param distinct elements with a result
 * @param highest sequence number, -1 without results
 */
public record StoredResults(long rows, long distinct, long highest) {
  private static final int PAGE = 1000;

  public long duplicates() {
    return rows - distinct;
  }

  /** Elements up to {@code generated} that have no result. */
  public long missing(long generated) {
    return generated - distinct;
  }

  /** Reads all results of a pipeline with one stream; {@code progress} hears how many so far. */
  public static StoredResults count(ApiClient api, String pipeline, LongConsumer progress) {
    var seen = new BitSet();
    long rows = 0;
    var path = "pipelines/" + pipeline + "/results?limit=" + PAGE;
    var next = "";
    while (true) {
      var page = api.get(next.isEmpty() ? path : path + "&after=" + next);
      var items = page.path("items");
      for (var item : items) seen.set(Math.toIntExact(item.path("seq").asLong()));
      rows += items.size();
      progress.accept(rows);
      if (items.isEmpty() || !page.path("next").isTextual())
        return new StoredResults(rows, seen.cardinality(), seen.length() - 1L);
      next = URLEncoder.encode(page.path("next").asText(), StandardCharsets.UTF_8);
    }
  }
}
