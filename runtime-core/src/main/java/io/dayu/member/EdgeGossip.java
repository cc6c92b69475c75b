package io.dayu.member;

import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;

/**
 * An edge's end of {@link Gossip}: reports to a gateway and keeps what that tells. One per member
 * system of an edge, spawned by its guardian. When its gateway is gone, cannot be reached or does
 * not answer a report, it takes another one, which tells it everything; as long as there is none it
 * keeps the one it had, and what it heard. What got lost on the way comes again after the next
 * report, because that says what was heard.
 */
final class EdgeGossip extends AbstractBehavior<EdgeGossip.Command> {
  sealed interface Command permits PublishReport, Subscribe, News, Gateways, Unanswered {}

  /** Tell everyone about this node; the latest one is also told to the next gateway. */
  record PublishReport(NodeReport report) implements Command {}

  /** Send the view now and after every change. */
  record Subscribe(ActorRef<View> subscriber) implements Command {}

  private record Gateways(Receptionist.Listing listing) implements Command {}

  /** The gateway has said nothing since a report. */
  private enum Unanswered implements Command {
    INSTANCE
  }

  /**
   * The cluster takes much longer to notice that a node of another data center is dead, because the
   * way there may be slow.
   */
  static final Duration PATIENCE = Duration.ofSeconds(4);

  private final TimerScheduler<Command> timers;
  private final Clock clock;
  private final Random random = new Random();
  private List<ActorRef<Gateway.Command>> reachable = List.of(); // as far as the cluster knows
  private Optional<ActorRef<Gateway.Command>> gateway = Optional.empty();
  private Optional<NodeReport> latest = Optional.empty();
  private Optional<ActorRef<View>> subscriber = Optional.empty();
  private boolean cut; // the latest report
  private News.Place heard = News.Place.NONE;
  private final TreeMap<String, View.Seen> nodes = new TreeMap<>();
  private final TreeMap<StreamName, Decision> decisions = new TreeMap<>();
  private final TreeMap<String, DesiredPipeline> pipelines = new TreeMap<>();
  private final TreeMap<String, Long> dropped = new TreeMap<>();
  private final TreeMap<String, DeclaredService> services = new TreeMap<>();

  private EdgeGossip(ActorContext<Command> context, TimerScheduler<Command> timers, Clock clock) {
    super(context);
    this.timers = timers;
    this.clock = clock;
    context
        .getSystem()
        .receptionist()
        .tell(
            Receptionist.subscribe(
                Gateway.KEY, context.messageAdapter(Receptionist.Listing.class, Gateways::new)));
  }

  static Behavior<Command> create(Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(EdgeGossip.class);
                  return new EdgeGossip(context, timers, clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(PublishReport.class, this::onPublishReport)
        .onMessage(Subscribe.class, this::onSubscribe)
        .onMessage(News.class, this::onNews)
        .onMessage(Gateways.class, this::onGateways)
        .onMessageEquals(Unanswered.INSTANCE, this::onUnanswered)
        .build();
  }

  private Behavior<Command> onPublishReport(PublishReport publish) {
    var report = ReportCut.fit(publish.report(), SharedMap.MAX_BYTES);
    boolean now = !report.equals(publish.report());
    if (now && !cut)
      getContext().getLog().warn("{}: {}", report.node(), report.problem().orElse(""));
    cut = now;
    latest = Optional.of(report);
    report();
    return this;
  }

  private void report() {
    if (!timers.isTimerActive(Unanswered.INSTANCE))
      timers.startSingleTimer(Unanswered.INSTANCE, Unanswered.INSTANCE, PATIENCE);
    gateway.ifPresent(
        to ->
            latest.ifPresent(
                report -> to.tell(new Gateway.Report(report, heard, getContext().getSelf()))));
  }

  private Behavior<Command> onSubscribe(Subscribe subscribe) {
    subscriber = Optional.of(subscribe.subscriber());
    tell();
    return this;
  }

  private Behavior<Command> onNews(News news) {
    timers.cancel(Unanswered.INSTANCE);
    if (news.place().equals(heard)) return this; // nothing is new
    if (news.place().number() == 1) forget();
    else if (!news.place().equals(heard.next())) return this; // the report says what is missing
    heard = news.place();
    var now = clock.instant();
    news.nodes().forEach(report -> nodes.put(report.node(), new View.Seen(report, now)));
    news.gone().forEach(nodes::remove);
    for (var pipeline : news.wanted()) {
      pipelines.put(pipeline.name(), pipeline);
      dropped.remove(pipeline.name());
    }
    for (var fact : news.dropped()) {
      dropped.put(fact.name(), fact.version());
      pipelines.remove(fact.name());
      decisions.keySet().removeIf(stream -> stream.pipeline().equals(fact.name()));
    }
    news.decisions().forEach(decision -> decisions.put(decision.stream(), decision));
    news.services().forEach(service -> services.put(service.name(), service));
    tell();
    return this;
  }

  private void forget() {
    nodes.clear();
    decisions.clear();
    pipelines.clear();
    dropped.clear();
    services.clear();
  }

  private Behavior<Command> onGateways(Gateways gateways) {
    reachable = List.copyOf(gateways.listing().getServiceInstances(Gateway.KEY));
    if (gateway.filter(reachable::contains).isEmpty()) change();
    return this;
  }

  private Behavior<Command> onUnanswered() {
    change();
    return this;
  }

  /** Takes another gateway, if there is one. */
  private void change() {
    var others = reachable.stream().filter(other -> !gateway.equals(Optional.of(other))).toList();
    if (others.isEmpty()) return;
    timers.cancel(Unanswered.INSTANCE); // it is the time of the one before
    gateway = Optional.of(others.get(random.nextInt(others.size())));
    report();
  }

  private void tell() {
    subscriber.ifPresent(
        to ->
            to.tell(
                new View(
                    new TreeMap<>(nodes),
                    new TreeMap<>(decisions),
                    new TreeMap<>(pipelines),
                    new TreeMap<>(dropped),
                    new TreeMap<>(services))));
  }
}
