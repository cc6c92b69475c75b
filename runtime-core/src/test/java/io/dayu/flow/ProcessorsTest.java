package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.View;
import io.dayu.link.Backoff;
import io.dayu.link.Inlet;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.process.Processor;
import io.dayu.source.Knobs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Test;

final class ProcessorsTest {
  private static final InstanceName DETECT = InstanceName.parse("crossing@1/detect");
  private static final Duration BACKOFF = Duration.ofMillis(100);
  private static final Throwable CAUSE = new IllegalStateException("no model");
  private static final Catalog CATALOG =
      new Catalog(List.of(Plans.READER, Plans.COUNTER), List.of(), List.of());

  private final StillActor controller = new StillActor();
  private final List<Processor.Identity> made = new ArrayList<>();
  private final List<Map.Entry<ActorRef<Inlet.Command>, Long>> entrances = new ArrayList<>();
  private long now;
  private final Crashes crashes =
      new Crashes(() -> new Backoff(BACKOFF, BACKOFF.multipliedBy(8), () -> 0), () -> now);
  private final Processors processors =
      controller.part(
          context ->
              new Processors(
                  context, "edge-1", CATALOG, crashes, this::makeProcessor, this::makeEntrance));

  @Test
  void theHighestVersionOfAPipelineIsToRun() {
    apply(pipeline(1, "detect:reader"));
    apply(pipeline(3, "detect:reader"));
    apply(pipeline(2, "detect:reader"));
    assertThat(processors.current()).extracting(Plan::version).containsExactly(3L);
  }

  @Test
  void aPipelineThatAViewDoesNotNameGoesOn() {
    apply(pipeline(1, "detect:reader"));
    apply();
    assertThat(processors.current()).hasSize(1);
  }

