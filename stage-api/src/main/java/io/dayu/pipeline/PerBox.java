package io.dayu.pipeline;

import io.dayu.element.MediaType;
import io.dayu.stage.StageDescriptor;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * That a stage is asked once for each box of an earlier stage, with what is in it, and not once for
 * an element.
 *
 * @param of the stage whose boxes these are
 * @param labels of boxes that are asked for; empty for all
 * @param reuse how old an answer about a track may be to count again; zero: every time anew
 * @param atMost how many boxes of an element are asked for, the largest first
 * @param margin how much around a box is given with it on each side, as a share of its longer side
 */
public record PerBox(String of, Set<String> labels, Duration reuse, int atMost, double margin) {
  public static final int DEFAULT_AT_MOST = 16;
  public static final int MOST = 64;
  public static final double WIDEST = 1;

  public PerBox {
    Objects.requireNonNull(of, "of");
    Objects.requireNonNull(reuse, "reuse");
    labels = Set.copyOf(labels);
    if (atMost < 1 || atMost > MOST)
      throw new IllegalArgumentException("atMost must be 1 to " + MOST + ", was " + atMost);
    if (!(margin >= 0 && margin <= WIDEST))
      throw new IllegalArgumentException("margin must be 0 to " + WIDEST + ", was " + margin);
  }

  /** What the answers of a stage that gives {@code type} become together; empty if nothing can. */
  public static Optional<MediaType> output(MediaType type) {
    return switch (type) {
      case LABELS, TEXT, REGIONS, ATTRIBUTES -> Optional.of(MediaType.ATTRIBUTES);
      case BOXES, KEYPOINTS, MASKS -> Optional.of(type);
      case FRAMES, READINGS, OPAQUE, TRACKS, AUDIO -> Optional.empty();
    };
  }

  /** What is known of a stage that is asked per box. */
  public static StageDescriptor around(StageDescriptor stage) {
    return new StageDescriptor(
        stage.type(),
        stage.version(),
        stage.description(),
        Set.of(MediaType.FRAMES),
        Set.of(),
        output(stage.output()).orElse(stage.output()),
        stage.parameters(),
        stage.parallelism(),
        stage.memoryMb());
  }
}
