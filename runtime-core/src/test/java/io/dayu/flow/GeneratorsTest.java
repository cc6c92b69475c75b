package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.MediaType;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.generate.Generator;
import io.dayu.link.Backoff;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

final class GeneratorsTest {
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");
  private static final Duration BACKOFF = Duration.ofMillis(100);
  private static final Throwable CAUSE = new IllegalStateException("no camera");
  private static final SourceSpec CAMERA = source("cam-0", "edge-1", "fake:0");
  private static final Catalog CATALOG =
      new Catalog(List.of(), List.of(new FakeProvider()), List.of());

  private final StillActor controller = new StillActor();
  private final List<Made> made = new ArrayList<>();
  private final List<StreamName> forgotten = new ArrayList<>();
  private final Map<StreamName, Throwable> failed = new HashMap<>(); // by stream
  private long now;
  private final Crashes crashes =
      new Crashes(() -> new Backoff(BACKOFF, BACKOFF.multipliedBy(8), () -> 0), () -> now);
  private final Generators generators =
      controller.part(
          context ->
              new Generators(
                  context, "edge-1", CATALOG, forgotten::add, crashes, this::makeGenerator));

  private record Made(Plan plan, SourceSpec source) {}

  @Test
  void aGeneratorIsStartedForEachSourceThatIsPlacedHere() {
    var here = source("cam-1", "edge-1", "fake:1");
    var plan =
        plan(
            1,
            CAMERA,
            here,
            source("cam-2", "edge-2", "fake:2"),
            new SourceSpec(
                "cam-3",
                URI.create("fake:3"),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>()));
    apply(plan);
    assertThat(made).containsExactly(new Made(plan, CAMERA), new Made(plan, here));
    assertThat(generators.reads(STREAM)).isTrue();
    assertThat(generators.reads(StreamName.parse("crossing/cam-1"))).isTrue();
    assertThat(generators.reads(StreamName.parse("crossing/cam-2"))).isFalse();
    assertThat(controller.watches(child(1))).isTrue();
  }

  @Test
  void aGeneratorIsStartedOnce() {
    apply(plan(1, CAMERA));
    apply(plan(1, CAMERA));
    assertThat(made).hasSize(1);
  }

  @Test
  void aGeneratorHearsFirstWhichNodesDoNotAnswerAndThenOfEveryChange() {
    var before = new Generator.Suspects(Set.of("cloud-1"), true);
    controller.run(() -> generators.suspect(before));
    apply(plan(1, CAMERA));
    assertThat(told(1)).containsExactly(before);
    var after = new Generator.Suspects(Set.of(), false);
    controller.run(() -> generators.suspect(after));
    assertThat(told(1)).containsExactly(after);
  }

  @Test
  void aMessageReachesTheGeneratorOfItsStream() {
    apply(plan(1, CAMERA, source("cam-1", "edge-1", "fake:1")));
    told(1);
    told(2);
    var message = Generator.Unanswered.INSTANCE;
    assertThat(controller.call(() -> generators.tell(StreamName.parse("crossing/cam-1"), message)))
        .isTrue();
    assertThat(told(1)).isEmpty();
    assertThat(told(2)).containsExactly(message);
    assertThat(controller.call(() -> generators.tell(StreamName.parse("crossing/cam-9"), message)))
        .isFalse();
  }

  @Test
  void aGeneratorIsDrainedWhenItsPipelineIsNotWantedAnyMore() {
    apply(plan(1, CAMERA));
    heard(report(StreamState.RUNNING, 1));
    told(1);
    apply();
    assertThat(told(1)).containsExactly(Generator.Drain.INSTANCE);
    assertThat(generators.isEmpty()).as("until it has ended").isFalse();
    assertThat(generators.reports()).hasSize(1);
    ended(1);
    assertThat(generators.isEmpty()).isTrue();
    assertThat(generators.reports()).isEmpty();
    assertThat(forgotten).as("it does that itself").isEmpty();
  }

  @Test
  void aGeneratorIsDrainedWhenItsSourceIsPlacedElsewhere() {
    apply(plan(1, CAMERA));
    told(1);
    apply(plan(2, source("cam-0", "edge-2", "fake:0")));
    assertThat(told(1)).containsExactly(Generator.Drain.INSTANCE);
  }

  @Test
  void aGeneratorWhoseSourceChangedIsDrainedAndItsSuccessorReadsTheNewOne() {
    apply(plan(1, CAMERA));
    told(1);
    var other = source("cam-0", "edge-1", "fake:other");
    var changed = plan(2, other);
    apply(changed);
    assertThat(told(1)).containsExactly(Generator.Drain.INSTANCE);
    assertThat(made).as("not two at a time").hasSize(1);
    ended(1);
    apply(changed);
    assertThat(made).hasSize(2).endsWith(new Made(changed, other));
  }

