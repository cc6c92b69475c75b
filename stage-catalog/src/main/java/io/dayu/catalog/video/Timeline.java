package io.dayu.catalog.video;

/**
 * Makes one time that goes on out of the time stamps of a file. They begin anew where recordings
 * were put behind each other, where a camera was restarted or where the clock of a broadcast wraps;
 * without this, all that follows would count as late. As it looks at the packets in the order of
 * the file and at nothing else, every reading of a file gives the same times.
 *
 * <p>All times in microseconds.
 */
final class Timeline {
  static final long UNKNOWN = Long.MIN_VALUE; // as FFmpeg's AV_NOPTS_VALUE

  /** As {@code dts_delta_threshold} of the program ffmpeg. */
  private static final long LONGEST_GAP = 10_000_000;

  private final boolean gapsAreJumps;
  private long shift;
  private long last = UNKNOWN;
  private long step;

  /**
   * @param gapsAreJumps whether the kind of file begins its clock anew at will, so that a long gap
   *     means nothing; otherwise it is time in which nothing was recorded
   * @param shift what is added to the first time stamps
   */
  Timeline(boolean gapsAreJumps, long shift) {
    this.gapsAreJumps = gapsAreJumps;
    this.shift = shift;
  }

  /**
   * What is to be added to the time stamps of the next packet.
   *
   * @param decode the packet's decoding time, which never decreases in a sound file
   * @param duration of the packet; positive
   */
  long shift(long decode, long duration) {
    if (decode == UNKNOWN) {
      if (last != UNKNOWN) last += step;
    } else {
      var at = decode + shift;
      if (last != UNKNOWN && (at < last || gapsAreJumps && at - last - step > LONGEST_GAP)) {
        shift += last + step - at;
        at = last + step;
      }
      last = at;
    }
    step = duration;
    return shift;
  }
}
