package io.dayu.link;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;

/**
 * How links behave; {@code dayu.link}.
 *
 * @param elementWindow elements a producer may have outstanding at one consumer
 * @param byteWindow bytes a producer may have outstanding at one consumer
 * @param nodeBytes the most that all inbound links of a node may have outstanding together
 * @param maxElement largest element in bytes
 * @param pingInterval between two pings of an open link
 * @param suspectAfter silence while something is outstanding after which the peer is suspect
 * @param connectTimeout for connecting and for the hello
 * @param idleTimeout an inbound connection that brings nothing for so long, not even a ping, ends
 * @param maxLinks inbound connections at once
 * @param minBackoff before the first new try
 * @param maxBackoff between later tries
 */
public record LinkSettings(
    int elementWindow,
    long byteWindow,
    long nodeBytes,
    int maxElement,
    Duration pingInterval,
    Duration suspectAfter,
    Duration connectTimeout,
    Duration idleTimeout,
    int maxLinks,
    Duration minBackoff,
    Duration maxBackoff) {
  /** The version of the protocol; the first thing a peer is told. */
  static final int PROTOCOL = 1;

  public LinkSettings {
    new Checks("dayu.link")
        .positive("element-window", elementWindow)
        .positive("byte-window", byteWindow)
        .positive("node-bytes", nodeBytes)
        .positive("max-element", maxElement)
        .positive("ping-interval", pingInterval)
        .positive("suspect-after", suspectAfter)
        .positive("connect-timeout", connectTimeout)
        .positive("idle-timeout", idleTimeout)
        .positive("max-links", maxLinks)
        .positive("min-backoff", minBackoff)
        .positive("max-backoff", maxBackoff)
        .notAbove("ping-interval", pingInterval, "suspect-after", suspectAfter)
        .notAbove("ping-interval", pingInterval, "idle-timeout", idleTimeout)
        .notAbove("min-backoff", minBackoff, "max-backoff", maxBackoff)
        .enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static LinkSettings from(Config config) {
    return Section.read(
        "dayu.link",
        config,
        section ->
            new LinkSettings(
                section.count("element-window"),
                section.bytes("byte-window"),
                section.bytes("node-bytes"),
                section.get("max-element", (c, key) -> Math.toIntExact(c.getBytes(key)), 0),
                section.duration("ping-interval"),
                section.duration("suspect-after"),
                section.duration("connect-timeout"),
                section.duration("idle-timeout"),
                section.count("max-links"),
                section.duration("min-backoff"),
                section.duration("max-backoff")));
  }

  /** Of one link. */
  Backoff backoff() {
    return new Backoff(minBackoff, maxBackoff);
  }
}
