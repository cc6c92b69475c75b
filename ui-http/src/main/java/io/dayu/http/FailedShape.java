package io.dayu.http;

import io.dayu.facts.FailedElements.Item;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A failed element that is kept, as JSON.
 *
 * @param node where it is kept
 * @param stage that it failed in; empty if that is not known
 * @param failedAt by that node's clock
 * @param media the type of its payload
 * @param bytes of its payload
 * @param retries how often it was sent again and failed again
 * @param firstSeq the number that it was read under
 * @param retriedAs its number while it is on its way again
 * @param payload where the payload is fetched
 */
record FailedShape(
    String stream,
    String source,
    long seq,
    String node,
    String stage,
    String reason,
    Instant failedAt,
    Instant createdAt,
    String media,
    long bytes,
    int retries,
    long firstSeq,
    Optional<Long> retriedAs,
    String payload) {
  /** Some of them, and the sources whose node cannot be asked. */
  record Page(List<FailedShape> items, Optional<String> next, List<Away> away) {}

  /**
   * @param why in words
   */
  record Away(String source, String node, String why) {}

  /** An element that is sent again. */
  record Retried(String source, long seq, long as) {}

  /** One that is not. */
  record Left(String source, long seq, String why) {}

  /**
   * What was sent again.
   *
   * @param next to be sent as {@code after} for the rest; absent when nothing is left
   */
  record Retry(List<Retried> retried, List<Left> left, List<Away> away, Optional<String> next) {}

  record Removed(long removed, List<Away> away) {}

  static FailedShape of(StreamName stream, String node, Item item) {
    return new FailedShape(
        stream.toString(),
        stream.source(),
        item.seq(),
        node,
        item.cause().stage(),
        item.cause().reason(),
        item.at(),
        item.createdAt(),
        item.media(),
        item.bytes(),
        item.retries(),
        item.firstSeq(),
        item.retriedAs().isPresent() ? Optional.of(item.retriedAs().getAsLong()) : Optional.empty(),
        "/api/v1/pipelines/%s/failed/%s/%s"
            .formatted(
                ResultShape.segment(stream.pipeline()),
                ResultShape.segment(stream.source()),
                item.seq()));
  }
}
