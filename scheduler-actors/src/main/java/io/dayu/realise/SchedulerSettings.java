package io.dayu.realise;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;

/** The keys under {@code dayu.scheduler}; {@code reference.conf} says what each means. */
public record SchedulerSettings(
    Duration staleAfter,
    Duration evaluateAtMostEvery,
    Duration evaluateAtLeastEvery,
    Duration minDwell,
    Duration warmUpTimeout,
    Duration loadTimeout,
    Duration probation,
    int decisionsKept,
    Duration storeTimeout) {
  private static final String PATH = "dayu.scheduler";

  public SchedulerSettings {
    new Checks(PATH)
        // Nodes report at least every five seconds: with less, healthy nodes look dead.
        .atLeast("stale-after", staleAfter, Duration.ofSeconds(6))
        .atLeast("evaluate-at-most-every", evaluateAtMostEvery, Duration.ofMillis(10))
        .notAbove(
            "evaluate-at-most-every",
            evaluateAtMostEvery,
            "evaluate-at-least-every",
            evaluateAtLeastEvery)
        .atLeast("min-dwell", minDwell, Duration.ZERO)
        .atLeast("warm-up-timeout", warmUpTimeout, Duration.ZERO)
        .atLeast("load-timeout", loadTimeout, Duration.ofSeconds(1))
        .atLeast("probation", probation, Duration.ZERO)
        .positive("decisions-kept", decisionsKept)
        .atLeast("store-timeout", storeTimeout, Duration.ofMillis(1))
        .enforce();
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static SchedulerSettings from(Config root) {
    return Section.read(
        PATH,
        root.getConfig(PATH),
        section ->
            new SchedulerSettings(
                section.duration("stale-after"),
                section.duration("evaluate-at-most-every"),
                section.duration("evaluate-at-least-every"),
                section.duration("min-dwell"),
                section.duration("warm-up-timeout"),
                section.duration("load-timeout"),
                section.duration("probation"),
                section.count("decisions-kept"),
                section.duration("store-timeout")));
  }
}
