package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.evaluate.CostModel;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.policy.Choice;
import io.dayu.policy.Policies;
import io.dayu.policy.Policy;
import io.dayu.policy.Snapshot;
import io.dayu.testing.Nodes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Where stages go whose type, the counter, nodes load on demand; all others are everywhere. */
class LoadingTest {
  private static final Realiser.Patience PATIENCE =
      new Realiser.Patience(Duration.ofSeconds(5), Duration.ofSeconds(60));
  private static final String COUNTER = "counter";
  private static final String ON_DEMAND =
      "{\"url\": \"http://127.0.0.1:1/\", \"load\": \"on-demand\"";

  private final Realiser realiser = new Realiser();
  private Optional<Snapshot.Current> current = Optional.empty();

  private static Nodes two() {
    return new Nodes()
        .lacking(COUNTER, "edge-1", 0.8)
        .lacking(COUNTER, "edge-2", 0)
        .declared(COUNTER, ON_DEMAND + "}");
  }

  private static SortedMap<String, List<Share>> all(String node) {
    var route = new TreeMap<String, List<Share>>();
    for (var stage : Nodes.pipeline("fixed", Map.of()).stages())
      route.put(stage.id(), List.of(new Share(node, 1)));
    return route;
  }

  private static Policy wish(String node) {
    return s -> new Choice.Place(all(node), s.middleKnobs(), "wish for " + node);
  }

  private static Policy named(String name) {
    return ((Policies.Ok) Policies.load().make(Nodes.pipeline(name, Map.of()))).policy();
  }

  /** What follows; a decision holds from then on. */
  private Realiser.Step step(Nodes nodes, long second, Policy policy) {
    var at = Nodes.T0.plusSeconds(second);
    nodes.reportAt(at, Set.of());
    var pipeline = Nodes.pipeline("fixed", Map.of());
    var s =
        new Snapshot(pipeline, pipeline.sources().get(0), nodes.at(at), CostModel.EMPTY, current);
    var step = realiser.next(s, policy, false, Set.of(), PATIENCE);
    if (step instanceof Realiser.Publish p)
      current = Optional.of(new Snapshot.Current(p.route(), p.knobs(), Set.of()));
    return step;
  }

  private void holds(String node) {
    var knobs =
        new Snapshot(
                Nodes.pipeline("fixed", Map.of()),
                Nodes.pipeline("fixed", Map.of()).sources().get(0),
                two().at(Nodes.T0),
                CostModel.EMPTY,
                Optional.empty())
            .middleKnobs();
    current = Optional.of(new Snapshot.Current(all(node), knobs, Set.of()));
  }

  private String on(String stage) {
    return current.orElseThrow().route().get(stage).get(0).node();
  }

  /** As if its stages ran, whether or not the service behind one of them is there. */
  private static Nodes running(Nodes nodes, String node) {
    for (var stage : Nodes.pipeline("fixed", Map.of()).stages())
      nodes.runs(node, stage.id(), StageState.RUNNING, 0, 0, 1);
    return nodes;
  }

  @Test
  void aStageStaysUntilItsTypeIsLoadedWhereItIsToGo() {
    var nodes = two().with("edge-1", 0.8);
    holds("edge-1");
    var begun = step(nodes, 0, wish("edge-2"));
    assertThat(begun).isInstanceOf(Realiser.Publish.class);
    assertThat(((Realiser.Publish) begun).warm().get("count")).containsExactly("edge-2");
    assertThat(begun.reason()).startsWith("counter is being loaded on edge-2, to come: wish");
    assertThat(on("count")).isEqualTo("edge-1");

    var waiting = step(running(nodes, "edge-2"), 30, wish("edge-2"));
    assertThat(waiting).as("its instance alone does nothing").isInstanceOf(Realiser.Hold.class);
    assertThat(waiting.reason()).contains("counter is being loaded on edge-2");

    step(running(nodes.with("edge-2", 0), "edge-2"), 31, wish("edge-2"));
    assertThat(on("count")).isEqualTo("edge-2");
  }

