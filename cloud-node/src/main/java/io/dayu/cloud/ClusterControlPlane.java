package io.dayu.cloud;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.View;
import io.dayu.http.ControlPlane;
import io.dayu.http.ServiceRegistry;
import io.dayu.member.ClusterMembers;
import io.dayu.member.FailedQuestions;
import io.dayu.member.Gossip;
import io.dayu.member.LiveResults;
import io.dayu.member.Members;
import io.dayu.member.PendingDeletions;
import io.dayu.member.PipelineEntity;
import io.dayu.node.DeclaredAccess;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Policies;
import io.dayu.realise.DecisionLog;
import io.dayu.side.SideSources;
import io.dayu.store.Pruner;
import io.dayu.store.ResultPage;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.javadsl.Source;

/** {@link ControlPlane} over shards, gossip and store of this node. Safe for any thread. */
final class ClusterControlPlane implements ControlPlane {
  private static final Duration ASK_TIMEOUT = Duration.ofSeconds(8);

  /**
   * Not longer, because a pipeline that is to stop runs on meanwhile. Then the deletion is kept
   * here and carried out later.
   */
  private static final Duration DELETED_WITHIN = Duration.ofSeconds(3);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  /** Gossip within a node takes 0.2 s; a change holds even if it takes longer. */
  private static final Duration SHOWN_WITHIN = Duration.ofSeconds(2);

  private final ActorSystem<?> system;
  private final Supplier<View> view;
  private final ActorRef<Gossip.Command> gossip;
  private final Members members;
  private final Catalog catalog;
  private final Policies policies;
  private final ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines;
  private final ActorRef<PendingDeletions.Command> deletions;
  private final SideSources sides;
  private final ResultStore store;
  private final Supplier<Pruner.Usage> usage;
  private final RetainSettings retain;
  private final LiveResults live;
  private final DecisionLog decisions;
  private final Executor blocking;
  private final ServiceRegistry services;
  private final boolean declaredOnly;

  /**
   * @param declaredOnly whether submitted pipelines may read only what nodes declare
   */
  ClusterControlPlane(
      ActorSystem<?> system,
      Supplier<View> view,
      ActorRef<Gossip.Command> gossip,
      Catalog catalog,
      Policies policies,
      ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines,
      ActorRef<PendingDeletions.Command> deletions,
      SideSources sides,
      ResultStore store,
      Supplier<Pruner.Usage> usage,
      RetainSettings retain,
      LiveResults live,
      DecisionLog decisions,
      Executor blocking,
      ServiceRegistry services,
      boolean declaredOnly) {
    this.system = system;
    this.view = view;
    this.gossip = gossip;
    this.members = new ClusterMembers(system);
    this.catalog = catalog;
    this.policies = policies;
    this.pipelines = pipelines;
    this.deletions = deletions;
    this.sides = sides;
    this.store = store;
    this.usage = usage;
    this.retain = retain;
    this.live = live;
    this.decisions = decisions;
    this.blocking = blocking;
    this.services = services;
    this.declaredOnly = declaredOnly;
  }

  @Override
  public View view() {
    return view.get();
  }

  @Override
  public Catalog catalog() {
    return catalog.withTypesElsewhere(
        view().nodes().values().stream()
            .flatMap(seen -> seen.report().services().stream())
            .map(NodeReport.Service::descriptor)
            .toList());
  }

  @Override
  public ServiceRegistry services() {
    return services;
  }

  @Override
  public Policies policies() {
    return policies;
  }

  /** A document that is equal to what runs well changes nothing, its version included. */
  @Override
  public CompletionStage<Submitted> submit(
      PipelineSpec spec, Optional<RunState> state, boolean replace, Set<Long> only) {
    if (!replace) return submit(new Wish(spec, state, only, false, false), Optional.empty());
    return ask(spec.name(), PipelineEntity.Get::new)
        .thenCompose(
            answer -> {
              var running =
                  answer instanceof PipelineEntity.Runs runs
                      ? Optional.of(runs.pipeline())
                      : Optional.<DesiredPipeline>empty();
              return submit(new Wish(spec, state, only, true, false), running);
            });
  }

  /** Compares with what gossip knows: to ask the entity would create one of a new name. */
  @Override
  public CompletionStage<Submitted> plan(
      PipelineSpec spec, Optional<RunState> state, Set<Long> only) {
    return submit(
        new Wish(spec, state, only, true, true),
        Optional.ofNullable(view().pipelines().get(spec.name())));
  }

