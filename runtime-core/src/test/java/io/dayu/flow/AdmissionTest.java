package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.View;
import io.dayu.link.Gate;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Paths;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pipeline {@code crossing} reads {@code cam-0} on edge-1; its stages run on edge-2. */
final class AdmissionTest {
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");
  private static final Plan PLAN =
      Plans.plan(1, List.of(Plans.READER), "look:reader", "count:reader<look");

  private final AtomicLong nanos = new AtomicLong(-7_000_000_000L);
  private final Admission admission = new Admission(nanos::get);
  private final Map<String, View.Seen> nodes = new TreeMap<>();
  private final Map<String, Long> dropped = new TreeMap<>();
  private Optional<Decision> decision = Optional.of(decision(1, "edge-2"));

  @BeforeEach
  void isToRun() {
    node("cloud-1", Role.CLOUD, 1, 0);
    learn(PLAN);
  }

  @Test
  void resultsComeFromTheOriginAndFromNodesThatADecisionNames() {
    assertThat(result("edge-1")).isTrue();
    assertThat(result("edge-2")).isTrue();
    assertThat(result("mallory")).isFalse();
    assertThat(result("cloud-1")).as("a node without a part in it").isFalse();
  }

  @Test
  void resultsOfAPipelineOrASourceThatNobodyKnowsMustWait() {
    assertThat(result("edge-1", e -> e.setStream("nothing/cam-0"))).isFalse();
    assertThat(result("edge-1", e -> e.setStream("crossing/cam-1"))).isFalse();
    var known = new Admission(nanos::get);
    assertThat(gate(known, "edge-1", InstanceName.DISTRIBUTOR).judge(result().build()))
        .isInstanceOf(Gate.NotYet.class);
    known.learn(view(), List.of(PLAN));
    assertThat(gate(known, "edge-1", InstanceName.DISTRIBUTOR).judge(result().build()))
        .isEqualTo(Gate.Taken.INSTANCE);
  }

  @Test
  void anElementComesFromTheNodeThatReadsItsSource() {
    assertThat(result("edge-2", e -> e.setOrigin("edge-2"))).isFalse();
    assertThat(result("edge-1", e -> e.setOrigin("edge-2"))).isFalse();
    assertThat(result("edge-1", e -> e.setOrigin("all is lost\n"))).isFalse();
  }

  @Test
  void whatWaitsOnTheDiskOfTheNodeThatReadTheSourceBeforeIsTakenLongAfter() {
    learn(movedTo("edge-5"));
    pass(Duration.ofDays(3));
    assertThat(result("edge-1")).isTrue();
    assertThat(result("edge-5", e -> e.setOrigin("edge-5"))).isTrue();
    assertThat(result("edge-6", e -> e.setOrigin("edge-6"))).isFalse();
    pass(Admission.AFTER_MOVE);
    assertThat(result("edge-1")).isFalse();
  }

  private static Plan movedTo(String node) {
    var spec = PLAN.spec();
    var source = spec.sources().get(0);
    var there =
        new SourceSpec(
            source.name(), source.uri(), Optional.of(node), source.shed(), source.knobs());
    var moved =
        new PipelineSpec(
            spec.name(),
            List.of(there),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            spec.delivery());
    return new Plan(
        new DesiredPipeline(2, moved), new Catalog(List.of(Plans.READER), List.of(), List.of()));
  }

  @Test
  void numbersFarAboveThoseThatTheOriginHasReservedAreNotTaken() {
    node("edge-1", Role.EDGE, 1, 20_000);
    node("edge-1", Role.EDGE, 2, 20_000);
    assertThat(result("edge-1", e -> e.setSeq(19_999))).isTrue();
    assertThat(result("edge-2", e -> e.setSeq(20_000 + Admission.AHEAD))).isTrue();
    assertThat(result("edge-2", e -> e.setSeq(1_000_000))).isFalse();
    assertThat(result("edge-1", e -> e.setSeq(Long.MAX_VALUE))).isFalse();
    assertThat(result("edge-1", e -> e.setSeq(-1))).isFalse();
  }

