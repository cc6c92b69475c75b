package io.dayu.generate;

import io.dayu.element.Element;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Segment;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes elements from what a source gives: each with its own number, some marked to be kept with
 * their payload. An element is noted as cut before it leaves the cutter. Content that the source
 * repeats after a crash keeps its number. Belongs to one actor.
 */
final class Cutter {
  /**
   * An element, and the part of the source from which it was cut.
   *
   * @param fresh false for one that had its number before a crash
   */
  record Made(Element element, SourceSpan span, boolean fresh) {}

  /**
   * @param renumbered how many elements should have been repeated under their numbers but were not;
   *     the content that comes instead gets new numbers
   */
  record Cut(List<Made> made, int renumbered) {}

  private final String stream; // the text that elements carry
  private final String source; // that is named where its elements end without a stage
  private final String node;
  private final Numbering numbering;
  private final ReplayedSpans replayed;
  private final Consumer<List<SourceSpan>> note;
  private final Clock clock;
  private long position;
  private long keepDueNanos;

  /**
   * @param replayed what the source is about to repeat
   * @param note is told of what was cut before {@link #cut} returns
   */
  Cutter(
      StreamName stream,
      String node,
      Numbering numbering,
      ReplayedSpans replayed,
      Consumer<List<SourceSpan>> note,
      Clock clock,
      long nowNanos) {
    this.stream = stream.toString();
    this.source = stream.source();
    this.node = node;
    this.numbering = numbering;
    this.replayed = replayed;
    this.note = note;
    this.clock = clock;
    this.keepDueNanos = nowNanos;
  }

  /** The next segment begins here. */
  void seek(long position) {
    this.position = position;
  }

  /** The source's position behind all that was cut. */
  long position() {
    return position;
  }

  /**
   * The elements of segments that were read one after the other; content that is settled already
   * gives none.
   *
   * @param keepPerSecond how many elements are to be kept with their payload
   */
  Cut cut(List<Segment> segments, double keepPerSecond, long nowNanos) {
    var made = new ArrayList<Made>(segments.size());
    var fresh = new ArrayList<SourceSpan>(segments.size());
    int renumbered = 0;
    for (var segment : segments) {
      long from = position;
      position = segment.position();
      var content = replayed.next(from, position);
      if (content instanceof ReplayedSpans.Content.Again again) {
        boolean keep = keeps(segment, keepPerSecond, nowNanos);
        made.add(new Made(element(segment, again.span(), 1, keep), again.span(), false));
      } else if (content instanceof ReplayedSpans.Content.Fresh) {
        renumbered += replayed.abandon().size();
        var span = new SourceSpan(numbering.take(), from, position, clock.millis());
        boolean keep = keeps(segment, keepPerSecond, nowNanos);
        made.add(new Made(element(segment, span, 0, keep), span, true));
        fresh.add(span);
      }
    }
    if (!fresh.isEmpty()) note.accept(fresh);
    return new Cut(made, renumbered);
  }

  /**
   * @param attempt how often it was sent before, at least
   */
  private Element element(Segment segment, SourceSpan span, int attempt, boolean keep) {
    var element =
        Element.newBuilder()
            .setStream(stream)
            .setSeq(span.seq())
            .setOrigin(node)
            .setCreatedAtMs(span.createdAtMs())
            .setAttempt(attempt)
            .setKeep(keep);
    if (segment.ending().isPresent())
      return element.setEnding(segment.ending().get().toBuilder().setStage(source)).build();
    return element.setPayload(segment.payload()).build();
  }

  private boolean keeps(Segment segment, double perSecond, long nowNanos) {
    boolean due = perSecond > 0 && nowNanos - keepDueNanos >= 0;
    if (!due || segment.ending().isPresent()) return false;
    long every = (long) (1e9 / perSecond);
    // After a pause two more are due at once, not all that were left out.
    keepDueNanos = nowNanos - keepDueNanos > 2 * every ? nowNanos - every : keepDueNanos + every;
    return true;
  }
}
