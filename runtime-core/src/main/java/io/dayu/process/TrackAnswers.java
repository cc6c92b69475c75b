package io.dayu.process;

import io.dayu.element.Media;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a stage has said of tracks, for as long as that counts. Bounded by their number and the size
 * of each. For one thread.
 */
final class TrackAnswers {
  private static final int MOST = 4_096;
  private static final int LARGEST = 64 << 10;

  /** What a track is known by: numbers are of a stream. */
  private record Key(String stream, long track) {}

  /**
   * @param answer empty if there is nothing to say
   */
  private record Kept(Optional<Media> answer, long atNanos) {}

  private final long reuseNanos;
  private final Map<Key, Kept> kept = new LinkedHashMap<>(); // the oldest answer first

  TrackAnswers(Duration reuse) {
    this.reuseNanos = reuse.toNanos();
  }

  /** Whether an answer about this box can count for later ones. */
  boolean counts(long track) {
    return reuseNanos > 0 && track != 0;
  }

  /** Empty if there is none that is young enough; an empty answer if there is nothing to say. */
  Optional<Optional<Media>> find(String stream, long track, long now) {
    if (!counts(track)) return Optional.empty();
    var found = kept.get(new Key(stream, track));
    return found == null || now - found.atNanos() >= reuseNanos
        ? Optional.empty()
        : Optional.of(found.answer());
  }

  void keep(String stream, long track, Optional<Media> answer, long now) {
    if (!counts(track) || answer.filter(a -> a.getSerializedSize() > LARGEST).isPresent()) return;
    var key = new Key(stream, track);
    kept.remove(key); // so that it becomes the youngest
    kept.put(key, new Kept(answer, now));
    var oldest = kept.entrySet().iterator();
    while (oldest.hasNext()) {
      boolean isYoung = now - oldest.next().getValue().atNanos() < reuseNanos;
      if (isYoung && kept.size() <= MOST) break;
      oldest.remove();
    }
  }
}
