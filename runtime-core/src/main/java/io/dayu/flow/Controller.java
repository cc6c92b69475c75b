package io.dayu.flow;

import io.dayu.deliver.Ingress;
import io.dayu.deliver.Outbox;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.deliver.Uplink;
import io.dayu.facts.Acknowledged;
import io.dayu.facts.Decision;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.View;
import io.dayu.generate.GenerateSettings;
import io.dayu.generate.Generator;
import io.dayu.generate.StreamMemory;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSender;
import io.dayu.link.LinkServer;
import io.dayu.link.LinkSettings;
import io.dayu.link.Receipt;
import io.dayu.pipeline.Catalog;
import io.dayu.process.Plan;
import io.dayu.process.ProcessSettings;
import io.dayu.process.Processor;
import io.dayu.process.Router;
import io.dayu.stage.StageDescriptor;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Owns all that flows on a node: generators of the sources it reads, processors of the stages it
 * runs, links to other nodes, the outbox and, on a cloud node, the ingress of results. Guardian of
 * the {@code flow} system. It brings the node in line with every {@link View} it is given and works
 * on with the last one when none come. Elements do not pass through it.
 */
public final class Controller extends AbstractBehavior<Controller.Command> {
  public sealed interface Command {}

  /** The state of the cluster as this node now knows it. */
  public record Viewed(View view) implements Command {}

  /** Results of a stream that this node generates are stored. */
  public record Acked(Acknowledged acknowledged) implements Command {}

  /** From the outbox: results of a stream that wait on this node's disk for the cloud. */
  public record Kept(String stream, Ranges seqs) implements Command {}

  /** From a generator: elements that need not wait on the disk any more. */
  public record Settled(String stream, Ranges seqs) implements Command {}

  /** Stop reading; answered when what was under way is settled, or after a while. */
  public record Finish(ActorRef<Done> replyTo) implements Command {}

  /** From the ingress: results of a stream that {@code origin} generates are in the store. */
  public record Stored(String origin, Receipt receipt) implements Command {}

  /** This node is a member again; until now no acknowledgement could reach it. */
  public enum Rejoined implements Command {
    INSTANCE
  }

  /** Where is this instance? Answered as soon as it is known. */
  public record Locate(String node, String instance, ActorRef<Router.Located> replyTo)
      implements Command {}

  /** From a processor, every second and at changes. */
  public record StageStatus(String instance, StageReport report) implements Command {}

  /** From a generator, every second and at changes. */
  public record StreamStatus(StreamReport report) implements Command {}

  /** Open the data port. */
  public record Listen(InetSocketAddress address, ActorRef<LinkServer.Started> replyTo)
      implements Command {}

  private record Asked(LinkServer.Lookup lookup) implements Command {}

  private record LinkStatus(LinkSender.Event event) implements Command {}

  private record Sampled(Resources resources) implements Command {}

  private record Listening(LinkServer.Started started, ActorRef<LinkServer.Started> replyTo)
      implements Command {}

  private enum Timer implements Command {
    REPORT,
    SOON
  }

  /** What has crashed may be started again. */
  private record Again(String name) implements Command {}

  /**
   * What a controller works with.
   *
   * @param known what the node knew when it ended the last time
   * @param memory what is kept of a stream, by its name
   * @param disk where results and elements wait while no cloud node can be reached
   * @param sampler blocking; called on {@code blocking}
   */
  public record Environment(
      String node,
      Role role,
      String site,
      String host,
      Catalog catalog,
      Uplink uplink,
      LastKnown known,
      Function<String, StreamMemory> memory,
      OutboxStore disk,
      Supplier<Resources> sampler,
      Executor blocking,
      Clock clock,
      Duration reportEvery,
      ProcessSettings process,
      GenerateSettings generate,
      LinkSettings links) {}

  /** Between a change and the report that tells it, for what else changes with it. */
  private static final Duration TOGETHER = Duration.ofMillis(100);