  /**
   * What is submitted.
   *
   * @param planned whether only what it would do is asked
   */
  private record Wish(
      PipelineSpec spec,
      Optional<RunState> state,
      Set<Long> only,
      boolean replace,
      boolean planned) {
    DesiredPipeline next(
        Optional<DesiredPipeline> running, PipelineSpec placed, boolean declaredOnly) {
      return running
          .map(r -> r.changed(placed, declaredOnly).in(state.orElse(r.state())))
          .orElseGet(
              () ->
                  new DesiredPipeline(1, 1, placed, declaredOnly, state.orElse(RunState.RUNNING)));
    }
  }

  private CompletionStage<Submitted> submit(Wish wish, Optional<DesiredPipeline> running) {
    var spec = wish.spec();
    long present = running.map(DesiredPipeline::version).orElse(0L);
    if (wish.replace() && !wish.only().isEmpty() && !wish.only().contains(present))
      return CompletableFuture.completedStage(new Submitted.Differs(spec.name(), present));
    var sources = new ArrayList<SourceSpec>();
    var streams = streamsByNode();
    for (var source : spec.sources()) {
      var node =
          source
              .node()
              .or(() -> running.flatMap(r -> whereItIsRead(source, r.spec())))
              .or(() -> leastBusy(streams));
      if (node.isEmpty())
        return CompletableFuture.completedStage(new Submitted.NoNode(source.name()));
      streams.merge(node.get(), 1, Integer::sum);
      sources.add(new SourceSpec(source.name(), source.uri(), node, source.shed(), source.knobs()));
    }
    var placed = spec.with(sources);
    var problems = new ArrayList<PipelineProblem>();
    if (declaredOnly) problems.addAll(unreadable(placed));
    retain.problem(placed).ifPresent(problems::add);
    problems.addAll(undeclared(placed));
    if (!problems.isEmpty())
      return CompletableFuture.completedStage(new Submitted.Refused(problems));
    var beside = Gossip.tooLargeWith(view(), new DesiredPipeline(1, placed));
    if (!beside.isEmpty())
      return CompletableFuture.completedStage(new Submitted.NoRoom(spec.name(), beside));
    // A new version starts streams that have failed, so it is what somebody wants who submits the
    // document again after mending a source.
    boolean changesNothing =
        running.filter(r -> isEqual(r, placed, wish.state())).isPresent() && !hasFailed(placed);
    if (wish.planned())
      return CompletableFuture.completedStage(
          new Submitted.Planned(
              running, changesNothing ? running.get() : wish.next(running, placed, declaredOnly)));
    if (changesNothing) return accepted(running.get(), false);
    return ask(
            spec.name(),
            replyTo ->
                new PipelineEntity.Submit(
                    placed, wish.replace(), declaredOnly, wish.state(), wish.only(), replyTo))
        .thenCompose(
            answer -> {
              if (answer instanceof PipelineEntity.Created created)
                return accepted(created.pipeline(), true);
              if (answer instanceof PipelineEntity.Replaced replaced)
                return accepted(replaced.pipeline(), false);
              if (answer instanceof PipelineEntity.Differs differs)
                return CompletableFuture.completedStage(
                    new Submitted.Differs(spec.name(), differs.version()));
              return CompletableFuture.completedStage(new Submitted.Exists(spec.name()));
            });
  }

  /** What is known here of the sources that their nodes will not open. */
  private List<PipelineProblem> unreadable(PipelineSpec placed) {
    var problems = new ArrayList<PipelineProblem>();
    for (int i = 0; i < placed.sources().size(); i++) {
      var source = placed.sources().get(i);
      var node = source.node().map(name -> view().nodes().get(name)).map(View.Seen::report);
      var provider = catalog.source(source.uri());
      if (node.isEmpty() || provider.isEmpty()) continue;
      var access = new DeclaredAccess(node.get().node(), node.get().self().readable());
      var path = "spec.sources[%s].uri".formatted(i);
      access
          .refusalInAdvance(provider.get().target(source.uri()))
          .ifPresent(
              refusal -> problems.add(new PipelineProblem(path, refusal.what(), refusal.remedy())));
    }
    return problems;
  }

  /** Side inputs that are to be read from what this node does not declare. */
  private List<PipelineProblem> undeclared(PipelineSpec spec) {
    var problems = new ArrayList<PipelineProblem>();
    for (int i = 0; i < spec.sideInputs().size(); i++) {
      var from = spec.sideInputs().get(i).from();
      if (from.isPresent() && sides.every(from.get()).isEmpty())
        problems.add(
            new PipelineProblem(
                "spec.sideInputs[%s].from".formatted(i),
                "this cloud node declares nothing called " + from.get(),
                "declare it at each cloud node (dayu.side-inputs.%s { file = … } or { url = … }), or give a value"
                    .formatted(from.get())));
    }
    return problems;
  }

  private boolean isEqual(DesiredPipeline running, PipelineSpec placed, Optional<RunState> state) {
    return running.spec().equals(placed)
        && running.declaredOnly() == declaredOnly
        && state.orElse(running.state()) == running.state();
  }

