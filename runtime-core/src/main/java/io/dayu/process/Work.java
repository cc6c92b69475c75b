package io.dayu.process;

import io.dayu.link.Inlet;
import io.dayu.link.Parcel;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * An element for a stage, with what its processor knows of it.
 *
 * @param way by which it came
 * @param weight of the offer it came with, to be granted again
 * @param begunNanos when it was sent to the stage
 * @param granted whether its producer has its credit back
 */
record Work(
    Parcel parcel,
    Entrance.Way way,
    ActorRef<Inlet.Grant> producer,
    int weight,
    long queuedNanos,
    long begunNanos,
    int tries,
    boolean granted) {
  /** An element, whichever attempt it is. */
  record Numbered(String stream, long seq) {}

  /** One that has just come. */
  static Work of(
      Parcel parcel, Entrance.Way way, ActorRef<Inlet.Grant> producer, int weight, long now) {
    return new Work(parcel, way, producer, weight, now, 0, 0, false);
  }

  /** As it is sent to the stage. */
  Work begin(long now) {
    return new Work(parcel, way, producer, weight, queuedNanos, now, tries + 1, true);
  }

  /** As before it was sent to the stage, which has not begun with it. */
  Work unbegun() {
    return new Work(parcel, way, producer, weight, queuedNanos, 0, tries - 1, granted);
  }

  /** As it waits after a try that has failed. */
  Work again(long now) {
    return new Work(parcel, way, producer, weight, now, 0, tries, true);
  }

  /** Its producer gets its credit back. */
  void taken() {
    if (!granted) way.credits().taken(producer, weight);
  }

  Numbered numbered() {
    return new Numbered(parcel.element().getStream(), parcel.element().getSeq());
  }

  /** For people. */
  String called() {
    return parcel.element().getStream() + " #" + parcel.element().getSeq();
  }
}
