package io.dayu.link;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A producer as generators and processors are ones, with an outlet to one inlet. */
public final class TestProducer {
  private interface Command {}

  private record Send(Parcel parcel) implements Command {}

  private record Granted(Inlet.Grant grant) implements Command {}

  private enum Close implements Command {
    INSTANCE
  }

  private final AtomicInteger waiting = new AtomicInteger();
  private final ActorRef<Command> ref;

  public TestProducer(ActorTestKit kit, LinkSettings settings, ActorRef<Inlet.Command> inlet) {
    ref = kit.spawn(behavior(settings, inlet));
  }

  public void send(Parcel parcel) {
    waiting.incrementAndGet();
    ref.tell(new Send(parcel));
  }

  /** Elements that have no credit yet. */
  public int waiting() {
    return waiting.get();
  }

  /** Detaches. */
  public void close() {
    ref.tell(Close.INSTANCE);
  }

  private Behavior<Command> behavior(LinkSettings settings, ActorRef<Inlet.Command> inlet) {
    return Behaviors.setup(
        context -> {
          var grants = context.messageAdapter(Inlet.Grant.class, Granted::new);
          var outlet = new Outlet(grants, settings.elementWindow(), settings.byteWindow());
          outlet.connect(inlet);
          return Behaviors.receive(Command.class)
              .onMessage(
                  Send.class,
                  send -> {
                    outlet.send(send.parcel());
                    outlet.flush();
                    waiting.set(outlet.waiting());
                    return Behaviors.same();
                  })
              .onMessage(
                  Granted.class,
                  granted -> {
                    outlet.granted(granted.grant());
                    waiting.set(outlet.waiting());
                    return Behaviors.same();
                  })
              .onMessageEquals(
                  Close.INSTANCE,
                  () -> {
                    outlet.close();
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
