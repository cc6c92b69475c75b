package io.dayu.generate;

import io.dayu.element.Element;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The elements of a stream that are not acknowledged: those that wait for the window, in order, and
 * those on their way. Belongs to one actor, which bounds both.
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

    private Flight(Waiting waiting) {
      this.base = waiting.element();
      this.bornNanos = waiting.bornNanos();
      this.from = waiting.from();
      this.bytes = base.getSerializedSize();
    }
  }

  private record Waiting(Element element, long bornNanos, long from) {}

  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final LinkedHashMap<Long, Flight> flights = new LinkedHashMap<>();
  private long bytes;

  /**
   * @param from the source's position before the element
   */
  void add(Element element, long nowNanos, long from) {
    waiting.add(new Waiting(element, nowNanos, from));
  }

  /**
   * The source's position before the oldest element, that is where a successor has to go on.
   *
   * @param now the source's position
   */
  long committed(long now) {
    // What waits is younger than what is on its way, and both are in order.
    var flying = flights.values().iterator();
    if (flying.hasNext()) return flying.next().from;
    return waiting.isEmpty() ? now : waiting.getFirst().from();
  }

  void dropOldest() {
    waiting.removeFirst();
  }

  void dropNewest() {
    waiting.removeLast();
  }

  /** The element that has waited longest is on its way from now on. */
  Flight launch() {
    var flight = new Flight(waiting.removeFirst());
    flights.put(flight.base.getSeq(), flight);
    bytes += flight.bytes;
    return flight;
  }

  /** The element is acknowledged; empty if it was before, for another attempt. */
  Optional<Flight> land(long seq) {
    var flight = flights.remove(seq);
    if (flight != null) bytes -= flight.bytes;
    return Optional.ofNullable(flight);
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

  /** Waiting or on their way. */
  long size() {
    return flights.size() + (long) waiting.size();
  }

  Collection<Flight> flights() {
    return Collections.unmodifiableCollection(flights.values());
  }
}
