package io.dayu.link;

import io.dayu.element.Element;
import java.util.Objects;

/**
 * An element while it is on this node.
 *
 * @param bornNanos when it was created, on this node's {@link System#nanoTime()}: for an element
 *     that came over a link this is its arrival less the age that it brought
 * @param transferUs measured transfer time of the link it came by, 0 on its origin
 * @param weight size in bytes for credit; both ends of a link arrive at the same figure
 */
public record Parcel(Element element, long bornNanos, int transferUs, int weight) {
  public Parcel {
    Objects.requireNonNull(element, "element");
  }

  public Parcel(Element element, long bornNanos, int transferUs) {
    this(element, bornNanos, transferUs, element.getSerializedSize());
  }

  /** The same parcel with the element changed by a stage. */
  public Parcel with(Element changed) {
    return new Parcel(changed, bornNanos, transferUs);
  }

  /** Age in microseconds. */
  public long ageUs(long nowNanos) {
    return Math.max(0, (nowNanos - bornNanos) / 1_000);
  }
}