  @Test
  void aGeneratorGoesOverToAPlanThatReadsTheSameSource() {
    apply(plan(1, CAMERA));
    told(1);
    var changed = plan(2, CAMERA);
    apply(changed);
    assertThat(told(1)).containsExactly(new Generator.Change(changed));
    assertThat(made).hasSize(1);
  }

  @Test
  void aGeneratorThatHasFailedIsDrainedForANewVersionThatMayMendIt() {
    apply(plan(1, CAMERA));
    heard(report(StreamState.FAILED, 0));
    told(1);
    apply(plan(1, CAMERA));
    assertThat(told(1)).as("nothing is new").doesNotContain(Generator.Drain.INSTANCE);
    apply(plan(2, CAMERA));
    assertThat(told(1)).containsExactly(Generator.Drain.INSTANCE);
    ended(1);
    apply(plan(2, CAMERA));
    assertThat(made).hasSize(2);
  }

  @Test
  void othersWaitForAFirstReportAndForAChangeOfStateOrDecision() {
    apply(plan(1, CAMERA));
    assertThat(heard(report(StreamState.STARTING, 0))).isTrue();
    assertThat(heard(report(StreamState.STARTING, 0))).isFalse();
    assertThat(heard(report(StreamState.RUNNING, 0))).isTrue();
    assertThat(heard(report(StreamState.RUNNING, 1))).isTrue();
    assertThat(heard(report(StreamState.RUNNING, 1))).isFalse();
    assertThat(generators.reports()).containsExactly(report(StreamState.RUNNING, 1));
  }

  @Test
  void aStreamThatIsOverIsNotReportedNorWhatItsGeneratorSaidLast() {
    apply(plan(1, CAMERA));
    heard(report(StreamState.RUNNING, 1));
    assertThat(ended(1)).contains(STREAM);
    assertThat(generators.reports()).isEmpty();
    assertThat(heard(report(StreamState.RUNNING, 1))).isFalse();
    assertThat(generators.reports()).isEmpty();
  }

  @Test
  void otherKnobsAreNoOtherSource() {
    apply(plan(1, CAMERA));
    var tuned =
        new SourceSpec(
            "cam-0",
            CAMERA.uri(),
            CAMERA.node(),
            CAMERA.shed(),
            new TreeMap<>(Map.of("fps", List.of(5.0))));
    apply(plan(2, tuned));
    assertThat(told(1)).hasAtLeastOneElementOfType(Generator.Change.class);
    assertThat(told(1)).doesNotContain(Generator.Drain.INSTANCE);
  }

  @Test
  void aPauseLeavesAStreamThatHasFailedAsItIsAndGoingOnRepairsIt() {
    apply(plan(1, CAMERA));
    heard(report(StreamState.FAILED, 1));
    apply(plan(2, RunState.PAUSED, CAMERA));
    assertThat(told(1)).doesNotContain(Generator.Drain.INSTANCE);
    apply(plan(3, CAMERA));
    assertThat(told(1)).contains(Generator.Drain.INSTANCE);
  }

  @Test
  void whatIsNoGeneratorMayEnd() {
    apply(plan(1, CAMERA));
    var other = controller.part(context -> context.getSystem().deadLetters());
    assertThat(controller.call(() -> generators.ended(other, true))).isEmpty();
    assertThat(generators.reads(STREAM)).isTrue();
  }

  @Test
  void afterACrashTheReportKeepsTheCountsAndTellsTheCause() {
    apply(plan(1, CAMERA));
    heard(report(StreamState.RUNNING, 3));
    crash(1);
    var report = generators.reports().get(0);
    assertThat(report.state()).isEqualTo(StreamState.SOURCE_DOWN);
    assertThat(report.ledger()).isEqualTo(report(StreamState.RUNNING, 3).ledger());
    assertThat(report.decision()).isEqualTo(3);
    assertThat(report.problem().orElseThrow())
        .contains("crashed once", "is started again soon", "no camera");
  }

  @Test
  void whatHasCrashedIsStartedAgainWhenItsBackOffIsOver() {
    apply(plan(1, CAMERA));
    crash(1);
    now += BACKOFF.toNanos() - 1;
    apply(plan(1, CAMERA));
    assertThat(made).hasSize(1);
    now++;
    apply(plan(1, CAMERA));
    assertThat(made).hasSize(2);
    heard(report(StreamState.RUNNING, 0));
    assertThat(generators.reports().get(0).problem().orElseThrow())
        .contains("crashed once", "runs again", "no camera");
  }

  @Test
  void aStreamThatIsNotWantedAnyMoreWhileItIsDownIsForgotten() {
    apply(plan(1, CAMERA));
    crash(1);
    apply();
    assertThat(generators.reports()).isEmpty();
    assertThat(forgotten).containsExactly(STREAM);
    apply(plan(2, CAMERA));
    assertThat(made).as("at once: nothing is known of a crash").hasSize(2);
  }

