package io.dayu.k8s.connect;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices that nothing was heard for two beats. Beats are counted rather than time, so that a
 * process that was frozen listens again before it judges. Safe for any thread.
 */
final class Silence {
  private static final int MOST_MISSED = 2;

  private record Watched(Runnable atBeat, Runnable lost) {}

  private final Executor atNextBeat;
  private volatile boolean heard = true;
  private int missed; // of the beats alone, which follow one another
  private volatile @Nullable Watched watched;

  private Silence(Executor atNextBeat, Watched watched) {
    this.atNextBeat = atNextBeat;
    this.watched = watched;
  }

  /**
   * @param executor of what follows; when it takes no more, the watch ends
   * @param atBeat asks the other side for a word
   * @param lost is run once, unless the watch was ended before
   */
  static Silence watch(Duration beat, Executor executor, Runnable atBeat, Runnable lost) {
    var silence =
        new Silence(
            CompletableFuture.delayedExecutor(beat.toNanos(), TimeUnit.NANOSECONDS, executor),
            new Watched(atBeat, lost));
    silence.atNextBeat.execute(silence::beat);
    return silence;
  }

  void heard() {
    heard = true;
  }

  /** Keeps nothing of what is watched from now on, though a beat may still be due. */
  void end() {
    watched = null;
  }

  private void beat() {
    var still = watched;
    if (still == null) return;
    missed = heard ? 0 : missed + 1;
    heard = false;
    if (missed >= MOST_MISSED) {
      end();
      still.lost().run();
      return;
    }
    still.atBeat().run();
    atNextBeat.execute(this::beat);
  }
}
