package io.dayu.realise;

import io.dayu.collect.ClusterState;
import io.dayu.evaluate.CostModel;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.member.Gossip;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Policies;
import io.dayu.policy.Snapshot;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Decides for one stream. A child of the {@link Scheduler}, which stops it with the pipeline and
 * restarts it when it fails; it then goes on from what gossip and the store know.
 *
 * <p>It first reads the stream's latest decision from the store, so that versions only ever grow,
 * across restarts of the cloud and pipelines of the same name. A stream whose node does not report
 * keeps its decision: without elements a new one has no use.
 */
final class StreamAgent extends AbstractBehavior<StreamAgent.Command> {
  sealed interface Command {}

  /**
   * Decide again.
   *
   * @param onProbation nodes that come and go
   * @param known the stream's decision as gossip has it
   */
  record Evaluate(
      DesiredPipeline pipeline,
      SourceSpec source,
      ClusterState cluster,
      Set<String> onProbation,
      CostModel costs,
      Optional<Decision> known)
      implements Command {}

  record GetStatus(ActorRef<Scheduler.StreamStatus> replyTo) implements Command {}

  private record StoreRead(Optional<Decision> latest, Optional<Throwable> failure)
      implements Command {}

  private record Stored(long version, Optional<Throwable> failure) implements Command {}

  /** A decision that has not appeared in gossip after this time is published again. */
  private static final Duration REPEAT_AFTER = Duration.ofSeconds(2);

  private final StreamName stream;
  private final ActorRef<Gossip.Command> gossip;
  private final Policies policies;
  private final DecisionLog log;
  private final SchedulerSettings settings;

  private final Realiser realiser = new Realiser();
  private boolean storeRead;
  private Optional<Decision> stored = Optional.empty();
  private Optional<Evaluate> waiting = Optional.empty(); // for the store
  private Optional<Decision> current = Optional.empty();
  private Instant publishedAt = Instant.MIN;
  private Optional<Instant> aheadSince = Optional.empty(); // the generator's version
  private long overtaken; // lower versions are ignored
  private long highestVersion;
  private Optional<Made> made = Optional.empty();
  private String reason = "not evaluated yet";
  private Optional<String> problem = Optional.empty();
  private boolean saidNoRoute;

  private record Made(long pipelineVersion, Policies.Made policy) {}

  private StreamAgent(
      ActorContext<Command> ctx,
      StreamName stream,
      ActorRef<Gossip.Command> gossip,
      Policies policies,
      DecisionLog log,
      SchedulerSettings settings) {
    super(ctx);
    this.stream = stream;
    this.gossip = gossip;
    this.policies = policies;
    this.log = log;
    this.settings = settings;
  }

