package io.dayu.catalog.video;

import io.dayu.source.Knob;
import io.dayu.source.Knobs;
import java.util.List;

/** The knobs that all video sources have, at one moment. */
record VideoKnobs(double fps, int height, int segment) {
  private static final Knob FPS =
      new Knob("fps", "frames per second to read; 0 for all that the source has", 0);
  private static final Knob HEIGHT =
      new Knob("height", "height in pixels to scale down to; 0 for the source's own", 0);
  private static final Knob SEGMENT = new Knob("segment", "frames per element", 1);

  /** Far more than an element should hold, but not enough to fill a heap after a typing error. */
  private static final int MAX_SEGMENT = 1000;

  /**
   * An element with so many bytes of frames is full before it has all frames asked for. The last
   * frame may exceed it; both together stay below what links take by default (64 MiB).
   */
  static final int MAX_BYTES = 16 << 20;

  static final List<Knob> ALL = List.of(FPS, HEIGHT, SEGMENT);

  static VideoKnobs of(Knobs knobs) {
    return new VideoKnobs(
        Math.max(0, knobs.get(FPS)),
        (int) Math.max(0, knobs.get(HEIGHT)),
        (int) Math.max(1, Math.min(MAX_SEGMENT, knobs.get(SEGMENT))));
  }

  /** Whether an image of {@code imageHeight} pixels is to be scaled; images never grow. */
  boolean scales(int imageHeight) {
    return height > 0 && height < imageHeight;
  }
}
