package io.dayu.member;

import io.dayu.deliver.Uplink;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.FailedElements;
import io.dayu.facts.NodeReport;
import io.dayu.facts.View;
import io.dayu.facts.Wire;
import io.dayu.flow.Controller;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent.MemberEvent;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * The member system's end of {@link Uplink}: hands views and acknowledgements down to the
 * controller, and publishes the node's reports. While another member has the node's name it does
 * neither, so that two nodes of one name never both read a source. One per member system at {@code
 * /user/uplink}, where cloud nodes address it.
 */
public final class UplinkActor extends AbstractBehavior<UplinkActor.Command> {
  /** The name under the guardian; part of the protocol between nodes. */
  public static final String NAME = "uplink";

  public sealed interface Command {}

  /**
   * From a cloud node to which this one has no link that it reads: results of a stream that this
   * node generates are stored.
   */
  public record Acknowledged(Acknowledgement acknowledgement) implements Command, Wire {}

  /** From the cloud, to the address of a member: which life of a node is there? */
  public record WhoIsThere(ActorRef<ItIs> replyTo) implements Command, Wire {}

  /** The answer: the life with this uid. */
  public record ItIs(long uid) implements Wire {}

  /** From the cloud: what is kept here of failed elements; answered by the controller. */
  public record AskFailed(FailedElements.Question question, ActorRef<FailedElements.Answer> replyTo)
      implements Command, Wire {}

  /** From this node's controller. */
  public record Publish(NodeReport report) implements Command {}

  private record Viewed(View view) implements Command {}

  private record Membership(MemberEvent event) implements Command {}

  /** A report is published at least this often, so that others see that the node is alive. */
  private static final Duration AT_LEAST_EVERY = Duration.ofSeconds(4);

  private static final double SIGNIFICANT = 0.05;

  private final Consumer<NodeReport> tell;
  private final ActorRef<Controller.Command> controller;
  private final Consumer<String> refused;
  private final LongSupplier nanos;
  private final long uid;
  private final OwnName name;
  private Optional<View> held = Optional.empty(); // the latest view while the name is contested
  private Optional<NodeReport> published = Optional.empty();
  private long publishedNanos;

  private UplinkActor(
      ActorContext<Command> context,
      Consumer<NodeReport> publish,
      Consumer<ActorRef<View>> subscribe,
      ActorRef<Controller.Command> controller,
      String node,
      Consumer<String> refused,
      LongSupplier nanos) {
    super(context);
    this.tell = publish;
    this.controller = controller;
    this.refused = refused;
    this.nanos = nanos;
    var cluster = Cluster.get(context.getSystem());
    var self = cluster.selfMember().uniqueAddress();
    this.uid = self.longUid();
    this.name = new OwnName(self, node);
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(MemberEvent.class, Membership::new), MemberEvent.class));
    subscribe.accept(context.messageAdapter(View.class, Viewed::new));
  }

  /**
   * @param publish tells everyone a report of this node; must not block
   * @param subscribe has the views sent there from now on; must not block
   * @param node this node's name
   * @param refused is called when another member keeps the name, with its address; must not block
   * @param nanos a clock as {@link System#nanoTime}
   */
  public static Behavior<Command> create(
      Consumer<NodeReport> publish,
      Consumer<ActorRef<View>> subscribe,
      ActorRef<Controller.Command> controller,
      String node,
      Consumer<String> refused,
      LongSupplier nanos) {
    return Behaviors.setup(
        context -> new UplinkActor(context, publish, subscribe, controller, node, refused, nanos));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Acknowledged.class,
            acknowledged -> {
              controller.tell(new Controller.Acknowledged(acknowledged.acknowledgement()));
              return this;
            })
        .onMessage(
            Viewed.class,
            viewed -> {
              held = Optional.of(viewed.view());
              handDown();
              return this;
            })
        .onMessage(Membership.class, this::onMembership)
        .onMessage(
            WhoIsThere.class,
            question -> {
              question.replyTo().tell(new ItIs(uid));
              return this;
            })
        .onMessage(
            AskFailed.class,
            asked -> {
              controller.tell(new Controller.AskFailed(asked.question(), asked.replyTo()));
              return this;
            })
        .onMessage(Publish.class, this::onPublish)
        .build();
  }

  private Behavior<Command> onMembership(Membership membership) {
    if (name.hear(membership.event())) name.refusedFor().ifPresent(refused);
    handDown();
    return this;
  }

  private void handDown() {
    if (name.contested()) return;
    held.ifPresent(view -> controller.tell(new Controller.Viewed(view)));
    held = Optional.empty();
  }

  private Behavior<Command> onPublish(Publish publish) {
    if (name.contested()) return this;
    long now = nanos.getAsLong();
    var report = publish.report();
    boolean silent = now - publishedNanos > AT_LEAST_EVERY.toNanos();
    if (published.isPresent() && !silent && !significant(published.get(), report)) return this;
    published = Optional.of(report);
    publishedNanos = now;
    tell.accept(report);
    return this;
  }

  /** Whether streams, stages or the data port have changed, or resources by more than a little. */
  private static boolean significant(NodeReport before, NodeReport now) {
    return !before.streams().equals(now.streams())
        || !before.stages().equals(now.stages())
        || !before.keptFailed().equals(now.keptFailed())
        || Math.abs(before.resources().cpu() - now.resources().cpu()) > SIGNIFICANT
        || Math.abs(before.resources().memory() - now.resources().memory()) > SIGNIFICANT
        || !before.self().equals(now.self());
  }
}