  static Behavior<Command> create(
      PipelineSpec pipeline,
      SourceSpec source,
      ActorRef<Gossip.Command> gossip,
      Policies policies,
      DecisionLog log,
      SchedulerSettings settings) {
    var stream = pipeline.stream(source);
    return Behaviors.withMdc(
        Command.class,
        Map.of("pipeline", pipeline.name(), "stream", stream.toString()),
        Behaviors.setup(
            ctx -> {
              ctx.setLoggerName(StreamAgent.class);
              ctx.pipeToSelf(
                  log.latest(stream)
                      .toCompletableFuture()
                      .copy()
                      .orTimeout(settings.storeTimeout().toMillis(), TimeUnit.MILLISECONDS),
                  (latest, failure) ->
                      failure == null
                          ? new StoreRead(latest, Optional.empty())
                          : new StoreRead(Optional.empty(), Optional.of(Causes.of(failure))));
              return new StreamAgent(ctx, stream, gossip, policies, log, settings);
            }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Evaluate.class, this::onEvaluate)
        .onMessage(GetStatus.class, this::onGetStatus)
        .onMessage(StoreRead.class, this::onStoreRead)
        .onMessage(Stored.class, this::onStored)
        .build();
  }

  private Behavior<Command> onEvaluate(Evaluate now) {
    if (!storeRead) {
      waiting = Optional.of(now);
      return this;
    }
    learn(now);
    if (policy(now) instanceof Policies.Ok ok) decide(now, ok);
    return this;
  }

  private Behavior<Command> onGetStatus(GetStatus get) {
    get.replyTo()
        .tell(
            new Scheduler.StreamStatus.Known(
                stream, current.map(Decision::version).orElse(0L), reason, problem));
    return this;
  }

  private Behavior<Command> onStoreRead(StoreRead read) {
    storeRead = true;
    stored = read.latest();
    highestVersion = stored.map(Decision::version).orElse(0L);
    read.failure()
        .ifPresent(
            failure ->
                getContext()
                    .getLog()
                    .warn(
                        "The latest decision of {} cannot be read from the store: {}. Going on from"
                            + " what gossip knows",
                        stream,
                        failure.toString()));
    var evaluate = waiting;
    waiting = Optional.empty();
    return evaluate.isPresent() ? onEvaluate(evaluate.get()) : this;
  }

  private Behavior<Command> onStored(Stored done) {
    done.failure()
        .ifPresent(
            failure ->
                getContext()
                    .getLog()
                    .warn(
                        "Decision {} of {} holds but cannot be stored: {}",
                        done.version(),
                        stream,
                        failure.toString()));
    return this;
  }

  /** Takes in what others know of this stream's decisions. */
  private void learn(Evaluate now) {
    var at = now.cluster().at();
    long followed = now.cluster().stream(stream).map(StreamReport::decision).orElse(0L);
    highestVersion = Math.max(highestVersion, followed);
    // The generator may follow a version that is unknown here, such as one that reached the node
    // but not the store before the cloud ended. The next one must be higher, or it would be
    // ignored.
    if (followed <= version()) aheadSince = Optional.empty();
    else if (aheadSince.isEmpty()) aheadSince = Optional.of(at);
    else if (current.isPresent() && !at.isBefore(aheadSince.get().plus(REPEAT_AFTER))) {
      current = Optional.empty();
      overtaken = followed;
    }
    // The decision that the generator follows holds, even if the whole cloud has forgotten it.
    if (current.isEmpty()) stored.filter(d -> d.version() == followed).ifPresent(d -> adopt(d, at));
    now.known()
        .filter(d -> d.version() > version() && d.version() >= overtaken)
        .ifPresent(d -> adopt(d, at));
    long known = now.known().map(Decision::version).orElse(0L);
    if (known < version() && !at.isBefore(publishedAt.plus(REPEAT_AFTER))) {
      publishedAt = at;
      gossip.tell(new Gossip.PublishDecision(current.orElseThrow()));
    }
  }

  private void adopt(Decision decision, Instant at) {
    current = Optional.of(decision);
    highestVersion = Math.max(highestVersion, decision.version());
    // The dwell time counts from the decision's own time, so that nobody waits again after a change
    // of agents. That time may be from another node's clock, so it is limited to the present.
    realiser.adopt(decision.route().keySet(), decision.at().isBefore(at) ? decision.at() : at);
    reason = decision.reason();
  }

  private long version() {
    return current.map(Decision::version).orElse(0L);
  }

  private Policies.Made policy(Evaluate now) {
    if (made.isEmpty() || made.get().pipelineVersion() != now.pipeline().version()) {
      if (made.isPresent()) realiser.release();
      problem = Optional.empty();
      made = Optional.of(new Made(now.pipeline().version(), policies.make(now.pipeline().spec())));
      if (made.get().policy() instanceof Policies.Bad bad)
        fail(bad.problems().stream().map(StreamAgent::describe).collect(Collectors.joining("; ")));
    }
    return made.get().policy();
  }

  private static String describe(PipelineProblem p) {
    return p.path() + " " + p.message() + " (" + p.remedy() + ")";
  }

  private void decide(Evaluate now, Policies.Ok policy) {
    var at = now.cluster().at();
    var silent = silentSource(now).or(() -> silentStream(now));
    if (silent.isPresent()) {
      hold(silent.get());
      return;
    }
    var dwelling =
        realiser.dwelling(now.pipeline().spec(), at, policy.minDwell().orElse(settings.minDwell()));
    var snapshot =
        new Snapshot(
            now.pipeline().spec(),
            now.source(),
            now.cluster(),
            now.costs(),
            current.map(d -> new Snapshot.Current(d.route(), d.knobs(), dwelling)));
    Realiser.Step step;
    try {
      boolean leftover = current.filter(d -> !d.warm().isEmpty()).isPresent();
      step =
          realiser.next(
              snapshot,
              policy.policy(),
              leftover,
              now.onProbation(),
              new Realiser.Patience(settings.warmUpTimeout(), settings.loadTimeout()));
    } catch (Realiser.InvalidChoiceException e) {
      fail(String.valueOf(e.getMessage()));
      return;
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // others wrote the policy
      if (problem.isEmpty()) getContext().getLog().debug("Policy of {} failed", stream, e);
      fail("policy " + now.pipeline().spec().policy().name() + " failed: " + Causes.words(e));
      return;
    }
    if (problem.isPresent()) {
      getContext().getLog().info("Stream {} is decided on again", stream);
      problem = Optional.empty();
    }
    if (step instanceof Realiser.Publish publish) publish(snapshot, publish);
    else hold(step.reason());
  }

  private Optional<String> silentSource(Evaluate now) {
    return now.source()
        .node()
        .filter(
            name -> {
              var node = now.cluster().nodes().get(name);
              return node == null || !node.live();
            })
        .map(name -> name + ", which reads the source, does not report");
  }

  /**
   * Why no decision can be made yet. A stream may follow a decision that never reached the store;
   * since a version that is used twice would be ignored, its node has to report first.
   */
  private Optional<String> silentStream(Evaluate now) {
    if (current.isPresent() || stored.isEmpty() || now.cluster().stream(stream).isPresent())
      return Optional.empty();
    return Optional.of("its node has not said yet which decision it follows");
  }

  private void hold(String why) {
    if (current.isEmpty() && !saidNoRoute) {
      saidNoRoute = true;
      getContext().getLog().warn("Stream {} has no route yet: {}", stream, why);
    }
    reason = why;
  }

  /** Reports that the last decision stays in force; logged once until decisions are made again. */
  private void fail(String why) {
    if (problem.isEmpty())
      getContext()
          .getLog()
          .warn("No new decisions for {}; version {} stands: {}", stream, version(), why);
    problem = Optional.of(why);
  }

  private void publish(Snapshot s, Realiser.Publish step) {
    var at = s.cluster().at();
    highestVersion = Math.max(highestVersion, version()) + 1;
    var decision =
        new Decision(
            stream,
            highestVersion,
            at.truncatedTo(ChronoUnit.MILLIS),
            step.route(),
            step.warm(),
            step.knobs(),
            step.reason());
    current = Optional.of(decision);
    publishedAt = at;
    reason = step.reason();
    gossip.tell(new Gossip.PublishDecision(decision));
    getContext().getLog().info("Decision {} of {}: {}", decision.version(), stream, reason);
    getContext()
        .pipeToSelf(
            log.append(decision, DecisionJson.inputs(s)),
            (done, failure) ->
                new Stored(decision.version(), Optional.ofNullable(failure).map(Causes::of)));
  }
}
