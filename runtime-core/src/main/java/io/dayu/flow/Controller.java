package io.dayu.flow;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.deliver.Ingress;
import io.dayu.deliver.Outbox;
import io.dayu.deliver.Ranges;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.FailedElements;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.generate.Generator;
import io.dayu.generate.SourceBytes;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSender;
import io.dayu.link.LinkServer;
import io.dayu.link.Resolver;
import io.dayu.node.DeclaredAccess;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Entrance;
import io.dayu.process.Plan;
import io.dayu.process.Processor;
import io.dayu.process.Router;
import io.dayu.source.Access;
import io.dayu.source.SourceProvider;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
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
 * on with the last one while no new one comes. Elements do not pass through it.
 */
public final class Controller extends AbstractBehavior<Controller.Command> {
  public sealed interface Command {}

  /** The state of the cluster as this node now knows it. */
  public record Viewed(View view) implements Command {}

  /** Results of a stream that this node generates are stored. */
  public record Acknowledged(Acknowledgement acknowledgement) implements Command {}

  /** This node is a member again; until now no acknowledgement could reach it over the cluster. */
  public enum Rejoined implements Command {
    INSTANCE
  }

  /** A service of this node is known now, is away or is back: others are to hear of it soon. */
  public enum ServicesChanged implements Command {
    INSTANCE
  }

  /** Open the data port. */
  public record Listen(InetSocketAddress address, ActorRef<LinkServer.Started> replyTo)
      implements Command {}

  /**
   * Stop reading; answered when all elements in flight are settled, or after {@code
   * dayu.generate.finish}.
   */
  public record Finish(ActorRef<Done> replyTo) implements Command {}

  /** The cloud asks what is kept of failed elements; always answered. */
  public record AskFailed(
      FailedElements.Question question, ActorRef<? super FailedElements.Answer> replyTo)
      implements Command {}

  /** Where is this instance? Answered as soon as that is known. */
  public record Locate(Router.Locate question) implements Command {}

  // From the children, each in its own words.
  private record FromGenerator(Generator.Event event) implements Command {}

  private record FromProcessor(Processor.Event event) implements Command {}

  private record FromOutbox(Outbox.Event event) implements Command {}

  private record FromIngress(Ingress.Event event) implements Command {}

  private record FromLink(LinkSender.Event event) implements Command {}

  /** A peer looks for an instance. */
  private record PeerAsked(LinkServer.Lookup lookup) implements Command {}

  /** A peer that does not read its link is to be told over the cluster. */
  private record NotRead(LinkServer.Untold untold) implements Command {}

  private record Listening(LinkServer.Started started, ActorRef<LinkServer.Started> replyTo)
      implements Command {}

  private record FromReporter(NodeReporter.Event event) implements Command {}

  private enum Timer implements Command {
    REPORT,
    SOON,
    ALONE
  }

  /** What has crashed may be started again: a stream or an instance. */
  private record Again(Record name) implements Command {}

  private final TimerScheduler<Command> timers;
  private final FlowEnvironment env;
  private final Access declared;
  private final Crashes crashes;
  private final PeerLinks peerLinks;
  private final Admission admission;
  private final CloudFirst cloudFirst;
  private final Generators generators;
  private final FailedDesk failed;
  private final Processors processors;
  private final ActorRef<Inlet.Command> outbox;
  private final Optional<ActorRef<Inlet.Command>> ingress;
  private final ActorRef<SideFetcher.Command> sides;
  private final NodeReporter reporter;
  private final PendingLookups questions = new PendingLookups(this::locate);
  private Map<String, View.Seen> reports = Map.of();
  private Map<StreamName, Decision> decisions = Map.of();
  private Optional<ActorRef<Done>> finishing = Optional.empty();

