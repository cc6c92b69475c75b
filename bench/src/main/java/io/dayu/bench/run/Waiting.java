package io.dayu.bench.run;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.LocalCluster;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Lets time pass while the processes under measurement live and a person sees what is going on. */
public final class Waiting {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Supplier<Optional<ChildProcess>> dead;
  private final Progress progress;

  public Waiting(LocalCluster cluster, Progress progress) {
    this(cluster::dead, progress);
  }

  /** For processes of another kind. */
  public Waiting(ChildProcess process, Progress progress) {
    this(() -> process.alive() ? Optional.empty() : Optional.of(process), progress);
  }

  private Waiting(Supplier<Optional<ChildProcess>> dead, Progress progress) {
    this.dead = dead;
    this.progress = progress;
  }

  /**
   * Blocks until something holds.
   *
   * @throws UserException if it does not in time, or a process ends
   */
  public void until(String what, Duration atMost, BooleanSupplier condition) {
    long deadline = System.nanoTime() + atMost.toNanos();
    progress.now(what + " …");
    while (!quietly(condition)) {
      alive();
      if (System.nanoTime() > deadline)
        throw new UserException("%s: gave up after %s s".formatted(what, atMost.toSeconds()));
      sleep(LOOK_AGAIN);
    }
  }

  /** Blocks for a while. */
  public void pass(String what, Duration time) {
    pass(what, time, passed -> {});
  }

  /** Blocks for a while and does something again and again meanwhile. */
  public void pass(String what, Duration time, Consumer<Duration> meanwhile) {
    long start = System.nanoTime();
    for (long passed = 0; passed < time.toNanos(); passed = System.nanoTime() - start) {
      alive();
      progress.now("%s … %s of %s s".formatted(what, passed / 1_000_000_000, time.toSeconds()));
      meanwhile.accept(Duration.ofNanos(passed));
      long left = time.toNanos() - (System.nanoTime() - start);
      sleep(Duration.ofNanos(Math.max(0, Math.min(left, LOOK_AGAIN.toNanos()))));
    }
  }

  /**
   * Whether the condition holds. A failure counts as no, because the condition is checked again
   * anyway.
   */
  private static boolean quietly(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (UserException askedAgain) {
      return false;
    }
  }

  private void alive() {
    dead.get()
        .ifPresent(
            process -> {
              throw process.died();
            });
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis(), time.toNanosPart() % 1_000_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }
}
