package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.store.StoreException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RetentionTest {
  private static final Instant T0 = Instant.parse("2026-11-29T12:00:00Z");
  private static final Retain WEEK = new Retain(Optional.of(Duration.ofDays(7)), Optional.empty());

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<Object> probe = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** Each call of a turn is told to the probe; {@code turn} says what comes of it. */
  private void start(Retention.Results turn) {
    var spec =
        new PipelineSpec(
            "crossing",
            List.of(),
            List.of(),
            new PolicySpec(PolicySpec.DEFAULT_NAME, Map.of()),
            Objective.DEFAULT,
            new Delivery(Offline.LOCAL, 0, WEEK));
    var view = new View(Map.of(), Map.of(), Map.of("crossing", new DesiredPipeline(1, spec)));
    kit.spawn(
        Retention.create(
            (now, wanted) -> {
              probe.getRef().tell(wanted);
              return turn.work(now, wanted);
            },
            now -> {
              probe.getRef().tell("decisions as of " + now);
              return CompletableFuture.completedFuture(0L);
            },
            () -> view,
            Clock.fixed(T0, ZoneOffset.UTC)));
  }

  @Test
  void aRoundHasAsManyTurnsAsItTakesAndTheNextOneComesLater() {
    var left = new int[] {3};
    var rest = Duration.ofMillis(5);
    start((now, wanted) -> --left[0] > 0 ? Optional.of(rest) : Optional.empty());
    probe.expectMessage(Map.of("crossing", WEEK));
    for (int turn = 1; turn < 3; turn++) {
      time.expectNoMessageFor(rest.minusMillis(1), probe);
      time.timePasses(Duration.ofMillis(1));
      probe.expectMessage(Map.of("crossing", WEEK));
    }
    probe.expectMessage("decisions as of " + T0);
    time.expectNoMessageFor(Retention.ROUND.minusMillis(1), probe);
    time.timePasses(Duration.ofMillis(1));
    probe.expectMessage(Map.of("crossing", WEEK));
    probe.expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void aTurnThatFailsIsTriedAgainInTheNextRoundAndNotBefore() {
    start(
        (now, wanted) -> {
          throw new StoreException("prune results of crossing: the disk is full", true, null);
        });
    for (int round = 0; round < 3; round++) {
      probe.expectMessage(Map.of("crossing", WEEK));
      probe.expectNoMessage(Duration.ofMillis(50));
      time.expectNoMessageFor(Retention.ROUND.minusMillis(1), probe);
      time.timePasses(Duration.ofMillis(1));
    }
    assertThat(probe.receiveMessage()).isEqualTo(Map.of("crossing", WEEK));
  }
}