  private Controller(
      ActorContext<Command> context, TimerScheduler<Command> timers, FlowEnvironment env) {
    super(context);
    this.timers = timers;
    this.env = env;
    var settings = env.settings();
    var self = env.self();
    this.declared = new DeclaredAccess(self.node(), self.readable());
    this.crashes = new Crashes(settings.process()::backoff, env.nanos());
    this.admission = new Admission(env.nanos());
    this.cloudFirst =
        new CloudFirst(
            env.storage().run().diedEarly()
                ? env.storage().known().view().pipelines().keySet()
                : Set.of());
    var fromLinks = context.messageAdapter(LinkSender.Event.class, FromLink::new);
    var resolver = Resolver.system(env.blocking());
    this.peerLinks =
        new PeerLinks(
            context,
            self.node(),
            self.role(),
            target ->
                LinkSender.create(
                    settings.links(), settings.keys(), target, resolver, fromLinks, env.nanos()));
    var locator = context.messageAdapter(Router.Locate.class, Locate::new);
    var setup =
        new Generator.Setup(
            settings.generate(),
            settings.links(),
            new SourceBytes(settings.memory().sources()),
            settings.generate()::sourceBackoff,
            settings.reportEvery(),
            env.storage().sides(),
            env.clock(),
            env.nanos());
    var fromGenerators = context.messageAdapter(Generator.Event.class, FromGenerator::new);
    this.generators =
        new Generators(
            context,
            self.node(),
            env.catalog(),
            stream -> env.storage().memory().apply(stream).forget(),
            crashes,
            (plan, source, provider) ->
                Generator.create(setup, identity(plan, source, provider), fromGenerators, locator));
    this.failed = new FailedDesk(self.node(), env.storage().failed(), generators);
    var fromProcessors = context.messageAdapter(Processor.Event.class, FromProcessor::new);
    this.processors =
        new Processors(
            context,
            self.node(),
            env.catalog(),
            crashes,
            identity ->
                Processor.create(
                    settings.process(),
                    settings.links(),
                    settings.memory().stages(),
                    settings.models(),
                    env.storage().sides(),
                    identity,
                    settings.reportEvery(),
                    fromProcessors,
                    locator,
                    env.nanos()),
            (processor, plan) ->
                Entrance.create(processor, plan, settings.process().retireAfter(), env.nanos()));
    this.outbox =
        context.spawn(
            lasting(
                Outbox.create(
                    settings.process(),
                    settings.links(),
                    settings.memory().stages(),
                    self.node(),
                    env.storage().outbox(),
                    context.messageAdapter(Outbox.Event.class, FromOutbox::new),
                    locator,
                    env.clock(),
                    env.nanos())),
            "outbox");
    this.ingress =
        self.role() == Role.CLOUD
            ? Optional.of(
                context.spawn(
                    lasting(
                        Ingress.create(
                            env.uplink(),
                            settings.links(),
                            context.messageAdapter(Ingress.Event.class, FromIngress::new),
                            locator,
                            env.nanos())),
                    "ingress"))
            : Optional.empty();
    this.sides =
        context.spawn(
            lasting(SideFetcher.create(env.storage().sides(), env.uplink(), env.blocking())),
            "sides");
    this.reporter =
        new NodeReporter(
            env,
            processors,
            peerLinks,
            generators,
            failed,
            event -> context.pipeToSelf(event, (told, never) -> new FromReporter(told)));
    tellPeers();
    timers.startTimerWithFixedDelay(Timer.REPORT, settings.reportEvery());
    if (!cloudFirst.waiting().isEmpty()) {
      context
          .getLog()
          .warn(
              "the last run died soon after its start, so pipelines {} run again only when the cloud says so, or in {} s, {} s if it is cut off",
              cloudFirst.waiting(),
              settings.askCloud().toSeconds() * CloudFirst.TIMES,
              settings.askCloud().toSeconds());
      timers.startTimerWithFixedDelay(Timer.ALONE, settings.askCloud());
    }
    context.getSelf().tell(new Viewed(View.EMPTY)); // what is known
  }

