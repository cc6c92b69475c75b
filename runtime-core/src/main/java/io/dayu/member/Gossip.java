package io.dayu.member;

import io.dayu.facts.Decision;
import io.dayu.facts.Decisions;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DeclaredServices;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Edition;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.PipelineFact;
import io.dayu.facts.Pipelines;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
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
import org.apache.pekko.cluster.ddata.LWWMap;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.apache.pekko.cluster.ddata.typed.javadsl.DistributedData;
import org.apache.pekko.cluster.ddata.typed.javadsl.Replicator;
import org.apache.pekko.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Tells every cloud node what every node should know, and keeps what was heard; edges are told by a
 * {@link Gateway}. One per member system of a cloud node, spawned by its guardian. Four
 * last-writer-wins maps of Distributed Data, each a {@link SharedMap} in parts, carry node reports,
 * decisions and pipelines; they need no quorum, so a cut-off node keeps the last state and catches
 * up when it is back. Reports of nodes that were removed from the cluster are forgotten.
 *
 * <p>A part that is too large for a message would reach nobody any more. So what has no room in its
 * part is kept here and tried again, and this node's report says so; a report is cut to its room.
 */
public final class Gossip extends AbstractBehavior<Gossip.Command> {
  /** What gossip can be asked to do. */
  public sealed interface Command {}

  /** Tell everyone about this node, or about an edge that reports to its gateway. */
  public record PublishReport(NodeReport report) implements Command {}

  /** Tell everyone a decision; one with a version not above the known one is ignored. */
  public record PublishDecision(Decision decision) implements Command {}

  /** Tell everyone that a pipeline is to run, to run differently, or to stop. */
  public record PublishPipeline(PipelineFact fact) implements Command {}

  /** Tell everyone of a service that was declared, or is declared no longer. */
  public record PublishService(DeclaredService service) implements Command {}

  /** Tell everyone to forget the report of a node that is gone. */
  public record ForgetNode(String node) implements Command {}

  /** Send the view now and after every change, at most ten times a second. */
  public record Subscribe(ActorRef<View> subscriber) implements Command {}

  /** One for all keys: an actor has one adapter per class of message. */
  private record Heard(Replicator.SubscribeResponse<?> response) implements Command {}

  private record Updated(Object response) implements Command {}

  private record Removed(MemberRemoved event) implements Command {}

  private enum Timer implements Command {
    NOTIFY,
    AGAIN,
    PACE
  }

  /**
   * Bytes of pipelines and decisions that are told at once. The replicator sends all changes of
   * some of these times together, in one message; where that is too large, they come only seconds
   * later.
   */
  private static final int AT_ONCE = 48 << 10;

  private static final Duration PACE_EVERY = Duration.ofMillis(200);

  /** How often it is tried to tell what had no room. */
  private static final Duration AGAIN_EVERY = Duration.ofSeconds(5);

  /** So many of the things that had no room are named in the report. */
  private static final int NAMED = 5;

  /** How long a change waits for others that came with it; a view is made for all of them. */
  private static final Duration TOGETHER = Duration.ofMillis(10);

  private static final Duration NOTIFY_EVERY = Duration.ofMillis(100);
  private static final Duration ASK_TIMEOUT = Duration.ofSeconds(5);

  private final TimerScheduler<Command> timers;
  private final Clock clock;
  private final SelfUniqueAddress self;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, NodeReport>> reports;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, Decision>> decisions;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, PipelineFact>> pipelines;
  private final ReplicatorMessageAdapter<Command, LWWMap<String, DeclaredService>> services;
  private final SharedMap<NodeReport> allReports = new SharedMap<>("dayu-node-", ReportCut::size);
  private final SharedMap<Decision> allDecisions = new SharedMap<>("dayu-decision-", Gossip::size);
  private final SharedMap<PipelineFact> allPipelines =
      new SharedMap<>("dayu-pipeline-", Gossip::size);
  private final SharedMap<DeclaredService> allServices =
      new SharedMap<>("dayu-service-", Gossip::size);
  private final List<ActorRef<View>> subscribers = new ArrayList<>();
  private final Map<String, View.Seen> seen = new HashMap<>();
  private final Map<String, Set<String>> told = new HashMap<>(); // streams by pipeline, from here
  private final ArrayDeque<Command> waiting =
      new ArrayDeque<>(); // bounded by what there is to tell
  private long notifiedNanos = System.nanoTime();
  private int spent; // of AT_ONCE
  private final Map<String, Command> unsent = new TreeMap<>(); // what had no room, by its name
  private final Set<String> reportsCut = new HashSet<>(); // nodes whose report had no room