  @Test
  void aMoveIsGivenUpWhenTheTypeIsNotLoadedInTime() {
    var nodes = two().with("edge-1", 0.8);
    holds("edge-1");
    step(nodes, 0, wish("edge-2"));
    assertThat(step(nodes, 59, wish("edge-2"))).isInstanceOf(Realiser.Hold.class);
    var given = step(nodes, 60, wish("edge-2"));
    assertThat(((Realiser.Publish) given).warm()).isEmpty();
    assertThat(given.reason()).isEqualTo("given up after 60 s: counter is being loaded on edge-2");
    assertThat(on("count")).isEqualTo("edge-1");
    assertThat(realiser.dwelling(Nodes.pipeline("fixed", Map.of()), at(61), Duration.ofSeconds(5)))
        .as("not tried again at once")
        .contains("count");
  }

  private static Instant at(long second) {
    return Nodes.T0.plusSeconds(second);
  }

  @Test
  void whereNothingIsLoadedElementsWaitAndTheReasonSaysForWhat() {
    var nodes = two();
    var first = step(nodes, 0, named("least-loaded"));
    assertThat(first).isInstanceOf(Realiser.Publish.class);
    assertThat(first.reason()).endsWith("; counter is being loaded on edge-2");
    assertThat(on("count")).isEqualTo("edge-2");
    var then = step(nodes, 100, named("least-loaded"));
    assertThat(then).isEqualTo(new Realiser.Hold("counter is being loaded on edge-2"));
    assertThat(step(nodes.with("edge-2", 0), 101, named("least-loaded")))
        .isInstanceOf(Realiser.Hold.class);
  }

  @Test
  void aNewStreamBeginsWhereTheTypeIsLoaded() {
    step(two().with("edge-1", 0.8), 0, named("least-loaded"));
    assertThat(on("count")).isEqualTo("edge-1");
  }

  @Test
  void aPolicyThatTakesOnlyANodeWithoutTheTypeHasItLoadedThere() {
    var nodes =
        two()
            .with("edge-1", 0.8)
            .with("cloud-1", "cloud", 0, Set.of("detector", "tracker", "blurrer"), Nodes.T0);
    var first = step(nodes, 0, named("cloud-only"));
    assertThat(first.reason()).endsWith("; counter is being loaded on cloud-1");
    assertThat(on("count")).isEqualTo("cloud-1");
  }

  @Test
  void aStageWhoseServiceIsNoLongerThereGoesAtOnceToWhereItIs() {
    holds("edge-2");
    var moved = step(two().with("edge-1", 0.8), 0, named("least-loaded"));
    assertThat(moved).isInstanceOf(Realiser.Publish.class);
    assertThat(on("count")).isEqualTo("edge-1");
    assertThat(on("detect")).as("works where it is").isEqualTo("edge-2");
  }

  @Test
  void aNodeThatCannotLoadTheTypeIsLeftForAnotherAndTheReasonSaysWhy() {
    holds("edge-2");
    var nodes =
        two().declared(COUNTER, ON_DEMAND + ", \"not-on\": {\"edge-2\": \"ImagePullBackOff\"}}");
    var moved = step(nodes, 0, named("least-loaded"));
    assertThat(on("count")).isEqualTo("edge-1");
    assertThat(moved.reason())
        .contains("edge-2 cannot load counter: ImagePullBackOff")
        .endsWith("; counter is being loaded on edge-1");
  }

  @Test
  void whereNoNodeCanLoadTheTypeTheReasonSaysWhy() {
    var nodes =
        two()
            .declared(
                COUNTER,
                ON_DEMAND + ", \"nodes\": [\"edge-2\"], \"not-on\": {\"edge-2\": \"no image\"}}");
    assertThat(step(nodes, 0, named("least-loaded")).reason())
        .endsWith("which stage count needs; edge-2 cannot load counter: no image");
  }
}
