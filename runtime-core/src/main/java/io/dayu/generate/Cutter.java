package io.dayu.generate;

import io.dayu.element.Element;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes elements of what a source gives: each with a number of its own, some marked to be kept with
 * their payload. That they were cut is noted before anybody sees them. Belongs to one actor.
 */
final class Cutter {
  /** An element, and how it was cut. */
  record Made(Element element, SourceSpan cut) {}

  private final Generator.Identity identity;
  private final Routing routing;
  private final Numbering numbering;
  private final Feed feed;
  private final ReplayedSpans recut;
  private final StreamCounts counts;
  private final Clock clock;
  private final boolean noted;
  private long keepDueNanos = System.nanoTime();

  Cutter(
      Generator.Identity identity,
      Routing routing,
      Numbering numbering,
      Feed feed,
      ReplayedSpans recut,
      StreamCounts counts,
      Clock clock) {
    this.identity = identity;
    this.routing = routing;
    this.numbering = numbering;
    this.feed = feed;
    this.recut = recut;
    this.counts = counts;
    this.clock = clock;
    // Of what the origin sends again nobody knows which it was.
    this.noted = identity.provider().descriptor().repeat() != Repeat.UNSETTLED;
  }

  /** The elements of segments that were read one after the other; settled content has none. */
  List<Made> cut(List<Segment> segments, long now) {
    var made = new ArrayList<Made>(segments.size());
    var fresh = new ArrayList<SourceSpan>(segments.size());
    for (var segment : segments) {
      long from = feed.position();
      feed.cut(segment);
      var next = recut.next(from, segment.position());
      if (next instanceof ReplayedSpans.Segment.Again again) {
        made.add(new Made(element(segment, again.cut(), 1, now), again.cut()));
      } else if (next instanceof ReplayedSpans.Segment.Fresh) {
        counts.renumbered(recut.abandon().size());
        var cut = new SourceSpan(numbering.take(), from, segment.position(), clock.millis());
        counts.generated();
        made.add(new Made(element(segment, cut, 0, now), cut));
        fresh.add(cut);
      }
    }
    if (noted && !fresh.isEmpty()) identity.memory().cut(fresh);
    return made;
  }

  /**
   * @param attempt how often it was sent before, at least
   */
  private Element element(Segment segment, SourceSpan cut, int attempt, long now) {
    return Element.newBuilder()
        .setStream(identity.stream())
        .setSeq(cut.seq())
        .setOrigin(identity.node())
        .setCreatedAtMs(cut.createdAtMs())
        .setAttempt(attempt)
        .setKeep(keeps(now))
        .setPayload(segment.payload())
        .build();
  }

  private boolean keeps(long now) {
    double perSecond = routing.plan().spec().delivery().keepFramesPerSecond();
    if (perSecond <= 0 || now - keepDueNanos < 0) return false;
    long every = (long) (1e9 / perSecond);
    keepDueNanos = Math.max(keepDueNanos + every, now - every);
    return true;
  }
}