  /** The node that reads a source already and is there: on another one it would begin anew. */
  private Optional<String> whereItIsRead(SourceSpec source, PipelineSpec running) {
    return running.sources().stream()
        .filter(s -> s.name().equals(source.name()) && s.uri().equals(source.uri()))
        .flatMap(s -> s.node().stream())
        .filter(node -> view().nodes().containsKey(node))
        .findFirst();
  }

  private boolean hasFailed(PipelineSpec spec) {
    return view().nodes().values().stream()
        .flatMap(seen -> seen.report().streams().stream())
        .anyMatch(
            s -> s.stream().pipeline().equals(spec.name()) && s.state() == StreamState.FAILED);
  }

  private CompletionStage<Submitted> accepted(DesiredPipeline pipeline, boolean created) {
    return shown(new Submitted.Accepted(pipeline, created), v -> shows(v, pipeline));
  }

  private static boolean shows(View view, DesiredPipeline pipeline) {
    var shown = view.pipelines().get(pipeline.name());
    return shown != null && shown.version() >= pipeline.version();
  }

  /** Answers when this node's view shows the change, so that the next request here sees it too. */
  private <T> CompletionStage<T> shown(T answer, Predicate<View> change) {
    return shown(answer, change, System.nanoTime() + SHOWN_WITHIN.toNanos());
  }

  private <T> CompletionStage<T> shown(T answer, Predicate<View> change, long untilNanos) {
    if (change.test(view()) || System.nanoTime() - untilNanos > 0)
      return CompletableFuture.completedStage(answer);
    return Patterns.after(LOOK_AGAIN, system, () -> shown(answer, change, untilNanos));
  }

  @Override
  public CompletionStage<Optional<DesiredPipeline>> pipeline(String name) {
    // Gossip knows every pipeline. To ask the entity instead would create one for a wrong name.
    return CompletableFuture.completedStage(Optional.ofNullable(view().pipelines().get(name)));
  }

  @Override
  public CompletionStage<Optional<DesiredPipeline>> turn(String name, RunState state) {
    // Not gossip, which knows of no pipeline yet when the cloud has just started.
    return ask(name, replyTo -> new PipelineEntity.Turn(state, replyTo))
        .thenCompose(
            answer -> {
              if (!(answer instanceof PipelineEntity.Replaced turned))
                return CompletableFuture.completedStage(Optional.empty());
              return shown(Optional.of(turned.pipeline()), v -> shows(v, turned.pipeline()));
            });
  }

  @Override
  public CompletionStage<Optional<List<PipelineVersion>>> versions(String name) {
    if (!view().pipelines().containsKey(name))
      return CompletableFuture.completedStage(Optional.empty());
    return ask(name, PipelineEntity.GetVersions::new)
        .thenApply(
            answer ->
                answer instanceof PipelineEntity.Versions versions
                    ? Optional.of(versions.versions())
                    : Optional.empty());
  }

  @Override
  public CompletionStage<Optional<DesiredPipeline>> version(String name, long version) {
    if (!view().pipelines().containsKey(name))
      return CompletableFuture.completedStage(Optional.empty());
    return ask(name, replyTo -> new PipelineEntity.GetVersion(version, replyTo))
        .thenApply(
            answer ->
                answer instanceof PipelineEntity.Was was
                    ? Optional.of(was.pipeline())
                    : Optional.empty());
  }

  /** In parts, because the whole may be too large for a message. */
  @Override
  public CompletionStage<SideAnswer> giveSide(String pipeline, String input, ByteString json) {
    if (!view().pipelines().containsKey(pipeline))
      return CompletableFuture.completedStage(new SideAnswer.Unknown());
    return giveSide(pipeline, input, UUID.randomUUID().toString(), json, 0)
        .thenCompose(
            answer -> {
              if (answer instanceof PipelineEntity.SideGiven given)
                return shown(
                    (SideAnswer) new SideAnswer.Given(given.number()),
                    v ->
                        Optional.ofNullable(v.pipelines().get(pipeline))
                            .filter(p -> p.side().latest() < given.number())
                            .isEmpty());
              return CompletableFuture.completedStage(
                  answer instanceof PipelineEntity.SideRefused refused
                      ? new SideAnswer.Refused(refused.reason())
                      : new SideAnswer.Unknown());
            });
  }

  private CompletionStage<PipelineEntity.Answer> giveSide(
      String pipeline, String input, String upload, ByteString json, int offset) {
    int end = Math.min(json.size(), offset + PipelineEntity.SIDE_PART);
    var part = json.substring(offset, end);
    return ask(
            pipeline,
            replyTo ->
                new PipelineEntity.GiveSide(input, upload, offset, json.size(), part, replyTo))
        .thenCompose(
            answer ->
                answer instanceof PipelineEntity.SidePartTaken
                    ? giveSide(pipeline, input, upload, json, end)
                    : CompletableFuture.completedStage(answer));
  }

