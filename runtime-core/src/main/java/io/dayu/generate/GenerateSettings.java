package io.dayu.generate;

import com.typesafe.config.Config;
import io.dayu.link.Backoff;
import java.time.Duration;

/**
 * How generators behave; {@code dayu.generate}.
 *
 * @param minWindow fewest elements that may be in flight
 * @param maxWindow most elements that may be in flight
 * @param windowBytes most bytes that may be in flight; one element may exceed it
 * @param liveBuffer cut elements of a live source that may wait for the window before one is shed
 * @param minResend shortest time without acknowledgement after which an element is sent again
 * @param maxResend longest such time
 * @param sourceMinBackoff before a source that failed is opened again
 * @param sourceMaxBackoff between later tries
 * @param drain how long a stream that was deleted waits for what is in flight
 * @param finish how long a node that is told to stop waits for it
 */
public record GenerateSettings(
    int minWindow,
    int maxWindow,
    long windowBytes,
    int liveBuffer,
    Duration minResend,
    Duration maxResend,
    Duration sourceMinBackoff,
    Duration sourceMaxBackoff,
    Duration drain,
    Duration finish) {
  public static GenerateSettings from(Config config) {
    return new GenerateSettings(
        config.getInt("min-window"),
        config.getInt("max-window"),
        config.getBytes("window-bytes"),
        config.getInt("live-buffer"),
        config.getDuration("min-resend"),
        config.getDuration("max-resend"),
        config.getDuration("source-min-backoff"),
        config.getDuration("source-max-backoff"),
        config.getDuration("drain"),
        config.getDuration("finish"));
  }

  /** Of one source. */
  public Backoff sourceBackoff() {
    return new Backoff(sourceMinBackoff, sourceMaxBackoff);
  }
}
