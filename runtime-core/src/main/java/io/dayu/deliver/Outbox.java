package io.dayu.deliver;

import io.dayu.element.Element;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Owed;
import io.dayu.link.Parcel;
import io.dayu.process.Controller;
import io.dayu.process.JoinBuffer;
import io.dayu.process.Plan;
import io.dayu.process.ProcessSettings;
import io.dayu.process.Router;
import java.util.ArrayDeque;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The way out of a node's stages: joins the leaves of each element and sends it to the distributor,
 * on this node if it is a cloud node, else on one of those known. Spawned by the {@link
 * Controller}, one per node. While no cloud node is known it takes nothing more and so holds back
 * the stages before it.
 */
public final class Outbox extends AbstractBehavior<Inlet.Command> {
  /** The cloud nodes that may be sent to, the best first. */
  public record Clouds(List<String> nodes) implements Inlet.Command {
    public Clouds {
      nodes = List.copyOf(nodes);
    }
  }

  private record Granted(Inlet.Grant grant) implements Inlet.Command {}

  private record Found(Router.Located located) implements Inlet.Command {}

  private enum Timer implements Inlet.Command {
    EXPIRE
  }

  private record Held(Parcel parcel, ActorRef<Inlet.Grant> producer) {}

  private final ProcessSettings settings;
  private final Owed owed;
  private final Router router;
  private final JoinBuffer join;
  private final ArrayDeque<Held> queue = new ArrayDeque<>(); // bounded by the producers' windows
  private List<String> clouds = List.of();

  private Outbox(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      ProcessSettings settings,
      LinkSettings links,
      ActorRef<Controller.Command> controller) {
    super(context);
    this.settings = settings;
    this.owed = new Owed(context.getSelf());
    this.router =
        new Router(
            context,
            controller,
            context.messageAdapter(Router.Located.class, Found::new),
            context.messageAdapter(Inlet.Grant.class, Granted::new),
            links);
    this.join = new JoinBuffer(Outbox::complete, settings.joinCapacity(), settings.joinPatience());
    timers.startTimerWithFixedDelay(Timer.EXPIRE, settings.joinPatience().dividedBy(4));
  }

  public static Behavior<Inlet.Command> create(
      ProcessSettings settings, LinkSettings links, ActorRef<Controller.Command> controller) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Outbox.class);
                  return new Outbox(context, timers, settings, links, controller);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return owed.receive(newReceiveBuilder())
        .onMessage(
            Inlet.Offer.class,
            offer -> {
              queue.add(new Held(offer.parcel(), offer.producer()));
              pump();
              return this;
            })
        .onMessage(
            Granted.class,
            granted -> {
              router.granted(granted.grant());
              pump();
              return this;
            })
        .onMessage(
            Found.class,
            found -> {
              router.located(found.located());
              return this;
            })
        .onMessage(
            Clouds.class,
            known -> {
              clouds = known.nodes();
              pump();
              return this;
            })
        .onMessageEquals(
            Timer.EXPIRE,
            () -> {
              join.expire(System.nanoTime());
              return this;
            })
        .onSignal(
            Terminated.class,
            terminated -> {
              router.terminated(terminated.getRef());
              return this;
            })
        .onSignal(
            PostStop.class,
            stop -> {
              router.close();
              return this;
            })
        .build();
  }

  private void pump() {
    while (!queue.isEmpty() && !clouds.isEmpty() && router.waiting() < settings.maxWaiting()) {
      var held = queue.poll();
      owed.taken(held.producer(), held.parcel().weight());
      var whole = join.add(held.parcel(), System.nanoTime());
      whole.ifPresent(parcel -> router.send(clouds.get(0), Plan.DISTRIBUTOR, parcel));
    }
  }

  /** An element is a result when it has ended or every stage of its path has added its output. */
  private static boolean complete(Element element) {
    if (element.hasEnding()) return true;
    for (var step : element.getPathList())
      if (!element.containsOutputs(step.getStage())) return false;
    return true;
  }
}
