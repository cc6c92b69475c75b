package io.dayu.member;

import com.google.protobuf.ByteString;
import io.dayu.facts.NodeReport;
import io.dayu.facts.View;
import io.dayu.facts.Wire;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;

/**
 * What edges ask of the cloud and tell it, and what the cloud tells them. One on every cloud node,
 * found through the receptionist, because an edge holds no sharding proxy: one that is cut off
 * would freeze hand-offs for all.
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
   * A part of a value of a side input is wanted. Handed on to the pipeline's entity, which answers;
   * never answered while that does not run.
   *
   * @param digest SHA-256 in hexadecimal digits
   */
  public record AskSide(String pipeline, String digest, int offset, ActorRef<SidePart> replyTo)
      implements Command, PipelineEntity.Command, Wire {}

  /**
   * @param total bytes of the whole value; -1 if the pipeline does not have it any more
   */
  public record SidePart(int total, ByteString part) implements Wire {}

  /**
   * This life of an edge leaves: remove it from the cluster. Not answered, because the edge notices
   * its removal.
   *
   * @param address of its member
   */
  public record Goodbye(String address, long uid) implements Command, Wire {}

  /**
   * What an edge tells of itself, at least every few seconds. Everyone is told of it, and the edge
   * is sent {@link News} from then on, for as long as it goes on reporting here. If nothing is new
   * and it has heard all there is, it is told so, by the place of the latest news without any.
   *
   * @param heard the latest of the news that it has heard without a gap; what it has not heard is
   *     sent anew
   */
  record Report(NodeReport report, News.Place heard, ActorRef<? super News> replyTo)
      implements Command, Wire {}

  private record Viewed(View view) implements Command {}

  /** One that reports here. */
  private static final class Edge {
    Newsletter letter;
    News.Place heard = News.Place.NONE; // by its latest report
    long behindNanos; // since when it has not heard the next one
    long reportedNanos;

    Edge(Newsletter letter) {
      this.letter = letter;
    }

    boolean isBehind() {
      return letter.last().number() > 0 && !heard.equals(letter.last());
    }
  }

  private record Looked(long highest, Throwable error, ActorRef<FirstSeqIs> replyTo)
      implements Command {}

  /**
   * How far above the highest stored number a new generator begins. Elements of a generator that
   * was killed may be in flight and stored later; their numbers must not be used again.
   */
  private static final long MARGIN = 10_000;

  /** News that were not heard for so long have got lost. */
  private static final long LOST_NANOS = Duration.ofSeconds(3).toNanos();

  /** An edge that does not report for so long reports elsewhere, or is cut off. */
  private static final long SILENT_NANOS = Duration.ofSeconds(30).toNanos();

  private final ToLongFunction<StreamName> highest;
  private final Executor blocking;
  private final ActorRef<Gossip.Command> gossip;
  private final ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines;
  private final LongSupplier nanos;
  private final Random sessions = new Random();
  private final Map<ActorRef<? super News>, Edge> edges = new HashMap<>(); // that report here
  private View view = View.EMPTY; // shortened

  private Gateway(
      ActorContext<Command> context,
      ToLongFunction<StreamName> highest,
      Executor blocking,
      ActorRef<Gossip.Command> gossip,
      ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines,
      LongSupplier nanos) {
    super(context);
    this.highest = highest;
    this.blocking = blocking;
    this.gossip = gossip;
    this.pipelines = pipelines;
    this.nanos = nanos;
    gossip.tell(new Gossip.Subscribe(context.messageAdapter(View.class, Viewed::new)));
    context.getSystem().receptionist().tell(Receptionist.register(KEY, context.getSelf()));
  }

  /**
   * @param highest asks the store for the highest number of a stream; may block
   * @param blocking runs that
   * @param gossip of this cloud node
   * @param pipelines the entities, which have the values of side inputs
   * @param nanos a clock as {@link System#nanoTime}
   */
  static Behavior<Command> create(
      ToLongFunction<StreamName> highest,
      Executor blocking,
      ActorRef<Gossip.Command> gossip,
      ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines,
      LongSupplier nanos) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(Gateway.class);
          return new Gateway(context, highest, blocking, gossip, pipelines, nanos);
        });
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(FirstSeq.class, this::onFirstSeq)
        .onMessage(AskSide.class, this::onAskSide)
        .onMessage(Goodbye.class, this::onGoodbye)
        .onMessage(Report.class, this::onReport)
        .onMessage(Viewed.class, this::onViewed)
        .onMessage(Looked.class, this::onLooked)
        .build();
  }

  private Behavior<Command> onFirstSeq(FirstSeq ask) {
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(() -> highest.applyAsLong(ask.stream()), blocking),
            (found, error) -> new Looked(error == null ? found : -1, error, ask.replyTo()));
    return this;
  }

  private Behavior<Command> onAskSide(AskSide ask) {
    // Of a pipeline that is not known there is no entity, and none is to be made.
    if (view.pipelines().containsKey(ask.pipeline()))
      pipelines.tell(new ShardingEnvelope<>(ask.pipeline(), ask));
    else ask.replyTo().tell(new SidePart(-1, ByteString.EMPTY));
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

  private Behavior<Command> onReport(Report report) {
    // A report may come later than the removal of its node, which nobody would forget then.
    if (NodeNames.members(Cluster.get(getContext().getSystem()), report.report().node()).isEmpty())
      return this;
    gossip.tell(new Gossip.PublishReport(report.report()));
    long now = nanos.getAsLong();
    var edge = edges.computeIfAbsent(report.replyTo(), e -> new Edge(newsletter()));
    edge.reportedNanos = now;
    if (!report.heard().equals(edge.heard)) edge.behindNanos = now;
    edge.heard = report.heard();
    if (edge.isBehind() && now - edge.behindNanos > LOST_NANOS) edge.letter = newsletter();
    boolean told = tell(report.replyTo(), edge, now);
    if (!told && edge.heard.equals(edge.letter.last()))
      report.replyTo().tell(News.none(edge.heard));
    return this;
  }

  private Newsletter newsletter() {
    return new Newsletter(sessions.nextLong());
  }

  private Behavior<Command> onViewed(Viewed viewed) {
    var now = Newsletter.shortened(viewed.view(), view);
    if (now.equals(view)) return this;
    view = now;
    long at = nanos.getAsLong();
    edges.values().removeIf(edge -> at - edge.reportedNanos > SILENT_NANOS);
    for (var edge : edges.entrySet()) {
      var unused = tell(edge.getKey(), edge.getValue(), at);
    }
    return this;
  }

  /** Whether there was something to tell. */
  private boolean tell(ActorRef<? super News> edge, Edge told, long now) {
    boolean behind = told.isBehind();
    var news = told.letter.next(view);
    if (news.isEmpty()) return false;
    if (!behind) told.behindNanos = now;
    news.forEach(edge::tell);
    return true;
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
