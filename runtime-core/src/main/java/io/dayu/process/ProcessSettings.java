package io.dayu.process;

import com.typesafe.config.Config;
import io.dayu.link.Backoff;
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
  public static ProcessSettings from(Config config) {
    return new ProcessSettings(
        config.getDuration("stage-timeout"),
        config.getInt("max-tries"),
        config.getInt("max-waiting"),
        config.getInt("join-capacity"),
        config.getDuration("join-patience"),
        config.getDuration("min-backoff"),
        config.getDuration("max-backoff"),
        config.getDuration("retire-after"));
  }

  /** Of one stage. */
  public Backoff backoff() {
    return new Backoff(minBackoff, maxBackoff);
  }
}
