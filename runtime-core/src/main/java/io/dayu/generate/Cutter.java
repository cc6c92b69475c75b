package io.dayu.generate;

import io.dayu.element.Element;
import io.dayu.source.Segment;
import java.time.Clock;

/**
 * Makes elements of what a source gives: each with a number of its own, some marked to be kept with
 * their payload. Belongs to one actor.
 */
final class Cutter {
  private final String stream;
  private final String node;
  private final Course course;
  private final Numbering numbering;
  private final Clock clock;
  private long keepDueNanos = System.nanoTime();

  Cutter(Generator.Identity identity, Course course, Numbering numbering, Clock clock) {
    this.stream = identity.stream();
    this.node = identity.node();
    this.course = course;
    this.numbering = numbering;
    this.clock = clock;
  }

  Element cut(Segment segment, long now) {
    return Element.newBuilder()
        .setStream(stream)
        .setSeq(numbering.take())
        .setOrigin(node)
        .setCreatedAtMs(clock.millis())
        .setKeep(keeps(now))
        .setPayload(segment.payload())
        .build();
  }

  private boolean keeps(long now) {
    double perSecond = course.plan().spec().delivery().keepFramesPerSecond();
    if (perSecond <= 0 || now - keepDueNanos < 0) return false;
    long every = (long) (1e9 / perSecond);
    keepDueNanos = Math.max(keepDueNanos + every, now - every);
    return true;
  }
}
