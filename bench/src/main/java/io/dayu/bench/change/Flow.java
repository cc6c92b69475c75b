package io.dayu.bench.change;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.pipeline.Settled;
import io.dayu.bench.pipeline.Setup;
import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.StreamFigures;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A pipeline of three stages, the first two on an edge and the last in the cloud, through which
 * elements flow until it is settled.
 */
final class Flow {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** The stage in the middle, which is changed. */
  private static final int CHANGED = 1;

  private static final List<String> UNCHANGED = List.of("a", "c");

  private final Setup setup;
  private final String name;
  private final String edge;
  private final String type;
  private final BenchPipeline.Load load;

  /**
   * @param type of the stage in the middle
   */
  Flow(Setup setup, String name, String edge, String type, long perSecond) {
    this.setup = setup;
    this.name = name;
    this.edge = edge;
    this.type = type;
    this.load = new BenchPipeline.Load(edge, setup.payload(), perSecond, 0);
  }

  /** Submits it; returns when results come. */
  void start() {
    setup.api().send("POST", "pipelines", document(0));
    setup
        .waiting()
        .until("waiting for the first results", PATIENCE, () -> figures().ledger().delivered() > 0);
  }

  StreamFigures figures() {
    return setup.figures(name);
  }

  String state() {
    return setup.api().get(path()).at("/status/state").asText();
  }

  void turn(String verb) {
    setup.api().send("POST", path() + "/" + verb, "");
  }

  /**
   * Replaces the stage in the middle by one with other parameters; returns when the stream follows.
   */
  void change(int version) {
    long wanted = setup.api().send("PUT", path(), document(version)).path("version").asLong();
    setup
        .waiting()
        .until(
            "changing a stage",
            PATIENCE,
            () -> setup.api().get(path()).at("/status/streams/0/version").asLong() >= wanted);
  }

  private String path() {
    return "pipelines/" + name;
  }

  /** How often the stages that no change touches have been started, as the nodes' logs tell it. */
  long startsOfUnchanged() {
    return setup.cluster().nodes().stream()
        .flatMap(node -> node.process().tail(Integer.MAX_VALUE).stream())
        .filter(line -> UNCHANGED.stream().anyMatch(stage -> starts(stage).matcher(line).find()))
        .count();
  }

  private Pattern starts(String stage) {
    return Pattern.compile(
        "stage \\S*" + Pattern.quote(name) + "\\S*\\W" + stage + " \\(\\S+\\) starts here");
  }

  /** Reads no more, waits until all elements are settled, counts their results, and deletes it. */
  Settled settle() {
    turn("pause");
    var settled = Settled.of(setup, name);
    setup.delete(name);
    return settled;
  }

  private String document(int version) {
    try {
      var pipeline = BenchPipeline.over(edge, edge, Setup.CLOUD);
      var json = (ObjectNode) JSON.readTree(pipeline.document(name, load));
      var stage = (ObjectNode) json.at("/spec/stages/" + CHANGED);
      stage.put("type", type);
      // So little work that it is none.
      if (version > 0) stage.putObject("params").put("workMs", version * 1e-6);
      return json.toString();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a document of ours cannot be read", e);
    }
  }

  /** Processes that the edge has started, the service's among them. */
  Stream<ProcessHandle> programs() {
    return ProcessHandle.of(setup.cluster().node(edge).process().pid()).stream()
        .flatMap(ProcessHandle::descendants);
  }
}
