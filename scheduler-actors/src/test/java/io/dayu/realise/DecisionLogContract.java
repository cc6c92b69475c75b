package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import io.dayu.testing.Nodes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** What every {@link DecisionLog} promises. */
abstract class DecisionLogContract {
  static final int KEPT = 5;

  /** An empty log that keeps {@link #KEPT} decisions per stream. */
  abstract DecisionLog log();

  static Decision decision(StreamName stream, long version) {
    return new Decision(
        stream,
        version,
        Nodes.T0.plusSeconds(version),
        new TreeMap<>(
            Map.of(
                "detect", List.of(new Share("edge-1", 1), new Share("edge-2", 3)),
                "count", List.of(new Share("cloud-1", 1)))),
        new TreeMap<>(Map.of("detect", List.of("edge-3"))),
        new Knobs(Map.of("fps", 12.5)),
        "because \"it\" is\nfaster: 93 % — ü");
  }

  static <T> T get(CompletionStage<T> stage)
      throws ExecutionException, InterruptedException, TimeoutException {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aDecisionComesBackAsItWas() throws Exception {
    var log = log();
    var decision = decision(StreamName.parse("crossing/cam"), 1);
    get(log.append(decision, "{\"nodes\":[]}"));
    assertThat(get(log.latest(StreamName.parse("crossing/cam")))).contains(decision);
    assertThat(get(log.list("crossing", 10))).containsExactly(decision);
    assertThat(get(log.inputs(StreamName.parse("crossing/cam"), 1))).contains("{\"nodes\":[]}");
  }

  @Test
  void anEmptyLogHasNothing() throws Exception {
    assertThat(get(log().latest(StreamName.parse("crossing/cam")))).isEmpty();
    assertThat(get(log().list("crossing", 10))).isEmpty();
    assertThat(get(log().inputs(StreamName.parse("crossing/cam"), 1))).isEmpty();
  }

  @Test
  void theSameVersionIsKeptOnceAndNotChanged() throws Exception {
    var log = log();
    get(log.append(decision(StreamName.parse("crossing/cam"), 1), "first"));
    get(log.append(decision(StreamName.parse("crossing/cam"), 1), "second"));
    assertThat(get(log.list("crossing", 10))).hasSize(1);
    assertThat(get(log.inputs(StreamName.parse("crossing/cam"), 1))).contains("first");
  }

  @Test
  void aPipelinesDecisionsComeNewestFirstAcrossItsStreams() throws Exception {
    var log = log();
    get(log.append(decision(StreamName.parse("crossing/a"), 1), ""));
    get(log.append(decision(StreamName.parse("crossing/b"), 2), ""));
    get(log.append(decision(StreamName.parse("crossing/a"), 3), ""));
    get(log.append(decision(StreamName.parse("crossing-2/a"), 4), ""));
    assertThat(get(log.list("crossing", 10)))
        .extracting(Decision::version)
        .containsExactly(3L, 2L, 1L);
    assertThat(get(log.list("crossing", 2))).extracting(Decision::version).containsExactly(3L, 2L);
    assertThat(get(log.latest(StreamName.parse("crossing/a"))))
        .hasValueSatisfying(d -> assertThat(d.version()).isEqualTo(3));
  }

  @Test
  void oldDecisionsOfAStreamGoAndOthersStay() throws Exception {
    var log = log();
    get(log.append(decision(StreamName.parse("crossing/other"), 1), ""));
    for (int version = 1; version <= KEPT + 3; version++)
      get(log.append(decision(StreamName.parse("crossing/cam"), version), ""));
    assertThat(get(log.list("crossing", 100)))
        .filteredOn(d -> d.stream().source().equals("cam"))
        .extracting(Decision::version)
        .containsExactly(8L, 7L, 6L, 5L, 4L);
    assertThat(get(log.latest(StreamName.parse("crossing/other")))).isPresent();
  }

  /** The contract's decisions are made a second apart. */
  @Test
  void decisionsThatAreTooOldForTheirPipelineGoAndTheNewestOfAStreamStays() throws Exception {
    var log = log();
    for (var stream : List.of("crossing/cam", "crossing/other", "yard/cam"))
      for (int version = 1; version <= 4; version++)
        get(log.append(decision(StreamName.parse(stream), version), ""));
    get(log.append(decision(StreamName.parse("crossing/cam"), 5), ""));

    var after = Map.of("crossing", 5, "yard", 3);
    assertThat(get(log.prune(pipeline -> Nodes.T0.plusSeconds(after.get(pipeline))))).isEqualTo(9);

    assertThat(get(log.list("crossing", 100)))
        .extracting(d -> d.stream().source() + d.version())
        .containsExactly("cam5", "other4");
    assertThat(get(log.list("yard", 100))).extracting(Decision::version).containsExactly(4L, 3L);
    assertThat(get(log.prune(pipeline -> Nodes.T0))).isZero();
  }
}
