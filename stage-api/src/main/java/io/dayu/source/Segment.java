package io.dayu.source;

import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.stage.Causes;
import java.util.Objects;
import java.util.Optional;

/**
 * What a source yields: the payload of one element, or the news that a piece of the source gives
 * none. Such an element goes to no stage; it is delivered with its reason and counted like any
 * other, so that nothing disappears, and the source goes on behind it.
 *
 * @param position where the source goes on after this segment (a frame number, a byte or record
 *     offset); meaningful to the provider that made it. It never decreases; 0 for sources that
 *     repeat nothing
 * @param ending why there is no payload; its stage is left to the generator
 */
public record Segment(Media payload, long position, Optional<Ending> ending) {
  public Segment {
    Objects.requireNonNull(payload, "payload");
    Objects.requireNonNull(ending, "ending");
  }

  public Segment(Media payload, long position) {
    this(payload, position, Optional.empty());
  }

  /**
   * An element that fails at its source: counted as failed.
   *
   * @param reason what is wrong with it, and where it was
   */
  public static Segment failed(String reason, long position) {
    return ended(Ending.Kind.FAILED, reason, position);
  }

  /** An element that its source leaves out, as it was told to: counted as delivered, empty. */
  public static Segment skipped(String reason, long position) {
    return ended(Ending.Kind.SKIPPED, reason, position);
  }

  private static Segment ended(Ending.Kind kind, String reason, long position) {
    return new Segment(
        Media.getDefaultInstance(),
        position,
        Optional.of(Ending.newBuilder().setKind(kind).setReason(Causes.cut(reason)).build()));
  }
}
