package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class GossipStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static int tests;
  private static ActorTestKit kit;
  private static ActorRef<Gossip.Command> gossip;

  private TestProbe<View> views;
  private String pipeline; // of its own for every test: gossip forgets nothing between them

  @BeforeAll
  static void start() {
    kit = MemberKit.start();
    gossip = kit.spawn(Gossip.create(Clock.fixed(NOW, ZoneOffset.UTC)));
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void subscribe() {
    pipeline = "crossing-" + ++tests;
    views = kit.createTestProbe();
    gossip.tell(new Gossip.Subscribe(views.getRef()));
  }

  @Test
  void aReportIsSeenWithTheTimeItCame() {
    gossip.tell(new Gossip.PublishReport(report(1)));
    var seen = await(v -> v.nodes().containsKey("edge-1")).nodes().get("edge-1");
    assertThat(seen).isEqualTo(new View.Seen(report(1), NOW));
    gossip.tell(new Gossip.PublishReport(report(2)));
    await(v -> v.nodes().get("edge-1").report().edition().sequence() == 2);
  }

  @Test
  void aSubscriberIsToldAtOnceWhatIsKnown() {
    gossip.tell(new Gossip.PublishDecision(decision(1)));
    await(v -> v.decisions().containsKey(stream()));
    var late = kit.<View>createTestProbe();
    gossip.tell(new Gossip.Subscribe(late.getRef()));
    assertThat(late.receiveMessage(SOON).decisions()).containsKey(stream());
  }

  @Test
  void aDecisionOfALowerVersionIsIgnored() {
    gossip.tell(new Gossip.PublishDecision(decision(2)));
    gossip.tell(new Gossip.PublishDecision(decision(1)));
    gossip.tell(new Gossip.PublishPipeline(wanted(1))); // comes after both
    var view = await(v -> v.pipelines().containsKey(pipeline));
    assertThat(view.decisions().get(stream()).version()).isEqualTo(2);
  }

  @Test
  void aPipelineIsWantedUntilItIsDropped() {
    gossip.tell(new Gossip.PublishPipeline(wanted(1)));
    gossip.tell(new Gossip.PublishDecision(decision(1)));
    await(v -> v.pipelines().containsKey(pipeline) && v.decisions().containsKey(stream()));
    gossip.tell(new Gossip.PublishPipeline(new DroppedPipeline(pipeline, 2)));
    var view =
        await(v -> v.dropped().containsKey(pipeline) && !v.decisions().containsKey(stream()));
    assertThat(view.pipelines()).doesNotContainKey(pipeline);
    assertThat(view.dropped()).containsEntry(pipeline, 2L);

    // An old fact that comes late does not bring it back, a new version does.
    gossip.tell(new Gossip.PublishPipeline(wanted(1)));
    gossip.tell(new Gossip.PublishPipeline(wanted(3)));
    view = await(v -> v.pipelines().containsKey(pipeline));
    assertThat(view.pipelines().get(pipeline)).isEqualTo(wanted(3));
    assertThat(view.dropped()).doesNotContainKey(pipeline);
  }

  private View await(Predicate<View> wanted) {
    while (true) {
      var view = views.receiveMessage(SOON);
      if (wanted.test(view)) return view;
    }
  }

  private StreamName stream() {
    return new StreamName(pipeline, "cam-0");
  }

  private DesiredPipeline wanted(long version) {
    var spec = Plans.plan(version, List.of(), "detect:reader").spec();
    return new DesiredPipeline(
        version,
        new io.dayu.pipeline.PipelineSpec(
            pipeline,
            spec.sources(),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            spec.delivery()));
  }

  private Decision decision(long version) {
    return new Decision(
        stream(),
        version,
        NOW,
        new TreeMap<>(Map.of("detect", List.of(new Share("edge-1", 1)))),
        new TreeMap<>(),
        Knobs.NONE,
        "for tests");
  }

  private static NodeReport report(long sequence) {
    return NodeReport.idle(
        new NodeReport.Self("edge-1", Role.EDGE, "north", "127.0.0.1", 25_530),
        new NodeReport.Edition(1, sequence),
        new Resources(2, 0, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()));
  }
}
