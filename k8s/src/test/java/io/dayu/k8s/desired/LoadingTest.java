package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.Loading.Demand;
import io.dayu.k8s.desired.Loading.Phase;
import io.dayu.k8s.desired.Loading.Place;
import io.dayu.k8s.desired.Loading.Plan;
import io.dayu.k8s.desired.Loading.Rules;
import io.dayu.k8s.desired.Loading.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoadingTest {
  private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
  private static final Rules RULES = rules(Integer.MAX_VALUE, 0);

  private static Rules rules(int most, int standby) {
    return new Rules(most, standby, Duration.ofSeconds(300), Duration.ofSeconds(120));
  }

  private static Demand wanted(String... nodes) {
    return new Demand(true, Set.of(nodes));
  }

  private static Place empty(String node) {
    return new Place(node, true, false, false, Optional.empty(), "", Optional.empty());
  }

  private static Place serving(String node) {
    return new Place(node, true, true, true, Optional.empty(), "", Optional.empty());
  }

  private static Place starting(String node) {
    return new Place(node, true, true, false, Optional.empty(), "", Optional.empty());
  }

  private static Place broken(String node) {
    return new Place(node, true, true, false, Optional.of("it crashes"), "", Optional.empty());
  }

  private static Place after(Place p, Plan plan) {
    return new Place(
        p.node(),
        p.here(),
        p.container(),
        p.serving(),
        p.broken(),
        p.doing(),
        Optional.ofNullable(plan.states().get(p.node())));
  }

  private static Place away(Place p) {
    return new Place(p.node(), false, p.container(), false, p.broken(), p.doing(), p.was());
  }

  private static Plan next(Demand demand, Rules rules, long second, Place... places) {
    return Loading.next(List.of(places), demand, rules, T0.plusSeconds(second));
  }

  @Test
  void itRunsWhereItIsWantedAndMayBeChosenElsewhere() {
    var plan = next(wanted("b"), RULES, 0, empty("a"), empty("b"), empty("c"));
    assertThat(plan.run()).containsExactly("b");
    assertThat(plan.possible()).containsExactly("a", "b", "c");
    assertThat(plan.impossible()).isEmpty();
    assertThat(plan.states().get("b")).isEqualTo(new State(Phase.LOADING, T0, ""));
    assertThat(plan.again()).contains(T0.plusSeconds(120));
    var then = next(wanted("b"), RULES, 60, after(serving("b"), plan));
    assertThat(then.states()).as("there is nothing more to wait for").isEmpty();
    assertThat(then.again()).isEmpty();
  }

  @Test
  void whereNobodyWantsItAnyMoreItStaysForAWhile() {
    var plan = next(wanted(), RULES, 0, serving("a"));
    assertThat(plan.run()).containsExactly("a");
    assertThat(plan.again()).contains(T0.plusSeconds(300));
    assertThat(next(wanted(), RULES, 299, after(serving("a"), plan)).run()).containsExactly("a");
    assertThat(next(wanted(), RULES, 300, after(serving("a"), plan)).run()).isEmpty();
    var again = next(wanted("a"), RULES, 299, after(serving("a"), plan));
    assertThat(again.states()).as("wanted again: the time begins anew").isEmpty();
    assertThat(next(wanted(), RULES, 0, starting("b")).run())
        .as("what was never ready is of no use")
        .isEmpty();
  }

  @Test
  void whatDoesNotBecomeReadyInTimeIsEndedTheReasonToldAndTriedAgainLater() {
    var begun = next(wanted("a"), RULES, 0, empty("a"), empty("b"));
    assertThat(next(wanted("a"), RULES, 119, after(starting("a"), begun)).run())
        .containsExactly("a");
    var pulling =
        new Place(
            "a",
            true,
            true,
            false,
            Optional.empty(),
            "ImagePullBackOff",
            Optional.of(begun.states().get("a")));
    var failed = next(wanted("a"), RULES, 120, pulling, empty("b"));
    assertThat(failed.run()).isEmpty();
    assertThat(failed.impossible().get("a"))
        .isEqualTo("it was not ready within 120 s (ImagePullBackOff)");
    assertThat(failed.possible()).containsExactly("a", "b");
    var then = next(wanted("b"), RULES, 121, after(empty("a"), failed), empty("b"));
    assertThat(then.run()).containsExactly("b");
    assertThat(then.impossible()).containsOnlyKeys("a");
    long later = 120 + Loading.AGAIN_AFTER.toSeconds();
    assertThat(next(wanted(), RULES, later, after(empty("a"), failed)).impossible()).isEmpty();
    assertThat(next(wanted("a"), RULES, later, after(empty("a"), failed)).run())
        .containsExactly("a");
  }

  @Test
  void whatCrashesIsNotWaitedFor() {
    var plan = next(wanted("a"), RULES, 0, broken("a"));
    assertThat(plan.run()).isEmpty();
    assertThat(plan.impossible()).containsEntry("a", "it crashes");
  }

  @Test
  void someStandByAndThoseThatHaveItAreTakenFirst() {
    assertThat(next(wanted(), rules(9, 2), 0, empty("a"), empty("b"), serving("c")).run())
        .containsExactly("a", "c");
    assertThat(next(wanted("b"), rules(9, 1), 0, empty("a"), empty("b")).run())
        .as("one that is wanted counts")
        .containsExactly("b");
    var broken = next(wanted(), rules(9, 1), 0, broken("a"), empty("b"));
    assertThat(next(wanted(), rules(9, 1), 1, after(empty("a"), broken), empty("b")).run())
        .containsExactly("b");
  }

  @Test
  void whatHasNeverSaidWhatItIsRunsOnOneNodeUntilItHas() {
    assertThat(next(new Demand(false, Set.of()), RULES, 0, empty("a"), empty("b")).run())
        .containsExactly("a");
    assertThat(next(wanted(), RULES, 0, empty("a"), empty("b")).run()).isEmpty();
  }

  @Test
  void thereIsAnUpperBoundAndWhatIsBeyondItCannotBeChosen() {
    var full = next(wanted("a"), rules(1, 0), 0, serving("a"), empty("b"));
    assertThat(full.run()).containsExactly("a");
    assertThat(full.possible()).containsExactly("a");
    var lowered = next(wanted("a", "b"), rules(1, 0), 0, serving("a"), serving("b"));
    assertThat(lowered.run()).as("elements may be on their way").containsExactly("a", "b");
    assertThat(lowered.impossible()).containsOnlyKeys("b");
    var left = next(wanted("a"), rules(1, 0), 1, serving("a"), serving("b"));
    assertThat(left.run()).as("not even for a while").containsExactly("a");
    var none = next(wanted(), rules(0, 0), 0, empty("a"), empty("b"));
    assertThat(none.run()).isEmpty();
    assertThat(none.impossible().keySet()).isEqualTo(none.possible()).containsExactly("a");
  }

  @Test
  void aNodeThatIsAwayKeepsWhatItHasAndCountsForNothing() {
    var plan = next(wanted("b"), rules(1, 0), 0, away(serving("a")), empty("b"), away(empty("c")));
    assertThat(plan.run()).containsExactly("a", "b");
    var idle = next(wanted(), RULES, 0, serving("a"));
    var gone = next(wanted(), RULES, 999, away(after(serving("a"), idle)));
    assertThat(gone.run()).containsExactly("a");
    assertThat(gone.states()).isEqualTo(idle.states());
  }

  @Test
  void whileARevisionIsTakenBackNothingEndsAndNothingBegins() {
    var plan = Loading.held(List.of(serving("a"), empty("b")), "taken back");
    assertThat(plan.run()).containsExactly("a");
    assertThat(plan.impossible()).containsOnlyKeys("b");
  }
}
