package io.dayu.process;

import com.typesafe.config.Config;
import io.dayu.link.Backoff;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;

/**
 * How processors behave; {@code dayu.process}.
 *
 * @param stageTimeout how long a stage may work on one element
 * @param maxTries how often an element is given to a stage before it is delivered as failed
 * @param maxWaiting results that may wait for the next stage before no more work is begun
 * @param joinCapacity partial elements that a join keeps
 * @param joinPatience how long a join waits for the other branches
 * @param minBackoff before a crashed stage is started again
 * @param maxBackoff between the starts of a stage that keeps crashing
 * @param retireAfter how long a stage that is no longer wanted waits for late elements
 */
public record ProcessSettings(
    Duration stageTimeout,
    int maxTries,
    int maxWaiting,
    int joinCapacity,
    Duration joinPatience,
    Duration minBackoff,
    Duration maxBackoff,
    Duration retireAfter) {
  public ProcessSettings {
    new Checks("dayu.process")
        .positive("stage-timeout", stageTimeout)
        .positive("max-tries", maxTries)
        .positive("max-waiting", maxWaiting)
        .positive("join-capacity", joinCapacity)
        .positive("join-patience", joinPatience)
        .positive("min-backoff", minBackoff)
        .positive("max-backoff", maxBackoff)
        .positive("retire-after", retireAfter)
        .notAbove("min-backoff", minBackoff, "max-backoff", maxBackoff)
        .enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static ProcessSettings from(Config config) {
    return Section.read(
        "dayu.process",
        config,
        section ->
            new ProcessSettings(
                section.duration("stage-timeout"),
                section.count("max-tries"),
                section.count("max-waiting"),
                section.count("join-capacity"),
                section.duration("join-patience"),
                section.duration("min-backoff"),
                section.duration("max-backoff"),
                section.duration("retire-after")));
  }

  /** Of one stage. */
  public Backoff backoff() {
    return new Backoff(minBackoff, maxBackoff);
  }
}
