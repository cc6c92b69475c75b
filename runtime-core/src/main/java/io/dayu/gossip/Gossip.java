package io.dayu.gossip;

import org.apache.pekko.actor.typed.ActorRef;

/** The protocol of the gossip actor, one per member system. */
public final class Gossip {
  private Gossip() {}

  /** What gossip can be asked to do. */
  public sealed interface Command {}

  /** Tell everyone about this node. */
  public record PublishReport(NodeReport report) implements Command {}

  /** Tell everyone a decision; one with a version not above the known one is ignored. */
  public record PublishDecision(Decision decision) implements Command {}

  /** Tell everyone that a pipeline is to run, or to run differently. */
  public record PublishPipeline(DesiredPipeline pipeline) implements Command {}

  /** Tell everyone that a pipeline is to stop; its decisions go with it. */
  public record RetractPipeline(String name) implements Command {}

  /** Send the view now and after every change, at most ten times a second. */
  public record Subscribe(ActorRef<View> subscriber) implements Command {}
}
