package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import io.dayu.store.Pruner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What is kept of results, and how much of them; {@code dayu.store.retain} and {@code
 * dayu.store.quota}.
 *
 * @param age since they were stored, of pipelines that do not say it
 * @param atMost how many of each such pipeline
 * @param quota of the whole store
 */
record RetainSettings(Duration age, long atMost, Quota quota) {
  private static final String PATH = "dayu.store";
  private static final String ANY = "any";
  private static final String AUTO = "auto";
  private static final long AS_MANY_AS_FIT = Long.MAX_VALUE;
  private static final Duration LONGEST = Duration.ofDays(36_500);

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
            quota.bytes() >= Quota.LEAST,
            "quota",
            "is %s bytes; it must be at least 64MiB, such as 20GiB".formatted(quota.bytes()))
        // A node starts with whatever is free on its disk today.
        .that(
            !quota.configured()
                || quota.bytes() < Quota.LEAST
                || atMost == AS_MANY_AS_FIT
                || atMost <= room(quota),
            "retain.at-most",
            "is %s, but dayu.store.quota (%s bytes) has no room for more than %s results; lower the one or raise the other"
                .formatted(atMost, quota.bytes(), room(quota)))
        .enforce();
  }

  /**
   * Reads the settings of a complete configuration, and looks at the disk if that decides.
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
                section.get(
                    "quota", (config, key) -> quota(config, key, root), Quota.of(AS_MANY_AS_FIT))));
  }

  private static Quota quota(Config config, String key, Config root) {
    var text = config.getString(key);
    if (!text.equals(AUTO)) {
      try {
        return Quota.of(config.getBytes(key));
      } catch (ConfigException e) {
        throw new IllegalArgumentException(
            "\"%s\" is no size; write one such as 20GiB, or auto".formatted(text), e);
      }
    }
    if (!config.getString("url").isEmpty()) return Quota.shared();
    var file = StoreSettings.results(Path.of(root.getString("dayu.node.data-dir")));
    try {
      return Quota.ofDisk(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "is auto, but the disk of %s cannot be looked at (%s); write a size such as 20GiB"
              .formatted(file, e),
          e);
    }
  }

  private static long atMost(Config config, String key) {
    return config.getString(key).equals(ANY) ? AS_MANY_AS_FIT : config.getLong(key);
  }

  private static long room(Quota quota) {
    return quota.bytes() / RESULT_BYTES;
  }

  Pruner.Limits limits() {
    return new Pruner.Limits(age, atMost, quota.bytes());
  }

  /** What a pipeline wants to be kept that can never be. */
  Optional<PipelineProblem> problem(PipelineSpec spec) {
    return spec.delivery()
        .retain()
        .atMost()
        .filter(results -> results > room(quota))
        .map(
            results ->
                new PipelineProblem(
                    "spec.delivery.retain.atMost",
                    "is %s, but the store of the cloud has no room for more than %s results"
                        .formatted(results, room(quota)),
                    "lower it, or raise dayu.store.quota on the cloud nodes"));
  }
}
