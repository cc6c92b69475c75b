package io.dayu.bench.link;

import io.dayu.facts.InstanceName;
import io.dayu.keys.NodeKeys;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSender;
import io.dayu.link.LinkSettings;
import io.dayu.link.Outlet;
import io.dayu.link.Parcel;
import io.dayu.link.Resolver;
import java.util.Optional;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * A producer that always has elements: sends new ones whenever its link grants credit. Spawned once
 * per turn; the link is its child and ends with it.
 */
final class LinkFeeder extends AbstractBehavior<LinkFeeder.Command> {
  sealed interface Command {}

  enum Stop implements Command {
    INSTANCE
  }

  private record Granted(Inlet.Grant grant) implements Command {}

  private record Told(LinkSender.Event event) implements Command {}

  private final Elements elements;
  private final Outlet outlet;

  private LinkFeeder(
      ActorContext<Command> context,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      String host,
      int port,
      Elements elements) {
    super(context);
    this.elements = elements;
    var target =
        new LinkSender.Target(
            "receiver", host, port, new InstanceName("bench", "consumer"), "sender");
    var link =
        context.spawn(
            LinkSender.create(
                settings,
                keys,
                target,
                Resolver.system(Runnable::run),
                context.messageAdapter(LinkSender.Event.class, Told::new),
                System::nanoTime),
            "link");
    this.outlet =
        new Outlet(
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            settings.elementWindow(),
            settings.byteWindow());
    outlet.connect(link);
  }

  static Behavior<Command> create(
      LinkSettings settings, Optional<NodeKeys> keys, String host, int port, Elements elements) {
    return Behaviors.setup(
        context -> new LinkFeeder(context, settings, keys, host, port, elements));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessageEquals(Stop.INSTANCE, Behaviors::stopped)
        .onMessage(Granted.class, this::onGranted)
        .onMessage(Told.class, told -> this) // the link logs what is worth it
        .build();
  }

  private Behavior<Command> onGranted(Granted granted) {
    outlet.granted(granted.grant());
    // The first that has to wait shows that the credit is used up.
    while (outlet.waiting() == 0) outlet.send(new Parcel(elements.next(), System.nanoTime(), 0));
    outlet.flush();
    return this;
  }
}
