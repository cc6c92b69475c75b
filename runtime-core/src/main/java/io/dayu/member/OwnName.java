package io.dayu.member;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.cluster.ClusterEvent.MemberDowned;
import org.apache.pekko.cluster.ClusterEvent.MemberEvent;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;

/**
 * Whether this life of a node has its name for itself. When it joins there may be another member of
 * the name, and {@link NameKeeper} decides which of the two stays. Belongs to one actor.
 */
final class OwnName {
  private static final Set<MemberStatus> THERE =
      Set.of(MemberStatus.joining(), MemberStatus.weaklyUp(), MemberStatus.up());

  private final UniqueAddress self;
  private final String role;
  private final Set<UniqueAddress> others = new LinkedHashSet<>();
  private boolean alone; // was a member, and the only one of its name
  private boolean refused;

  OwnName(UniqueAddress self, String node) {
    this.self = self;
    this.role = NodeNames.role(node);
  }

  /** Returns whether this event refuses the name to this life, which happens once at most. */
  @CanIgnoreReturnValue
  boolean hear(MemberEvent event) {
    var member = event.member();
    var unique = member.uniqueAddress();
    if (unique.equals(self)) {
      boolean refusal = !refused && event instanceof MemberDowned && contested();
      refused |= refusal;
      boolean joined =
          member.status().equals(MemberStatus.weaklyUp())
              || member.status().equals(MemberStatus.up());
      if (joined && others.isEmpty()) alone = true;
      return refusal;
    }
    // An earlier life at the same address is removed before this one may join.
    if (!member.hasRole(role) || unique.address().equals(self.address())) return false;
    if (THERE.contains(member.status())) others.add(unique);
    else others.remove(unique);
    return false;
  }

  /** Another member has the name, and which of them stays is not decided yet. */
  boolean contested() {
    return !alone && !others.isEmpty();
  }

  /** The address of the member that keeps the name; empty while this life is not refused. */
  Optional<String> refusedFor() {
    return refused
        ? others.stream().findFirst().map(other -> NodeNames.hostPort(other.address().toString()))
        : Optional.empty();
  }
}
