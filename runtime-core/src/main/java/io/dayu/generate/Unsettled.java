package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The elements of a stream that are not settled: those that wait for the window, in order, those in
 * flight, those that are safe on the disk, and, from an earlier run, those that are to be cut again
 * and those that are lost. Belongs to one actor, which bounds the first two.
 */
final class Unsettled {
  /** An element on its way. */
  static final class Flight {
    final Element base; // without path, attempt and decision
    final long bornNanos;
    final int bytes;
    private final SourceSpan span;
    Map<String, String> path = Map.of();
    long sentNanos;
    long dueNanos;
    int attempt;

    private Flight(Element element, long bornNanos, SourceSpan span) {
      this.base = element;
      this.bornNanos = bornNanos;
      this.span = span;
      this.bytes = base.getSerializedSize();
      this.attempt = element.getAttempt();
    }

    /** Where it is to be worked on by {@code stage}, once it was sent. */
    String node(String stage) {
      return Objects.requireNonNull(path.get(stage), "a path names every stage");
    }

    /**
     * An element that this run did not cut: it was read from the disk, where it stays until it is
     * settled, or it was lost with an earlier run.
     */
    static Flight uncut(Element element, long bornNanos) {
      return new Flight(
          element, bornNanos, new SourceSpan(element.getSeq(), 0, 0, element.getCreatedAtMs()));
    }
  }

  /**
   * The oldest element that would be lost with this node: a successor reads the source from here.
   */
  record Oldest(long seq, long position) {}

  private record Waiting(Element element, long bornNanos, SourceSpan span) {
    boolean has(long seq) {
      return element.getSeq() == seq;
    }
  }

  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final LinkedHashMap<Long, Flight> flights = new LinkedHashMap<>();
  private final Ranges results = new Ranges(); // on the disk, in the outbox
  private final Ranges spooled = new Ranges(); // on the disk, to be worked on
  private final Map<Long, Flight> again = new HashMap<>(); // some of the spooled, on their way
  private final Map<Long, Flight> lost = new HashMap<>(); // of an earlier run, reported as failed
  private final Map<Long, SourceSpan> retries = new HashMap<>(); // of spooled, results and lost
  private final ReplayedSpans replayed = new ReplayedSpans();
  private final LongConsumer changed;
  private long bytes;
  private long waitingBytes;

  /** For which nobody counts the bytes. */
  Unsettled() {
    this(bytes -> {});
  }

  /**
   * @param changed is told how many bytes more, or fewer, wait or are in flight
   */
  Unsettled(LongConsumer changed) {
    this.changed = changed;
  }

  void add(Element element, long nowNanos, SourceSpan span) {
    waiting.add(new Waiting(element, nowNanos, span));
    waitingBytes += element.getSerializedSize();
    changed.accept(element.getSerializedSize());
  }

  /** What an earlier run left on the disk. */
  void restore(Ranges results, Ranges spooled) {
    results.forEach(this.results::add);
    spooled.forEach(this.spooled::add);
  }

  /** Some of what an earlier run left is sent in place of elements that failed. */
  void restoreRetries(List<SourceSpan> spans) {
    for (var span : spans) retries.put(span.seq(), span);
  }

  /** Adds an element that is on the disk, to be sent in place of one that failed. */
  void retry(SourceSpan span) {
    spooled.add(span.seq());
    retries.put(span.seq(), span);
  }

  /** What is sent in place of elements that failed, by number. */
  Map<Long, SourceSpan> retries() {
    return retries;
  }

  /** The element, if it is in memory. */
  Optional<Element> element(long seq) {
    var flight = flights.getOrDefault(seq, again.get(seq));
    if (flight != null) return Optional.of(flight.base);
    return waiting.stream().filter(w -> w.has(seq)).map(Waiting::element).findFirst();
  }

  /**
   * @param next the number of the next element
   * @param now the source's position before it
   */
  Oldest oldest(long next, long now) {
    // Waiting elements were cut after those in flight; both collections are in order.
    var flying = flights.values().iterator();
    if (flying.hasNext()) {
      var flight = flying.next();
      return new Oldest(flight.base.getSeq(), flight.span.from());
    }
    // Elements that are still to be cut again come after all that were cut.
    if (waiting.isEmpty()) return new Oldest(replayed.oldest().orElse(next), now);
    return new Oldest(waiting.getFirst().element().getSeq(), waiting.getFirst().span().from());
  }

