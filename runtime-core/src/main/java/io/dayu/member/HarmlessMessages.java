package io.dayu.member;

import java.util.Set;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Kill$;
import org.apache.pekko.actor.PoisonPill$;
import org.apache.pekko.remote.serialization.MiscMessageSerializer;

/**
 * Pekko's own messages as it writes them, without those that end an actor: no node of ours sends
 * them to another one, and whoever reaches the cluster port could end a node by them. Pekko's
 * {@code untrusted-mode} would drop the watching of actors as well, which the cluster needs.
 */
public final class HarmlessMessages extends MiscMessageSerializer {
  private static final Set<Object> HARMFUL = Set.of(PoisonPill$.MODULE$, Kill$.MODULE$);

  /** Called by Pekko. */
  public HarmlessMessages(ExtendedActorSystem system) {
    super(system);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    var message = super.fromBinary(bytes, manifest);
    if (HARMFUL.contains(message))
      throw new IllegalArgumentException("no other node may send " + message);
    return message;
  }
}
