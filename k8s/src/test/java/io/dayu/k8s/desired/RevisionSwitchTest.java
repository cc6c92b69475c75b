package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.ErrorRate.Figures;
import io.dayu.k8s.desired.RevisionSwitch.Health;
import io.dayu.k8s.desired.RevisionSwitch.Patience;
import io.dayu.k8s.desired.RevisionSwitch.Plan;
import io.dayu.k8s.desired.RevisionSwitch.Revision;
import io.dayu.k8s.desired.RevisionSwitch.State;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RevisionSwitchTest {
  private static final State NOTHING =
      new State(Optional.empty(), Optional.empty(), Optional.empty());
  private static final Health NOT_YET = health(2, 0, 0);
  private static final Health READY = health(2, 2, 0);
  private static final Health CALLED = health(2, 2, 2);
  private static final Figures GOOD = new Figures(1_000, 0, 0, 0, 0);

  private final Map<String, Health> health = new HashMap<>();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private State state = NOTHING;

  @Test
  void theFirstRevisionIsToldWhenItIsReadySomewhereAndWaitedForWithoutAnEnd() {
    health.put("a", NOT_YET);
    assertThat(step("a").told()).isEmpty();
    now = now.plusSeconds(10_000);
    assertThat(step("a").run()).containsExactly("a");
    health.put("a", health(2, 1, 0));
    assertThat(told(step("a"))).isEqualTo("a");
    assertThat(state.active()).isPresent();
  }

  @Test
  void theOldOneEndsOnlyWhenMembersCallTheNewOneAndHaveNoCallLeftAtIt() {
    started("a");
    health.put("b", NOT_YET);
    var plan = step("b");
    assertThat(plan.run()).containsExactly("a", "b");
    assertThat(told(plan)).isEqualTo("a");
    assertThat(state.candidate().orElseThrow().slot())
        .as("another port than the old one's")
        .isEqualTo(1);

    health.put("b", health(2, 1, 0));
    assertThat(told(step("b"))).as("not everywhere yet").isEqualTo("a");
    health.put("b", READY);
    assertThat(told(step("b"))).isEqualTo("b");
    now = now.plusSeconds(31);
    assertThat(step("b").run()).as("members have not said that they call it").contains("a");
    health.put("b", left(2, 1, 3));
    now = now.plusSeconds(1_000);
    assertThat(step("b").run()).as("calls are under way at the old one").contains("a");
    health.put("b", CALLED);
    assertThat(step("b").run()).containsExactly("b");
    assertThat(state.active().map(Revision::name)).contains("b");
    assertThat(state.candidate()).isEmpty();

    health.put("c", CALLED);
    step("c");
    assertThat(state.candidate().orElseThrow().slot()).isZero();
  }

  @Test
  void membersThatNeverSayWhatTheyCallAreNotWaitedForForEver() {
    started("a");
    health.put("b", READY);
    step("b");
    now = now.plusSeconds(46);
    assertThat(step("b").run()).containsExactly("a", "b");
    now = now.plusSeconds(16);
    assertThat(step("b").run()).containsExactly("b");
  }

  @Test
  void membersOfAnEarlierReleaseThatDoNotCountTheirCallsAreGivenTime() {
    started("a");
    health.put("b", READY);
    step("b");
    health.put("b", left(2, 0, 0));
    now = now.plusSeconds(31);
    assertThat(step("b").run()).containsExactly("a", "b");
    now = now.plusSeconds(16);
    assertThat(step("b").run()).containsExactly("b");
  }

  @Test
  void aNewOneIsWatchedBeforeTheOldOneIsLeft() {
    started("a");
    health.put("b", CALLED);
    step("b");
    now = now.plusSeconds(29);
    assertThat(step("b").run()).contains("a");
    now = now.plusSeconds(2);
    assertThat(step("b").run()).containsExactly("b");
  }

  @Test
  void oneThatFailsAtWhatTheOldOneCouldDoIsTakenBackWithTheFigures() {
    started("a");
    health.put("b", CALLED);
    step("b");
    health.put("b", counted(new Figures(30, 0, 0, 0, 0), GOOD));
    assertThat(step("b").failure()).isEmpty();
    health.put("b", counted(new Figures(30, 10, 20, 0, 0), GOOD));
    var plan = step("b");
    assertThat(plan.failure())
        .hasValueSatisfying(
            f ->
                assertThat(f)
                    .contains("30 of 60 calls (10 failed, 20 unreadable")
                    .contains("more than 10 %")
                    .contains("0 of 1000"));
    assertThat(told(plan)).isEqualTo("a");
    assertThat(plan.run()).containsExactly("a");
    assertThat(step("b").run()).as("not tried again").containsExactly("a");
  }

  @Test
  void elementsThatFailAtTheOldOneTooSayNothingAgainstTheNewOne() {
    started("a");
    health.put("b", CALLED);
    step("b");
    health.put("b", counted(new Figures(80, 20, 0, 0, 0), new Figures(8_000, 2_000, 0, 0, 0)));
    assertThat(step("b").failure()).isEmpty();
  }

  @Test
  void oneThatDoesNotBecomeReadyIsTakenBackAndNotTriedAgain() {
    started("a");
    health.put("b", NOT_YET);
    step("b");
    now = now.plusSeconds(121);
    var plan = step("b");
    assertThat(plan.failure()).hasValueSatisfying(f -> assertThat(f).contains("120 s"));
    assertThat(plan.run()).containsExactly("a");
    assertThat(told(plan)).isEqualTo("a");
    health.put("b", READY);
    assertThat(step("b").run()).containsExactly("a");
    assertThat(step("c").run()).as("another one is tried").containsExactly("a", "c");
  }

  @Test
  void oneThatIsKnownToBeBrokenIsTakenBackAtOnce() {
    started("a");
    health.put("b", broken("on node e: CrashLoopBackOff"));
    assertThat(step("b").failure()).contains("on node e: CrashLoopBackOff");
    assertThat(step("b").failure()).as("told once").isEmpty();
  }

  @Test
  void oneThatFailsAfterMembersWereToldIsTakenBackWhileTheOldOneStillRuns() {
    started("a");
    health.put("b", CALLED);
    assertThat(told(step("b"))).isEqualTo("b");
    health.put("b", health(2, 1, 2));
    var plan = step("b");
    assertThat(told(plan)).isEqualTo("a");
    assertThat(plan.run()).containsExactly("a");
  }

  @Test
  void goingBackToWhatIsActiveEndsTheSwitch() {
    started("a");
    health.put("b", NOT_YET);
    step("b");
    assertThat(step("a").run()).containsExactly("a");
    assertThat(state.candidate()).isEmpty();
  }

  @Test
  void nodesThatAreAwayAreNotWaitedFor() {
    started("a");
    health.put("b", health(1, 1, 1));
    assertThat(told(step("b"))).isEqualTo("b");
  }

  /** Without a node that is ready nothing is known of the new one. */
  @Test
  void nothingIsSwitchedWhileAllNodesAreAway() {
    started("a");
    health.put("b", health(0, 0, 0));
    assertThat(told(step("b"))).isEqualTo("a");
  }

  private void started(String revision) {
    health.put(revision, CALLED);
    assertThat(told(step(revision))).isEqualTo(revision);
  }

  private Plan step(String target) {
    var plan =
        RevisionSwitch.next(
            target,
            state,
            r -> health.getOrDefault(r, NOT_YET),
            new Patience(
                Duration.ofSeconds(120),
                Duration.ofSeconds(30),
                Duration.ofSeconds(15),
                new ErrorRate(10, 20)),
            now);
    state = plan.state();
    return plan;
  }

  private static Health health(int wanted, int ready, int calling) {
    return new Health(
        wanted, ready, calling, calling, 0, Figures.NONE, Figures.NONE, Optional.empty());
  }

  /**
   * @param done members that have no call left at the old one
   */
  private static Health left(int calling, int done, int elsewhere) {
    return new Health(2, 2, calling, done, elsewhere, Figures.NONE, Figures.NONE, Optional.empty());
  }

  private static Health counted(Figures figures, Figures before) {
    return new Health(2, 2, 2, 2, 0, figures, before, Optional.empty());
  }

  private static Health broken(String why) {
    return new Health(2, 0, 0, 0, 0, Figures.NONE, Figures.NONE, Optional.of(why));
  }

  private static String told(Plan plan) {
    return plan.told().map(Revision::name).orElse("");
  }
}
