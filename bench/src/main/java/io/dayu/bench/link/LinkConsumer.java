package io.dayu.bench.link;

import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Takes every element at once and grants credit as a processor does. Spawned by {@link LinkHost}
 * for the one link of a turn.
 */
final class LinkConsumer extends AbstractBehavior<Inlet.Command> {
  private final ArrivalCounter arrivals;
  private final CreditReturn credits;

  private LinkConsumer(ActorContext<Inlet.Command> context, ArrivalCounter arrivals) {
    super(context);
    this.arrivals = arrivals;
    this.credits = new CreditReturn(context.getSelf());
  }

  static Behavior<Inlet.Command> create(ArrivalCounter arrivals) {
    return Behaviors.setup(context -> new LinkConsumer(context, arrivals));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return credits.receive(newReceiveBuilder()).onMessage(Inlet.Offer.class, this::onOffer).build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    for (var parcel : offer.parcels()) {
      arrivals.arrived(parcel.element().getPayload().getOpaque().size());
      credits.taken(offer.producer(), parcel.weight());
    }
    return this;
  }
}
