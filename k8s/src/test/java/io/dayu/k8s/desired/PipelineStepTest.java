package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.PipelineStep.Observed;
import io.dayu.k8s.desired.PipelineStep.Running;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineStepTest {
  @ParameterizedTest(name = "claimed {0}, adopt {1}, own {2}, changed {3}, running {4}: {5}")
  @CsvSource(
      nullValues = "-",
      value = {
        "false, false, -, true, -, Claim",
        "false, false, -, true, 3, Claim",
        "true, false, -, true, -, Create",
        "true, false, -, true, 3, Compare",
        "true, true, -, true, 3, Replace",
        "true, false, 3, false, 3, Follow",
        "true, false, 3, true, 3, Replace",
        "true, false, 3, false, 4, Replace",
        "true, false, 3, false, -, Create",
      })
  void whatLives(
      boolean claimed, boolean adopt, Long own, boolean changed, Long running, String step) {
    assertThat(
            PipelineStep.next(
                new Observed(
                    claimed,
                    Optional.empty(),
                    Duration.ofMinutes(1),
                    Optional.empty(),
                    adopt,
                    Optional.ofNullable(own),
                    changed,
                    Optional.ofNullable(running).map(v -> new Running(v, false)))))
        .extracting(s -> s.getClass().getSimpleName())
        .isEqualTo(step);
  }

  @ParameterizedTest(name = "claimed {0}, for {1} s, own {2}, running {3}, drained {4}: {5}")
  @CsvSource(
      nullValues = "-",
      value = {
        "false, 0, 3, 3, false, Nothing",
        "true, 0, -, 3, false, Release",
        "true, 0, 3, -, false, Release",
        "true, 0, 3, 3, false, Drain",
        "true, 59, 3, 3, false, Drain",
        "true, 5, 3, 3, true, Delete",
        "true, 60, 3, 3, false, Delete",
      })
  void whatIsToGo(
      boolean claimed, int seconds, Long own, Long running, boolean drained, String step) {
    assertThat(
            PipelineStep.next(
                new Observed(
                    claimed,
                    Optional.of(Duration.ofSeconds(seconds)),
                    Duration.ofMinutes(1),
                    Optional.empty(),
                    false,
                    Optional.ofNullable(own),
                    false,
                    Optional.ofNullable(running).map(v -> new Running(v, drained)))))
        .extracting(s -> s.getClass().getSimpleName())
        .isEqualTo(step);
  }

  @Test
  void anEarlierSpecificationIsRestoredBeforeAnythingIsSubmitted() {
    assertThat(
            PipelineStep.next(
                new Observed(
                    true,
                    Optional.empty(),
                    Duration.ofMinutes(1),
                    Optional.of("2"),
                    false,
                    Optional.of(3L),
                    true,
                    Optional.of(new Running(3, false)))))
        .isEqualTo(new PipelineStep.RollBack("2"));
  }
}
