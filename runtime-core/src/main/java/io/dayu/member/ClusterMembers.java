package io.dayu.member;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;

/** {@link Members} as this cloud node knows them. */
public final class ClusterMembers implements Members {
  private final Cluster cluster;

  public ClusterMembers(ActorSystem<?> system) {
    this.cluster = Cluster.get(system);
  }

  @Override
  public Set<String> all() {
    return names(member -> true);
  }

  @Override
  public Set<String> edges() {
    return names(member -> member.hasRole("edge"));
  }

  @Override
  public boolean remove(String node) {
    var lives = members().filter(member -> member.hasRole(NodeNames.role(node))).toList();
    lives.forEach(member -> cluster.manager().tell(new Down(member.address())));
    return !lives.isEmpty();
  }

  private Set<String> names(Predicate<Member> wanted) {
    return members()
        .filter(wanted)
        .flatMap(member -> NodeNames.of(member).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Stream<Member> members() {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false);
  }
}