  @Test
  void anOriginThatGossipHasNotReachedForLongIsNotHeldToItsLastWord() {
    node("edge-1", Role.EDGE, 1, 20_000);
    node("edge-1", Role.EDGE, 2, 20_000);
    long afterDays = Duration.ofDays(3).toSeconds() * 20_000;
    assertThat(result("edge-1", e -> e.setSeq(afterDays))).isFalse();
    pass(Duration.ofDays(3));
    assertThat(result("edge-1", e -> e.setSeq(afterDays))).isTrue();
  }

  @Test
  void aReportThatGossipHasKeptForDaysIsNoBound() {
    node("edge-1", Role.EDGE, 1, 20_000);
    assertThat(result("edge-1", e -> e.setSeq(1_000_000_000))).isTrue();
    assertThat(result("edge-1", e -> e.setSeq(Long.MAX_VALUE))).as("none can be it").isFalse();
  }

  @Test
  void onlyTheReaderOfAStreamSaysWhichNumbersItHas() {
    node("edge-1", Role.EDGE, 1, 20_000);
    node("edge-1", Role.EDGE, 2, 20_000);
    node("edge-9", Role.EDGE, 1, 1L << 40);
    node("edge-9", Role.EDGE, 2, 1L << 40);
    assertThat(result("edge-1", e -> e.setSeq(1_000_000))).isFalse();
  }

  @Test
  void whoHadAPartUntilLatelyMayStillBringResults() {
    decision = Optional.of(decision(2, "edge-3"));
    learn(PLAN);
    assertThat(result("edge-2")).isTrue();
    assertThat(result("edge-3")).isTrue();
    pass(Admission.AFTER_CHANGE);
    assertThat(result("edge-2")).isFalse();
    assertThat(result("edge-3")).isTrue();
  }

  @Test
  void resultsOfADeletedPipelineAreTakenForAMomentOnly() {
    dropped.put("crossing", 2L);
    decision = Optional.empty();
    learn();
    assertThat(result("edge-2")).isTrue();
    pass(Admission.AFTER_DELETION);
    assertThat(verdict("edge-1", InstanceName.DISTRIBUTOR, result().build()))
        .isInstanceOf(Gate.Refused.class);
    learn();
    assertThat(verdict("edge-1", InstanceName.DISTRIBUTOR, result().build()))
        .isInstanceOf(Gate.Refused.class);
    dropped.clear();
    learn(PLAN);
    assertThat(result("edge-1")).as("submitted again").isTrue();
  }

  @Test
  void aResultHasAnOutputOrAnEndingOfStagesThatThePipelineHas() {
    assertThat(result("edge-1", Element.Builder::clearOutputs)).isFalse();
    assertThat(
            result(
                "edge-2",
                e ->
                    e.clearOutputs()
                        .setEnding(
                            Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("look"))))
        .isTrue();
    assertThat(result("edge-2", e -> e.addOutputs(Outputs.of("other", Media.getDefaultInstance()))))
        .isFalse();
    assertThat(result("edge-2", e -> e.addTrace(Hop.newBuilder().setStage("other")))).isFalse();
    assertThat(result("edge-1", e -> e.addOutputs(Outputs.of("other", Media.getDefaultInstance()))))
        .as("what has waited at its origin while the pipeline was changed")
        .isTrue();
    assertThat(
            result(
                "edge-1",
                e -> {
                  for (int i = 0; i < 2_000; i++) e.addTrace(Hop.newBuilder().setStage("look"));
                  return e;
                }))
        .isFalse();
  }

  @Test
  void onlyAnOutboxTakesWhatTheCloudSendsBack() {
    assertThat(verdict("cloud-1", InstanceName.OUTBOX, result().build()))
        .isEqualTo(Gate.Taken.INSTANCE);
    assertThat(verdict("edge-9", InstanceName.OUTBOX, result().build()))
        .isInstanceOf(Gate.NotYet.class);
  }

