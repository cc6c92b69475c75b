package io.dayu.bench.link;

import io.dayu.keys.NodeKeys;
import io.dayu.link.LinkServer;
import io.dayu.link.LinkSettings;
import io.dayu.settings.MemorySettings;
import io.dayu.settings.NodeMemory;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * The receiving node of a hop: a data port and one consumer behind it. Spawned once per turn; its
 * children end with it.
 */
final class LinkHost extends AbstractBehavior<LinkHost.Command> {
  sealed interface Command {}

  /** Opens the port; answered once. */
  record Listen(ActorRef<LinkServer.Started> replyTo) implements Command {}

  enum Stop implements Command {
    INSTANCE
  }

  private record Wanted(LinkServer.Lookup lookup) implements Command {}

  private final LinkSettings settings;
  private final Optional<NodeKeys> keys;
  private final ArrivalCounter arrivals;

  private LinkHost(
      ActorContext<Command> context,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      ArrivalCounter arrivals) {
    super(context);
    this.settings = settings;
    this.keys = keys;
    this.arrivals = arrivals;
  }

  static Behavior<Command> create(
      LinkSettings settings, Optional<NodeKeys> keys, ArrivalCounter arrivals) {
    return Behaviors.setup(context -> new LinkHost(context, settings, keys, arrivals));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Listen.class, this::onListen)
        .onMessageEquals(Stop.INSTANCE, Behaviors::stopped)
        .onMessage(Wanted.class, this::onWanted)
        .build();
  }

  private Behavior<Command> onListen(Listen listen) {
    getContext()
        .spawn(
            LinkServer.create(
                settings,
                keys,
                NodeMemory.of(
                    MemorySettings.from(
                        getContext().getSystem().settings().config().getConfig("dayu.memory"))),
                new InetSocketAddress("127.0.0.1", 0),
                getContext().messageAdapter(LinkServer.Lookup.class, Wanted::new),
                getContext().getSystem().ignoreRef(),
                listen.replyTo(),
                System::nanoTime),
            "server");
    return this;
  }

  private Behavior<Command> onWanted(Wanted wanted) {
    var consumer = getContext().spawnAnonymous(LinkConsumer.create(arrivals));
    wanted.lookup().replyTo().tell(new LinkServer.Consumer(consumer));
    return this;
  }
}
