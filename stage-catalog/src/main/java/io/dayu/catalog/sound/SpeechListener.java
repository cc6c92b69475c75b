package io.dayu.catalog.sound;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Listens to one stream of samples and tells where somebody speaks, in steps of 32 ms. A step
 * counts for the piece of sound in which it ends. Not thread-safe.
 */
final class SpeechListener {
  /** Speech ends below this much less than where it begins, as Silero's own tools have it. */
  private static final double HYSTERESIS = 0.15;

  /** Steps without speech that end it: a pause within a word is shorter. */
  private static final int QUIET_STEPS = 3;

  /**
   * What was heard in a piece of sound.
   *
   * @param steps that ended in it
   * @param spoken steps of these in which somebody speaks
   * @param score of the step that is most likely to be speech, 0 to 1
   * @param speaking whether somebody speaks at its end
   * @param stretches in which somebody speaks
   */
  record Heard(int steps, int spoken, double score, boolean speaking, List<Stretch> stretches) {
    Heard {
      stretches = List.copyOf(stretches);
    }

    /** The share of the piece in which somebody speaks. */
    double share() {
      if (steps > 0) return (double) spoken / steps;
      return speaking ? 1 : 0;
    }
  }

  /**
   * @param from milliseconds from the beginning of the piece; before 0 for a step that began in the
   *     piece before
   */
  record Stretch(double from, double to) {}

  private final SpeechModel model;
  private final double threshold;
  private final int rate;
  private final Resampler resampler;
  private final SpeechModel.Memory memory = new SpeechModel.Memory();
  private final float[] step = new float[SpeechModel.STEP];
  private int inStep;
  private float[] kept = new float[0]; // at the rate of the stream
  private long begin; // the number of the first of them
  private long next; // the number of the sample at the model's rate that is needed next
  private boolean speaking;
  private int quiet;

  /**
   * @param rate samples a second
   * @param threshold from which a score counts as speech
   */
  SpeechListener(SpeechModel model, int rate, double threshold) {
    this.model = model;
    this.rate = rate;
    this.threshold = threshold;
    this.resampler = new Resampler(rate, SpeechModel.RATE);
  }

  int rate() {
    return rate;
  }

  Heard hear(float[] piece) {
    var pieceBegin = begin + kept.length;
    var known = kept.length;
    kept = Arrays.copyOf(kept, known + piece.length);
    System.arraycopy(piece, 0, kept, known, piece.length);
    var steps = 0;
    var spoken = 0;
    var score = 0.0;
    var stretches = new ArrayList<Stretch>();
    for (; resampler.behind(next) <= begin + kept.length; next++) {
      step[inStep++] = resampler.sample(next, kept, 0, 1, kept.length, begin);
      if (inStep < step.length) continue;
      inStep = 0;
      steps++;
      var now = model.next(step, memory);
      score = Math.max(score, now);
      if (!speaks(now)) continue;
      spoken++;
      var to = millis(next + 1, SpeechModel.RATE) - millis(pieceBegin, rate);
      extend(stretches, to - millis(step.length, SpeechModel.RATE), to);
    }
    var gone = (int) Math.max(0, Math.min(kept.length, resampler.first(next) - begin));
    kept = Arrays.copyOfRange(kept, gone, kept.length);
    begin += gone;
    return new Heard(steps, spoken, score, speaking, stretches);
  }

  private boolean speaks(double score) {
    if (score >= threshold) {
      speaking = true;
      quiet = 0;
    } else if (speaking && score < threshold - HYSTERESIS && ++quiet >= QUIET_STEPS) {
      speaking = false;
      quiet = 0;
    }
    return speaking;
  }

  private static double millis(long samples, int rate) {
    return samples * 1000.0 / rate;
  }

  private static void extend(List<Stretch> stretches, double from, double to) {
    var last = stretches.size() - 1;
    boolean goesOn = last >= 0 && from - stretches.get(last).to() < 1;
    if (goesOn) stretches.set(last, new Stretch(stretches.get(last).from(), to));
    else stretches.add(new Stretch(from, to));
  }
}