  private Gossip(ActorContext<Command> context, TimerScheduler<Command> timers, Clock clock) {
    super(context);
    this.timers = timers;
    this.clock = clock;
    var data = DistributedData.get(context.getSystem());
    this.self = data.selfUniqueAddress();
    this.reports = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    this.decisions = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    this.pipelines = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    this.services = new ReplicatorMessageAdapter<>(context, data.replicator(), ASK_TIMEOUT);
    allReports.keys().forEach(key -> reports.subscribe(key, Heard::new));
    allDecisions.keys().forEach(key -> decisions.subscribe(key, Heard::new));
    allPipelines.keys().forEach(key -> pipelines.subscribe(key, Heard::new));
    allServices.keys().forEach(key -> services.subscribe(key, Heard::new));
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
        .onMessage(PublishDecision.class, this::onPublish)
        .onMessage(PublishPipeline.class, this::onPublish)
        .onMessage(PublishService.class, this::onPublish)
        .onMessage(ForgetNode.class, this::onForgetNode)
        .onMessage(Subscribe.class, this::onSubscribe)
        .onMessage(Heard.class, this::onHeard)
        .onMessage(Updated.class, this::onUpdated)
        .onMessage(Removed.class, this::onRemoved)
        .onMessageEquals(Timer.NOTIFY, this::onNotify)
        .onMessageEquals(Timer.AGAIN, this::onAgain)
        .onMessageEquals(Timer.PACE, this::onPace)
        .onSignal(
            Terminated.class,
            terminated -> {
              subscribers.removeIf(s -> s.equals(terminated.getRef().<View>unsafeUpcast()));
              return this;
            })
        .build();
  }

  private Behavior<Command> onPublishReport(PublishReport publish) {
    var told = publish.report();
    boolean own = told.role() == Role.CLOUD; // an edge's report comes by the gateway
    var whole = own && !unsent.isEmpty() ? told.withProblem(untold()) : told;
    var node = whole.node();
    var report = ReportCut.fit(whole, allReports.room(node));
    boolean cut = !report.equals(whole);
    if (cut && !reportsCut.contains(node))
      getContext().getLog().warn("{}: {}", node, report.problem().orElse(""));
    if (cut) reportsCut.add(node);
    else reportsCut.remove(node);
    update(
        reports,
        allReports,
        node,
        map -> {
          var known = map.get(node);
          return known.isDefined() && later(known.get().edition(), report.edition())
              ? map
              : map.put(self, node, report);
        });
    return this;
  }

  /** An edge that changes its gateway may be overtaken by what it has told the former one. */
  private static boolean later(Edition known, Edition told) {
    return known.incarnation() == told.incarnation() && known.sequence() > told.sequence();
  }

  private Behavior<Command> onPublish(Command publish) {
    waiting.add(publish);
    publishWaiting();
    return this;
  }

  private Behavior<Command> onPace() {
    spent = 0;
    publishWaiting();
    return this;
  }

  private void publishWaiting() {
    while (!waiting.isEmpty()) {
      int bytes = size(waiting.peek());
      if (spent > 0 && spent + bytes > AT_ONCE) break;
      spent += bytes;
      publish(waiting.remove());
    }
    if (spent > 0 && !timers.isTimerActive(Timer.PACE))
      timers.startSingleTimer(Timer.PACE, PACE_EVERY);
  }

