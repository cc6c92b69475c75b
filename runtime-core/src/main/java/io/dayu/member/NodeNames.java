package io.dayu.member;

import java.util.Optional;
import java.util.stream.StreamSupport;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * A member carries its node's name as a cluster role, so that names and addresses are known of
 * every member, a weakly-up one included, without a message.
 */
public final class NodeNames {
  private static final String PREFIX = "node-";

  private NodeNames() {}

  /** The role that names a node. */
  public static String role(String node) {
    return PREFIX + node;
  }

  public static Optional<String> of(Member member) {
    return member.getRoles().stream()
        .filter(role -> role.startsWith(PREFIX))
        .map(role -> role.substring(PREFIX.length()))
        .findFirst();
  }

  /** The youngest member of this name: an older one is an earlier life of the node. */
  public static Optional<Member> member(Cluster cluster, String node) {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .filter(member -> member.hasRole(role(node)))
        .reduce((a, b) -> a.isOlderThan(b) ? b : a);
  }
}
