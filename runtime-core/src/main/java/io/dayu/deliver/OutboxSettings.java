package io.dayu.deliver;

import com.typesafe.config.Config;
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
  public static OutboxSettings from(Config config) {
    return new OutboxSettings(
        config.getBytes("quota"),
        config.getInt("batch"),
        config.getBytes("batch-bytes"),
        config.getInt("replay-per-second"),
        config.getBytes("replay-bytes-per-second"),
        config.getInt("outstanding"),
        config.getDuration("retry"));
  }
}