  @Override
  public CompletionStage<Deletion> delete(String name, Set<Long> only) {
    return delete(system, pipelines, name, Long.MAX_VALUE, only)
        .thenApply(
            answer -> {
              if (answer instanceof PipelineEntity.Deleted) return Deletion.DELETED;
              return answer instanceof PipelineEntity.Differs ? Deletion.DIFFERS : Deletion.ABSENT;
            })
        .exceptionallyCompose(unanswered -> accept(name, only, unanswered))
        .thenCompose(
            deletion ->
                deletion == Deletion.DIFFERS
                    ? CompletableFuture.completedStage(deletion)
                    : shown(deletion, v -> !v.pipelines().containsKey(name)));
  }

  /** Asks the entity of a pipeline; fails with a timeout if it cannot write to the store. */
  static CompletionStage<PipelineEntity.Answer> delete(
      ActorSystem<?> system,
      ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines,
      String name,
      long upTo,
      Set<Long> only) {
    return AskPattern.ask(
        pipelines,
        replyTo -> new ShardingEnvelope<>(name, new PipelineEntity.Delete(upTo, only, replyTo)),
        DELETED_WITHIN,
        system.scheduler());
  }

  /** What the entity would have to do is kept on this node until it does it. */
  private CompletionStage<Deletion> accept(String name, Set<Long> only, Throwable unanswered) {
    var running = view().pipelines().get(name);
    if (running != null && !only.isEmpty() && !only.contains(running.version()))
      return CompletableFuture.completedStage(Deletion.DIFFERS);
    if (running == null)
      return view().dropped().containsKey(name)
          ? CompletableFuture.completedStage(Deletion.ACCEPTED)
          : CompletableFuture.failedStage(unanswered);
    return AskPattern.<PendingDeletions.Command, PendingDeletions.Answer>ask(
            deletions,
            replyTo -> new PendingDeletions.Accept(name, running.version(), replyTo),
            DELETED_WITHIN,
            system.scheduler())
        .thenCompose(
            answer ->
                answer == PendingDeletions.Answer.ACCEPTED
                    ? CompletableFuture.completedStage(Deletion.ACCEPTED)
                    : CompletableFuture.failedStage(unanswered));
  }

  @Override
  public CompletionStage<ResultPage> results(String pipeline, Optional<String> after, int limit) {
    return CompletableFuture.supplyAsync(() -> store.page(pipeline, after, limit), blocking);
  }

  @Override
  public Pruner.Usage stored() {
    return usage.get();
  }

  @Override
  public boolean keepsResults() {
    return store.keepsResults();
  }

  @Override
  public Source<StoredResult, NotUsed> liveResults(String pipeline) {
    return live.watch(pipeline);
  }

  @Override
  public CompletionStage<Optional<Media>> frame(StreamName stream, long seq) {
    return CompletableFuture.supplyAsync(() -> store.frame(stream, seq), blocking);
  }

  @Override
  public CompletionStage<FailedElements.Answer> askFailed(
      String node, FailedElements.Question question) {
    return FailedQuestions.ask(system, node, question);
  }

  @Override
  public CompletionStage<List<Decision>> decisions(String pipeline, int limit) {
    return decisions.list(pipeline, limit);
  }

  @Override
  public CompletionStage<Boolean> removeNode(String name) {
    boolean reported = view().nodes().containsKey(name);
    if (!members.remove(name) && !reported) return CompletableFuture.completedStage(false);
    gossip.tell(new Gossip.ForgetNode(name));
    return shown(true, v -> !members.all().contains(name) && !v.nodes().containsKey(name));
  }

  private CompletionStage<PipelineEntity.Answer> ask(
      String name, Function<ActorRef<PipelineEntity.Answer>, PipelineEntity.Command> command) {
    return AskPattern.ask(
        pipelines,
        replyTo -> new ShardingEnvelope<>(name, command.apply(replyTo)),
        ASK_TIMEOUT,
        system.scheduler());
  }

  private Map<String, Integer> streamsByNode() {
    var counts = new HashMap<String, Integer>();
    view()
        .nodes()
        .values()
        .forEach(seen -> counts.put(seen.report().node(), seen.report().streams().size()));
    return counts;
  }

  /** An edge before a cloud node, and the one that reads the fewest sources. */
  private Optional<String> leastBusy(Map<String, Integer> streams) {
    return view().nodes().values().stream()
        .map(View.Seen::report)
        .min(
            Comparator.comparing((NodeReport r) -> r.role() == Role.CLOUD)
                .thenComparing(r -> streams.getOrDefault(r.node(), 0))
                .thenComparing(NodeReport::node))
        .map(NodeReport::node);
  }
}