  private static int size(Command publish) {
    if (publish instanceof PublishPipeline pipeline) return size(pipeline.fact());
    if (publish instanceof PublishService service) return size(service.service());
    return publish instanceof PublishDecision decision ? size(decision.decision()) : 0;
  }

  private void publish(Command publish) {
    if (publish instanceof PublishDecision decision) publishDecision(decision);
    else if (publish instanceof PublishPipeline pipeline) publishPipeline(pipeline);
    else if (publish instanceof PublishService service) publishService(service);
  }

  private void publishDecision(PublishDecision publish) {
    var decision = publish.decision();
    var stream = decision.stream().toString();
    if (!hasRoom("the decision for " + stream, allDecisions, stream, decision, publish)) return;
    told.computeIfAbsent(decision.stream().pipeline(), p -> new TreeSet<>()).add(stream);
    update(
        decisions,
        allDecisions,
        stream,
        map -> {
          var known = map.get(stream);
          return known.isDefined() && known.get().version() >= decision.version()
              ? map
              : map.put(self, stream, decision);
        });
  }

  private void publishPipeline(PublishPipeline publish) {
    var fact = publish.fact();
    var what = "pipeline " + fact.name();
    if (fact instanceof DroppedPipeline) {
      // There is always room for a fact that is so small.
      unsent.remove(what);
      forgetDecisions(fact.name());
    } else if (!hasRoom(what, allPipelines, fact.name(), fact, publish)) {
      return;
    }
    update(
        pipelines,
        allPipelines,
        fact.name(),
        map -> {
          var known = map.get(fact.name());
          return known.isDefined() && later(known.get(), fact)
              ? map
              : map.put(self, fact.name(), fact);
        });
  }

  private static boolean later(PipelineFact known, PipelineFact told) {
    return known instanceof DesiredPipeline a && told instanceof DesiredPipeline b
        ? a.isNewerThan(b)
        : known.version() > told.version();
  }

  private void publishService(PublishService publish) {
    var service = publish.service();
    if (!hasRoom("service " + service.name(), allServices, service.name(), service, publish))
      return;
    update(
        services,
        allServices,
        service.name(),
        map -> {
          var known = map.get(service.name());
          return known.isDefined() && known.get().version() >= service.version()
              ? map
              : map.put(self, service.name(), service);
        });
  }

  private void forgetDecisions(String pipeline) {
    var streams = new TreeSet<String>();
    // What was told last may not have been heard yet.
    var latest = told.remove(pipeline);
    if (latest != null) streams.addAll(latest);
    allDecisions.forEach(
        (stream, decision) -> {
          if (decision.stream().pipeline().equals(pipeline)) streams.add(stream);
        });
    for (var stream : streams) {
      unsent.remove("the decision for " + stream);
      update(decisions, allDecisions, stream, map -> map.remove(self, stream));
    }
  }

  /** Whether the value can be sent; if not, it is remembered to be tried again. */
  private <V> boolean hasRoom(
      String what, SharedMap<V> map, String entry, V value, Command publish) {
    if (map.fits(entry, value)) {
      unsent.remove(what);
      return true;
    }
    if (unsent.put(what, publish) == null)
      getContext()
          .getLog()
          .warn(
              "{} cannot be told to the nodes: with what is sent in the same message it has more than {} bytes; tried again every {} s",
              what,
              SharedMap.MAX_BYTES,
              AGAIN_EVERY.toSeconds());
    if (!timers.isTimerActive(Timer.AGAIN)) timers.startSingleTimer(Timer.AGAIN, AGAIN_EVERY);
    return false;
  }

  private Behavior<Command> onAgain() {
    List.copyOf(unsent.values()).forEach(this::publish);
    return this;
  }

  private String untold() {
    var names = unsent.keySet().stream().limit(NAMED).collect(Collectors.joining(", "));
    return "it cannot tell the nodes of %s%s: too large for a message together with others; make pipelines smaller, delete some, or give one another name"
        .formatted(
            names, unsent.size() > NAMED ? " and %s more".formatted(unsent.size() - NAMED) : "");
  }