  private final TimerScheduler<Command> timers;
  private final Environment env;
  private final Crashes crashes;
  private final long incarnation;
  private final PeerLinks peerLinks;
  private final Generators generators;
  private final ActorRef<Inlet.Command> outbox;
  private final Optional<ActorRef<Inlet.Command>> ingress;
  private final Map<String, Plan> plans = new HashMap<>(); // by key, current and retiring ones
  private final Map<String, Plan> current = new HashMap<>(); // by pipeline
  private final Map<String, ActorRef<Inlet.Command>> processors = new HashMap<>(); // by instance
  private final Map<String, StageReport> stages = new TreeMap<>();
  private final Map<PeerLinks.Key, List<ActorRef<Router.Located>>> unanswered = new HashMap<>();
  private Map<String, View.Seen> reports = Map.of();
  private Map<String, Decision> decisions = Map.of();
  private Optional<ActorRef<Done>> finishing = Optional.empty();
  private int dataPort;
  private long sequence;
  private long ids;

  private Controller(
      ActorContext<Command> context, TimerScheduler<Command> timers, Environment env) {
    super(context);
    this.timers = timers;
    this.env = env;
    this.crashes = new Crashes(env.process().minBackoff(), env.process().maxBackoff());
    this.incarnation = env.clock().millis();
    this.peerLinks =
        new PeerLinks(
            context,
            env.links(),
            env.node(),
            env.role(),
            context.messageAdapter(LinkSender.Event.class, LinkStatus::new));
    this.generators = new Generators(context, env, crashes);
    this.outbox =
        context.spawn(
            lasting(
                Outbox.create(
                    env.process(), env.links(), env.node(), env.disk(), context.getSelf())),
            "outbox");
    this.ingress =
        env.role() == Role.CLOUD
            ? Optional.of(
                context.spawn(lasting(Ingress.create(env.uplink(), context.getSelf())), "ingress"))
            : Optional.empty();
    tellPeers();
    timers.startTimerWithFixedDelay(Timer.REPORT, env.reportEvery());
    context.getSelf().tell(new Viewed(env.known().view()));
  }

  public static Behavior<Command> create(Environment env) {
    // As the guardian it must outlive a message it cannot handle: everything that flows would stop.
    return Behaviors.supervise(
            Behaviors.<Command>setup(
                context ->
                    Behaviors.withTimers(
                        timers -> {
                          context.setLoggerName(Controller.class);
                          return new Controller(context, timers, env);
                        })))
        .onFailure(SupervisorStrategy.resume());
  }

