package io.dayu.link;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * How elements are handed to a consumer on the same node: a processor, an outbox, or the near end
 * of a link. A producer attaches, is granted credit, and offers no more than it was granted; the
 * consumer grants again what it has taken. Elements pass by reference, without an ask; what a
 * producer has at hand for one consumer goes there together.
 */
public final class Inlet {
  private Inlet() {}

  /** What a consumer understands; consumers add messages of their own. */
  public interface Command {}

  /**
   * @param elements the most it may have outstanding
   * @param bytes the most it may have outstanding; one element may exceed it
   */
  public record Attach(ActorRef<Grant> producer, int elements, long bytes) implements Command {}

  /**
   * Elements in their order; {@code producer} has attached and has credit.
   *
   * @param parcels owned by the message, not to be changed
   */
  public record Offer(List<Parcel> parcels, ActorRef<Grant> producer) implements Command {}

  /** The producer is gone or will offer no more. */
  public record Detach(ActorRef<Grant> producer) implements Command {}

  /** What was taken, so that as much may be offered again; the first one opens the inlet. */
  public record Grant(ActorRef<Command> consumer, int elements, long bytes) {}
}