  private static int size(Decision decision) {
    return Decisions.write(decision).getSerializedSize();
  }

  private static int size(DeclaredService service) {
    return DeclaredServices.write(service).getSerializedSize();
  }

  private static int size(PipelineFact fact) {
    return fact instanceof DesiredPipeline pipeline
        ? Pipelines.write(pipeline).getSerializedSize()
        : fact.name().length();
  }

  /**
   * Whose descriptions are sent in the same message as that of a pipeline, if together they are too
   * large for it; else nobody.
   */
  public static List<String> tooLargeWith(View view, DesiredPipeline pipeline) {
    int part = SharedMap.part(pipeline.name());
    int bytes = SharedMap.cost(pipeline.name(), size(pipeline));
    var others = new ArrayList<String>();
    for (var other : view.pipelines().values()) {
      if (other.name().equals(pipeline.name()) || SharedMap.part(other.name()) != part) continue;
      bytes += SharedMap.cost(other.name(), size(other));
      others.add(other.name());
    }
    return bytes > SharedMap.MAX_BYTES ? others : List.of();
  }

  private <V> void update(
      ReplicatorMessageAdapter<Command, LWWMap<String, V>> replicator,
      SharedMap<V> map,
      String entry,
      Function<LWWMap<String, V>, LWWMap<String, V>> modify) {
    replicator.askUpdate(
        replyTo ->
            new Replicator.Update<>(
                map.key(entry), LWWMap.create(), Replicator.writeLocal(), replyTo, modify),
        Updated::new);
  }

  private Behavior<Command> onForgetNode(ForgetNode forget) {
    forgetNode(forget.node());
    return this;
  }

  private void forgetNode(String node) {
    reportsCut.remove(node);
    update(reports, allReports, node, map -> map.remove(self, node));
  }

  private Behavior<Command> onSubscribe(Subscribe subscribe) {
    subscribers.add(subscribe.subscriber());
    getContext().watch(subscribe.subscriber());
    subscribe.subscriber().tell(view());
    return this;
  }

  private Behavior<Command> onHeard(Heard heard) {
    if (!(heard.response() instanceof Replicator.Changed<?> changed)) return this;
    if (allReports.hear(changed)) hearReports();
    else if (!allDecisions.hear(changed)
        && !allPipelines.hear(changed)
        && !allServices.hear(changed)) return this;
    if (timers.isTimerActive(Timer.NOTIFY)) return this;
    var early = NOTIFY_EVERY.minusNanos(System.nanoTime() - notifiedNanos);
    timers.startSingleTimer(Timer.NOTIFY, early.compareTo(TOGETHER) > 0 ? early : TOGETHER);
    return this;
  }

  private void hearReports() {
    var now = clock.instant();
    var names = new HashSet<String>();
    allReports.forEach(
        (node, report) -> {
          names.add(node);
          var old = seen.get(node);
          // Its age counts from when it was first received, not from every time it is sent again.
          if (old == null || !old.report().edition().equals(report.edition()))
            seen.put(node, new View.Seen(report, now));
        });
    seen.keySet().retainAll(names);
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
    notifiedNanos = System.nanoTime();
    var view = view();
    subscribers.forEach(s -> s.tell(view));
    return this;
  }

  private View view() {
    var wanted = new TreeMap<String, DesiredPipeline>();
    var dropped = new TreeMap<String, Long>();
    allPipelines.forEach(
        (name, fact) -> {
          if (fact instanceof DesiredPipeline pipeline) wanted.put(name, pipeline);
          else dropped.put(name, fact.version());
        });
    told.keySet().removeAll(dropped.keySet());
    var decided = new TreeMap<StreamName, Decision>();
    allDecisions.forEach(
        (stream, d) -> decided.merge(d.stream(), d, (a, b) -> b.version() > a.version() ? b : a));
    var declared = new TreeMap<String, DeclaredService>();
    allServices.forEach(declared::put);
    return new View(new TreeMap<>(seen), decided, wanted, dropped, declared);
  }
}
