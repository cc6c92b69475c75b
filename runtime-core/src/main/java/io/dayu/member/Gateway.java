package io.dayu.member;

import io.dayu.facts.Wire;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import io.dayu.store.ResultStore;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;

/**
 * What edges ask of the cloud. One on every cloud node, found through the receptionist, because an
 * edge holds no sharding proxy: one that is cut off would freeze hand-offs for all.
 */
public final class Gateway extends AbstractBehavior<Gateway.Command> {
  public static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "dayu-gateway");

  public interface Command {}

  /** Where does a generator begin? Always answered. */
  public record FirstSeq(StreamName stream, ActorRef<FirstSeqIs> replyTo)
      implements Command, Wire {}

  /**
   * @param problem why it is not known now
   */
  public record FirstSeqIs(long seq, Optional<String> problem) implements Wire {}

  /**
   * This life of an edge leaves: remove it from the cluster. Not answered, because the edge notices
   * its removal.
   *
   * @param address of its member
   */
  public record Goodbye(String address, long uid) implements Command, Wire {}

  private record Looked(long highest, Throwable error, ActorRef<FirstSeqIs> replyTo)
      implements Command {}

  /**
   * How far above the highest stored number a new generator begins. Elements of a generator that
   * was killed may be in flight and stored later; their numbers must not be used again.
   */
  private static final long MARGIN = 10_000;

  private final ResultStore store;
  private final Executor blocking;

  private Gateway(ActorContext<Command> context, ResultStore store, Executor blocking) {
    super(context);
    this.store = store;
    this.blocking = blocking;
    context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
  }

  /** {@code blocking} runs the questions to the store. */
  public static Behavior<Command> create(ResultStore store, Executor blocking) {
    return Behaviors.setup(context -> new Gateway(context, store, blocking));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(FirstSeq.class, this::onFirstSeq)
        .onMessage(Goodbye.class, this::onGoodbye)
        .onMessage(Looked.class, this::onLooked)
        .build();
  }

  private Behavior<Command> onFirstSeq(FirstSeq ask) {
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(() -> store.highestSeq(ask.stream()), blocking),
            (highest, error) -> new Looked(error == null ? highest : -1, error, ask.replyTo()));
    return this;
  }

  private Behavior<Command> onGoodbye(Goodbye goodbye) {
    var cluster = Cluster.get(getContext().getSystem());
    for (var member : cluster.state().getMembers()) {
      var unique = member.uniqueAddress();
      if (!member.hasRole("edge")
          || unique.longUid() != goodbye.uid()
          || !unique.address().toString().equals(goodbye.address())) continue;
      getContext().getLog().info("{} leaves", NodeNames.of(member).orElse(goodbye.address()));
      cluster.manager().tell(new Down(member.address()));
    }
    return this;
  }

  private Behavior<Command> onLooked(Looked looked) {
    long highest = looked.highest();
    looked
        .replyTo()
        .tell(
            looked.error() != null
                ? new FirstSeqIs(0, Optional.of(Causes.words(looked.error())))
                : new FirstSeqIs(
                    highest < 0 ? 0 : (highest / MARGIN + 2) * MARGIN, Optional.empty()));
    return this;
  }
}
