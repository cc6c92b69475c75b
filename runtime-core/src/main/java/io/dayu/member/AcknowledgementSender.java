package io.dayu.member;

import io.dayu.facts.Acknowledgement;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Tells the node that generates a stream what of it is stored, by its {@link UplinkActor}. If the
 * message is lost, the node sends the elements again. Safe for any thread.
 */
final class AcknowledgementSender implements BiConsumer<String, Acknowledgement> {
  private final ActorSystem<?> system;

  AcknowledgementSender(ActorSystem<?> system) {
    this.system = system;
  }

  @Override
  public void accept(String node, Acknowledgement acknowledgement) {
    for (var member : NodeNames.members(Cluster.get(system), node))
      ActorRefResolver.get(system)
          .<UplinkActor.Command>resolveActorRef(member.address() + "/user/" + UplinkActor.NAME)
          .tell(new UplinkActor.Acknowledged(acknowledgement));
  }
}