  @Test
  void aProviderThatThrowsDoesNotKeepOthersFromBeingRead() {
    apply(
        plan(
            1,
            source("a", "edge-1", "throws:x"),
            source("b", "edge-1", "unlinked:x"),
            source("c", "edge-1", "fake:x")));
    assertThat(failed)
        .containsOnlyKeys(StreamName.parse("crossing/a"), StreamName.parse("crossing/b"))
        .hasEntrySatisfying(
            StreamName.parse("crossing/a"), e -> assertThat(e).hasMessage("no path"))
        .hasEntrySatisfying(
            StreamName.parse("crossing/b"), e -> assertThat(e).hasMessage("no library"));
    assertThat(generators.reads(StreamName.parse("crossing/c"))).isTrue();
    assertThat(generators.reads(StreamName.parse("crossing/a"))).isFalse();
  }

  @Test
  void aProviderThatThrewIsTriedAgainAfterItsBackOffOnly() {
    var plan = plan(1, source("cam-0", "edge-1", "throws:x"));
    apply(plan);
    controller.run(() -> crashed(failed.remove(STREAM)));
    apply(plan);
    assertThat(failed).isEmpty();
    now += BACKOFF.toNanos();
    apply(plan);
    assertThat(failed).containsOnlyKeys(STREAM);
    assertThat(generators.reports().get(0).problem().orElseThrow()).contains("no path");
  }

  @Test
  void aSourceThatNoProviderReadsIsToldOfAndTheOthersAreRead() {
    apply(plan(1, source("cam-1", "edge-1", "gopher:x"), CAMERA));
    assertThat(controller.logged(Level.WARN))
        .containsExactly("crossing/cam-1: no kind of source reads gopher:x");
    assertThat(made).extracting(Made::source).containsExactly(CAMERA);
    assertThat(failed).isEmpty();
  }

  private Behavior<Generator.Command> makeGenerator(
      Plan plan, SourceSpec source, SourceProvider provider) {
    assertThat(provider).isInstanceOf(FakeProvider.class);
    made.add(new Made(plan, source));
    return Behaviors.ignore();
  }

  private void apply(Plan... plans) {
    controller.run(() -> generators.apply(List.of(plans), failed::put));
  }

  private boolean heard(StreamReport report) {
    return controller.call(() -> generators.heard(new Generator.Status(report, false)));
  }

  /** The {@code number}th generator that was made. */
  private ActorRef<Generator.Command> child(int number) {
    return controller.child("generator-" + number);
  }

  private List<Generator.Command> told(int number) {
    return controller.told(child(number));
  }

  private Optional<StreamName> ended(int number) {
    return controller.call(() -> generators.ended(child(number), false));
  }

  private void crash(int number) {
    controller.run(
        () -> {
          assertThat(generators.ended(child(number), true)).contains(STREAM);
          crashed(CAUSE);
        });
  }

  /** As the controller does. */
  private void crashed(Throwable cause) {
    crashes.add(STREAM, cause);
    generators.crashed(STREAM);
  }

  private static StreamReport report(StreamState state, long decision) {
    return new StreamReport(
        STREAM,
        state,
        decision,
        new Ledger(9, 4, 2, 1, 2),
        new Traffic(8, 50, 5, 12),
        new Latency(1, 2, 3),
        Optional.empty());
  }

  private static Plan plan(long version, SourceSpec... sources) {
    return plan(version, RunState.RUNNING, sources);
  }

  private static Plan plan(long version, RunState state, SourceSpec... sources) {
    var spec =
        new PipelineSpec(
            "crossing",
            List.of(sources),
            List.of(new StageSpec("detect", "reader", List.of(), Map.of())),
            new PolicySpec("fixed", Map.of()),
            Objective.DEFAULT,
            Delivery.DEFAULT);
    return new Plan(new DesiredPipeline(version, spec).in(state), CATALOG);
  }

  private static SourceSpec source(String name, String node, String uri) {
    return new SourceSpec(
        name, URI.create(uri), Optional.of(node), Optional.empty(), new TreeMap<>());
  }

  /** Reads {@code fake:}, and throws when it is asked for what it cannot bear. */
  private static final class FakeProvider implements SourceProvider {
    @Override
    public SourceDescriptor descriptor() {
      return new SourceDescriptor(
          "fake", "for tests", MediaType.OPAQUE, List.of(), true, Repeat.NONE, "fake:");
    }

    @Override
    public boolean claims(URI uri) {
      return switch (uri.getScheme()) {
        case "throws" -> throw new NullPointerException("no path");
        case "unlinked" -> throw new UnsatisfiedLinkError("no library");
        default -> uri.getScheme().equals("fake");
      };
    }

    @Override
    public Source<Segment, NotUsed> open(SourceContext context) {
      return Source.empty();
    }
  }
}
