package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.settings.ConfigurationException;
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
    assertThat(settings.loadTimeout()).isEqualTo(Duration.ofSeconds(150));
    assertThat(settings.decisionsKept()).isEqualTo(1000);
    assertThat(settings.storeTimeout()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void allProblemsComeInOneMessage() {
    assertThatThrownBy(
            () ->
                from(
                    """
                    dayu.scheduler { stale-after = 1s, min-dwell = soon, decisions-kept = 0
                      evaluate-at-most-every = 5s }
                    """))
        .isInstanceOf(ConfigurationException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(4))
        .hasMessageContaining("dayu.scheduler.stale-after is 1 s; it must be at least 6 s")
        .hasMessageContaining("dayu.scheduler.min-dwell: ")
        .hasMessageContaining("dayu.scheduler.decisions-kept is 0; it must be positive")
        .hasMessageContaining(
            "dayu.scheduler.evaluate-at-most-every is 5 s, above dayu.scheduler.evaluate-at-least-every, which is 2 s");
  }

  @Test
  void aSingleProblemIsAlsoFound() {
    assertThatThrownBy(() -> from("dayu.scheduler.evaluate-at-most-every = []"))
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .hasMessageContaining("evaluate-at-most-every");
  }
}
