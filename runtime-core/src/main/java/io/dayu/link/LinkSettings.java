package io.dayu.link;

import com.typesafe.config.Config;
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
    Duration minBackoff,
    Duration maxBackoff) {
  /** The version of the protocol; the first thing a peer is told. */
  static final int PROTOCOL = 1;

  public static LinkSettings from(Config config) {
    return new LinkSettings(
        config.getInt("element-window"),
        config.getBytes("byte-window"),
        config.getBytes("node-bytes"),
        Math.toIntExact(config.getBytes("max-element")),
        config.getDuration("ping-interval"),
        config.getDuration("suspect-after"),
        config.getDuration("connect-timeout"),
        config.getDuration("min-backoff"),
        config.getDuration("max-backoff"));
  }

  /** Of one link. */
  Backoff backoff() {
    return new Backoff(minBackoff, maxBackoff);
  }
}
