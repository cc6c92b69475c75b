package io.dayu.member;

import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.PipelineFact;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.ddata.Key;
import org.apache.pekko.cluster.ddata.LWWMap;
import org.apache.pekko.cluster.ddata.LWWMapKey;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.apache.pekko.cluster.ddata.typed.javadsl.DistributedData;
import org.apache.pekko.cluster.ddata.typed.javadsl.Replicator;
import org.apache.pekko.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Tells every node what every node should know, and keeps what was heard. One per member system,
 * spawned by its guardian. Three last-writer-wins maps of Distributed Data carry node reports,
 * decisions and pipelines; they need no quorum, so a cut-off node keeps the last state and catches
 * up when it is back. Reports of nodes that were removed from the cluster are forgotten.
 */
public final class Gossip extends AbstractBehavior<Gossip.Command> {
  /** What gossip can be asked to do. */
  public sealed interface Command {}

  /** Tell everyone about this node. */
  public record PublishReport(NodeReport report) implements Command {}

  /** Tell everyone a decision; one with a version not above the known one is ignored. */
  public record PublishDecision(Decision decision) implements Command {}

  /** Tell everyone that a pipeline is to run, to run differently, or to stop. */
  public record PublishPipeline(PipelineFact fact) implements Command {}

  /** Tell everyone to forget the report of a node that is gone. */
  public record ForgetNode(String node) implements Command {}

  /** Send the view now and after every change, at most ten times a second. */
  public record Subscribe(ActorRef<View> subscriber) implements Command {}

  /** One for all keys: an actor has one adapter per class of message. */
  private record Heard(Replicator.SubscribeResponse<?> response) implements Command {}

  private record Updated(Object response) implements Command {}

  private record Removed(MemberRemoved event) implements Command {}

  private enum Timer implements Command {
    NOTIFY
  }

  private static final Key<LWWMap<String, NodeReport>> REPORTS = LWWMapKey.create("dayu-nodes");
  private static final Key<LWWMap<String, Decision>> DECISIONS = LWWMapKey.create("dayu-decisions");
  private static final Key<LWWMap<String, PipelineFact>> PIPELINES =
      LWWMapKey.create("dayu-pipelines");
  private static final Duration NOTIFY_DELAY = Duration.ofMillis(100);
  private static final Duration ASK_TIMEOUT = Duration.ofSeconds(5);

  private final TimerScheduler<Command> timers;
  private final Clock clock;
  private final SelfUniqueAddress self;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, NodeReport>> reports;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, Decision>> decisions;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, PipelineFact>> pipelines;
  private final List<ActorRef<View>> subscribers = new ArrayList<>();
  private final Map<String, View.Seen> seen = new HashMap<>();
  private Map<StreamName, Decision> decided = Map.of();
  private Map<String, PipelineFact> facts = Map.of();

  private Gossip(ActorContext<Command> context, TimerScheduler<Command> timers, Clock clock) {
    super(context);
    this.timers = timers;
    this.clock = clock;
    var data = DistributedData.get(context.getSystem());
    this.self = data.selfUniqueAddress();
    this.reports = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    this.decisions = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    this.pipelines = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    reports.subscribe(REPORTS, Heard::new);
    decisions.subscribe(DECISIONS, Heard::new);
    pipelines.subscribe(PIPELINES, Heard::new);
    var removed = context.messageAdapter(MemberRemoved.class, Removed::new);
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(org.apache.pekko.cluster.typed.Subscribe.create(removed, MemberRemoved.class));
  }

