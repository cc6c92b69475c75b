package io.dayu.facts;

import java.util.Objects;

/**
 * Results of one stream that are in the store.
 *
 * @param delivered their sequence numbers; owned by the message, not to be changed
 * @param failed those stored as failed
 */
public record Acknowledged(String stream, long[] delivered, long[] failed) {
  public Acknowledged {
    Objects.requireNonNull(stream, "stream");
  }
}
