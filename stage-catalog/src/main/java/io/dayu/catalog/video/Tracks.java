package io.dayu.catalog.video;

import io.dayu.element.Box;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/**
 * The objects of one stream over time: each new box continues the track whose expected place it
 * overlaps most (Bochinski et al., "High-speed tracking-by-detection without using image
 * information", 2017), where the expected place goes on at the track's last speed and a track
 * survives some frames without a box. At most {@value #MAX_TRACKS} tracks are kept.
 */
final class Tracks {
  static final int MAX_TRACKS = 256;

  /** Ids of tracks that begin in one element; see {@link #observe}. */
  private static final int IDS_PER_ELEMENT = 1000;

  private static final double SMOOTHING = 0.5;

  private static final class Track {
    private final long id;
    private Box box;
    private long seen;
    private double speedX;
    private double speedY;

    private Track(long id, Box box, long now) {
      this.id = id;
      this.box = box;
      this.seen = now;
    }

    /** Where the object should be by now. */
    private Box expected(long now) {
      var steps = now - seen;
      return box.toBuilder()
          .setX((float) (box.getX() + speedX * steps))
          .setY((float) (box.getY() + speedY * steps))
          .build();
    }

    private void move(Box next, long now) {
      var steps = Math.max(1, now - seen);
      speedX = SMOOTHING * speedX + (1 - SMOOTHING) * (centreX(next) - centreX(box)) / steps;
      speedY = SMOOTHING * speedY + (1 - SMOOTHING) * (centreY(next) - centreY(box)) / steps;
      box = next;
      seen = now;
    }
  }

  private record Match(int box, Track track, float iou) {}

  private final float minIou;
  private final int maxGap;
  private final List<Track> tracks = new ArrayList<>();
  private long now;

  /**
   * @param minIou overlap from which a box continues a track
   * @param maxGap frames that a track survives without a box
   */
  Tracks(float minIou, int maxGap) {
    this.minIou = minIou;
    this.maxGap = maxGap;
  }

  /**
   * The boxes of the next frame with their tracks. Ids tell in which element a track began, so
   * those of different instances of a stage never mean different objects by the same number.
   *
   * @param steps frames since the one before, more than 1 if some were lost
   * @param seq the element's number in its stream
   */
  List<Box> observe(List<Box> boxes, long steps, long seq) {
    now += steps;
    tracks.removeIf(t -> now - t.seen > maxGap + 1L);
    var result = new ArrayList<>(boxes);
    var matches = matches(boxes);
    matches.forEach(
        m -> {
          m.track().move(boxes.get(m.box()), now);
          result.set(m.box(), with(boxes.get(m.box()), m.track().id));
        });
    var matched = new HashSet<>(matches.stream().map(Match::box).toList());
    for (var i = 0; i < boxes.size(); i++) {
      if (matched.contains(i)) continue;
      var track = new Track(newId(seq), boxes.get(i), now);
      tracks.add(track);
      result.set(i, with(boxes.get(i), track.id));
    }
    while (tracks.size() > MAX_TRACKS)
      tracks.remove(tracks.stream().min(Comparator.comparingLong(t -> t.seen)).orElseThrow());
    return result;
  }

  /** Objects that were found in the next frame by looking where they have gone. */
  void follow(List<Box> boxes) {
    now++;
    for (var box : boxes)
      tracks.stream()
          .filter(t -> t.id == box.getTrack())
          .findFirst()
          .ifPresent(t -> t.move(box, now));
  }

  /** The boxes of a late frame with the tracks they belong to, 0 where none; nothing is learnt. */
  List<Box> recall(List<Box> boxes) {
    var result = new ArrayList<>(boxes);
    matches(boxes).forEach(m -> result.set(m.box(), with(boxes.get(m.box()), m.track().id)));
    return result;
  }

  int size() {
    return tracks.size();
  }

  /** The best pairs of boxes and tracks, each at most once. */
  private List<Match> matches(List<Box> boxes) {
    var candidates = new ArrayList<Match>();
    for (var track : tracks) {
      var expected = track.expected(now);
      for (var i = 0; i < boxes.size(); i++) {
        if (!boxes.get(i).getLabel().equals(expected.getLabel())) continue;
        // Right after a start or a turn the speed is wrong, and the last place is the better guess.
        var iou =
            Math.max(Geometry.iou(expected, boxes.get(i)), Geometry.iou(track.box, boxes.get(i)));
        if (iou >= minIou) candidates.add(new Match(i, track, iou));
      }
    }
    candidates.sort(Comparator.comparingDouble(Match::iou).reversed());
    var boxesTaken = new HashSet<Integer>();
    var tracksTaken = new HashSet<Long>();
    var matches = new ArrayList<Match>();
    for (var match : candidates) {
      if (boxesTaken.contains(match.box()) || tracksTaken.contains(match.track().id)) continue;
      boxesTaken.add(match.box());
      tracksTaken.add(match.track().id);
      matches.add(match);
    }
    return matches;
  }

  private long newId(long seq) {
    var first = seq * IDS_PER_ELEMENT + 1;
    return tracks.stream().mapToLong(t -> t.id + 1).filter(id -> id > first).max().orElse(first);
  }

  private static Box with(Box box, long track) {
    return box.toBuilder().setTrack(track).build();
  }

  private static double centreX(Box box) {
    return box.getX() + box.getWidth() / 2;
  }

  private static double centreY(Box box) {
    return box.getY() + box.getHeight() / 2;
  }
}
