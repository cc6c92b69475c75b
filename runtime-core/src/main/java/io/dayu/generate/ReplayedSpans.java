package io.dayu.generate;

import io.dayu.deliver.Ranges;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a source is about to repeat after a crash: elements that were under way, which keep their
 * numbers when they are cut again, and between them content that is settled, which is left out. The
 * distributor knows the numbers, so what it stored before the crash is not stored again. Belongs to
 * one actor.
 */
final class ReplayedSpans {
  /** What a segment of the source is. */
  sealed interface Content {
    /** Not seen before: a new element. */
    enum Fresh implements Content {
      INSTANCE
    }

    /** Of an element that was under way. */
    record Again(SourceSpan span) implements Content {}

    /** Settled before. */
    enum Settled implements Content {
      INSTANCE
    }
  }

  private final TreeMap<Long, SourceSpan> due = new TreeMap<>(); // by number, and so by position
  private long end; // of what is repeated

  /** A source is to be opened that repeats what lies before {@code end}. */
  void restore(List<SourceSpan> spans, long end) {
    for (var span : spans) due.put(span.seq(), span);
    this.end = end;
  }

  /**
   * Says what the next segment is, between two positions of the source. If it is fresh although
   * elements are still due, the source did not repeat its content as it was, and {@link #abandon}
   * is to be called.
   */
  Content next(long from, long to) {
    if (from >= end) return Content.Fresh.INSTANCE;
    var first = due.firstEntry();
    if (first != null && first.getValue().from() == from && first.getValue().to() == to) {
      due.remove(first.getKey());
      return new Content.Again(first.getValue());
    }
    long settledTo = first == null ? end : first.getValue().from();
    return to <= settledTo ? Content.Settled.INSTANCE : Content.Fresh.INSTANCE;
  }

  /** Stops recognising repeated content; returns the elements that were still due. */
  List<SourceSpan> abandon() {
    end = 0;
    if (due.isEmpty()) return List.of();
    var left = List.copyOf(due.values());
    due.clear();
    return left;
  }

  /** The element need not be cut again; false if it was not due. */
  boolean remove(long seq) {
    return due.remove(seq) != null;
  }

  boolean contains(long seq) {
    return due.containsKey(seq);
  }

  Optional<Long> oldest() {
    return due.isEmpty() ? Optional.empty() : Optional.of(due.firstKey());
  }

  /** Where the source was read to, if it is at {@code position} now. */
  long readTo(long position) {
    return Math.max(position, end);
  }

  Collection<SourceSpan> due() {
    return due.values();
  }

  void addTo(Ranges open) {
    due.keySet().forEach(open::add);
  }

  int size() {
    return due.size();
  }
}
