package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.client.LedgerCounts;
import io.dayu.console.Progress;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Follows one pipeline through the HTTP interface and tells what happens to it. */
final class DemoWatch {
  /** A line that stays every so often; between them a terminal shows one that changes. */
  private static final Duration LINE = Duration.ofSeconds(5);

  private final ApiClient api;
  private final String pipeline;
  private final Optional<Path> frameFile;
  private final Progress progress;
  private final ResultTail results;

  private LedgerCounts ledger = new LedgerCounts(0, 0, 0, 0, 0);
  private Map<String, List<Placement>> decisions = Map.of();
  private final Map<String, Long> told = new HashMap<>();
  private Duration lastLine = LINE.negated();
  private int deliveredAtLine;

  // The frame with the most boxes so far, fetched at once because frames are not kept for ever.
  private int bestBoxes;
  private Optional<byte[]> bestFrame = Optional.empty();
  private List<StageOutputs.Box> boxesOfBest = List.of();
  private Optional<JsonNode> candidate = Optional.empty();

  DemoWatch(ApiClient api, String pipeline, Optional<Path> frameFile, Progress progress) {
    this.api = api;
    this.pipeline = pipeline;
    this.frameFile = frameFile;
    this.progress = progress;
    this.results = new ResultTail(api, pipeline);
  }

  /**
   * Asks for what is new and tells it.
   *
   * @param elapsed since the pipeline was submitted
   */
  void poll(Duration elapsed) {
    ledger = LedgerCounts.of(api.get(path("pipelines", pipeline, "ledger")).path("total"));
    var items = api.get(path("pipelines", pipeline, "decisions") + "?limit=1000").path("items");
    decisions = Placement.byStream(items);
    decisions.forEach((stream, each) -> tellMoves(each, elapsed));
    results.poll(this::consider);
    fetchCandidate();
    if (elapsed.minus(lastLine).compareTo(LINE) < 0) {
      progress.now(line(elapsed));
      return;
    }
    progress.line(line(elapsed));
    lastLine = elapsed;
    deliveredAtLine = results.delivered();
  }

  private void tellMoves(List<Placement> stream, Duration elapsed) {
    var name = stream.get(0).stream();
    long known = told.getOrDefault(name, 0L);
    for (var move : Placement.moves(stream))
      if (move.by().version() > known)
        say(
            elapsed,
            "%s moves %s → %s (decision %s): %s"
                .formatted(
                    move.stage(), move.from(), move.to(), move.by().version(), move.by().reason()));
    told.put(name, stream.get(stream.size() - 1).version());
  }

  /** Tells something that happened. */
  void say(Duration elapsed, String what) {
    progress.line("%6s  ▶ %s".formatted(Units.clock(elapsed), what));
  }

  private String line(Duration elapsed) {
    var recent = results.latencies(deliveredAtLine);
    var text = new StringBuilder();
    text.append(
        "%6s  generated %s  delivered %s  failed %s  shed %s  in flight %s"
            .formatted(
                Units.clock(elapsed),
                ledger.generated(),
                ledger.delivered(),
                ledger.failed(),
                ledger.shed(),
                ledger.inFlight()));
    if (!Double.isNaN(recent.p50()))
      text.append(
          "  p50 %s  p95 %s".formatted(Units.millis(recent.p50()), Units.millis(recent.p95())));
    route().forEach((stage, node) -> text.append("  ").append(stage).append('@').append(node));
    return text.toString();
  }

  private Map<String, String> route() {
    return decisions.values().stream()
        .findFirst()
        .map(each -> (Map<String, String>) each.get(each.size() - 1).where())
        .orElse(Map.of());
  }

  /** The edge to put load on: one where frames are examined, else one that runs any stage. */
  String busiestEdge() {
    var detect = Optional.ofNullable(route().get("detect")).map(DemoWatch::firstNode);
    if (detect.filter(DemoWatch::isEdge).isPresent()) return detect.get();
    return route().values().stream()
        .map(DemoWatch::firstNode)
        .filter(DemoWatch::isEdge)
        .findFirst()
        .or(() -> detect)
        .orElse("edge-1");
  }

  private static String firstNode(String where) {
    return where.split(" ", 2)[0];
  }

  private static boolean isEdge(String node) {
    return node.startsWith("edge-");
  }

  private void consider(JsonNode result) {
    if (frameFile.isEmpty() || !result.hasNonNull("frame")) return;
    int boxes = boxes(result).size();
    if (bestFrame.isPresent() && boxes <= bestBoxes) return;
    if (candidate.filter(c -> boxes(c).size() >= boxes).isEmpty()) candidate = Optional.of(result);
  }

  private void fetchCandidate() {
    if (candidate.isEmpty()) return;
    var result = candidate.get();
    candidate = Optional.empty();
    try {
      bestFrame = Optional.of(api.bytes(result.path("frame").asText()));
      boxesOfBest = boxes(result);
      bestBoxes = boxesOfBest.size();
    } catch (ApiException e) {
      // Not kept any more: another one will do.
      if (e.status() != 404) throw e;
    }
  }

  private static List<StageOutputs.Box> boxes(JsonNode result) {
    var tracked = StageOutputs.boxes(result.path("outputs").path("track"));
    return tracked.isEmpty() ? StageOutputs.boxes(result.path("outputs").path("detect")) : tracked;
  }

  /** Writes the frame with the most boxes, if a file was asked for and a frame was kept. */
  void saveFrame() {
    frameFile.ifPresent(
        file -> {
          if (bestFrame.isEmpty()) {
            progress.line("No frame was kept, so none was written to " + file);
            return;
          }
          try {
            AnnotatedFrame.write(AnnotatedFrame.draw(bestFrame.get(), boxesOfBest), file);
            progress.line("Frame with %s boxes: %s".formatted(bestBoxes, file));
          } catch (IOException e) {
            throw new UserException("cannot write the frame " + file + ": " + e.getMessage(), e);
          }
        });
  }

  /**
   * Whether every element is accounted for and stored. A ledger that is older than the last results
   * counts fewer elements than there are.
   */
  boolean drained() {
    ledger = LedgerCounts.of(api.get(path("pipelines", pipeline, "ledger")).path("total"));
    results.poll(this::consider);
    fetchCandidate();
    return ledger.inFlight() == 0 && results.count() == ledger.delivered() + ledger.failed();
  }

  LedgerCounts ledger() {
    return ledger;
  }

  ResultTail results() {
    return results;
  }

  Map<String, List<Placement>> decisions() {
    return new TreeMap<>(decisions);
  }
}
