package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The elements of a stream that are not settled: those that wait for the window, in order, those on
 * their way, and those that are safe on the disk. Belongs to one actor, which bounds the first two.
 */
final class Pending {
  /** An element on its way. */
  static final class Flight {
    final Element base; // without path, attempt and decision
    final long bornNanos;
    final int bytes;
    private final long from;
    Map<String, String> path = Map.of();
    long sentNanos;
    long dueNanos;
    int attempt;

    private Flight(Element element, long bornNanos, long from) {
      this.base = element;
      this.bornNanos = bornNanos;
      this.from = from;
      this.bytes = base.getSerializedSize();
    }

    /** On its way from the disk, where it stays until it is settled. */
    static Flight again(Element element, long bornNanos) {
      var flight = new Flight(element, bornNanos, 0);
      flight.attempt = element.getAttempt();
      return flight;
    }
  }

  /** The oldest element that would be lost with this node: where a successor has to go on. */
  record Oldest(long seq, long position) {}

  private record Waiting(Element element, long bornNanos, long from) {}

  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final LinkedHashMap<Long, Flight> flights = new LinkedHashMap<>();
  private final Ranges results = new Ranges(); // on the disk, in the outbox
  private final Ranges spooled = new Ranges(); // on the disk, to be worked on
  private final Map<Long, Flight> again = new HashMap<>(); // some of the spooled, on their way
  private long bytes;

  /**
   * @param from the source's position before the element
   */
  void add(Element element, long nowNanos, long from) {
    waiting.add(new Waiting(element, nowNanos, from));
  }

  /** What an earlier run left on the disk. */
  void restore(Ranges results, Ranges spooled) {
    results.forEach(this.results::add);
    spooled.forEach(this.spooled::add);
  }

  /**
   * @param next the number of the next element
   * @param now the source's position before it
   */
  Oldest oldest(long next, long now) {
    // What waits is younger than what is on its way, and both are in order.
    var flying = flights.values().iterator();
    if (flying.hasNext()) {
      var flight = flying.next();
      return new Oldest(flight.base.getSeq(), flight.from);
    }
    if (waiting.isEmpty()) return new Oldest(next, now);
    return new Oldest(waiting.getFirst().element().getSeq(), waiting.getFirst().from());
  }

  /** The numbers of all. */
  Ranges open() {
    var open = results.plus(spooled);
    flights.keySet().forEach(open::add);
    waiting.forEach(w -> open.add(w.element().getSeq()));
    return open;
  }

  void dropOldest() {
    waiting.removeFirst();
  }

  void dropNewest() {
    waiting.removeLast();
  }

  /** The element that has waited longest is on its way from now on. */
  Flight launch() {
    var first = waiting.removeFirst();
    var flight = new Flight(first.element(), first.bornNanos(), first.from());
    flights.put(flight.base.getSeq(), flight);
    bytes += flight.bytes;
    return flight;
  }

  /** The element is settled; empty if it was not on its way from the source. */
  Optional<Flight> land(long seq) {
    var flight = flights.remove(seq);
    if (flight != null) bytes -= flight.bytes;
    return Optional.ofNullable(flight);
  }

  /** The element on the disk is settled; false if there is none. */
  boolean landFromDisk(long seq) {
    again.remove(seq);
    return results.remove(seq) || spooled.remove(seq);
  }

  /** The result is on the disk; the flight it ends, if it was in the window until now. */
  Optional<Flight> keepResult(long seq) {
    again.remove(seq);
    if (!spooled.remove(seq) && !flights.containsKey(seq)) return Optional.empty();
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
    return flights.containsKey(seq) || results.contains(seq) || spooled.contains(seq);
  }

  /** Some of the spooled ones are on their way, outside of the window. */
  Map<Long, Flight> again() {
    return again;
  }

  Ranges spooled() {
    return spooled;
  }

  int waiting() {
    return waiting.size();
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
    return flights.size() + (long) waiting.size() + onDisk();
  }

  long onDisk() {
    return results.size() + spooled.size();
  }

  Collection<Flight> flights() {
    return Collections.unmodifiableCollection(flights.values());
  }
}
