package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.side.Sides;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Where elements wait at a stage for the version of the side inputs that they have. Bounded by the
 * producers' windows, whose credit they hold. Belongs to one actor.
 *
 * @param <W> an element with what the processor knows of it
 */
final class SideWait<W> {
  private final Sides sides;
  private final String pipeline;
  private final List<String> names;
  private final long patienceNanos;
  private final Runnable arrived;
  private final List<Waiting<W>> waiting = new ArrayList<>(); // in the order in which they came
  private boolean asked;

  private record Waiting<W>(W work, long number, long sinceNanos) {}

  /**
   * @param names what the stage reads
   * @param arrived is called when what waits may go on; on any thread
   */
  SideWait(Sides sides, String pipeline, List<String> names, Duration patience, Runnable arrived) {
    this.sides = sides;
    this.pipeline = pipeline;
    this.names = names;
    this.patienceNanos = patience.toNanos();
    this.arrived = arrived;
  }

  /** Whether the stage cannot work on the element now. */
  boolean lacks(Element element) {
    return !names.isEmpty() && !sides.has(pipeline, element.getSide(), names);
  }

  void add(W work, Element element, long now) {
    waiting.add(new Waiting<>(work, element.getSide(), now));
    ask();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  int size() {
    return waiting.size();
  }

  /** To be called on the actor's thread after {@code arrived}. */
  List<W> ready() {
    asked = false;
    var ready = take(this::isHere);
    if (!waiting.isEmpty()) ask();
    return ready;
  }

  /** Those that have waited too long; their origin sends them again, in a newer version. */
  List<W> late(long now) {
    return take(one -> now - one.sinceNanos() > patienceNanos);
  }

  private List<W> take(Predicate<Waiting<W>> which) {
    var taken = new ArrayList<W>();
    waiting.removeIf(
        one -> {
          boolean out = which.test(one);
          if (out) taken.add(one.work());
          return out;
        });
    return taken;
  }

  private boolean isHere(Waiting<W> one) {
    return sides.has(pipeline, one.number(), names);
  }

  private void ask() {
    if (asked) return;
    asked = true;
    var arrival = sides.arrival();
    var unused = arrival.thenRun(arrived);
    // It may have come just before.
    if (waiting.stream().anyMatch(this::isHere)) arrived.run();
  }
}