  public static Behavior<Command> create(Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(Gossip.class);
                  return new Gossip(context, timers, clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(PublishReport.class, this::onPublishReport)
        .onMessage(PublishDecision.class, this::onPublishDecision)
        .onMessage(PublishPipeline.class, this::onPublishPipeline)
        .onMessage(ForgetNode.class, this::onForgetNode)
        .onMessage(Subscribe.class, this::onSubscribe)
        .onMessage(Heard.class, this::onHeard)
        .onMessage(Updated.class, this::onUpdated)
        .onMessage(Removed.class, this::onRemoved)
        .onMessageEquals(Timer.NOTIFY, this::onNotify)
        .onSignal(
            Terminated.class,
            terminated -> {
              subscribers.removeIf(s -> s.equals(terminated.getRef().<View>unsafeUpcast()));
              return this;
            })
        .build();
  }

  private Behavior<Command> onPublishReport(PublishReport publish) {
    var report = publish.report();
    reports.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                REPORTS,
                LWWMap.create(),
                Replicator.writeLocal(),
                replyTo,
                map -> map.put(self, report.node(), report)),
        Updated::new);
    return this;
  }

  private Behavior<Command> onPublishDecision(PublishDecision publish) {
    var decision = publish.decision();
    decisions.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                DECISIONS,
                LWWMap.create(),
                Replicator.writeLocal(),
                replyTo,
                map -> {
                  var stream = decision.stream().toString();
                  var known = map.get(stream);
                  return known.isDefined() && known.get().version() >= decision.version()
                      ? map
                      : map.put(self, stream, decision);
                }),
        Updated::new);
    return this;
  }

  private Behavior<Command> onPublishPipeline(PublishPipeline publish) {
    var fact = publish.fact();
    pipelines.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                PIPELINES,
                LWWMap.create(),
                Replicator.writeLocal(),
                replyTo,
                map -> {
                  var known = map.get(fact.name());
                  return known.isDefined() && known.get().version() > fact.version()
                      ? map
                      : map.put(self, fact.name(), fact);
                }),
        Updated::new);
    if (fact instanceof DroppedPipeline) forgetDecisions(fact.name());
    return this;
  }

  private void forgetDecisions(String pipeline) {
    decisions.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                DECISIONS,
                LWWMap.create(),
                Replicator.writeLocal(),
                replyTo,
                map -> {
                  var left = map;
                  for (var entry : map.getEntries().entrySet())
                    if (entry.getValue().stream().pipeline().equals(pipeline))
                      left = left.remove(self, entry.getKey());
                  return left;
                }),
        Updated::new);
  }

  private Behavior<Command> onForgetNode(ForgetNode forget) {
    forgetNode(forget.node());
    return this;
  }

  private void forgetNode(String node) {
    reports.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                REPORTS,
                LWWMap.create(),
                Replicator.writeLocal(),
                replyTo,
                map -> map.remove(self, node)),
        Updated::new);
  }

  private Behavior<Command> onSubscribe(Subscribe subscribe) {
    subscribers.add(subscribe.subscriber());
    getContext().watch(subscribe.subscriber());
    subscribe.subscriber().tell(view());
    return this;
  }

  private Behavior<Command> onHeard(Heard heard) {
    if (!(heard.response() instanceof Replicator.Changed<?> changed)) return this;
    if (changed.key().equals(REPORTS)) hear(changed.get(REPORTS).getEntries());
    else if (changed.key().equals(DECISIONS))
      decided =
          changed.get(DECISIONS).getEntries().values().stream()
              .collect(
                  Collectors.toUnmodifiableMap(
                      Decision::stream, d -> d, (a, b) -> b.version() > a.version() ? b : a));
    else facts = Map.copyOf(changed.get(PIPELINES).getEntries());
    if (!timers.isTimerActive(Timer.NOTIFY)) timers.startSingleTimer(Timer.NOTIFY, NOTIFY_DELAY);
    return this;
  }

  private void hear(Map<String, NodeReport> reports) {
    var now = clock.instant();
    seen.keySet().retainAll(reports.keySet());
    reports.forEach(
        (node, report) -> {
          var old = seen.get(node);
          // Its age counts from when it was first received, not from every time it is sent again.
          if (old == null || !old.report().edition().equals(report.edition()))
            seen.put(node, new View.Seen(report, now));
        });
  }

  private Behavior<Command> onUpdated(Updated updated) {
    // A local write is late only if the replicator is shutting down.
    if (updated.response() instanceof Replicator.UpdateTimeout)
      getContext().getLog().debug("gossip update came too late: {}", updated.response());
    else if (!(updated.response() instanceof Replicator.UpdateSuccess))
      getContext().getLog().warn("gossip update failed: {}", updated.response());
    return this;
  }

  private Behavior<Command> onRemoved(Removed removed) {
    var member = removed.event().member();
    NodeNames.of(member)
        .filter(name -> NodeNames.members(Cluster.get(getContext().getSystem()), name).isEmpty())
        .ifPresent(this::forgetNode);
    return this;
  }

  private Behavior<Command> onNotify() {
    var view = view();
    subscribers.forEach(s -> s.tell(view));
    return this;
  }

  private View view() {
    var wanted = new TreeMap<String, DesiredPipeline>();
    var dropped = new TreeMap<String, Long>();
    for (var fact : facts.values()) {
      if (fact instanceof DesiredPipeline pipeline) wanted.put(fact.name(), pipeline);
      else dropped.put(fact.name(), fact.version());
    }
    return new View(new TreeMap<>(seen), new TreeMap<>(decided), wanted, dropped);
  }
}
