package io.dayu.http;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.MediaJson;
import io.dayu.pipeline.StreamName;
import io.dayu.store.StoredResult;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A result as JSON.
 *
 * @param status {@code delivered} or {@code failed}
 * @param ending why it ended before the last stage, if it did
 * @param latencyMs from cutting to being handed to the store: residence on nodes plus transfers
 * @param outputs by stage
 * @param frame where the kept frame is fetched
 * @param sideVersion of the side inputs that its stages saw; empty where none reads any
 * @param retryOf the number of the failed element that it was sent in place of
 */
record ResultShape(
    String stream,
    long seq,
    String status,
    Instant createdAt,
    double latencyMs,
    int attempt,
    long decision,
    Optional<End> ending,
    Map<String, Object> outputs,
    List<Step> trace,
    Optional<String> frame,
    Optional<Long> retryOf,
    Optional<Long> sideVersion) {
  record End(String kind, String stage, String reason) {}

  record Step(
      String stage, String node, double queueMs, double workMs, double transferMs, int tries) {
    static Step of(Hop hop) {
      return new Step(
          hop.getStage(),
          hop.getNode(),
          hop.getQueueUs() / 1000.0,
          hop.getWorkUs() / 1000.0,
          hop.getTransferUs() / 1000.0,
          hop.getTries());
    }
  }

  static ResultShape of(StoredResult result) {
    var e = result.element();
    var outputs = new TreeMap<String, Object>();
    for (var output : e.getOutputsList())
      outputs.put(output.getStage(), MediaJson.brief(output.getMedia()));
    var failed = e.hasEnding() && e.getEnding().getKind() == Ending.Kind.FAILED;
    return new ResultShape(
        e.getStream(),
        e.getSeq(),
        failed ? "failed" : "delivered",
        Instant.ofEpochMilli(e.getCreatedAtMs()),
        e.getElapsedUs() / 1000.0,
        e.getAttempt(),
        e.getDecision(),
        e.hasEnding() ? Optional.of(end(e.getEnding())) : Optional.empty(),
        outputs,
        e.getTraceList().stream().map(Step::of).toList(),
        result.frameKept() ? Optional.of(frameUrl(e)) : Optional.empty(),
        e.hasRetryOf() ? Optional.of(e.getRetryOf()) : Optional.empty(),
        e.getSide() == 0 ? Optional.empty() : Optional.of(e.getSide()));
  }

  private static End end(Ending ending) {
    return new End(
        ending.getKind().name().toLowerCase(Locale.ROOT), ending.getStage(), ending.getReason());
  }

  private static String frameUrl(Element e) {
    var stream = StreamName.parse(e.getStream());
    return "/api/v1/pipelines/%s/results/%s/%s/frame"
        .formatted(segment(stream.pipeline()), segment(stream.source()), e.getSeq());
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