  @Test
  void aStageTakesElementsThatAreOnTheirWayThroughItsPipeline() {
    assertThat(stage("edge-1", e -> e)).isEqualTo(Gate.Taken.INSTANCE);
    assertThat(stage("edge-2", e -> e.addOutputs(Outputs.of("look", Media.getDefaultInstance()))))
        .isEqualTo(Gate.Taken.INSTANCE);
    assertThat(stage("mallory", e -> e)).isInstanceOf(Gate.NotYet.class);
    assertThat(stage("edge-1", Element.Builder::clearPath)).isInstanceOf(Gate.Refused.class);
    assertThat(stage("edge-1", e -> e.setPath(1, e.getPath(0)))).isInstanceOf(Gate.Refused.class);
    assertThat(stage("edge-1", e -> e.setEnding(Ending.getDefaultInstance())))
        .isInstanceOf(Gate.Refused.class);
    assertThat(stage("edge-1", e -> e.addOutputs(Outputs.of("other", Media.getDefaultInstance()))))
        .isInstanceOf(Gate.Refused.class);
  }

  private Gate.Verdict stage(String sender, UnaryOperator<Element.Builder> change) {
    var element =
        element()
            .addAllPath(Paths.steps(new TreeMap<>(Map.of("look", "edge-2", "count", "edge-2"))));
    return verdict(sender, PLAN.instance("count"), change.apply(element).build());
  }

  private boolean result(String sender) {
    return result(sender, e -> e);
  }

  private boolean result(String sender, UnaryOperator<Element.Builder> change) {
    return verdict(sender, InstanceName.DISTRIBUTOR, change.apply(result()).build())
        .equals(Gate.Taken.INSTANCE);
  }

  private Gate.Verdict verdict(String sender, InstanceName instance, Element element) {
    return gate(admission, sender, instance).judge(element);
  }

  private static Gate gate(Admission admission, String sender, InstanceName instance) {
    var plan = instance.isOf(PLAN.key()) ? Optional.of(PLAN) : Optional.<Plan>empty();
    return admission.gate(sender, instance, plan);
  }

  private static Element.Builder element() {
    return Element.newBuilder().setStream(STREAM.toString()).setOrigin("edge-1").setSeq(1);
  }

  private static Element.Builder result() {
    return element()
        .addOutputs(Outputs.of("look", Media.getDefaultInstance()))
        .addTrace(Hop.newBuilder().setStage("look"));
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private void learn(Plan... plans) {
    admission.learn(view(), List.of(plans));
  }

  private View view() {
    var decisions = new TreeMap<StreamName, Decision>();
    decision.ifPresent(d -> decisions.put(STREAM, d));
    return new View(new TreeMap<>(nodes), decisions, new TreeMap<>(), new TreeMap<>(dropped));
  }

  /** Gossip brings a report of a node, which claims to read the stream. */
  private void node(String node, Role role, long sequence, long reserved) {
    var stream =
        new StreamReport(
            STREAM,
            StreamState.RUNNING,
            1,
            Ledger.EMPTY,
            Traffic.NONE,
            Latency.NONE,
            Optional.empty(),
            reserved,
            1);
    var report =
        new NodeReport(
            new NodeReport.Self(node, role, "here", "127.0.0.1", 1),
            new NodeReport.Edition(1, sequence),
            new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty()),
            Set.of(),
            List.of(),
            List.of(),
            List.of(stream));
    nodes.put(node, new View.Seen(report, Instant.EPOCH));
    learn(PLAN);
  }

  private static Decision decision(long version, String node) {
    var there = List.of(new Decision.Share(node, 1));
    return new Decision(
        STREAM,
        version,
        Instant.EPOCH,
        new TreeMap<>(Map.of("look", there, "count", there)),
        new TreeMap<>(),
        Knobs.NONE,
        "for tests");
  }
}
