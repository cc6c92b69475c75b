package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.RevisionSwitch.Health;
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
  private static final Health NOT_YET = new Health(2, 0, 0, Optional.empty());
  private static final Health READY = new Health(2, 2, 0, Optional.empty());
  private static final Health CALLED = new Health(2, 2, 2, Optional.empty());

  private final Map<String, Health> health = new HashMap<>();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private State state = NOTHING;

  @Test
  void theFirstRevisionIsToldWhenItIsReadySomewhereAndWaitedForWithoutAnEnd() {
    health.put("a", NOT_YET);
    assertThat(step("a").told()).isEmpty();
    now = now.plusSeconds(10_000);
    assertThat(step("a").run()).containsExactly("a");
    health.put("a", new Health(2, 1, 0, Optional.empty()));
    assertThat(told(step("a"))).isEqualTo("a");
    assertThat(state.active()).isPresent();
  }

  @Test
  void theOldOneEndsOnlyWhenMembersCallTheNewOneAndItsCallsHaveHadTheirTime() {
    started("a");
    health.put("b", NOT_YET);
    var plan = step("b");
    assertThat(plan.run()).containsExactly("a", "b");
    assertThat(told(plan)).isEqualTo("a");
    assertThat(state.candidate().orElseThrow().slot())
        .as("another port than the old one's")
        .isEqualTo(1);

    health.put("b", new Health(2, 1, 0, Optional.empty()));
    assertThat(told(step("b"))).as("not everywhere yet").isEqualTo("a");
    health.put("b", READY);
    assertThat(told(step("b"))).isEqualTo("b");
    now = now.plusSeconds(16);
    assertThat(step("b").run()).as("members have not said that they call it").contains("a");
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
    now = now.plusSeconds(61);
    assertThat(step("b").run()).containsExactly("b");
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
    health.put("b", new Health(2, 0, 0, Optional.of("on node e: CrashLoopBackOff")));
    assertThat(step("b").failure()).contains("on node e: CrashLoopBackOff");
    assertThat(step("b").failure()).as("told once").isEmpty();
  }

  @Test
  void oneThatFailsAfterMembersWereToldIsTakenBackWhileTheOldOneStillRuns() {
    started("a");
    health.put("b", CALLED);
    assertThat(told(step("b"))).isEqualTo("b");
    health.put("b", new Health(2, 1, 2, Optional.empty()));
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
    health.put("b", new Health(1, 1, 1, Optional.empty()));
    assertThat(told(step("b"))).isEqualTo("b");
  }

  /** Without a node that is ready nothing is known of the new one. */
  @Test
  void nothingIsSwitchedWhileAllNodesAreAway() {
    started("a");
    health.put("b", new Health(0, 0, 0, Optional.empty()));
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
            Duration.ofSeconds(120),
            Duration.ofSeconds(15),
            now);
    state = plan.state();
    return plan;
  }

  private static String told(Plan plan) {
    return plan.told().map(Revision::name).orElse("");
  }
}
