package io.dayu.deliver;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;

/**
 * What a node keeps on disk of elements that failed; {@code dayu.failed}.
 *
 * @param quota bytes of their payloads
 */
public record FailedSettings(long quota) {
  public FailedSettings {
    new Checks("dayu.failed").positive("quota", quota).enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static FailedSettings from(Config config) {
    return Section.read(
        "dayu.failed", config, section -> new FailedSettings(section.bytes("quota")));
  }
}