  /** The message that fails is logged and lost; its element is sent again. */
  private static <T> Behavior<T> lasting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.resume());
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Acked.class, this::onAcked)
        .onMessageEquals(
            Rejoined.INSTANCE,
            () -> {
              generators.tellAll(Generator.Unanswered.INSTANCE);
              return this;
            })
        .onMessage(
            Stored.class,
            stored -> {
              peerLinks.acknowledge(stored.origin(), stored.receipt());
              return this;
            })
        .onMessage(Viewed.class, this::onViewed)
        .onMessage(
            Kept.class,
            kept -> {
              generators.tell(kept.stream(), new Generator.Kept(kept.seqs()));
              return this;
            })
        .onMessage(
            Settled.class,
            settled -> {
              outbox.tell(new Outbox.Forget(settled.stream(), settled.seqs()));
              return this;
            })
        .onMessage(Finish.class, this::onFinish)
        .onMessage(Locate.class, this::onLocate)
        .onMessage(Asked.class, this::onAsked)
        .onMessage(
            StageStatus.class,
            status -> {
              if (processors.containsKey(status.instance())) {
                var told = crashes.told(status.instance(), status.report(), System.nanoTime());
                var before = stages.put(status.instance(), told);
                if (before == null || before.state() != told.state()) reportSoon();
              }
              return this;
            })
        .onMessage(
            StreamStatus.class,
            status -> {
              if (generators.heard(status.report())) reportSoon();
              return this;
            })
        .onMessage(LinkStatus.class, this::onLinkStatus)
        .onMessage(Listen.class, this::onListen)
        .onMessage(Listening.class, this::onListening)
        .onMessageEquals(Timer.REPORT, this::onReport)
        .onMessageEquals(Timer.SOON, this::onReport)
        .onMessage(Again.class, again -> onViewed(new Viewed(env.known().view())))
        .onMessage(Sampled.class, this::onSampled)
        .onSignal(Terminated.class, this::onTerminated)
        .build();
  }

  private Behavior<Command> onAcked(Acked acked) {
    var ack = acked.acknowledged();
    // Where nobody counts them any more they may still wait on the disk.
    if (!generators.tell(ack.stream(), new Generator.Acked(ack)))
      outbox.tell(
          new Outbox.Forget(
              ack.stream(), Ranges.of(ack.delivered()).plus(Ranges.of(ack.failed()))));
    return this;
  }

  private Behavior<Command> onViewed(Viewed viewed) {
    var view = env.known().learn(viewed.view());
    reports = view.nodes();
    decisions = view.decisions();
    if (peerLinks.learn(view.nodes())) tellPeers();
    else outbox.tell(peerLinks.clouds());
    if (finishing.isEmpty()) apply(view);
    for (var decision : decisions.values()) {
      generators.tell(decision.stream(), new Generator.Follow(decision));
      start(decision);
    }
    for (var key : List.copyOf(unanswered.keySet()))
      locate(key)
          .ifPresent(
              ref ->
                  unanswered
                      .remove(key)
                      .forEach(r -> r.tell(new Router.Located(key.node(), key.instance(), ref))));
    return this;
  }

  private Behavior<Command> onFinish(Finish finish) {
    finishing = Optional.of(finish.replyTo());
    generators.tellAll(Generator.Finish.INSTANCE);
    answerFinish();
    return this;
  }

  private void answerFinish() {
    if (generators.isEmpty()) finishing.ifPresent(replyTo -> replyTo.tell(Done.getInstance()));
  }

  private Behavior<Command> onLocate(Locate locate) {
    var key = new PeerLinks.Key(locate.node(), locate.instance());
    locate(key)
        .ifPresentOrElse(
            ref -> locate.replyTo().tell(new Router.Located(key.node(), key.instance(), ref)),
            () -> {
              var asking = unanswered.computeIfAbsent(key, k -> new ArrayList<>());
              if (!asking.contains(locate.replyTo())) asking.add(locate.replyTo());
            });
    return this;
  }

  private Behavior<Command> onAsked(Asked asked) {
    var lookup = asked.lookup();
    peerLinks.came(lookup);
    LinkServer.Found answer =
        local(lookup.instance())
            .<LinkServer.Found>map(LinkServer.Consumer::new)
            .orElseGet(
                () ->
                    new LinkServer.NoConsumer(
                        "node %s does not know %s (yet)".formatted(env.node(), lookup.instance())));
    lookup.replyTo().tell(answer);
    return this;
  }

  private Behavior<Command> onLinkStatus(LinkStatus status) {
    if (status.event() instanceof LinkSender.Delivered delivered) {
      var receipt = delivered.receipt();
      return onAcked(
          new Acked(new Acknowledged(receipt.stream(), receipt.delivered(), receipt.failed())));
    }
    if (peerLinks.heard(((LinkSender.Status) status.event()).report())) tellPeers();
    return this;
  }

  private Behavior<Command> onListen(Listen listen) {
    var consumers = getContext().messageAdapter(LinkServer.Lookup.class, Asked::new);
    var started =
        getContext()
            .messageAdapter(LinkServer.Started.class, s -> new Listening(s, listen.replyTo()));
    getContext()
        .spawn(LinkServer.create(env.links(), listen.address(), consumers, started), "link-server");
    return this;
  }

  private Behavior<Command> onListening(Listening listening) {
    if (listening.started() instanceof LinkServer.Bound bound) dataPort = bound.address().getPort();
    listening.replyTo().tell(listening.started());
    onReport();
    return this;
  }

  /**
   * Others wait for what has changed: the scheduler for a stage that is to run before elements come
   * to it.
   */
  private void reportSoon() {
    if (!timers.isTimerActive(Timer.SOON)) timers.startSingleTimer(Timer.SOON, TOGETHER);
  }

  private Behavior<Command> onReport() {
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(env.sampler(), env.blocking()),
            (resources, error) -> {
              if (error != null) throw new IllegalStateException("resource sampler", error);
              return new Sampled(resources);
            });
    return this;
  }

  private Behavior<Command> onSampled(Sampled sampled) {
    if (dataPort == 0) return this;
    env.uplink()
        .report(
            new NodeReport(
                env.node(),
                env.role(),
                env.site(),
                incarnation,
                ++sequence,
                env.host(),
                dataPort,
                sampled.resources(),
                env.catalog().stages().stream()
                    .map(StageDescriptor::type)
                    .collect(Collectors.toSet()),
                List.copyOf(stages.values()),
                peerLinks.reports(),
                generators.reports()));
    return this;
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    var gone = terminated.getRef();
    var crash = terminated instanceof ChildFailed failed ? failed.getCause() : null;
    for (var entry : List.copyOf(processors.entrySet()))
      if (entry.getValue().equals(gone)) {
        processors.remove(entry.getKey());
        if (crash != null) stageCrashed(entry.getKey(), crash);
      }
    var stream = generators.ended(gone, crash != null);
    if (crash != null) stream.ifPresent(ended -> streamCrashed(ended, crash));
    if (peerLinks.ended(gone)) tellPeers();
    answerFinish();
    forgetPlans();
    stages
        .keySet()
        .removeIf(i -> !processors.containsKey(i) && !(crashes.isDown(i) && plan(i).isPresent()));
    return this;
  }

  /** What it had is not acknowledged, so it is sent again. */
  private void stageCrashed(String instance, Throwable cause) {
    crashed(instance, cause);
    var plan = plan(instance);
    var spec = plan.flatMap(p -> p.spec().stage(stage(instance)));
    if (spec.isPresent())
      stages.put(instance, crashes.down(plan.get(), spec.get(), System.nanoTime()));
  }

  private void streamCrashed(String stream, Throwable cause) {
    crashed(stream, cause);
    generators.crashed(stream);
  }

  private void crashed(String name, Throwable cause) {
    var backoff = crashes.add(name, cause, System.nanoTime());
    getContext()
        .getLog()
        .warn(
            "{} has crashed ({}) and is started again in {} ms",
            name,
            cause.toString(),
            backoff.toMillis());
    timers.startSingleTimer(name, new Again(name), backoff);
  }

  private Optional<Plan> plan(String instance) {
    return Optional.ofNullable(plans.get(instance.substring(0, instance.indexOf('/'))));
  }

  private static String stage(String instance) {
    return instance.substring(instance.indexOf('/') + 1);
  }

  private void apply(View view) {
    for (var pipeline : view.pipelines().values()) {
      var name = pipeline.spec().name();
      var known = current.get(name);
      if (known != null && known.version() >= pipeline.version()) continue;
      var plan = new Plan(pipeline, env.catalog());
      current.put(name, plan);
      plans.put(plan.key(), plan);
      if (known != null && !known.key().equals(plan.key())) retire(known);
      getContext().getLog().info("pipeline {} is to run, version {}", name, plan.version());
    }
    for (var name : List.copyOf(current.keySet()))
      if (view.dropped().getOrDefault(name, 0L) >= current.get(name).version()) {
        getContext().getLog().info("pipeline {} is to stop", name);
        retire(current.remove(name));
      }
    generators.apply(current.values(), this::streamCrashed);
  }

  /**
   * Starts the stages that a decision brings to this node, and opens links to where their outputs
   * go, before the first element comes.
   */
  private void start(Decision decision) {
    var plan = current.get(decision.stream().substring(0, decision.stream().indexOf('/')));
    if (plan == null) return;
    for (var stage : plan.order()) {
      if (!nodes(decision, stage.id()).contains(env.node())) continue;
      start(plan, stage.id());
      plan.successors(stage.id()).forEach(successor -> open(plan, decision, successor));
    }
    if (generators.reads(decision.stream()))
      plan.roots().forEach(root -> open(plan, decision, root));
  }

  /** Where a stage runs or is to run. */
  private static Set<String> nodes(Decision decision, String stage) {
    var nodes = new TreeSet<>(decision.warm().getOrDefault(stage, List.of()));
    decision.route().getOrDefault(stage, List.of()).forEach(share -> nodes.add(share.node()));
    return nodes;
  }

  /** Opens links to those that run the stage by their own word; others would refuse them. */
  private void open(Plan plan, Decision decision, String stage) {
    for (var node : nodes(decision, stage))
      if (runs(node, plan.spec().name(), stage))
        locate(new PeerLinks.Key(node, plan.instance(stage)));
  }

  private boolean runs(String node, String pipeline, String stage) {
    return Optional.ofNullable(reports.get(node))
        .map(View.Seen::report)
        .filter(
            report ->
                report.stages().stream()
                    .anyMatch(
                        s ->
                            s.pipeline().equals(pipeline)
                                && s.stage().equals(stage)
                                && s.state() == StageState.RUNNING))
        .isPresent();
  }

  private Optional<ActorRef<Inlet.Command>> start(Plan plan, String stage) {
    var instance = plan.instance(stage);
    var running = processors.get(instance);
    if (running != null) return Optional.of(running);
    var spec = plan.spec().stage(stage);
    var provider = plan.provider(stage);
    if (spec.isEmpty() || provider.isEmpty()) return Optional.empty();
    if (crashes.tooEarly(instance, System.nanoTime())) return Optional.empty();
    var processor =
        getContext()
            .spawn(
                Processor.create(
                    env.process(),
                    env.links(),
                    new Processor.Identity(env.node(), plan, spec.get(), provider.get()),
                    env.reportEvery(),
                    getContext().getSelf()),
                "processor-" + ++ids,
                DispatcherSelector.defaultDispatcher());
    getContext().watch(processor);
    processors.put(instance, processor);
    crashes.started(instance);
    getContext().getLog().info("stage {} ({}) starts here", instance, spec.get().type());
    return Optional.of(processor);
  }

  private Optional<ActorRef<Inlet.Command>> locate(PeerLinks.Key key) {
    return key.node().equals(env.node()) ? local(key.instance()) : peerLinks.link(key);
  }

  private Optional<ActorRef<Inlet.Command>> local(String instance) {
    if (instance.equals(Plan.OUTBOX)) return Optional.of(outbox);
    if (instance.equals(Plan.DISTRIBUTOR)) return ingress;
    int slash = instance.indexOf('/');
    if (slash < 0) return Optional.empty();
    var plan = plans.get(instance.substring(0, slash));
    return plan == null ? Optional.empty() : start(plan, instance.substring(slash + 1));
  }

  private void retire(Plan plan) {
    for (var stage : plan.order()) {
      var processor = processors.get(plan.instance(stage.id()));
      if (processor != null) processor.tell(Processor.Retire.INSTANCE);
    }
    forgetPlans();
  }

  /** A plan is kept while it is wanted or one of its stages still runs. */
  private void forgetPlans() {
    plans
        .values()
        .removeIf(
            plan ->
                current.get(plan.spec().name()) != plan
                    && plan.order().stream()
                        .noneMatch(s -> processors.containsKey(plan.instance(s.id()))));
  }

  private void tellPeers() {
    outbox.tell(peerLinks.clouds());
    generators.suspect(new Generator.Suspects(peerLinks.suspects(), peerLinks.isOffline()));
  }
}
