package io.dayu.link;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A consumer that takes an element only when a test says so. */
public final class TestConsumer {
  /** An element, not yet taken. */
  public record Offered(Parcel parcel, ActorRef<Inlet.Grant> producer) {}

  private record Take(Offered offer) implements Inlet.Command {}

  private final BlockingQueue<Offered> offers = new LinkedBlockingQueue<>();
  private final AtomicInteger attached = new AtomicInteger();
  private final ActorRef<Inlet.Command> ref;

  public TestConsumer(ActorTestKit kit) {
    ref = kit.spawn(behavior());
  }

  public ActorRef<Inlet.Command> ref() {
    return ref;
  }

  /** The next element, not yet taken. */
  public Offered next() {
    try {
      var offer = offers.poll(60, TimeUnit.SECONDS);
      if (offer == null) throw new AssertionError("no element within 60 s");
      return offer;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public void take(Offered offer) {
    ref.tell(new Take(offer));
  }

  public Parcel takeNext() {
    var offer = next();
    take(offer);
    return offer.parcel();
  }

  /** Elements that were offered and not asked for with {@link #next} yet. */
  public int offered() {
    return offers.size();
  }

  public int attached() {
    return attached.get();
  }

  private Behavior<Inlet.Command> behavior() {
    return Behaviors.setup(
        context -> {
          var credits = new CreditReturn(context.getSelf());
          return Behaviors.receive(Inlet.Command.class)
              .onMessage(
                  Inlet.Attach.class,
                  attach -> {
                    credits.attach(attach);
                    attached.incrementAndGet();
                    return Behaviors.same();
                  })
              .onMessage(
                  Inlet.Detach.class,
                  detach -> {
                    credits.detach(detach.producer());
                    attached.decrementAndGet();
                    return Behaviors.same();
                  })
              .onMessage(
                  Inlet.Offer.class,
                  offer -> {
                    for (var parcel : offer.parcels())
                      offers.add(new Offered(parcel, offer.producer()));
                    return Behaviors.same();
                  })
              .onMessage(
                  Take.class,
                  take -> {
                    credits.taken(take.offer().producer(), take.offer().parcel().weight());
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
