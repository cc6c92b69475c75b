package io.dayu.http;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.NodeReport;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.SideVersions;
import io.dayu.facts.View;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Policies;
import io.dayu.side.SideValues;
import io.dayu.source.Knob;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.store.Pruner;
import io.dayu.store.ResultPage;
import io.dayu.store.StoredResult;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;

/** A cluster in memory: it keeps what it is told and runs nothing. Safe for any thread. */
final class FakeControlPlane implements ControlPlane {
  private final Map<String, View.Seen> nodes = new TreeMap<>();
  private final Map<StreamName, Decision> latest = new TreeMap<>();
  private final List<Decision> decisions = new ArrayList<>();
  private final Map<String, DesiredPipeline> pipelines = new TreeMap<>();
  private final List<DesiredPipeline> earlier = new ArrayList<>(); // the newest first
  private final List<StoredResult> results = new ArrayList<>();
  private final FakeServices services = new FakeServices();
  private volatile boolean keepsResults = true;
  private final Map<String, Media> frames = new HashMap<>();
  private final List<BoundedSourceQueue<StoredResult>> readers = new CopyOnWriteArrayList<>();
  private final Policies policies = Policies.load();
  private final Catalog catalog =
      new Catalog(
          List.of(
              new Stage("object-detection", Set.of(MediaType.FRAMES), Set.of(), MediaType.BOXES),
              new Stage("box-tracker", Set.of(), Set.of(MediaType.BOXES), MediaType.BOXES),
              new Stage("count-by-label", Set.of(), Set.of(MediaType.BOXES), MediaType.LABELS)),
          List.of(new Camera()),
          policies.names());

  /** How the next answers fail; empty for not at all. */
  private volatile Optional<Supplier<RuntimeException>> failure = Optional.empty();

  private volatile Pruner.Usage usage = new Pruner.Usage(0, 1L << 30, Map.of());
  private volatile BiFunction<String, FailedElements.Question, FailedElements.Answer> failed =
      (node, question) -> new FailedElements.Items(List.of(), false);

  private volatile boolean silent;
  private volatile boolean noNode;
  private volatile List<String> beside = List.of();
  private volatile boolean untold;
  private volatile boolean storeIsAway;

  void fail(Supplier<RuntimeException> with) {
    failure = Optional.of(with);
  }

  /** From now on no question is answered. */
  void fallSilent() {
    silent = true;
  }

  void loseStore() {
    storeIsAway = true;
  }

  void refuseNodes() {
    noNode = true;
  }

  /** Pipelines are refused: with these they would be too large for a message. */
  void refuseBeside(String... names) {
    beside = List.of(names);
  }

  /** The nodes are not told of pipelines. */
  void tellNobody() {
    untold = true;
  }

  synchronized void report(NodeReport report, Instant receivedAt) {
    nodes.put(report.node(), new View.Seen(report, receivedAt));
  }

  synchronized void forget(String node) {
    nodes.remove(node);
  }

  synchronized void run(PipelineSpec spec) {
    pipelines.merge(
        spec.name(),
        new DesiredPipeline(1, spec),
        (old, first) -> new DesiredPipeline(old.version() + 1, spec));
    earlier.add(0, pipelines.get(spec.name()));
  }

  synchronized void decide(Decision decision) {
    latest.put(decision.stream(), decision);
    decisions.add(0, decision);
  }

  synchronized void store(StoredResult result, Optional<Media> frame) {
    results.add(result);
    var e = result.element();
    frame.ifPresent(media -> frames.put(e.getStream() + "/" + e.getSeq(), media));
    readers.forEach(reader -> reader.offer(result));
  }

  /** How many follow live results. */
  int readers() {
    readers.removeIf(BoundedSourceQueue::isCompleted);
    return readers.size();
  }

  @Override
  public synchronized View view() {
    return new View(nodes, latest, untold ? Map.of() : pipelines);
  }

