package io.dayu.deliver;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;

/**
 * What a node keeps on disk for the cloud, and how it hands it over; {@code dayu.outbox}.
 *
 * @param quota bytes that may wait on disk
 * @param batch elements that one write takes together
 * @param batchBytes bytes that one write takes together; one element may exceed it
 * @param replayPerSecond elements that are handed over when the cloud is back
 * @param replayBytesPerSecond bytes of them
 * @param outstanding elements that are handed over and not acknowledged
 * @param retry time without acknowledgement after which they are handed over again
 */
public record OutboxSettings(
    long quota,
    int batch,
    long batchBytes,
    int replayPerSecond,
    long replayBytesPerSecond,
    int outstanding,
    Duration retry) {
  public OutboxSettings {
    new Checks("dayu.outbox")
        .positive("quota", quota)
        .positive("batch", batch)
        .positive("batch-bytes", batchBytes)
        .positive("replay-per-second", replayPerSecond)
        .positive("replay-bytes-per-second", replayBytesPerSecond)
        .positive("outstanding", outstanding)
        .positive("retry", retry)
        .enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static OutboxSettings from(Config config) {
    return Section.read(
        "dayu.outbox",
        config,
        section ->
            new OutboxSettings(
                section.bytes("quota"),
                section.count("batch"),
                section.bytes("batch-bytes"),
                section.count("replay-per-second"),
                section.bytes("replay-bytes-per-second"),
                section.count("outstanding"),
                section.duration("retry")));
  }
}
