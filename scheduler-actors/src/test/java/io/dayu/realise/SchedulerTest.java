package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.View;
import io.dayu.member.Gossip;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Choice;
import io.dayu.policy.Policies;
import io.dayu.policy.Policy;
import io.dayu.policy.PolicyDescriptor;
import io.dayu.policy.PolicyParams;
import io.dayu.policy.PolicyProvider;
import io.dayu.policy.Snapshot;
import io.dayu.realise.Scheduler.StreamStatus;
import io.dayu.source.Knobs;
import io.dayu.testing.Nodes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The scheduler and its agents against a gossip actor and a policy that the test plays. */
class SchedulerTest {
  private static final SchedulerSettings SETTINGS =
      SchedulerSettings.from(ConfigFactory.parseResources("reference.conf"));
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration NONE = Duration.ofMillis(100);

  private final TestClock clock = new TestClock();
  private final MemoryLog log = new MemoryLog();
  private final AtomicReference<Policy> wish = new AtomicReference<>();
  private final Map<StreamName, Decision> decisions = new HashMap<>();
  private final Map<String, DesiredPipeline> pipelines = new HashMap<>();
  private final Nodes nodes = new Nodes().with("edge-1", 0).with("edge-2", 0).with("cloud-1", 0);

  private ActorTestKit kit;
  private ManualTime time;
  private TestProbe<Gossip.Command> gossip;
  private ActorRef<Scheduler.Command> scheduler;
  private ActorRef<View> subscriber;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load()));
    time = ManualTime.get(kit.system());
    gossip = kit.createTestProbe();
    wishAll("edge-1");
    pipelines.put("crossing", new DesiredPipeline(1, Nodes.pipeline("wish", Map.of())));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void spawn() {
    scheduler =
        kit.spawn(
            Scheduler.create(
                gossip.ref(), new Policies(List.of(new Wish())), log, clock, SETTINGS));
    subscriber = gossip.expectMessageClass(Gossip.Subscribe.class).subscriber();
  }

  private void wishAll(String node) {
    wish.set(s -> new Choice.Place(all(node), s.middleKnobs(), "wish for " + node));
  }

  private static SortedMap<String, List<Share>> all(String... nodes) {
    var route = new TreeMap<String, List<Share>>();
    for (var stage : Nodes.pipeline("wish", Map.of()).stages())
      route.put(stage.id(), java.util.Arrays.stream(nodes).map(n -> new Share(n, 1)).toList());
    return route;
  }

  private void view() {
    subscriber.tell(new View(nodes.seen(), decisions, pipelines));
  }

  /** Lets time pass while all nodes but {@code silent} go on reporting. */
  private void pass(Duration duration, String... silent) {
    clock.now = clock.now.plus(duration);
    nodes.reportAt(clock.now, Set.of(silent));
    view();
    time.timePasses(duration);
    status(); // what the timers caused is done by now, and sees no later time
  }

  /** The next decision; gossip shows it from now on. */
  private Decision published() {
    var decision = gossip.expectMessageClass(Gossip.PublishDecision.class).decision();
    decisions.put(decision.stream(), decision);
    return decision;
  }

  private void started() {
    spawn();
    view();
    published();
  }

  private StreamStatus status() {
    TestProbe<StreamStatus> probe = kit.createTestProbe();
    scheduler.tell(new Scheduler.GetStatus(Nodes.STREAM, probe.ref()));
    return probe.receiveMessage();
  }

  @Test
  void theFirstDecisionIsPublishedAtOnceAndKept() {
    spawn();
    view();
    var first = published();
    assertThat(first.version()).isEqualTo(1);
    assertThat(first.route()).isEqualTo(all("edge-1"));
    assertThat(first.warm()).isEmpty();
    assertThat(first.knobs()).isEqualTo(new Knobs(Map.of("fps", 10.0, "height", 360.0)));
    assertThat(first.reason()).isEqualTo("wish for edge-1");
    await().atMost(SOON).untilAsserted(() -> assertThat(log.inputs).hasSize(1));
    assertThat(log.kept).containsExactly(first);
    assertThat(log.inputs.get(0)).contains("\"node\":\"edge-2\"").contains("\"policy\":\"wish\"");
  }

  @Test
  void aMoveIsMadeBeforeTheOldRouteIsBroken() {
    started();
    wishAll("edge-2");
    pass(Duration.ofSeconds(6));
    var warming = published();
    assertThat(warming.version()).isEqualTo(2);
    assertThat(warming.route()).isEqualTo(all("edge-1"));
    assertThat(warming.warm().keySet())
        .containsExactlyInAnyOrder("detect", "track", "blur", "count");
    assertThat(warming.warm().get("detect")).containsExactly("edge-2");
    assertThat(warming.reason()).contains("warming").contains("wish for edge-2");

    nodes.runs("edge-2", "detect", StageState.RUNNING, 0, 0, 0);
    nodes.runs("edge-2", "track", StageState.RUNNING, 0, 0, 0);
    nodes.runs("edge-2", "blur", StageState.RUNNING, 0, 0, 0);
    nodes.runs("edge-2", "count", StageState.STARTING, 0, 0, 0);
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    nodes.runs("edge-2", "count", StageState.RUNNING, 0, 0, 0);
    pass(Duration.ofSeconds(1));
    var switched = published();
    assertThat(switched.version()).isEqualTo(3);
    assertThat(switched.route()).isEqualTo(all("edge-2"));
    assertThat(switched.warm()).isEmpty();
  }

  @Test
  void aMoveWhoseStagesRunAlreadyNeedsNoWarmUp() {
    started();
    for (var stage : List.of("detect", "track", "blur", "count"))
      nodes.runs("edge-2", stage, StageState.RUNNING, 0, 0, 0);
    wishAll("edge-2");
    pass(Duration.ofSeconds(6));
    assertThat(published().route()).isEqualTo(all("edge-2"));
  }

  @Test
  void aWarmUpThatTakesTooLongIsNotWaitedFor() {
    started();
    wishAll("edge-2");
    pass(Duration.ofSeconds(6));
    published();
    pass(Duration.ofSeconds(4));
    time.expectNoMessageFor(NONE, gossip);
    pass(Duration.ofSeconds(1));
    var switched = published();
    assertThat(switched.route()).isEqualTo(all("edge-2"));
    assertThat(switched.reason()).contains("not running after 5000 ms");
  }

  @Test
  void aStageThatOnlyCrashesOnItsNewNodeStaysOnTheOld() {
    started();
    wishAll("edge-2");
    pass(Duration.ofSeconds(6));
    published();
    nodes.runs("edge-2", "detect", StageState.BACKING_OFF, 0, 0, 0);
    pass(Duration.ofSeconds(5));
    var given = published();
    assertThat(given.route()).isEqualTo(all("edge-1"));
    assertThat(given.warm()).isEmpty();
    assertThat(given.reason()).contains("detect on edge-2 (no model)");
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
  }

  @Test
  void theMinimumDwellHoldsForEveryPolicy() {
    started();
    for (var stage : List.of("detect", "track", "blur", "count"))
      nodes.runs("edge-2", stage, StageState.RUNNING, 0, 0, 0);
    wishAll("edge-2");
    pass(Duration.ofMillis(4_900));
    time.expectNoMessageFor(NONE, gossip);
    assertThat(((StreamStatus.Known) status()).reason()).contains("minimum dwell");
    pass(Duration.ofMillis(600));
    assertThat(published().route()).isEqualTo(all("edge-2"));
  }

  @Test
  void aPipelineMayShortenTheDwell() {
    pipelines.put(
        "crossing", new DesiredPipeline(1, Nodes.pipeline("wish", Map.of("minDwell", "1s"))));
    started();
    for (var stage : List.of("detect", "track", "blur", "count"))
      nodes.runs("edge-2", stage, StageState.RUNNING, 0, 0, 0);
    wishAll("edge-2");
    pass(Duration.ofMillis(1_100));
    assertThat(published().route()).isEqualTo(all("edge-2"));
  }

  @Test
  void aDeadNodeIsLeftAtOnceAndOnlyBrokenStagesMove() {
    var mixed = all("edge-1");
    mixed.put("count", List.of(new Share("edge-2", 1)));
    wish.set(s -> new Choice.Place(mixed, s.middleKnobs(), "mixed"));
    started();
    wishAll("cloud-1");
    nodes.without("edge-2");
    pass(Duration.ofMillis(600));
    var saved = published();
    assertThat(saved.warm()).isEmpty();
    assertThat(saved.route().get("count")).containsExactly(new Share("cloud-1", 1));
    assertThat(saved.route().get("detect")).containsExactly(new Share("edge-1", 1));
  }

  @Test
  void aSilentNodeIsLeftWithoutAnyNewsFromGossip() {
    wishAll("edge-2");
    started();
    wish.set(
        s ->
            s.cluster().nodes().get("edge-2").live()
                ? new Choice.Place(all("edge-2"), s.middleKnobs(), "live")
                : new Choice.Place(all("edge-1"), s.middleKnobs(), "silent"));
    pass(Duration.ofSeconds(14), "edge-2");
    time.expectNoMessageFor(NONE, gossip);
    clock.now = clock.now.plusSeconds(2); // the last view is all there is
    time.timePasses(Duration.ofSeconds(2));
    assertThat(published().route()).isEqualTo(all("edge-1"));
  }

  @Test
  void aTargetThatDiesWhileWarmingIsForgotten() {
    started();
    wishAll("edge-2");
    pass(Duration.ofSeconds(6));
    published();
    nodes.without("edge-2");
    wish.set(s -> new Choice.Keep("nowhere else"));
    pass(Duration.ofSeconds(1));
    var stays = published();
    assertThat(stays.route()).isEqualTo(all("edge-1"));
    assertThat(stays.warm()).isEmpty();
    assertThat(stays.reason()).isEqualTo("nowhere else");
  }

  @Test
  void aNodeThatDiesDuringAMoveIsLeftAtOnce() {
    var mixed = all("edge-1");
    mixed.put("count", List.of(new Share("edge-2", 1)));
    wish.set(s -> new Choice.Place(mixed, s.middleKnobs(), "mixed"));
    started();
    wishAll("cloud-1");
    pass(Duration.ofSeconds(6));
    assertThat(published().warm()).isNotEmpty();
    nodes.without("edge-2");
    pass(Duration.ofMillis(600));
    assertThat(published().route().get("count")).containsExactly(new Share("cloud-1", 1));
  }

  @Test
  void aStreamWhoseNodeIsSilentIsLeftAsItIs() {
    started();
    wishAll("cloud-1");
    pass(Duration.ofSeconds(20), "edge-1");
    time.expectNoMessageFor(NONE, gossip);
    assertThat(((StreamStatus.Known) status()).reason()).contains("edge-1, which reads the source");
  }

  @Test
  void versionsGoOnFromWhatGossipTheStoreAndTheGeneratorKnow() {
    log.kept.add(DecisionLogContract.decision(Nodes.STREAM, 7));
    nodes.reads("edge-1", 9, 10);
    spawn();
    view();
    assertThat(published().version()).isEqualTo(10);
  }

  private static Decision byAnother(Instant at) {
    return new Decision(
        Nodes.STREAM,
        4,
        at,
        all("edge-2"),
        new TreeMap<>(),
        new Knobs(Map.of("fps", 10.0, "height", 360.0)),
        "by another");
  }

  @Test
  void aNewSchedulerDoesNotWaitForADwellThatIsOver() {
    decisions.put(Nodes.STREAM, byAnother(Nodes.T0.minusSeconds(5)));
    spawn();
    view();
    assertThat(published())
        .satisfies(d -> assertThat(d.version()).isEqualTo(5))
        .satisfies(d -> assertThat(d.warm()).isNotEmpty());
  }

  @Test
  void aNewSchedulerTrustsNoClockThatIsAhead() {
    decisions.put(Nodes.STREAM, byAnother(Nodes.T0.plusSeconds(3_600)));
    spawn();
    view();
    // Before the time passes: it is counted from then on.
    await()
        .atMost(SOON)
        .until(() -> status() instanceof StreamStatus.Known known && known.version() == 4);
    pass(Duration.ofSeconds(6));
    assertThat(published().version()).isEqualTo(5);
  }

  @Test
  void aNewSchedulerGoesOnFromTheDecisionThatGossipHolds() {
    decisions.put(Nodes.STREAM, byAnother(Nodes.T0));
    spawn();
    view();
    time.expectNoMessageFor(NONE, gossip);
    pass(Duration.ofSeconds(6));
    assertThat(published())
        .satisfies(d -> assertThat(d.version()).isEqualTo(5))
        .satisfies(d -> assertThat(d.route()).isEqualTo(all("edge-2")))
        .satisfies(d -> assertThat(d.warm()).isNotEmpty());
  }

  @Test
  void aWholeCloudThatForgotTakesUpTheStoredDecisionThatTheGeneratorFollows() {
    var stored =
        new Decision(
            Nodes.STREAM,
            7,
            Nodes.T0,
            all("edge-1"),
            new TreeMap<>(),
            new Knobs(Map.of("fps", 10.0, "height", 360.0)),
            "before the restart");
    log.kept.add(stored);
    nodes.reads("edge-1", 7, 10);
    spawn();
    view();
    assertThat(published()).isEqualTo(stored);
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
  }

  @Test
  void aDecisionThatGossipLostIsToldAgain() {
    spawn();
    view();
    var first = gossip.expectMessageClass(Gossip.PublishDecision.class).decision();
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    pass(Duration.ofSeconds(2));
    assertThat(published()).isEqualTo(first);
  }

  @Test
  void aStoreThatFailsDoesNotStopDecisions() {
    log.broken = true;
    spawn();
    view();
    assertThat(published().version()).isEqualTo(1);
  }

  @Test
  void aPolicyThatThrowsLeavesTheLastDecisionAndItsStatusSaysSo() {
    started();
    wish.set(
        s -> {
          throw new IllegalStateException("division by zero");
        });
    pass(Duration.ofSeconds(1));
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    var status = (StreamStatus.Known) status();
    assertThat(status.version()).isEqualTo(1);
    assertThat(status.problem())
        .hasValueSatisfying(p -> assertThat(p).contains("division by zero"));

    wishAll("edge-1");
    pass(Duration.ofSeconds(1));
    assertThat(((StreamStatus.Known) status()).problem()).isEmpty();
  }

  @Test
  void anAgentThatFailsStartsAgainFromWhatIsKnown() {
    started();
    wish.set(
        s -> {
          wishAll("edge-2");
          throw new AssertionError("not a mere exception");
        });
    view();
    await()
        .atMost(SOON)
        .until(
            () -> {
              time.timePasses(Duration.ofMillis(500));
              return log.reads.get() == 2; // the second by the agent that was restarted
            });
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    pass(Duration.ofSeconds(6));
    var next = published();
    assertThat(next.version()).isEqualTo(2);
    assertThat(next.warm().get("detect")).containsExactly("edge-2");
  }

  @Test
  void aPolicyThatPlacesOnANodeThatIsNotThereIsNotFollowed() {
    started();
    wishAll("edge-9");
    pass(Duration.ofSeconds(6));
    time.expectNoMessageFor(NONE, gossip);
    assertThat(((StreamStatus.Known) status()).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("edge-9 is not there"));
  }

  @Test
  void aChangedPipelineIsDecidedAnewWithoutDwell() {
    started();
    wishAll("edge-2");
    for (var stage : List.of("detect", "track", "blur", "count"))
      nodes.runs("edge-2", stage, StageState.RUNNING, 0, 0, 0);
    pipelines.put("crossing", new DesiredPipeline(2, Nodes.pipeline("wish", Map.of())));
    pass(Duration.ofMillis(600));
    assertThat(published().route()).isEqualTo(all("edge-2"));
  }

  @Test
  void aDeletedPipelineIsNotDecidedOnAnyMore() {
    started();
    pipelines.clear();
    decisions.clear();
    pass(Duration.ofSeconds(1));
    assertThat(status()).isEqualTo(new StreamStatus.Unknown(Nodes.STREAM));
    wishAll("edge-2");
    pass(Duration.ofSeconds(10));
    time.expectNoMessageFor(NONE, gossip);
  }

  @Test
  void aPipelineOfTheSameNameGoesOnWithHigherVersions() {
    started();
    pipelines.clear();
    decisions.clear();
    pass(Duration.ofSeconds(1));
    pipelines.put("crossing", new DesiredPipeline(2, Nodes.pipeline("wish", Map.of())));
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    nodes.reads("edge-1", 0, 0); // its new generator has begun
    pass(Duration.ofSeconds(1));
    assertThat(published().version()).isEqualTo(2);
  }

  @Test
  void aVersionIsNotGivenTwiceAfterTheCloudEnded() {
    // The store has 7, and 8 had come to the generator when the cloud ended.
    log.kept.add(DecisionLogContract.decision(Nodes.STREAM, 7));
    spawn();
    view();
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(NONE, gossip);
    assertThat(((StreamStatus.Known) status()).reason()).contains("which decision it follows");
    nodes.reads("edge-1", 8, 10);
    pass(Duration.ofSeconds(1));
    assertThat(published().version()).isEqualTo(9);
  }

  @Test
  void aGeneratorThatIsAheadOfAllThatIsKnownIsToldSomethingNewer() {
    started();
    nodes.reads("edge-1", 5, 10);
    pass(Duration.ofSeconds(1)); // gossip may be on its way
    time.expectNoMessageFor(NONE, gossip);
    pass(Duration.ofSeconds(2));
    assertThat(published().version()).isEqualTo(6);
  }

  private int newDecisions() {
    long before = decisions.get(Nodes.STREAM).version();
    long now = ((StreamStatus.Known) status()).version();
    for (long version = before; version < now; version++) published();
    return (int) (now - before);
  }

  /** How many decisions a node causes that the policy likes best, while it is there. */
  private int decisionsWhileItFlaps(Runnable goes, Runnable comes) {
    wish.set(
        s ->
            s.cluster().nodes().containsKey("edge-2") && s.cluster().nodes().get("edge-2").live()
                ? new Choice.Place(all("edge-2"), s.middleKnobs(), "the best")
                : new Choice.Place(all("edge-1"), s.middleKnobs(), "the second best"));
    started();
    int made = 0;
    for (int half = 0; half < 48; half++) { // of five seconds
      if (half % 4 == 2) goes.run();
      if (half % 4 == 0 && half > 0) comes.run();
      pass(Duration.ofMillis(2_500), half % 4 < 2 ? new String[0] : new String[] {"edge-2"});
      made += newDecisions();
    }
    comes.run();
    return made;
  }

  @Test
  void aLinkThatFlapsCausesNoDecisions() {
    // Cut off for five seconds at a time a node is never silent long enough to be given up.
    assertThat(decisionsWhileItFlaps(() -> {}, () -> {})).isZero();
  }

  @Test
  void aNodeThatComesAndGoesIsLeftAloneAfterAWhile() {
    Runnable comes =
        () -> {
          nodes.with("edge-2", 0);
          for (var stage : List.of("detect", "track", "blur", "count"))
            nodes.runs("edge-2", stage, StageState.RUNNING, 0, 0, 0);
        };
    assertThat(decisionsWhileItFlaps(() -> nodes.without("edge-2"), comes)).isBetween(1, 4);
    // A node that stays is used again, after its probation.
    int steps = 0;
    while (newDecisions() == 0 && steps++ < 100) pass(Duration.ofSeconds(5));
    assertThat(decisions.get(Nodes.STREAM).route()).isEqualTo(all("edge-2"));
    assertThat(steps).isGreaterThan(4);
  }

  @Test
  void changesAreEvaluatedAtMostEveryHalfSecond() {
    started();
    wish.set(s -> new Choice.Place(all("edge-1"), new Knobs(Map.of("fps", 5.0)), "slower"));
    view();
    view();
    time.expectNoMessageFor(NONE, gossip); // 100 ms of the scheduler's time
    time.timePasses(Duration.ofMillis(400));
    assertThat(published().knobs()).isEqualTo(new Knobs(Map.of("fps", 5.0)));
  }

  /** A policy that does what the test wishes. */
  private final class Wish implements PolicyProvider {
    @Override
    public PolicyDescriptor descriptor() {
      return new PolicyDescriptor("wish", "", List.of());
    }

    @Override
    public Policy create(PolicyParams params, PipelineSpec pipeline) {
      Function<Snapshot, Choice> now = s -> wish.get().choose(s);
      return now::apply;
    }
  }

  /** Set by the test, read by the scheduler. */
  private static final class TestClock extends Clock {
    private volatile Instant now = Nodes.T0;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  /** Answers at once. */
  private static final class MemoryLog implements DecisionLog {
    private final ConcurrentLinkedDeque<Decision> kept = new ConcurrentLinkedDeque<>();
    private final List<String> inputs = new java.util.concurrent.CopyOnWriteArrayList<>();
    private final AtomicInteger reads = new AtomicInteger();
    private volatile boolean broken;

    @Override
    public CompletionStage<Void> append(Decision decision, String inputs) {
      if (broken) return CompletableFuture.failedFuture(new IllegalStateException("disk full"));
      kept.add(decision);
      this.inputs.add(inputs);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Optional<Decision>> latest(StreamName stream) {
      reads.incrementAndGet();
      if (broken) return CompletableFuture.failedFuture(new IllegalStateException("disk full"));
      return CompletableFuture.completedFuture(Optional.ofNullable(kept.peekLast()));
    }

    @Override
    public CompletionStage<List<Decision>> list(String pipeline, int limit) {
      throw new UnsupportedOperationException("the scheduler does not list");
    }

    @Override
    public CompletionStage<Long> prune(Function<String, Instant> before) {
      throw new UnsupportedOperationException("the scheduler does not prune");
    }

    @Override
    public CompletionStage<Optional<String>> inputs(StreamName stream, long version) {
      throw new UnsupportedOperationException("the scheduler does not read inputs");
    }
  }
}