  @Override
  public ServiceRegistry services() {
    return services;
  }

  @Override
  public Catalog catalog() {
    return catalog;
  }

  @Override
  public Policies policies() {
    return policies;
  }

  @Override
  public synchronized CompletionStage<Submitted> submit(
      PipelineSpec spec, Optional<RunState> state, boolean replace, Set<Long> only) {
    if (noNode) return answer(new Submitted.NoNode(spec.sources().get(0).name()));
    if (!beside.isEmpty()) return answer(new Submitted.NoRoom(spec.name(), beside));
    var created = !pipelines.containsKey(spec.name());
    if (!created && !replace) return answer(new Submitted.Exists(spec.name()));
    if (differs(spec.name(), only))
      return answer(
          new Submitted.Differs(spec.name(), created ? 0 : pipelines.get(spec.name()).version()));
    run(spec);
    state.ifPresent(to -> pipelines.computeIfPresent(spec.name(), (name, p) -> p.in(to)));
    return answer(new Submitted.Accepted(pipelines.get(spec.name()), created));
  }

  @Override
  public synchronized CompletionStage<Submitted> plan(
      PipelineSpec spec, Optional<RunState> state, Set<Long> only) {
    if (noNode) return answer(new Submitted.NoNode(spec.sources().get(0).name()));
    var running = Optional.ofNullable(pipelines.get(spec.name()));
    var next =
        running
            .map(r -> r.changed(spec, false).in(state.orElse(r.state())))
            .orElseGet(() -> new DesiredPipeline(1, spec));
    return answer(
        new Submitted.Planned(running, running.filter(r -> r.spec().equals(spec)).orElse(next)));
  }

  @Override
  public synchronized CompletionStage<Optional<DesiredPipeline>> turn(String name, RunState state) {
    pipelines.computeIfPresent(name, (n, p) -> p.state() == state ? p : p.turned(state));
    return pipeline(name);
  }

  @Override
  public synchronized CompletionStage<Optional<DesiredPipeline>> pipeline(String name) {
    return answer(Optional.ofNullable(pipelines.get(name)));
  }

  @Override
  public synchronized CompletionStage<Optional<List<PipelineVersion>>> versions(String name) {
    if (!pipelines.containsKey(name)) return answer(Optional.empty());
    return answer(
        Optional.of(
            earlier.stream()
                .filter(p -> p.name().equals(name))
                .map(
                    p ->
                        new PipelineVersion(
                            p.version(),
                            Optional.of(Instant.EPOCH.plusSeconds(p.version())),
                            p.spec().sources().size(),
                            p.spec().stages().size(),
                            p.spec().policy().name()))
                .toList()));
  }

  @Override
  public synchronized CompletionStage<Optional<DesiredPipeline>> version(
      String name, long version) {
    return answer(
        earlier.stream().filter(p -> p.name().equals(name) && p.version() == version).findFirst());
  }

  private boolean differs(String name, Set<Long> only) {
    var present = pipelines.get(name);
    return !only.isEmpty() && !only.contains(present == null ? 0 : present.version());
  }

  @Override
  public synchronized CompletionStage<Deletion> delete(String name, Set<Long> only) {
    if (pipelines.containsKey(name) && differs(name, only)) return answer(Deletion.DIFFERS);
    if (pipelines.remove(name) == null) return answer(Deletion.ABSENT);
    return answer(storeIsAway ? Deletion.ACCEPTED : Deletion.DELETED);
  }

  /** As with {@code dayu.store.keep-results = off}. */
  void keepNoResults() {
    keepsResults = false;
  }

  @Override
  public boolean keepsResults() {
    return keepsResults;
  }

