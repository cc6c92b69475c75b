package io.dayu.member;

import io.dayu.keys.Holder;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Removes members that say they are another node, or have another role, than the key says that they
 * show. On every cloud node with keys; spawned by {@link MemberNode}. A member is known by its key
 * once this node has connected to it.
 */
final class KeyKeeper extends AbstractBehavior<KeyKeeper.Command> {
  sealed interface Command {}

  private enum Look implements Command {
    INSTANCE
  }

  /** Another node may come to the address, and has not shown its key yet. */
  private record Gone(Member member) implements Command {}

  private static final Duration EVERY = Duration.ofSeconds(1);

  private final KnownKeys known;

  private KeyKeeper(ActorContext<Command> context, KnownKeys known) {
    super(context);
    this.known = known;
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(MemberRemoved.class, e -> new Gone(e.member())),
                MemberRemoved.class));
  }

  static Behavior<Command> create(KnownKeys known) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(KeyKeeper.class);
                  timers.startTimerWithFixedDelay(Look.INSTANCE, EVERY);
                  return new KeyKeeper(context, known);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Look.class, look -> onLook())
        .onMessage(
            Gone.class,
            gone -> {
              var address = gone.member().address();
              known.forget(address.getHost().orElse(""), address.getPort().orElse(0));
              return this;
            })
        .build();
  }

  private Behavior<Command> onLook() {
    Cluster.get(getContext().getSystem()).state().getMembers().forEach(this::check);
    return this;
  }

  private void check(Member member) {
    var address = member.address();
    var holder = known.at(address.getHost().orElse(""), address.getPort().orElse(0));
    if (holder.isEmpty() || isOf(holder.get(), member.getRoles())) return;
    getContext()
        .getLog()
        .warn(
            "the member at {} is removed: it says that it is {}, but has the key of {}",
            address,
            NodeNames.of(member).orElse("no node"),
            holder.get());
    Cluster.get(getContext().getSystem()).manager().tell(new Down(address));
  }

  /** Whether a member with these roles may have the key of {@code holder}. */
  static boolean isOf(Holder holder, Set<String> roles) {
    var role = holder.role().name().toLowerCase(Locale.ROOT);
    var other = role.equals("cloud") ? "edge" : "cloud";
    return roles.contains(role)
        && !roles.contains(other)
        && NodeNames.of(roles).equals(Optional.of(holder.node()));
  }
}
