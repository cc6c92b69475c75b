package io.dayu.service;

import io.dayu.stage.Outcome;
import io.dayu.stage.ServiceCalls;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The other places of a service, as one of them sees them: its successor, which is called in its
 * stead from some time on; its fallback while it is on trial, which is asked for what it cannot do
 * (docs/adr/0056); and those of before, whose calls are told with its own.
 *
 * <p>Safe for any thread: each of the three is replaced as a whole. A successor is set while its
 * service is held, so that no call begins to wait there after those that waited have gone. No
 * service is to be held when another one is called, but for {@link #isFallbackAway}.
 */
final class Succession {
  /** Places of before whose calls are told. */
  private static final int MOST_BEFORE = 2;

  private volatile @Nullable Service<?> successor;
  private volatile Runnable left = () -> {};
  private volatile @Nullable Service<?> fallback;
  private volatile List<Service<?>> before = List.of(); // the latest first

  /** The one that is called now; null while that is the service itself. */
  @Nullable Service<?> successor() {
    return successor;
  }

  /** Whether another one is called now. */
  boolean isLeft() {
    return successor != null;
  }

  /**
   * @param then what is to be run by {@link #end}
   */
  void leaveTo(Service<?> next, Runnable then) {
    left = then;
    successor = next;
  }

  /** The service that was left has no call any more and is closed. */
  void end() {
    left.run();
  }

  /**
   * @param other null for none
   */
  void fallBackOn(@Nullable Service<?> other) {
    fallback = other;
  }

  /** The fallback, if it can be called now; null if there is none. */
  @Nullable Service<?> fallback() {
    var other = fallback;
    return other != null && other.isUp() ? other : null;
  }

  /** Who is asked for what has ended like this, before it counts as tried; null for nobody. */
  @Nullable Service<?> insteadOf(Outcome outcome, ServiceCall call) {
    boolean toTryElsewhere =
        outcome instanceof Outcome.Failed && System.nanoTime() - call.deadlineNanos() < 0;
    return toTryElsewhere ? fallback : null;
  }

  /**
   * Whether nobody does the work of one that is away. Here a service may be held, since a fallback
   * has none of its own.
   */
  boolean isFallbackAway() {
    var other = fallback;
    return other == null || other.isAway();
  }

  /** The calls of another place, and those of before it, are told from here; one thread only. */
  void follow(Service<?> old, Succession of) {
    var all = new ArrayList<Service<?>>();
    all.add(old);
    all.addAll(of.before);
    all.addAll(before);
    before = List.copyOf(all.subList(0, Math.min(MOST_BEFORE, all.size())));
    of.before = List.of();
  }

  /** The calls at all places: here, at the fallback, and at those of before. */
  List<ServiceCalls> calls(ServiceCalls here) {
    var all = new ArrayList<ServiceCalls>();
    all.add(here);
    var other = fallback;
    if (other != null) all.add(other.counted(true));
    before.forEach(b -> all.add(b.counted(false)));
    return List.copyOf(all);
  }
}
