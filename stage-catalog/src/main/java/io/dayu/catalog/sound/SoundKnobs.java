package io.dayu.catalog.sound;

import io.dayu.source.Knob;
import io.dayu.source.Knobs;
import java.util.List;

/**
 * The knobs of sources of sound at one moment.
 *
 * @param rate samples a second; 0 for those that the source has
 * @param millis how long an element is
 */
record SoundKnobs(int rate, int millis) {
  private static final Knob SEGMENT =
      new Knob("segment", "milliseconds of sound per element", 1000);
  private static final Knob RATE =
      new Knob("rate", "samples per second and channel to convert to; 0 for the source's own", 0);

  private static final int SHORTEST = 10;
  private static final int LONGEST = 60_000;

  static final List<Knob> ALL = List.of(SEGMENT, RATE);

  /** What makes no sense counts as the nearest that does. */
  static SoundKnobs of(Knobs knobs) {
    var rate = knobs.get(RATE);
    return new SoundKnobs(
        rate > 0 ? (int) Math.max(Recording.SLOWEST, Math.min(Recording.FASTEST, rate)) : 0,
        (int) Math.max(SHORTEST, Math.min(LONGEST, knobs.get(SEGMENT))));
  }
}
