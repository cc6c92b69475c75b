package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.InstanceName;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import net.jqwik.api.Example;

final class ConnectFailuresTest {
  /** After a second {@link System#nanoTime} is negative. */
  private static final long NOW = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  private static final LinkSender.Target TARGET =
      new LinkSender.Target("edge-2", "edge-2.example", 25_530, InstanceName.OUTBOX, "edge-1");

  private final ConnectFailures failures = new ConnectFailures(TARGET, false);

  @Example
  void itIsToldAfterAWhileAndThenMoreAndMoreRarely() {
    var told = new ArrayList<Long>();
    for (long second = 0; second <= 3_600; second++) {
      if (failures.add(new LinkException("refused"), at(second)).isPresent()) told.add(second);
    }
    assertThat(told)
        .containsExactly(30L, 60L, 120L, 240L, 480L, 960L, 1_560L, 2_160L, 2_760L, 3_360L);
  }

  @Example
  void aConnectionInBetweenBeginsTheWaitAnew() {
    failures.add(new LinkException("refused"), at(0));
    assertThat(failures.add(new LinkException("refused"), at(30))).isPresent();
    failures.end();
    assertThat(failures.add(new LinkException("refused"), at(31))).isEmpty();
    assertThat(failures.add(new LinkException("refused"), at(60))).isEmpty();
    assertThat(failures.add(new LinkException("refused"), at(61)))
        .contains(
            "no connection to @outbox on edge-2 (edge-2.example port 25530) for 30 s, 3 tries: refused");
  }

  @Example
  void theInnermostCauseIsTold() {
    failures.add(new LinkException("refused"), at(0));
    var cause = new IllegalStateException("stream", new UnknownHostException("edge-2.example"));
    assertThat(failures.add(cause, at(30)).orElseThrow()).endsWith("the name has no address");
  }

  @Example
  void aPeerThatClosesWithoutAWordMayDifferInKeys() {
    var closed = new LinkException(ConnectFailures.CLOSED);
    failures.add(closed, at(0));
    assertThat(failures.add(closed, at(30)).orElseThrow()).contains("it may have keys");
    var keyed = new ConnectFailures(TARGET, true);
    keyed.add(closed, at(0));
    assertThat(keyed.add(closed, at(30)).orElseThrow()).contains("it may have no keys");
  }

  @Example
  void aProblemOfKeysIsToldOnceUntilThereIsAnother() {
    assertThat(failures.keyProblem("expired")).isPresent();
    assertThat(failures.keyProblem("expired")).isEmpty();
    assertThat(failures.keyProblem("revoked")).isPresent();
    failures.end();
    assertThat(failures.keyProblem("revoked")).isPresent();
  }

  private static long at(long seconds) {
    return NOW + Duration.ofSeconds(seconds).toNanos();
  }
}
