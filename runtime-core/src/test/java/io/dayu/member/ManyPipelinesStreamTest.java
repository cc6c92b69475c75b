package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.Pipelines;
import io.dayu.facts.View;
import io.dayu.link.Logs;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes, one of which has much to tell the other. */
final class ManyPipelinesStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private ActorTestKit first;
  private ActorTestKit second;
  private ActorRef<Gossip.Command> here;
  private TestProbe<View> heard;
  private TestProbe<View> there;

  @BeforeEach
  void start() {
    first = MemberKit.start();
    second = MemberKit.join("cloud-2", first);
    here = first.spawn(Gossip.create(Clock.systemUTC()));
    heard = subscribed(first, here);
    there = subscribed(second, second.spawn(Gossip.create(Clock.systemUTC())));
  }

  @AfterEach
  void stop() {
    second.shutdownTestKit();
    first.shutdownTestKit();
  }

  @Test
  void fiveHundredPipelinesAndTheirDecisionsReachTheOtherNode() {
    for (int i = 0; i < 500; i++) {
      here.tell(new Gossip.PublishPipeline(pipeline("pipeline-" + i, 3_000)));
      here.tell(new Gossip.PublishDecision(decision("pipeline-" + i)));
    }
    var view = await(there, v -> v.pipelines().size() == 500 && v.decisions().size() == 500);
    assertThat(view.pipelines().get("pipeline-499")).isEqualTo(pipeline("pipeline-499", 3_000));
    for (int i = 0; i < 500; i++)
      here.tell(new Gossip.PublishPipeline(new DroppedPipeline("pipeline-" + i, 2)));
    await(there, v -> v.pipelines().isEmpty() && v.decisions().isEmpty());
  }

  @Test
  void aPipelineForWhichAMessageHasNoRoomIsAProblemOfTheNodeUntilThereIsRoom() {
    var names = ofOnePart(4);
    for (var name : names.subList(0, 3)) {
      here.tell(new Gossip.PublishPipeline(pipeline(name, 60_000)));
      await(heard, v -> v.pipelines().containsKey(name));
    }
    var view = await(there, v -> v.pipelines().size() == 3);
    var fourth = pipeline(names.get(3), 60_000);
    assertThat(Gossip.tooLargeWith(view, fourth))
        .containsExactlyInAnyOrderElementsOf(names.subList(0, 3));
    assertThat(Gossip.tooLargeWith(view, pipeline("other", 60_000))).isEmpty();

    here.tell(new Gossip.PublishPipeline(fourth));
    here.tell(new Gossip.PublishReport(report(2, List.of())));
    var told = await(there, v -> v.nodes().containsKey("cloud-1")).nodes().get("cloud-1").report();
    assertThat(told.problem())
        .hasValueSatisfying(p -> assertThat(p).contains("cannot tell", names.get(3)));
    // The others still change.
    here.tell(new Gossip.PublishPipeline(new DroppedPipeline(names.get(0), 2)));
    await(there, v -> v.pipelines().containsKey(names.get(3)));
    here.tell(new Gossip.PublishReport(report(3, List.of())));
    await(there, v -> v.nodes().get("cloud-1").report().problem().isEmpty());
  }

  @Test
  void aReportThatIsTooLargeIsCutAndSaysSo() {
    var streams = new ArrayList<StreamReport>();
    for (int i = 0; i < 2_000; i++) streams.add(stream(i));
    try (var logs = Logs.of(Gossip.class)) {
      here.tell(new Gossip.PublishReport(report(1, streams)));
      var told =
          await(there, v -> v.nodes().containsKey("cloud-1")).nodes().get("cloud-1").report();
      assertThat(told.problem())
          .hasValueSatisfying(p -> assertThat(p).contains("larger than a message", "of 2000"));
      assertThat(told.streams()).hasSizeBetween(200, 1_000);
      assertThat(streams).containsAll(told.streams());
      here.tell(new Gossip.PublishReport(report(2, streams.subList(0, 100))));
      await(
          there,
          v ->
              v.nodes().get("cloud-1").report().streams().size() == 100
                  && v.nodes().get("cloud-1").report().problem().isEmpty());
      assertThat(logs.has(Level.WARN, "cloud-1", "larger than a message")).isTrue();
    }
  }

  private static List<String> ofOnePart(int count) {
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(i -> "large-" + i)
        .filter(name -> SharedMap.part(name) == 7)
        .limit(count)
        .toList();
  }

  private static TestProbe<View> subscribed(ActorTestKit kit, ActorRef<Gossip.Command> gossip) {
    var views = kit.<View>createTestProbe();
    gossip.tell(new Gossip.Subscribe(views.getRef()));
    return views;
  }

  private static View await(TestProbe<View> views, Predicate<View> wanted) {
    var last = new AtomicReference<>(View.EMPTY);
    Awaitility.await()
        .atMost(SOON)
        .pollDelay(Duration.ZERO)
        .conditionEvaluationListener(
            condition -> {
              if (condition.getRemainingTimeInMS() <= 1_000 && !condition.isSatisfied())
                System.err.printf(
                    "last: %s pipelines, %s decisions, %s dropped, %s%n",
                    last.get().pipelines().size(),
                    last.get().decisions().size(),
                    last.get().dropped().size(),
                    last.get().nodes().keySet());
            })
        .until(
            () -> {
              last.set(views.receiveMessage(Duration.ofSeconds(20)));
              return wanted.test(last.get());
            });
    return last.get();
  }

  /** A pipeline of about so many bytes, which cannot be compressed. */
  private static DesiredPipeline pipeline(String name, int bytes) {
    var random = new Random(name.hashCode());
    var texts = new ArrayList<String>();
    for (int left = bytes; left > 0; left -= 1_000) {
      var text = new StringBuilder();
      while (text.length() < 1_000) text.append((char) ('!' + random.nextInt(90)));
      texts.add(text.toString());
    }
    var like = Plans.plan(1, List.of(), "detect:reader").spec();
    var pipeline =
        new DesiredPipeline(
            1,
            new PipelineSpec(
                name,
                like.sources(),
                List.of(
                    new StageSpec("detect", "reader", List.of(), Map.of("a", List.copyOf(texts)))),
                like.policy(),
                like.objective(),
                like.delivery()));
    assertThat(Pipelines.write(pipeline).getSerializedSize()).isGreaterThan(bytes);
    return pipeline;
  }

  private static Decision decision(String pipeline) {
    return new Decision(
        new StreamName(pipeline, "cam-0"),
        1,
        Instant.EPOCH,
        new TreeMap<>(Map.of("detect", List.of(new Decision.Share("edge-1", 1)))),
        new TreeMap<>(),
        Knobs.NONE,
        "for tests");
  }

  private static NodeReport report(long sequence, List<StreamReport> streams) {
    return new NodeReport(
        new NodeReport.Self("cloud-1", Role.CLOUD, "here", "127.0.0.1", 25_530),
        new NodeReport.Edition(1, sequence),
        new Resources(2, 0, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()),
        Set.of(),
        List.of(),
        List.of(),
        streams);
  }

  private static StreamReport stream(int number) {
    return new StreamReport(
        new StreamName("pipeline-" + number, "cam-0"),
        StreamState.SOURCE_DOWN,
        1,
        new Ledger(1, 1, 0, 0, 0),
        Traffic.NONE,
        Latency.NONE,
        Optional.of("x".repeat(300)),
        20_000,
        1);
  }
}
