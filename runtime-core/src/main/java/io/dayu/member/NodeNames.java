package io.dayu.member;

import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  /** What of an address of Pekko says something to people. */
  static String hostPort(String address) {
    return address.substring(address.indexOf('@') + 1);
  }

  public static Optional<String> of(Member member) {
    return of(member.getRoles());
  }

  static Optional<String> of(Set<String> roles) {
    return roles.stream()
        .filter(role -> role.startsWith(PREFIX))
        .map(role -> role.substring(PREFIX.length()))
        .findFirst();
  }

  /**
   * The members of this name: one, or for a moment several (see {@link NameKeeper}). They cannot be
   * ordered by age, since Pekko does not compare members of different data centers.
   */
  public static List<Member> members(Cluster cluster, String node) {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .filter(member -> member.hasRole(role(node)))
        .toList();
  }
}
