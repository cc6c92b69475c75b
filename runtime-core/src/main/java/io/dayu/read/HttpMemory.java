package io.dayu.read;

import io.dayu.read.HttpAnswer.Version;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was read of a server so far, so that nothing is taken twice when it sends the same again: at
 * the next poll, or after a connection broke. Of the latest readings it knows the hashes. Safe for
 * any thread.
 */
final class HttpMemory {
  private static final Logger LOG = LoggerFactory.getLogger(HttpMemory.class);

  private final String name;
  private final int capacity;
  private Hashes older = new Hashes(); // guarded by this, as all below
  private Hashes newer = new Hashes();
  private boolean forgot;
  private boolean warned;
  private int answer;
  private Optional<Version> version = Optional.empty(); // of the last answer, if it was complete
  private Optional<Long> asked = Optional.empty(); // when, if the answer was complete
  private Optional<Long> keepUntil = Optional.empty(); // while nobody reads
  private boolean rests; // while nobody reads because the stream is paused

  /**
   * @param name of the source, for the log
   * @param capacity at least so many of the latest readings are known
   */
  HttpMemory(String name, int capacity) {
    this.name = name;
    this.capacity = capacity;
  }

  /** The server is asked; returns the version of the content that was read completely. */
  synchronized Optional<Version> ask() {
    answer++;
    asked = Optional.empty();
    return version;
  }

  /** Whether it was not in an earlier answer. */
  synchronized boolean isNew(Entry entry) {
    long hash =
        entry instanceof Entry.Good good
            ? hash(good.reading().toByteArray())
            : hash(((Entry.Bad) entry).reason().getBytes(StandardCharsets.UTF_8));
    int before = Math.max(newer.answer(hash), older.answer(hash));
    if (before > 0 && before < answer) return false;
    if (forgot && !warned && answer > 1) {
      warned = true;
      LOG.warn(
          "{}: of what was read before, only the latest {} readings are known; older ones that the"
              + " server sends again are taken twice",
          name,
          capacity);
    }
    if (before == 0) add(hash);
    return true;
  }

  private void add(long hash) {
    if (newer.size() >= capacity) {
      forgot |= older.size() > 0;
      older = newer;
      newer = new Hashes();
    }
    newer.add(hash, answer);
  }

  /** The answer was read to its end. */
  synchronized void complete(Optional<Version> itsVersion, long askedNanos) {
    version = itsVersion.isPresent() ? itsVersion : version;
    asked = Optional.of(askedNanos);
  }

  /** How long to wait until the server is to be asked again. */
  synchronized Duration untilDue(Duration every, long nowNanos) {
    return asked
        .map(at -> every.minusNanos(nowNanos - at))
        .filter(wait -> !wait.isNegative())
        .orElse(Duration.ZERO);
  }

  /** Somebody reads. */
  synchronized void enter() {
    keepUntil = Optional.empty();
    rests = false;
  }

  /** Nobody reads any more, and probably somebody will within this time. */
  synchronized void leave(Duration keep) {
    keepUntil = Optional.of(System.nanoTime() + keep.toNanos());
  }

  /** Nobody reads, because the stream is paused; the same as {@link #leave} otherwise. */
  synchronized void rest(Duration keep) {
    leave(keep);
    rests = true;
  }

  /** Whether it waits for a paused stream to go on. */
  synchronized boolean isResting() {
    return rests;
  }

  /** Whether nobody came in time. */
  synchronized boolean isOver() {
    return keepUntil.filter(until -> System.nanoTime() - until > 0).isPresent();
  }

  /** FNV-1a. */
  private static long hash(byte[] bytes) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : bytes) hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    return hash == 0 ? 1 : hash;
  }

  /** Numbers other than 0, each with the answer that had it; open addressing. */
  private static final class Hashes {
    private long[] keys = new long[64];
    private int[] answers = new int[64];
    private int size;

    int size() {
      return size;
    }

    /** 0 if it is not there. */
    int answer(long key) {
      return answers[slot(key)];
    }

    void add(long key, int answer) {
      if (size * 2 >= keys.length) grow();
      int slot = slot(key);
      if (keys[slot] == 0) size++;
      keys[slot] = key;
      answers[slot] = answer;
    }

    private int slot(long key) {
      int slot = (int) (key ^ key >>> 32) & keys.length - 1;
      while (keys[slot] != 0 && keys[slot] != key) slot = slot + 1 & keys.length - 1;
      return slot;
    }

    private void grow() {
      var oldKeys = keys;
      var oldAnswers = answers;
      keys = new long[oldKeys.length * 2];
      answers = new int[keys.length];
      for (int i = 0; i < oldKeys.length; i++)
        if (oldKeys[i] != 0) {
          int slot = slot(oldKeys[i]);
          keys[slot] = oldKeys[i];
          answers[slot] = oldAnswers[i];
        }
    }
  }
}
