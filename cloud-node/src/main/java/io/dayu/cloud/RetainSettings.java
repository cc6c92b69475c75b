package io.dayu.cloud;

import com.typesafe.config.Config;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import io.dayu.store.Pruner;
import java.time.Duration;
import java.util.Optional;

/**
 * What is kept of results, and how much of them; {@code dayu.store.retain} and {@code
 * dayu.store.quota}.
 *
 * @param age since they were stored, of pipelines that do not say it
 * @param atMost how many of each such pipeline
 * @param quota bytes of the whole store
 */
record RetainSettings(Duration age, long atMost, long quota) {
  private static final String PATH = "dayu.store";
  private static final String ANY = "any";
  private static final long AS_MANY_AS_FIT = Long.MAX_VALUE;
  private static final Duration LONGEST = Duration.ofDays(36_500);
  private static final long LEAST_QUOTA = 64L << 20;

  /** What the smallest result takes. */
  private static final long RESULT_BYTES = 64;

  RetainSettings {
    new Checks(PATH)
        .atLeast("retain.for", age, Duration.ofSeconds(1))
        .that(
            age.compareTo(LONGEST) <= 0,
            "retain.for",
            "is %s days; it must be at most 36500d".formatted(age.toDays()))
        .positive("retain.at-most", atMost)
        .that(
            quota >= LEAST_QUOTA,
            "quota",
            "is %s bytes; it must be at least 64MiB, such as 20GiB".formatted(quota))
        .that(
            quota < LEAST_QUOTA || atMost == AS_MANY_AS_FIT || fit(atMost, quota),
            "retain.at-most",
            "is %s, but dayu.store.quota (%s bytes) has no room for more than %s results; lower the one or raise the other"
                .formatted(atMost, quota, quota / RESULT_BYTES))
        .enforce();
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws ConfigurationException with all problems at once
   */
  static RetainSettings from(Config root) {
    return Section.read(
        PATH,
        root.getConfig(PATH),
        section ->
            new RetainSettings(
                section.get("retain.for", Config::getDuration, LONGEST),
                section.get("retain.at-most", RetainSettings::atMost, AS_MANY_AS_FIT),
                section.get("quota", Config::getBytes, AS_MANY_AS_FIT)));
  }

  private static long atMost(Config config, String key) {
    return config.getString(key).equals(ANY) ? AS_MANY_AS_FIT : config.getLong(key);
  }

  private static boolean fit(long results, long quota) {
    return results <= quota / RESULT_BYTES;
  }

  Pruner.Limits limits() {
    return new Pruner.Limits(age, atMost, quota);
  }

  /** What a pipeline wants to be kept that can never be. */
  Optional<PipelineProblem> problem(PipelineSpec spec) {
    return spec.delivery()
        .retain()
        .atMost()
        .filter(results -> !fit(results, quota))
        .map(
            results ->
                new PipelineProblem(
                    "spec.delivery.retain.atMost",
                    "is %s, but the store of the cloud has no room for more than %s results"
                        .formatted(results, quota / RESULT_BYTES),
                    "lower it, or raise dayu.store.quota on the cloud nodes"));
  }
}