  @Override
  public synchronized CompletionStage<ResultPage> results(
      String pipeline, Optional<String> after, int limit) {
    try {
      var mine =
          results.stream()
              .filter(r -> r.element().getStream().startsWith(pipeline + "/"))
              .skip(after.map(Long::parseLong).orElse(0L))
              .toList();
      var end = after.map(Integer::parseInt).orElse(0) + limit;
      return answer(
          new ResultPage(
              mine.stream().limit(limit).toList(),
              mine.size() > limit ? Optional.of(String.valueOf(end)) : Optional.empty()));
    } catch (NumberFormatException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  void holds(Pruner.Usage now) {
    usage = now;
  }

  @Override
  public Pruner.Usage stored() {
    return usage;
  }

  @Override
  public Source<StoredResult, NotUsed> liveResults(String pipeline) {
    return Source.<StoredResult>queue(64)
        .mapMaterializedValue(
            queue -> {
              readers.add(queue);
              return NotUsed.getInstance();
            });
  }

  @Override
  public synchronized CompletionStage<Optional<Media>> frame(StreamName stream, long seq) {
    return answer(Optional.ofNullable(frames.get(stream + "/" + seq)));
  }

  /** Answers questions about failed elements. */
  void keepFailed(BiFunction<String, FailedElements.Question, FailedElements.Answer> keeper) {
    failed = keeper;
  }

  @Override
  public synchronized CompletionStage<SideAnswer> giveSide(
      String pipeline, String input, ByteString json) {
    var running = pipelines.get(pipeline);
    var side =
        running == null
            ? Optional.<PipelineSpec.SideSpec>empty()
            : running.spec().sideInputs().stream().filter(s -> s.name().equals(input)).findFirst();
    if (side.isEmpty()) return answer(new SideAnswer.Unknown());
    if (side.get().from().isPresent()) return answer(new SideAnswer.Refused("it is read"));
    long next = running.side().latest() + 1;
    var change = new SideVersions.Change(input, next, SideValues.digest(json), json.size());
    pipelines.put(pipeline, running.with(running.side().next(List.of(change), Map.of())));
    return answer(new SideAnswer.Given(next));
  }

  @Override
  public CompletionStage<FailedElements.Answer> askFailed(
      String node, FailedElements.Question question) {
    return answer(failed.apply(node, question));
  }

  @Override
  public synchronized CompletionStage<List<Decision>> decisions(String pipeline, int limit) {
    return answer(
        decisions.stream()
            .filter(d -> d.stream().pipeline().equals(pipeline))
            .limit(limit)
            .toList());
  }

  @Override
  public synchronized CompletionStage<Boolean> removeNode(String name) {
    return answer(nodes.remove(name) != null);
  }

  private <T> CompletionStage<T> answer(T value) {
    if (silent) return new CompletableFuture<>();
    return failure
        .map(with -> CompletableFuture.<T>failedFuture(with.get()))
        .orElseGet(() -> CompletableFuture.completedFuture(value));
  }

  private record Stage(String type, Set<MediaType> payload, Set<MediaType> inputs, MediaType output)
      implements StageProvider {
    @Override
    public StageDescriptor descriptor() {
      return new StageDescriptor(
          type,
          "1",
          "for tests",
          payload,
          inputs,
          output,
          List.of(
              Parameter.optional("threshold", Parameter.Type.NUMBER, 0.5, "least score"),
              Parameter.optional("labels", Parameter.Type.STRINGS, "what to look for")),
          1,
          64);
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      throw new UnsupportedOperationException("nothing runs here");
    }
  }

  private static final class Camera implements SourceProvider {
    @Override
    public SourceDescriptor descriptor() {
      return new SourceDescriptor(
          "camera",
          "for tests",
          MediaType.FRAMES,
          List.of(new Knob("fps", "frames per second", 10)),
          true,
          Repeat.NONE,
          "cam:street");
    }

    @Override
    public boolean claims(URI uri) {
      return "cam".equals(uri.getScheme());
    }

    @Override
    public Source<Segment, NotUsed> open(SourceContext context) {
      throw new UnsupportedOperationException("nothing runs here");
    }
  }
}
