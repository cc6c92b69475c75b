package io.dayu.service;

import io.dayu.link.Backoff;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a service is, whether it is there, and whether it is trusted, by what was heard of it.
 *
 * <p>A service is silent if a call has run out of its time and nothing was heard since it was sent.
 * Then it is doubted: it is asked whether it is there, as one that cannot be reached. One that does
 * not answer that either is frozen; it is away for as long as it is silent. One that does is
 * trusted: it may have lost one element. If it is silent a second time it hangs, and is away until
 * a call is answered; calls that still come here go to it, and if none come it gets another chance
 * after a while, a longer one each time.
 *
 * <p>It starts no timers: {@link Watch} does what follows from a change. Times are those of {@link
 * System#nanoTime()}. Guarded by its service.
 */
final class Presence {
  /** How long one that hangs waits for another chance. */
  private static final Duration LONGEST_DISTRUST = Duration.ofMinutes(10);

  /** Silences in a row by which a service hangs although it answers other questions. */
  private static final int HANGS = 2;

  private final Duration awayAfter;
  private final Backoff distrust;
  private @Nullable URI url; // null while a program of ours does not run; not while it is up
  private long epoch; // of the url
  private boolean up;
  private boolean missing; // it was looked for, or called, in vain
  private long downSinceNanos; // or since when it is silent
  private int silences; // since a call was answered
  private boolean doubted; // it was silent, and is asked whether it is there
  private long doubtedNanos;
  private boolean distrusted; // until it gets another chance
  private boolean held;
  private long heldUntilNanos;
  private String problem = "it has not answered yet";

  /**
   * @param awayAfter how long it may be missed before it is away
   */
  Presence(Duration awayAfter, long now) {
    this.awayAfter = awayAfter;
    this.distrust =
        new Backoff(
            awayAfter, awayAfter.compareTo(LONGEST_DISTRUST) > 0 ? awayAfter : LONGEST_DISTRUST);
    this.downSinceNanos = now;
  }

  // What is known

  /** Where it is to be found; null if nowhere for now. */
  @Nullable URI url() {
    return url;
  }

  /** Differs after each change of the place: what was asked before tells nothing of now. */
  long epoch() {
    return epoch;
  }

  boolean isUp() {
    return up;
  }

  /** Whether it was looked for, or called, in vain. */
  boolean isMissing() {
    return missing;
  }

  /** It is not there, and that is not just being asked. */
  boolean isAbsent() {
    return !up && !doubted;
  }

  /** It takes calls and does not answer, although it answers other questions. */
  boolean hangs() {
    return silences >= HANGS;
  }

  boolean isAway(long now) {
    return (hangs() || isAbsent()) && now - downSinceNanos >= awayAfter.toNanos();
  }

  /** How long until it is away if nothing is heard of it. */
  long nanosToAway(long now) {
    return Math.max(0, awayAfter.toNanos() - (now - downSinceNanos));
  }

  /** What calls wait for, or waited for last. */
  String problem() {
    return problem;
  }

  /** Where to send to; null if nothing may be sent now. */
  @Nullable URI open(long now) {
    if (held && now - heldUntilNanos >= 0) held = false;
    return up && !held ? url : null;
  }

  /** Whether calls could be sent when that was asked last. */
  boolean wasOpen() {
    return up && !held;
  }

  /** Whether it has asked to wait for longer than until now. */
  boolean rests(long now) {
    return held && now - heldUntilNanos < 0;
  }

  // What happens

  /** It is to be found here from now on. */
  void at(URI place, long now) {
    url = place;
    moved(now);
  }

  /** It is nowhere for now. */
  void gone(String why, long now) {
    url = null;
    moved(now);
    problem = why;
  }

  private void moved(long now) {
    epoch++;
    silences = 0;
    lost(now);
  }

  private void lost(long now) {
    if (up && silences == 0) downSinceNanos = now;
    up = false;
    doubted = false;
  }

  /** It has answered, and says that it can work. */
  void found() {
    up = true;
    missing = false;
    // What was frozen and answers has come back. What has answered all the time still hangs.
    if (!doubted) silences = 0;
    doubted = false;
  }

  /**
   * It was asked in vain.
   *
   * @return whether it was doubted until now
   */
  boolean notFound(String why) {
    problem = why;
    missing = true;
    boolean before = doubted;
    doubted = false;
    return before;
  }

  /**
   * It could not be reached.
   *
   * @return false if that is nothing new
   */
  boolean down(String why, long now) {
    if (!up) return false;
    missing = true;
    lost(now);
    problem = why;
    return true;
  }

  /**
   * A call has run out of its time and nothing was heard since it was sent.
   *
   * @return false if that says nothing new
   */
  boolean silent(long sinceNanos, long now) {
    // Calls that were sent together with the one by which this is known say nothing more.
    if (!up || silences > 0 && sinceNanos - doubtedNanos < 0) return false;
    missing = true;
    if (silences++ == 0) downSinceNanos = sinceNanos;
    lost(now);
    doubted = true;
    doubtedNanos = now;
    problem = "it takes calls and does not answer";
    return true;
  }

  /**
   * A call was answered, however.
   *
   * @return false if it was not silent
   */
  boolean answered() {
    if (silences == 0) return false;
    silences = 0;
    distrust.reset();
    return true;
  }

  /** It asks to be sent nothing for so long. */
  void hold(Duration wait, String why, long now) {
    held = true;
    heldUntilNanos = now + wait.toNanos();
    problem = "%s and asked to wait %s ms".formatted(why, wait.toMillis());
  }

  /** After how long one that hangs gets another chance; empty if it waits for one already. */
  Optional<Duration> distrust() {
    if (distrusted) return Optional.empty();
    distrusted = true;
    return Optional.of(distrust.next());
  }

  /** The time of distrust is over. */
  void endDistrust() {
    distrusted = false;
  }

  /** It is trusted although no call was answered. */
  void anotherChance() {
    silences = 0;
  }
}
