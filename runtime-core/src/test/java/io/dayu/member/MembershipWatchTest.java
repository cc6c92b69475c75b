package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.dayu.member.MemberSystem.Identity;
import io.dayu.member.MemberSystem.MembershipStatus;
import io.dayu.member.MembershipWatch.Finding;
import io.dayu.member.Seeds.Answer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the watch makes of what the cloud answers and what membership sees. */
final class MembershipWatchTest {
  private static final Identity SELF = new Identity("pekko://dayu@127.0.0.1:1", 7);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final MembershipStatus FINE = new MembershipStatus(true, false);
  private static final MembershipStatus JOINING = new MembershipStatus(false, false);
  private static final MembershipStatus CUT_OFF = new MembershipStatus(true, true);

  /** Whoever lets time pass does the work, so that it is done when time has passed. */
  private static final Props AT_ONCE =
      DispatcherSelector.fromConfig("pekko.test.calling-thread-dispatcher");

  private static ActorTestKit kit;
  private static ManualTime time;

  private final TestProbe<Finding> findings = kit.createTestProbe();
  private final AtomicInteger looks = new AtomicInteger();
  private volatile MembershipStatus status = FINE;
  private volatile Answer answer = Answer.MEMBER;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load()));
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private void watch() {
    kit.spawn(
        MembershipWatch.create(
            SELF,
            () -> {
              looks.incrementAndGet();
              return status;
            },
            identity -> CompletableFuture.completedFuture(answer),
            PATIENCE,
            findings.ref()),
        AT_ONCE);
  }

  /** Lets the watch look so often. */
  private void look(int times) {
    for (int i = 0; i < times; i++) {
      int before = looks.get();
      time.timePasses(MembershipWatch.EVERY);
      assertThat(looks).hasValue(before + 1);
    }
  }

  private void nothing() {
    time.expectNoMessageFor(Duration.ofMillis(1), findings);
  }

  @Test
  void aMemberIsLeftAlone() {
    watch();
    look(20);
    nothing();
  }

  @Test
  void aNodeThatTheCloudDoesNotKnowIsOrphaned() {
    answer = Answer.UNKNOWN;
    watch();
    look(MembershipWatch.MISSES - 1);
    nothing();
    look(1);
    findings.expectMessage(Finding.ORPHANED);
  }

  @Test
  void aCloudNodeThatHearsLateDoesNotMakeAnOrphan() {
    watch();
    for (int i = 0; i < 5; i++) {
      answer = Answer.UNKNOWN;
      look(MembershipWatch.MISSES - 1);
      answer = Answer.MEMBER;
      look(1);
    }
    nothing();
  }

  @Test
  void silenceSaysNothing() {
    answer = Answer.NONE;
    watch();
    look(20);
    nothing();
    // And what was said before it still holds.
    answer = Answer.UNKNOWN;
    look(2);
    answer = Answer.NONE;
    look(5);
    nothing();
    answer = Answer.UNKNOWN;
    look(1);
    findings.expectMessage(Finding.ORPHANED);
  }

  @Test
  void aNodeThatIsJoiningIsNotAsked() {
    status = JOINING;
    answer = Answer.UNKNOWN;
    watch();
    look(10);
    nothing();
  }

  @Test
  void aCutThatOnlyMembershipStillFeelsIsEnded() {
    status = CUT_OFF;
    answer = Answer.NONE;
    watch();
    look(3);
    nothing();
    look(1);
    findings.expectMessage(Finding.CUT_OFF);
  }

  @Test
  void aMemberThatTheCloudCannotReachIsCutOffTooAlthoughItDoesNotSeeIt() {
    answer = Answer.UNREACHABLE;
    watch();
    look(4);
    findings.expectMessage(Finding.CUT_OFF);
  }

  @Test
  void aCutThatHealsByItselfIsLeftToMembership() {
    watch();
    for (int i = 0; i < 5; i++) {
      status = CUT_OFF;
      answer = Answer.UNREACHABLE;
      look(3);
      status = FINE;
      answer = Answer.MEMBER;
      look(1);
    }
    nothing();
    assertThat(looks.get()).isEqualTo(20);
  }
}
