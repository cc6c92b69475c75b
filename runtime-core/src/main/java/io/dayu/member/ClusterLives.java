package io.dayu.member;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;

/** {@link NameKeeper.Lives} as this cloud node knows them. */
public final class ClusterLives implements NameKeeper.Lives {
  /** Longer than a busy machine or a collection of garbage takes. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Set<MemberStatus> GOING =
      Set.of(
          MemberStatus.leaving(),
          MemberStatus.exiting(),
          MemberStatus.down(),
          MemberStatus.removed());

  private final ActorSystem<?> system;
  private final Cluster cluster;

  public ClusterLives(ActorSystem<?> system) {
    this.system = system;
    this.cluster = Cluster.get(system);
  }

  @Override
  public List<NameKeeper.Life> all() {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .filter(member -> !GOING.contains(member.status()))
        .sorted(Comparator.comparingInt(Member::upNumber)) // the highest before it is up
        .flatMap(ClusterLives::life)
        .toList();
  }

  private static Stream<NameKeeper.Life> life(Member member) {
    var unique = member.uniqueAddress();
    return NodeNames.of(member).stream()
        .map(name -> new NameKeeper.Life(name, unique.address().toString(), unique.longUid()));
  }

  @Override
  public CompletionStage<Boolean> answers(NameKeeper.Life life) {
    var uplink =
        ActorRefResolver.get(system)
            .<UplinkActor.Command>resolveActorRef(life.address() + "/user/" + UplinkActor.NAME);
    return AskPattern.<UplinkActor.Command, UplinkActor.ItIs>ask(
            uplink, UplinkActor.WhoIsThere::new, PATIENCE, system.scheduler())
        .handle((there, silent) -> silent == null && there.uid() == life.uid());
  }

  @Override
  public void remove(NameKeeper.Life life) {
    StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .filter(member -> member.uniqueAddress().longUid() == life.uid())
        .filter(member -> member.address().toString().equals(life.address()))
        .forEach(member -> cluster.manager().tell(new Down(member.address())));
  }
}
