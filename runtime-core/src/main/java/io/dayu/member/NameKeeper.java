package io.dayu.member;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Sees to it that a name has one member. A node that comes back at another address is a second
 * member of its name beside the one that has died, which nobody else removes, and so is another
 * process that was given the same name by mistake. The earlier member is asked: if it answers, the
 * later one is removed, and if it does not, the earlier one is. A singleton of the cloud; a new
 * instance takes the member that has been up for longer for the earlier one.
 */
public final class NameKeeper extends AbstractBehavior<NameKeeper.Command> {
  public sealed interface Command {}

  /** One life of a node as a member. */
  record Life(String node, String address, long uid) {}

  /** The members of the cluster. Safe for any thread. */
  interface Lives {
    /** Those that are not about to go; first those that have been up for longer. */
    List<Life> all();

    /** Whether this very life answers within seconds; never fails. */
    CompletionStage<Boolean> answers(Life life);

    void remove(Life life);
  }

  private record Answered(Life asked, boolean lives) implements Command {}

  private enum Timer implements Command {
    LOOK
  }

  static final Duration EVERY = Duration.ofSeconds(1);

  private final Lives lives;
  private final Map<Life, Long> seen = new HashMap<>(); // in which order; bounded by the members
  private final Set<Life> asked = new HashSet<>(); // and not answered yet
  private long count;

  private NameKeeper(ActorContext<Command> context, TimerScheduler<Command> timers, Lives lives) {
    super(context);
    this.lives = lives;
    timers.startTimerWithFixedDelay(Timer.LOOK, EVERY);
  }

  public static Behavior<Command> create(ClusterLives lives) {
    return of(lives);
  }

  static Behavior<Command> of(Lives lives) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(NameKeeper.class);
                  return new NameKeeper(context, timers, lives);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Answered.class, this::onAnswered)
        .onMessageEquals(Timer.LOOK, this::onLook)
        .build();
  }

  private Behavior<Command> onLook() {
    for (var ofName : look().values()) {
      var first = ofName.get(0);
      if (ofName.size() < 2 || !asked.add(first)) continue;
      getContext()
          .pipeToSelf(
              lives.answers(first),
              (answers, error) -> new Answered(first, error == null && answers));
    }
    return this;
  }

  private Behavior<Command> onAnswered(Answered answered) {
    var first = answered.asked();
    asked.remove(first);
    var ofName = look().getOrDefault(first.node(), List.of());
    if (ofName.size() < 2 || !ofName.get(0).equals(first)) return this;
    for (var later : ofName.subList(1, ofName.size())) {
      if (answered.lives()) {
        getContext()
            .getLog()
            .warn(
                "there are two nodes named {}: the one at {} answers and stays, the one at {} is"
                    + " refused; give one of them another name or stop it",
                first.node(),
                NodeNames.hostPort(first.address()),
                NodeNames.hostPort(later.address()));
        lives.remove(later);
      }
    }
    if (!answered.lives()) {
      getContext()
          .getLog()
          .info(
              "{} is now at {}; its member at {} does not answer and is removed",
              first.node(),
              NodeNames.hostPort(ofName.get(1).address()),
              NodeNames.hostPort(first.address()));
      lives.remove(first);
    }
    return this;
  }

  /** The lives of each name, the earliest first. */
  private Map<String, List<Life>> look() {
    var now = lives.all();
    seen.keySet().retainAll(Set.copyOf(now));
    now.stream().filter(life -> !seen.containsKey(life)).forEach(life -> seen.put(life, count++));
    return now.stream()
        .sorted(Comparator.comparing(seen::get))
        .collect(Collectors.groupingBy(Life::node, TreeMap::new, Collectors.toList()));
  }
}