  /** What was cut and is neither settled nor on the disk. */
  List<SourceSpan> underWay() {
    var spans = new ArrayList<>(replayed.due());
    lost.values().forEach(flight -> spans.add(flight.span));
    flights.values().forEach(flight -> spans.add(flight.span));
    waiting.forEach(w -> spans.add(w.span()));
    // They are on the disk, but there is nothing else to tell them from what the source has.
    for (var span : retries.values()) if (!lost.containsKey(span.seq())) spans.add(span);
    return spans;
  }

  /** What the source is about to repeat. */
  ReplayedSpans replayed() {
    return replayed;
  }

  /** What is reported as failed, outside of the window. */
  Map<Long, Flight> lost() {
    return lost;
  }

  /** The numbers of all. */
  Ranges open() {
    var open = results.plus(spooled);
    replayed.addTo(open);
    lost.keySet().forEach(open::add);
    flights.keySet().forEach(open::add);
    waiting.forEach(w -> open.add(w.element().getSeq()));
    return open;
  }

  void dropOldest() {
    left(waiting.removeFirst());
  }

  void dropNewest() {
    left(waiting.removeLast());
  }

  private void left(Waiting gone) {
    waitingBytes -= gone.element().getSerializedSize();
    changed.accept(-gone.element().getSerializedSize());
  }

  /** Moves the element that has waited longest into flight. */
  Flight launch() {
    var first = waiting.removeFirst();
    waitingBytes -= first.element().getSerializedSize();
    var flight = new Flight(first.element(), first.bornNanos(), first.span());
    flights.put(flight.base.getSeq(), flight);
    bytes += flight.bytes;
    return flight; // its bytes stay what they are
  }

  /** The element is settled; empty if it was not on its way from the source. */
  Optional<Flight> land(long seq) {
    var flight = flights.remove(seq);
    if (flight != null) {
      bytes -= flight.bytes;
      changed.accept(-flight.bytes);
    }
    return Optional.ofNullable(flight);
  }

  /** The element that is not in the window is settled; false if there is none. */
  boolean landOutside(long seq) {
    again.remove(seq);
    retries.remove(seq);
    return removeOutside(seq) || results.remove(seq) || removeWaiting(seq);
  }

  private boolean removeWaiting(long seq) {
    return waiting.removeIf(
        w -> {
          if (w.has(seq)) left(w);
          return w.has(seq);
        });
  }

  private boolean removeOutside(long seq) {
    return spooled.remove(seq) || lost.remove(seq) != null || replayed.remove(seq);
  }

  /** The result is on the disk; the flight it ends, if it was in the window until now. */
  Optional<Flight> keepResult(long seq) {
    again.remove(seq);
    if (!removeOutside(seq) && !flights.containsKey(seq)) return Optional.empty();
    results.add(seq);
    return land(seq);
  }

  /** The element is on the disk, to be worked on later. */
  Optional<Flight> spool(long seq) {
    var flight = land(seq);
    if (flight.isPresent()) spooled.add(seq);
    return flight;
  }

  /** Whether the element is neither settled nor unknown. */
  boolean isOpen(long seq) {
    return flights.containsKey(seq)
        || results.contains(seq)
        || spooled.contains(seq)
        || lost.containsKey(seq)
        || replayed.contains(seq)
        || waiting.stream().anyMatch(w -> w.has(seq));
  }

  /** Elements of {@code spooled} that are in flight, outside of the window. */
  Map<Long, Flight> again() {
    return again;
  }

  Ranges spooled() {
    return spooled;
  }

  int waiting() {
    return waiting.size();
  }

  /** Bytes of those that wait for the window. */
  long waitingBytes() {
    return waitingBytes;
  }

  /** When the element was cut that has waited longest; only while some wait. */
  long oldestWaiting() {
    return waiting.getFirst().bornNanos();
  }

  int inFlight() {
    return flights.size();
  }

  /** Bytes on their way. */
  long bytes() {
    return bytes;
  }

  /** All that are not settled. */
  long size() {
    return hereAndNow() + lost.size() + replayed.size() + onDisk();
  }

  /** Those of the source as it is open now. */
  long hereAndNow() {
    return flights.size() + (long) waiting.size();
  }

  long onDisk() {
    return results.size() + spooled.size();
  }

  Collection<Flight> flights() {
    return Collections.unmodifiableCollection(flights.values());
  }
}
