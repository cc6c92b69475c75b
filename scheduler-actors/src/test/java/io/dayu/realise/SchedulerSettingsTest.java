package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SchedulerSettingsTest {
  private static SchedulerSettings from(String own) {
    return SchedulerSettings.from(
        ConfigFactory.parseString(own)
            .withFallback(ConfigFactory.parseResources("reference.conf")));
  }

  @Test
  void theDefaultsAreValid() {
    var settings = from("");
    assertThat(settings.staleAfter()).isEqualTo(Duration.ofSeconds(15));
    assertThat(settings.evaluateAtMostEvery()).isEqualTo(Duration.ofMillis(500));
    assertThat(settings.evaluateAtLeastEvery()).isEqualTo(Duration.ofSeconds(2));
    assertThat(settings.minDwell()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.warmUpTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.decisionsKept()).isEqualTo(1000);
    assertThat(settings.storeTimeout()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void allProblemsComeInOneMessage() {
    assertThatThrownBy(
            () ->
                from(
                    """
                    dayu.scheduler { stale-after = 1s, min-dwell = soon, decisions-kept = 0, dwell = 3s
                      evaluate-at-most-every = 5s }
                    """))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("stale-after must be at least 6000 ms")
        .hasMessageContaining("min-dwell")
        .hasMessageContaining("decisions-kept must be at least 1")
        .hasMessageContaining("dayu.scheduler.dwell is not a setting")
        .hasMessageContaining("evaluate-at-least-every must be at least 5000 ms");
  }

  @Test
  void aSingleProblemIsAlsoFound() {
    assertThatThrownBy(() -> from("dayu.scheduler.evaluate-at-most-every = []"))
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .hasMessageContaining("evaluate-at-most-every");
    assertThatThrownBy(() -> from("dayu.scheduler.typo = 1")).hasMessageContaining("typo");
  }
}
