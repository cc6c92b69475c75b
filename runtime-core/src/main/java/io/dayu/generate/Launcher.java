package io.dayu.generate;

import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.StreamName;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets elements that were cut leave for the first stages, as long as the {@link Window} has room
 * and the decision says where to. Those of a source that can wait do so here; of a live one those
 * that have waited too long are shed, and all of them while the cloud is out of reach and the
 * pipeline says {@code shed}. Belongs to one actor.
 */
final class Launcher {
  private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);

  private final StreamName stream;
  private final Routing routing;
  private final Unsettled unsettled;
  private final Window window;
  private final Sender sender;
  private final LongSupplier nanos;

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  Launcher(
      StreamName stream,
      Routing routing,
      Unsettled unsettled,
      Window window,
      Sender sender,
      LongSupplier nanos) {
    this.stream = stream;
    this.routing = routing;
    this.unsettled = unsettled;
    this.window = window;
    this.sender = sender;
    this.nanos = nanos;
  }

  /**
   * Takes what was cut.
   *
   * @param shed whether it was given up before
   */
  void take(Cutter.Cut cut, boolean shed, long now) {
    window.renumbered(cut.renumbered());
    for (var made : cut.made()) {
      if (shed) window.shed(made, now);
      else add(made, now);
    }
  }

  private void add(Cutter.Made made, long now) {
    window.add(made, now);
    if (!window.sheds()) return;
    if (routing.isOffline(Offline.SHED)) window.shedOne();
    fill();
    while (window.isOverfull(now)) window.shedOne();
  }

  /** Whether more is to be read: of a live source always, of another one when there is room. */
  boolean wantsMore() {
    return window.sheds() || !routing.isOffline(Offline.SHED) && !window.isFull(now());
  }

  /** There may be room, or somewhere to go: what waits leaves. */
  void fill() {
    while (unsettled.waiting() > 0 && routing.isRouted() && !routing.isOffline(Offline.SHED)) {
      long now = now();
      if (!window.hasRoom(now)) return;
      sender.start(window.launch(now), now);
    }
  }

  /**
   * Sends elements around nodes that are lost, and again to those that are back.
   *
   * @param suspects nodes that give no sign of life
   * @param offline whether no cloud node can be reached
   */
  void turn(Set<String> suspects, boolean offline) {
    boolean cutOff = offline && !routing.isOffline();
    boolean back = !offline && routing.isOffline();
    var turned = routing.turn(suspects, offline);
    if (cutOff || back)
      LOG.info(
          offline
              ? "{}: no cloud node can be reached, delivery.offline is {}"
              : "{}: the cloud can be reached again",
          stream,
          routing.plan().spec().delivery().offline().name().toLowerCase(Locale.ROOT));
    if (cutOff) {
      sender.rewind();
      if (window.sheds() && routing.isOffline(Offline.SHED))
        while (unsettled.waiting() > 0) window.shedOne();
    }
    // If the cloud was lost, any result may be lost between here and the cloud: all are sent again.
    sender.turn(turned, cutOff, now());
    fill();
  }

  /** Whether what is in flight cannot move now. */
  boolean isStuck() {
    return routing.isOffline(Offline.SHED) || !routing.isRouted();
  }

  private long now() {
    return nanos.getAsLong();
  }
}