  @Test
  void aProcessorIsStartedWhenItIsFirstAskedFor() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    assertThat(made).isEmpty();
    var detect = find(DETECT).orElseThrow();
    assertThat(find(DETECT)).containsSame(detect);
    assertThat(made).hasSize(1);
    var identity = made.get(0);
    assertThat(identity.node()).isEqualTo("edge-1");
    assertThat(identity.plan().key()).isEqualTo("crossing@1");
    assertThat(identity.stage().id()).isEqualTo("detect");
    assertThat(identity.provider()).isSameAs(Plans.READER);
    assertThat(controller.watches(detect)).isTrue();
    assertThat(find(InstanceName.parse("crossing@1/count"))).isPresent().get().isNotEqualTo(detect);
  }

  @Test
  void whatThisNodeCannotRunIsNotFound() {
    apply(pipeline(1, "detect:reader", "track:tracker"));
    assertThat(find(InstanceName.parse("crossing@1/track")))
        .as("a type that it does not have")
        .isEmpty();
    assertThat(find(InstanceName.parse("crossing@1/blur")))
        .as("no stage of the pipeline")
        .isEmpty();
    assertThat(find(InstanceName.parse("crossing@2/detect")))
        .as("a version that it does not know")
        .isEmpty();
    assertThat(find(InstanceName.parse("parking@1/detect")))
        .as("a pipeline that it does not know")
        .isEmpty();
    assertThat(find(InstanceName.OUTBOX)).as("no stage").isEmpty();
    assertThat(made).isEmpty();
  }

  @Test
  void aChangeOfAnythingButTheStagesGoesOnWithTheInstancesThatRun() {
    var first = pipeline(1, "detect:reader");
    apply(first);
    var detect = find(DETECT).orElseThrow();
    apply(first.changed(spec("crossing", "other", "detect:reader"), false));
    assertThat(processors.current()).extracting(Plan::version).containsExactly(2L);
    assertThat(controller.told(detect)).isEmpty();
    assertThat(find(DETECT)).containsSame(detect);
  }

  @Test
  void instancesOfOldStagesRetireAndAreFoundUntilTheyHaveEnded() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    var old = find(DETECT).orElseThrow();
    apply(pipeline(2, "detect:counter"));
    assertThat(controller.told(old)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(find(DETECT)).containsSame(old);
    assertThat(find(InstanceName.parse("crossing@2/detect"))).isPresent().get().isNotEqualTo(old);
    ended(old);
    assertThat(find(DETECT)).isEmpty();
    assertThat(find(InstanceName.parse("crossing@2/detect"))).isPresent();
  }

  @Test
  void aStageThatIsTheSameInTheNextPlanGoesOnUnderAnotherName() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    var detect = find(DETECT).orElseThrow();
    var count = find(InstanceName.parse("crossing@1/count")).orElseThrow();
    apply(pipeline(2, "detect:reader", "count:reader"));
    assertThat(controller.told(detect)).isEmpty();
    assertThat(controller.told(count)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(find(DETECT)).as("for what is under way").containsSame(detect);
    var second = find(InstanceName.parse("crossing@2/detect")).orElseThrow();
    assertThat(entrances).containsExactly(Map.entry(detect, 2L));
    assertThat(made).hasSize(2);

    apply(pipeline(3, "detect:reader"));
    var third = find(InstanceName.parse("crossing@3/detect")).orElseThrow();
    assertThat(entrances).as("no entrance to an entrance").contains(Map.entry(detect, 3L));
    assertThat(controller.told(second)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(controller.told(detect)).isEmpty();

    apply(pipeline(4, "detect:counter"));
    assertThat(controller.told(detect)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(find(InstanceName.parse("crossing@3/detect"))).containsSame(third);
    assertThat(ended(detect)).contains(DETECT);
    assertThat(find(InstanceName.parse("crossing@3/detect"))).isEmpty();
    assertThat(ended(third)).as("it ends with its processor").isEmpty();
  }

  @Test
  void theStagesOfAStoppedPipelineAreUnloadedAndStayWhenItRunsOn() {
    var first = pipeline(1, "detect:reader", "count:counter");
    apply(first);
    var detect = find(DETECT).orElseThrow();
    var paused = first.turned(RunState.PAUSED);
    apply(paused);
    assertThat(controller.told(detect)).isEmpty();
    var stopped = paused.turned(RunState.STOPPED);
    apply(stopped);
    assertThat(controller.told(detect)).containsExactly(Processor.Unload.INSTANCE);
    var late = find(InstanceName.parse("crossing@1/count")).orElseThrow();
    assertThat(controller.told(late))
        .as("started by an element that was in flight")
        .containsExactly(Processor.Unload.INSTANCE);
    apply(stopped.turned(RunState.RUNNING));
    assertThat(controller.told(detect)).endsWith(Processor.Stay.INSTANCE);
    assertThat(controller.told(late)).endsWith(Processor.Stay.INSTANCE);
    assertThat(find(DETECT)).containsSame(detect);
  }

  @Test
  void whatFollowsOtherStagesThanBeforeBeginsAnew() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    var count = find(InstanceName.parse("crossing@1/count")).orElseThrow();
    apply(pipeline(2, "count:counter"));
    assertThat(controller.told(count)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(entrances).isEmpty();
  }

  @Test
  void whatReadsOtherStagesByItsNamesThanBeforeBeginsAnew() {
    apply(wired(1, "a", "b"));
    var count = find(InstanceName.parse("crossing@1/count")).orElseThrow();
    apply(wired(2, "b", "a"));
    assertThat(controller.told(count)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(entrances).isEmpty();
  }

  /** The same stages, of which the last one names the others. */
  private static DesiredPipeline wired(long version, String left, String right) {
    var inputs = new TreeMap<>(Map.of("left", left, "right", right));
    var stages =
        List.of(
            new StageSpec("a", "reader", List.of(), Map.of()),
            new StageSpec("b", "reader", List.of(), Map.of()),
            new StageSpec(
                "count", "counter", List.of("a", "b"), inputs, Map.of(), Optional.empty()));
    return new DesiredPipeline(
        version,
        new PipelineSpec(
            "crossing",
            List.of(),
            stages,
            new PolicySpec("fixed", Map.of()),
            Objective.DEFAULT,
            Delivery.DEFAULT));
  }

  @Test
  void aCrashOfWhatWentOnIsOneOfTheInstanceThatIsToRun() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    var detect = find(DETECT).orElseThrow();
    apply(pipeline(2, "detect:reader"));
    crash(detect);
    var second = InstanceName.parse("crossing@2/detect");
    assertThat(find(second)).as("within its back-off").isEmpty();
    now += BACKOFF.toNanos();
    assertThat(find(second)).isPresent();
    assertThat(made).hasSize(2);
    assertThat(made.get(1).plan().key()).isEqualTo("crossing@2");
  }

  @Test
  void aPipelineThatIsDroppedRetiresAndIsForgottenOnceNothingRuns() {
    apply(pipeline(1, "detect:reader"));
    var detect = find(DETECT).orElseThrow();
    drop("crossing", 1);
    assertThat(processors.current()).isEmpty();
    assertThat(controller.told(detect)).containsExactly(Processor.Retire.INSTANCE);
    assertThat(find(DETECT)).containsSame(detect);
    ended(detect);
    assertThat(find(DETECT)).isEmpty();
  }

  @Test
  void aPipelineIsKeptIfOnlyAnEarlierVersionOfItWasDropped() {
    apply(pipeline(2, "detect:reader"));
    drop("crossing", 1);
    assertThat(processors.current()).hasSize(1);
    drop("parking", 9);
    assertThat(processors.current()).hasSize(1);
  }

  @Test
  void aDecisionIsAboutThePipelineOfItsStream() {
    apply(pipeline(1, "detect:reader"));
    assertThat(processors.plan(decision(StreamName.parse("crossing/cam-0"))))
        .hasValueSatisfying(plan -> assertThat(plan.key()).isEqualTo("crossing@1"));
    assertThat(processors.plan(decision(StreamName.parse("parking/cam-0")))).isEmpty();
  }

  @Test
  void othersWaitForAFirstReportAndForAChangeOfState() {
    apply(pipeline(1, "detect:reader"));
    find(DETECT);
    assertThat(heard(StageState.STARTING)).isTrue();
    assertThat(heard(StageState.STARTING)).isFalse();
    assertThat(heard(StageState.RUNNING)).isTrue();
    assertThat(heard(StageState.RUNNING)).isFalse();
    assertThat(processors.reports()).containsExactly(report(StageState.RUNNING));
  }

  @Test
  void aStageThatHasEndedIsNotReportedNorWhatItSaidLast() {
    apply(pipeline(1, "detect:reader"));
    var detect = find(DETECT).orElseThrow();
    heard(StageState.RUNNING);
    assertThat(ended(detect)).contains(DETECT);
    assertThat(processors.reports()).isEmpty();
    assertThat(heard(StageState.RUNNING)).isFalse();
    assertThat(processors.reports()).isEmpty();
  }

  @Test
  void whatIsNoProcessorMayEnd() {
    apply(pipeline(1, "detect:reader"));
    var detect = find(DETECT).orElseThrow();
    heard(StageState.RUNNING);
    assertThat(ended(controller.part(context -> context.getSystem().deadLetters()))).isEmpty();
    assertThat(find(DETECT)).containsSame(detect);
    assertThat(processors.reports()).hasSize(1);
  }

  @Test
  void afterACrashAStageIsReportedAsBackingOffWithTheCause() {
    apply(pipeline(1, "detect:reader"));
    crash(find(DETECT).orElseThrow());
    assertThat(processors.reports()).hasSize(1);
    var report = processors.reports().get(0);
    assertThat(report.stage()).isEqualTo("detect");
    assertThat(report.state()).isEqualTo(StageState.BACKING_OFF);
    assertThat(report.restarts()).isEqualTo(1);
    assertThat(report.problem().orElseThrow())
        .contains("crashed once", "is started again soon", "no model");
  }

  @Test
  void whatHasCrashedIsStartedAgainWhenItsBackOffIsOverAndItIsAskedFor() {
    apply(pipeline(1, "detect:reader"));
    var first = find(DETECT).orElseThrow();
    crash(first);
    now += BACKOFF.toNanos() - 1;
    assertThat(find(DETECT)).isEmpty();
    now++;
    assertThat(find(DETECT)).isPresent().get().isNotEqualTo(first);
    heard(StageState.RUNNING);
    var report = processors.reports().get(0);
    assertThat(report.state()).isEqualTo(StageState.RUNNING);
    assertThat(report.restarts()).isEqualTo(1);
    assertThat(report.problem().orElseThrow()).contains("crashed once", "runs again", "no model");
  }

  @Test
  void aStageThatHasCrashedDoesNotHoldAnotherBack() {
    apply(pipeline(1, "detect:reader", "count:counter"));
    crash(find(DETECT).orElseThrow());
    assertThat(find(InstanceName.parse("crossing@1/count"))).isPresent();
  }

  @Test
  void aStageThatIsDownIsReportedNoMoreWhenItsPipelineIsDropped() {
    apply(pipeline(1, "detect:reader"));
    crash(find(DETECT).orElseThrow());
    drop("crossing", 1);
    assertThat(processors.reports()).isEmpty();
    assertThat(find(DETECT)).isEmpty();
  }

  private Behavior<Inlet.Command> makeProcessor(Processor.Identity identity) {
    made.add(identity);
    return Behaviors.ignore();
  }

  private Behavior<Inlet.Command> makeEntrance(ActorRef<Inlet.Command> processor, Plan plan) {
    entrances.add(Map.entry(processor, plan.version()));
    return Behaviors.ignore();
  }

  private void apply(DesiredPipeline... pipelines) {
    var byName = new TreeMap<String, DesiredPipeline>();
    for (var pipeline : pipelines) byName.put(pipeline.name(), pipeline);
    controller.run(() -> processors.apply(new View(Map.of(), Map.of(), byName)));
  }

  private void drop(String pipeline, long version) {
    var dropped = new TreeMap<>(Map.of(pipeline, version));
    controller.run(
        () ->
            processors.apply(new View(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), dropped)));
  }

  private Optional<ActorRef<Inlet.Command>> find(InstanceName instance) {
    return controller.call(() -> processors.find(instance));
  }

  private boolean heard(StageState state) {
    return controller.call(() -> processors.heard(new Processor.Status(DETECT, report(state))));
  }

  /** As the controller does. */
  private Optional<InstanceName> ended(ActorRef<?> gone) {
    return controller.call(
        () -> {
          var instance = processors.ended(gone);
          processors.forgetEnded();
          return instance;
        });
  }

  /** As the controller does. */
  private void crash(ActorRef<?> gone) {
    controller.run(
        () -> {
          var instance = processors.ended(gone).orElseThrow();
          crashes.add(instance, CAUSE);
          processors.crashed(instance);
          processors.forgetEnded();
        });
  }

  private static StageReport report(StageState state) {
    return new StageReport(
        "crossing", "detect", "reader", state, new Work(1, 2, 3, 4, 0, 5, 6), 0, Optional.empty());
  }

  private static Decision decision(StreamName stream) {
    return new Decision(
        stream, 1, Instant.EPOCH, new TreeMap<>(), new TreeMap<>(), Knobs.NONE, "for tests");
  }

  /** {@code id:type} for every stage, one behind the other; all of them are new. */
  private static DesiredPipeline pipeline(long version, String... stages) {
    return new DesiredPipeline(version, spec("crossing", "fixed", stages));
  }

  private static PipelineSpec spec(String name, String policy, String... stages) {
    var specs = new ArrayList<StageSpec>();
    for (var stage : stages) {
      var parts = stage.split(":");
      var after = specs.stream().map(StageSpec::id).skip(Math.max(0, specs.size() - 1)).toList();
      specs.add(new StageSpec(parts[0], parts[1], after, Map.of()));
    }
    return new PipelineSpec(
        name,
        List.of(),
        specs,
        new PolicySpec(policy, Map.of()),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }
}
