package io.dayu.cloud;

import io.dayu.facts.View;
import io.dayu.member.Gossip;
import io.dayu.stage.Causes;
import io.dayu.store.StoreException;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Tells the nodes which services are declared, as the database has them: at the start, after each
 * change made here, and now and then, for what another cloud node has kept and not told. One per
 * cloud node, spawned by its guardian on a dispatcher for blocking work.
 */
final class ServiceTeller extends AbstractBehavior<ServiceTeller.Command> {
  enum Command {
    /** Tell what is new. */
    LOOK
  }

  private static final Duration LOOK_EVERY = Duration.ofSeconds(10);

  private final ServiceTable table;
  private final ActorRef<Gossip.Command> gossip;
  private final Supplier<View> view;
  private boolean failed; // the look before

  private ServiceTeller(
      ActorContext<Command> context,
      ServiceTable table,
      ActorRef<Gossip.Command> gossip,
      Supplier<View> view) {
    super(context);
    this.table = table;
    this.gossip = gossip;
    this.view = view;
  }

  static Behavior<Command> create(
      ServiceTable table, ActorRef<Gossip.Command> gossip, Supplier<View> view) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(ServiceTeller.class);
                  timers.startTimerWithFixedDelay(
                      Command.LOOK, Command.LOOK, Duration.ZERO, LOOK_EVERY);
                  return new ServiceTeller(context, table, gossip, view);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessageEquals(Command.LOOK, this::onLook).build();
  }

  private Behavior<Command> onLook() {
    try {
      var known = view.get().services();
      for (var service : table.all()) {
        var told = known.get(service.name());
        if (told == null || told.version() < service.version())
          gossip.tell(new Gossip.PublishService(service));
      }
      failed = false;
    } catch (StoreException e) {
      if (!failed) getContext().getLog().warn("{}; tried again", Causes.words(e));
      failed = true;
    }
    return this;
  }
}
