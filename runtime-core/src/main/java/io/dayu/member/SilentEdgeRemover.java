package io.dayu.member;

import io.dayu.facts.NodeReport;
import io.dayu.facts.View;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Removes edges that are gone for good: those not heard of for a long time. Nothing else removes
 * them, because an edge may only be cut off. Also forgets reports of nodes that are no members. A
 * singleton of the cloud; a new instance counts silence from its own start. Cloud nodes are left to
 * the downing provider.
 */
public final class SilentEdgeRemover extends AbstractBehavior<SilentEdgeRemover.Command> {
  public sealed interface Command {}

  private record Viewed(View view) implements Command {}

  private enum Timer implements Command {
    LOOK
  }

  private record Heard(NodeReport.Edition edition, long atNanos) {}

  private static final Duration MAX_EVERY = Duration.ofMinutes(1);

  private final ActorRef<Gossip.Command> gossip;
  private final Members members;
  private final Duration forgetAfter;
  private final LongSupplier nanos;
  private final Map<String, Heard> heard = new HashMap<>(); // bounded by the nodes
  private View view = View.EMPTY;
  private Set<String> strangers = Set.of(); // reports without a member at the last look

  private SilentEdgeRemover(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ActorRef<Gossip.Command> gossip,
      Members members,
      Duration forgetAfter,
      LongSupplier nanos) {
    super(context);
    this.gossip = gossip;
    this.members = members;
    this.forgetAfter = forgetAfter;
    this.nanos = nanos;
    gossip.tell(new Gossip.Subscribe(context.messageAdapter(View.class, Viewed::new)));
    timers.startTimerWithFixedDelay(Timer.LOOK, every(forgetAfter));
  }

  /**
   * @param nanos a clock as {@link System#nanoTime}, which stands still while the machine sleeps
   */
  public static Behavior<Command> create(
      ActorRef<Gossip.Command> gossip, Members members, Duration forgetAfter, LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(SilentEdgeRemover.class);
                  return new SilentEdgeRemover(
                      context, timers, gossip, members, forgetAfter, nanos);
                }));
  }

  /** The time between two looks at the members. */
  static Duration every(Duration forgetAfter) {
    var tenth = forgetAfter.dividedBy(10);
    return tenth.compareTo(MAX_EVERY) < 0 ? tenth : MAX_EVERY;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Viewed.class, this::onViewed)
        .onMessageEquals(Timer.LOOK, this::onLook)
        .build();
  }

  private Behavior<Command> onViewed(Viewed viewed) {
    view = viewed.view();
    view.nodes()
        .forEach(
            (name, seen) -> {
              var report = seen.report();
              var last = heard.get(name);
              if (last == null || !last.edition().equals(report.edition()))
                heard.put(name, new Heard(report.edition(), nanos.getAsLong()));
            });
    return this;
  }

  private Behavior<Command> onLook() {
    long now = nanos.getAsLong();
    var all = members.all();
    heard.keySet().retainAll(all);
    for (var name : members.edges()) {
      var last = heard.computeIfAbsent(name, n -> new Heard(NodeReport.Edition.NONE, now));
      if (now - last.atNanos() <= forgetAfter.toNanos()) continue;
      getContext()
          .getLog()
          .warn(
              "{} has not been heard of for {} s (dayu.cluster.forget-after) and is removed; it may join again",
              name,
              (now - last.atNanos()) / 1_000_000_000);
      members.remove(name);
      heard.remove(name);
    }
    var without = new TreeSet<>(view.nodes().keySet());
    without.removeAll(all);
    // A report is removed if it has no member at two looks: gossip may be ahead of membership.
    without.stream()
        .filter(strangers::contains)
        .forEach(name -> gossip.tell(new Gossip.ForgetNode(name)));
    strangers = Set.copyOf(without);
    return this;
  }
}
