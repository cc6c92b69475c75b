package io.dayu.source;

import io.dayu.element.Media;
import java.util.Objects;

/**
 * What a source yields: the payload of one element.
 *
 * @param position where the source goes on after this segment (a frame number, a byte or record
 *     offset); meaningful to the provider that made it. It never decreases; 0 for sources that
 *     repeat nothing
 */
public record Segment(Media payload, long position) {
  public Segment {
    Objects.requireNonNull(payload, "payload");
  }
}
