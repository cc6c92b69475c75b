package io.dayu.http;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.pipeline.StreamName;
import io.dayu.store.StoredResult;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
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
    Optional<String> frame) {
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
    for (var output : e.getOutputsList()) outputs.put(output.getStage(), media(output.getMedia()));
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
        result.frameKept() ? Optional.of(frameUrl(e)) : Optional.empty());
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

  private static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /**
   * A stage's output: {@code type} and one member of the same name. Labels are a list, because a
   * name may stand twice; pixels and opaque bytes are given by their size only.
   */
  static Map<String, Object> media(Media media) {
    return switch (media.getKindCase()) {
      case BOXES ->
          tagged(
              "boxes",
              media.getBoxes().getBoxList().stream()
                  .map(
                      b ->
                          fields(
                              "x", decimal(b.getX()),
                              "y", decimal(b.getY()),
                              "width", decimal(b.getWidth()),
                              "height", decimal(b.getHeight()),
                              "label", b.getLabel(),
                              "score", decimal(b.getScore()),
                              "track", b.getTrack(),
                              "frame", b.getFrame()))
                  .toList());
      case LABELS ->
          tagged(
              "labels",
              media.getLabels().getLabelList().stream()
                  .map(l -> fields("name", l.getName(), "value", l.getValue()))
                  .toList());
      case TEXT -> tagged("text", media.getText().getLineList().stream().toList());
      case READINGS ->
          tagged(
              "readings",
              media.getReadings().getReadingList().stream()
                  .map(
                      r ->
                          fields(
                              "sensor", r.getSensor(),
                              "at", Instant.ofEpochMilli(r.getAtMs()),
                              "value", r.getValue(),
                              "unit", r.getUnit()))
                  .toList());
      case FRAMES -> {
        var frames =
            tagged(
                "frames",
                media.getFrames().getFrameList().stream()
                    .map(
                        f ->
                            fields(
                                "width", f.getWidth(),
                                "height", f.getHeight(),
                                "offsetMs", f.getOffsetMs(),
                                "bytes", f.getJpeg().size()))
                    .toList());
        frames.put("fps", media.getFrames().getFps());
        yield frames;
      }
      case OPAQUE -> tagged("opaque", Map.of("bytes", media.getOpaque().size()));
      case KIND_NOT_SET -> tagged("opaque", Map.of("bytes", 0));
    };
  }

  private static Map<String, Object> tagged(String type, Object content) {
    return fields("type", type, type, content);
  }

  private static Map<String, Object> fields(Object... namesAndValues) {
    var fields = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2)
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return fields;
  }

  /** A float as people wrote it: 0.1, not 0.10000000149011612. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