  public static Behavior<Command> create(FlowEnvironment env) {
    // The guardian must survive a message that it cannot handle: without it all streams would stop.
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

  private Generator.Identity identity(Plan plan, SourceSpec source, SourceProvider provider) {
    var stream = plan.spec().stream(source);
    return new Generator.Identity(
        env.self().node(),
        plan,
        source,
        provider,
        plan.readsDeclaredOnly() ? declared : Access.ANYTHING,
        () -> env.uplink().firstSeq(stream),
        env.storage().memory().apply(stream),
        env.storage().outbox(),
        env.storage().failed());
  }

  /** The message that fails is logged and lost; its element is sent again. */
  private static <T> Behavior<T> lasting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.resume());
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Acknowledged.class,
            acknowledged -> {
              acknowledged(acknowledged.acknowledgement());
              return this;
            })
        .onMessage(Viewed.class, this::onViewed)
        .onMessageEquals(
            Rejoined.INSTANCE,
            () -> {
              generators.tellAll(Generator.Unanswered.INSTANCE);
              return this;
            })
        .onMessageEquals(
            ServicesChanged.INSTANCE,
            () -> {
              reportSoon();
              return this;
            })
        .onMessage(Listen.class, this::onListen)
        .onMessage(Finish.class, this::onFinish)
        .onMessage(FromGenerator.class, this::onFromGenerator)
        .onMessage(FromProcessor.class, this::onFromProcessor)
        .onMessage(FromOutbox.class, this::onFromOutbox)
        .onMessage(FromIngress.class, this::onFromIngress)
        .onMessage(FromLink.class, this::onFromLink)
        .onMessage(Locate.class, this::onLocate)
        .onMessage(
            AskFailed.class,
            asked -> {
              failed.ask(asked.question(), asked.replyTo());
              return this;
            })
        .onMessage(PeerAsked.class, this::onPeerAsked)
        .onMessage(NotRead.class, this::onNotRead)
        .onMessage(Listening.class, this::onListening)
        .onMessageEquals(Timer.REPORT, this::onReport)
        .onMessageEquals(Timer.SOON, this::onReport)
        .onMessageEquals(Timer.ALONE, this::onAlone)
        .onMessage(Again.class, again -> onViewed(new Viewed(View.EMPTY)))
        .onMessage(FromReporter.class, this::onFromReporter)
        .onSignal(Terminated.class, this::onTerminated)
        .build();
  }

  private void acknowledged(Acknowledgement ack) {
    // Results of a stream without a generator may still wait on the disk; the outbox removes them.
    if (!generators.tell(ack.stream(), new Generator.Acknowledged(ack)))
      outbox.tell(
          new Outbox.Forget(
              ack.stream(), Ranges.of(ack.delivered()).plus(Ranges.of(ack.failed()))));
  }

  private Behavior<Command> onViewed(Viewed viewed) {
    var view = env.storage().known().learn(viewed.view());
    if (viewed.view().nodes().values().stream()
        .anyMatch(node -> node.report().role() == Role.CLOUD)) env.storage().run().heardCloud();
    reports = view.nodes();
    decisions = view.decisions();
    var missing = env.storage().sides().learn(view.pipelines().values());
    sides.tell(new SideFetcher.Fetch(missing));
    if (peerLinks.learn(view.nodes())) tellPeers();
    else outbox.tell(peerLinks.clouds());
    if (finishing.isEmpty()) {
      processors.apply(cloudFirst.allowed(viewed.view(), view));
      generators.apply(processors.current(), this::streamCrashed);
      failed.learn(view);
    }
    admission.learn(view, processors.current());
    for (var decision : decisions.values()) {
      generators.tell(decision.stream(), new Generator.Follow(decision));
      prepare(decision);
    }
    questions.lookAgain();
    return this;
  }

  private Behavior<Command> onAlone() {
    var unspoken = cloudFirst.passed(peerLinks.isOffline());
    if (cloudFirst.waiting().isEmpty()) timers.cancel(Timer.ALONE);
    if (unspoken.isEmpty()) return this;
    getContext().getLog().info("the cloud has said nothing of pipelines {}: they run", unspoken);
    return onViewed(new Viewed(View.EMPTY));
  }

  private Behavior<Command> onListen(Listen listen) {
    var consumers = getContext().messageAdapter(LinkServer.Lookup.class, PeerAsked::new);
    var untold = getContext().messageAdapter(LinkServer.Untold.class, NotRead::new);
    var started =
        getContext()
            .messageAdapter(LinkServer.Started.class, s -> new Listening(s, listen.replyTo()));
    getContext()
        .spawn(
            LinkServer.create(
                env.settings().links(),
                env.settings().keys(),
                env.settings().memory(),
                listen.address(),
                consumers,
                untold,
                started,
                env.nanos()),
            "link-server");
    return this;
  }

  private Behavior<Command> onListening(Listening listening) {
    if (listening.started() instanceof LinkServer.Bound bound)
      reporter.listens(bound.address().getPort());
    listening.replyTo().tell(listening.started());
    return onReport();
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

  private Behavior<Command> onFromGenerator(FromGenerator from) {
    if (from.event() instanceof Generator.Settled settled)
      outbox.tell(new Outbox.Forget(settled.stream(), settled.seqs()));
    else if (from.event() instanceof Generator.Failed kept) failed.heard(kept.kept());
    else if (from.event() instanceof Generator.Status status && generators.heard(status))
      reportSoon();
    return this;
  }

  private Behavior<Command> onFromProcessor(FromProcessor from) {
    if (from.event() instanceof Processor.Status status && processors.heard(status)) reportSoon();
    return this;
  }

  private Behavior<Command> onFromOutbox(FromOutbox from) {
    // Without a generator the results stay on the disk, where the next generator finds them.
    if (from.event() instanceof Outbox.Kept kept)
      generators.tell(kept.stream(), new Generator.Kept(kept.seqs(), kept.failed()));
    return this;
  }

  private Behavior<Command> onFromIngress(FromIngress from) {
    if (from.event() instanceof Ingress.Acknowledged stored) tellOrigin(stored);
    return this;
  }

  /**
   * One way does, save for elements that were sent again: their origin may have missed what a link
   * told it, because the link was cut meanwhile, or another one has opened it in its name.
   */
  private void tellOrigin(Ingress.Acknowledged stored) {
    if (stored.origin().equals(env.self().node())) acknowledged(stored.acknowledgement());
    else if (!peerLinks.acknowledge(stored.origin(), stored.acknowledgement()) || stored.again())
      env.uplink().acknowledge(stored.origin(), stored.acknowledgement());
  }

  private Behavior<Command> onNotRead(NotRead notRead) {
    var untold = notRead.untold();
    env.uplink().acknowledge(untold.peer(), untold.acknowledgement());
    return this;
  }

  private Behavior<Command> onFromLink(FromLink from) {
    if (from.event() instanceof LinkSender.Acknowledged acknowledged) {
      // Any other peer could make a result pass for stored that is not.
      if (peerLinks.isCloud(acknowledged.peer())) acknowledged(acknowledged.acknowledgement());
    } else if (from.event() instanceof LinkSender.Status status && peerLinks.heard(status.report()))
      tellPeers();
    return this;
  }

  private Behavior<Command> onLocate(Locate locate) {
    questions.ask(locate.question());
    return this;
  }

  private Behavior<Command> onPeerAsked(PeerAsked asked) {
    var lookup = asked.lookup();
    if (lookup.producer().equals(env.self().node())) {
      lookup
          .replyTo()
          .tell(new LinkServer.NoConsumer("a node opens no links to itself, and this is its name"));
      return this;
    }
    peerLinks.came(lookup);
    var gate =
        admission.gate(lookup.producer(), lookup.instance(), processors.plan(lookup.instance()));
    LinkServer.Found answer =
        local(lookup.instance())
            .<LinkServer.Found>map(inlet -> new LinkServer.Consumer(inlet, gate))
            .orElseGet(
                () ->
                    new LinkServer.NoConsumer(
                        "node %s does not know %s (yet)"
                            .formatted(env.self().node(), lookup.instance())));
    lookup.replyTo().tell(answer);
    return this;
  }

  /**
   * Reports soon, because other nodes may wait for a change: for example the scheduler, until a
   * stage runs to which it wants to send elements.
   */
  private void reportSoon() {
    if (timers.isTimerActive(Timer.SOON)) return;
    timers.startSingleTimer(Timer.SOON, reporter.soon());
  }

  private Behavior<Command> onReport() {
    reporter.begin();
    return this;
  }

  private Behavior<Command> onFromReporter(FromReporter from) {
    reporter.on(from.event());
    return this;
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    var gone = terminated.getRef();
    var crash =
        terminated instanceof ChildFailed failed
            ? Optional.of(failed.getCause())
            : Optional.<Throwable>empty();
    var instance = processors.ended(gone);
    var stream = generators.ended(gone, crash.isPresent());
    crash.ifPresent(
        cause -> {
          instance.ifPresent(ended -> stageCrashed(ended, cause));
          stream.ifPresent(ended -> streamCrashed(ended, cause));
        });
    if (peerLinks.ended(gone)) tellPeers();
    answerFinish();
    processors.forgetEnded();
    return this;
  }

  /** Its elements are not acknowledged, so they are sent again. */
  private void stageCrashed(InstanceName instance, Throwable cause) {
    crashed(instance, cause);
    processors.crashed(instance);
  }

  private void streamCrashed(StreamName stream, Throwable cause) {
    crashed(stream, cause);
    generators.crashed(stream);
  }

  private void crashed(Record name, Throwable cause) {
    var wait = crashes.add(name, cause);
    getContext()
        .getLog()
        .warn(
            "{} has crashed ({}) and is started again in {} ms",
            name,
            cause.toString(),
            wait.toMillis());
    timers.startSingleTimer(name, new Again(name), wait);
  }

  private void prepare(Decision decision) {
    processors
        .plan(decision)
        .filter(plan -> !plan.isStopped())
        .ifPresent(
            plan -> {
              boolean reads = generators.reads(decision.stream());
              var todo = Preparation.of(decision, plan, env.self().node(), reads, reports);
              todo.stages().forEach(stage -> processors.start(plan, stage));
              todo.next().forEach(this::locate);
            });
  }

  /**
   * Finds an instance; opens a link to it or starts the stage if necessary. Some callers want only
   * that, and ignore the result.
   */
  @CanIgnoreReturnValue
  private Optional<ActorRef<Inlet.Command>> locate(PeerLinks.Key key) {
    return key.node().equals(env.self().node()) ? local(key.instance()) : peerLinks.link(key);
  }

  private Optional<ActorRef<Inlet.Command>> local(InstanceName instance) {
    if (instance.equals(InstanceName.OUTBOX)) return Optional.of(outbox);
    if (instance.equals(InstanceName.DISTRIBUTOR)) return ingress;
    return processors.find(instance);
  }

  private void tellPeers() {
    outbox.tell(peerLinks.clouds());
    generators.suspect(new Generator.Suspects(peerLinks.suspects(), peerLinks.isOffline()));
  }
}
