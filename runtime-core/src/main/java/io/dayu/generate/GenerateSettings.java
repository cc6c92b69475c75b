package io.dayu.generate;

import com.typesafe.config.Config;
import io.dayu.link.Backoff;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;

/**
 * How generators behave; {@code dayu.generate}.
 *
 * @param minWindow fewest elements that may be in flight
 * @param maxWindow most elements that may be in flight
 * @param windowBytes most bytes that may be in flight; one element may exceed it
 * @param liveBuffer cut elements of a live source that may wait for the window before one is shed
 * @param livePatience how long such an element may wait while nothing at all leaves the window
 * @param minResend shortest time without acknowledgement after which an element is sent again
 * @param maxResend longest such time
 * @param sourceMinBackoff before a source that failed is opened again
 * @param sourceMaxBackoff between later tries
 * @param drain how long a stream that was deleted waits for elements in flight
 * @param finish how long a node that is told to stop waits for elements in flight
 */
public record GenerateSettings(
    int minWindow,
    int maxWindow,
    long windowBytes,
    int liveBuffer,
    Duration livePatience,
    Duration minResend,
    Duration maxResend,
    Duration sourceMinBackoff,
    Duration sourceMaxBackoff,
    Duration drain,
    Duration finish) {
  public GenerateSettings {
    new Checks("dayu.generate")
        .positive("min-window", minWindow)
        .positive("max-window", maxWindow)
        .positive("window-bytes", windowBytes)
        .positive("live-buffer", liveBuffer)
        .positive("live-patience", livePatience)
        .positive("min-resend", minResend)
        .positive("max-resend", maxResend)
        .positive("source-min-backoff", sourceMinBackoff)
        .positive("source-max-backoff", sourceMaxBackoff)
        .positive("drain", drain)
        .positive("finish", finish)
        .notAbove("min-window", minWindow, "max-window", maxWindow)
        .notAbove("min-resend", minResend, "max-resend", maxResend)
        .notAbove("source-min-backoff", sourceMinBackoff, "source-max-backoff", sourceMaxBackoff)
        .enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static GenerateSettings from(Config config) {
    return Section.read(
        "dayu.generate",
        config,
        section ->
            new GenerateSettings(
                section.count("min-window"),
                section.count("max-window"),
                section.bytes("window-bytes"),
                section.count("live-buffer"),
                section.duration("live-patience"),
                section.duration("min-resend"),
                section.duration("max-resend"),
                section.duration("source-min-backoff"),
                section.duration("source-max-backoff"),
                section.duration("drain"),
                section.duration("finish")));
  }

  /** Of one source. */
  public Backoff sourceBackoff() {
    return new Backoff(sourceMinBackoff, sourceMaxBackoff);
  }
}
