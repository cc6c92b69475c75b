package io.dayu.flow;

import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.FailedSettings;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxSettings;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Uplink;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.View;
import io.dayu.generate.GenerateSettings;
import io.dayu.generate.Progress;
import io.dayu.generate.SourceSpan;
import io.dayu.generate.StreamMemory;
import io.dayu.generate.StreamStore;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.link.LinkServer;
import io.dayu.link.LinkSettings;
import io.dayu.node.LastRun;
import io.dayu.node.ReadSettings;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.ProcessSettings;
import io.dayu.process.Router;
import io.dayu.side.SideStore;
import io.dayu.source.Knobs;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.StageProvider;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Source;

/** All that flows on a node, with the disk under it; what lies beyond its uplink is a map. */
final class TestNode implements AutoCloseable {
  /** Results that the node's ingress stored, by stream and number. */
  final Map<StreamName, ConcurrentSkipListMap<Long, Element>> stored =
      new ConcurrentSkipListMap<>();

  final List<NodeReport> reports = new CopyOnWriteArrayList<>();
  final ActorRef<Controller.Command> controller;

  /** What the node has told others over the cluster. */
  final List<Acknowledgement> overCluster = new CopyOnWriteArrayList<>();

  /** Who hears that; the node itself, unless another one generates. */
  volatile ActorRef<Controller.Command> generating;

  /** What the cloud answers of values of side inputs, by digest and offset. */
  volatile BiFunction<String, Integer, CompletionStage<Uplink.SidePart>> sides =
      (digest, offset) -> CompletableFuture.failedStage(new IllegalStateException("cut off"));

  /** Asked before a batch is stored. */
  volatile Runnable beforeStore = () -> {};

  /** Where the last run in the directory died early. */
  static final Duration ASK_CLOUD = Duration.ofSeconds(3);

  private static final Duration SOON = Duration.ofSeconds(60);

  volatile Supplier<Resources> sampler =
      () -> new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty());

  private static final String SETTINGS =
      """
      process { min-backoff = 100ms, max-backoff = 400ms }
      generate {
        min-resend = 300ms, max-resend = 600ms, max-window = 64
        source-min-backoff = 100ms, source-max-backoff = 400ms
      }
      link { min-backoff = 50ms, max-backoff = 200ms }
      """;

  private final ActorTestKit kit;
  private final LastKnown known;
  private final StreamStore streams;
  private final LastRun run;
  private final OutboxStore disk;
  private final FailedStore failed;
  private final String name;

  /**
   * @param memory what the node has instead of the memory that is on disk
   */
  TestNode(
      ActorTestKit kit,
      String name,
      Role role,
      Path dir,
      List<SourceProvider> sources,
      List<StageProvider> stages,
      UnaryOperator<StreamMemory> memory) {
    this(kit, name, role, dir, sources, stages, memory, Duration.ofMillis(50), "");
  }

  /**
   * @param changes to the settings below {@code dayu}
   */
  TestNode(
      ActorTestKit kit,
      String name,
      Role role,
      Path dir,
      List<SourceProvider> sources,
      List<StageProvider> stages,
      UnaryOperator<StreamMemory> memory,
      Duration reportEvery,
      String changes) {
    this.kit = kit;
    this.name = name;
    this.known = LastKnown.open(dir, ForkJoinPool.commonPool());
    this.streams = StreamStore.open(dir);
    this.run = LastRun.begin(dir, Clock.systemUTC());
    var config =
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.parseString(SETTINGS))
            .withFallback(ConfigFactory.load().getConfig("dayu"));
    this.disk = OutboxStore.open(dir, OutboxSettings.from(config.getConfig("outbox")));
    this.failed = FailedStore.open(dir, FailedSettings.from(config.getConfig("failed")).quota());
    var environment =
        new FlowEnvironment(
            new FlowEnvironment.Self(
                name,
                role,
                "here",
                "127.0.0.1",
                ReadSettings.from(config.getConfig("read")).readable()),
            new FlowEnvironment.Settings(
                reportEvery,
                ProcessSettings.from(config.getConfig("process")),
                GenerateSettings.from(config.getConfig("generate")),
                LinkSettings.from(config.getConfig("link")),
                Optional.empty(),
                FlowKit.memory(512),
                ModelFiles.NONE,
                ASK_CLOUD),
            new Catalog(stages, sources, List.of("fixed")),
            new Store(),
            new FlowEnvironment.Storage(
                known,
                stream -> memory.apply(streams.of(stream)),
                disk,
                failed,
                SideStore.open(dir),
                run),
            () -> sampler.get(),
            ForkJoinPool.commonPool(),
            Clock.systemUTC(),
            System::nanoTime);
    controller = kit.spawn(Controller.create(environment), name);
    generating = controller;
    var started = kit.createTestProbe(LinkServer.Started.class);
    controller.tell(new Controller.Listen(new InetSocketAddress("127.0.0.1", 0), started.ref()));
    started.expectMessageClass(LinkServer.Bound.class, SOON);
  }

  /** A source of {@code count} numbers, so many per second. */
  static SourceProvider numbers(String scheme, boolean replayable, int count, int perSecond) {
    return source(
        scheme,
        replayable,
        context ->
            Source.fromIterator(() -> LongStream.range(context.position(), count).iterator())
                .throttle(perSecond / 20, Duration.ofMillis(50))
                .map(TestNode::segment));
  }

  static SourceProvider source(
      String scheme, boolean replayable, Function<SourceContext, Source<Segment, NotUsed>> open) {
    return new SourceProvider() {
      @Override
      public SourceDescriptor descriptor() {
        return new SourceDescriptor(
            scheme,
            "for tests",
            MediaType.OPAQUE,
            List.of(),
            !replayable,
            replayable ? Repeat.EXACT : Repeat.NONE,
            scheme + ":");
      }

      @Override
      public boolean claims(URI uri) {
        return scheme.equals(uri.getScheme());
      }

      @Override
      public Source<Segment, NotUsed> open(SourceContext context) {
        return open.apply(context);
      }
    };
  }

  /** Numbers as they may be given: as many as {@code limit} says, {@code count} at the end. */
  static SourceProvider numbers(String scheme, int count, AtomicLong limit) {
    return source(
        scheme,
        true,
        context ->
            Source.repeat(NotUsed.getInstance())
                .throttle(25, Duration.ofMillis(50))
                .statefulMapConcat(
                    () -> {
                      var next = new AtomicLong(context.position());
                      return tick ->
                          next.get() < limit.get()
                              ? List.of(segment(next.getAndIncrement()))
                              : List.of();
                    })
                .take(count - context.position()));
  }

  /** A memory that tells what it has kept. */
  static StreamMemory watched(StreamMemory memory, AtomicReference<Progress> kept) {
    return new StreamMemory() {
      @Override
      public CompletionStage<Recalled> recall() {
        return memory.recall();
      }

      @Override
      public CompletionStage<Done> keep(Progress progress, Collection<SourceSpan> underWay) {
        return memory
            .keep(progress, underWay)
            .thenApply(
                done -> {
                  kept.set(progress);
                  return done;
                });
      }

      @Override
      public void note(List<SourceSpan> spans) {
        memory.note(spans);
      }

      @Override
      public CompletionStage<Done> forget() {
        return memory.forget();
      }
    };
  }

  static Segment segment(long number) {
    return new Segment(
        Media.newBuilder().setOpaque(ByteString.copyFromUtf8(Long.toString(number))).build(),
        number + 1);
  }

  /** What {@link #stored} has of a stream whose only stage copies the payload, each number once. */
  TreeSet<Long> numbersStored(StreamName stream) {
    return stored.getOrDefault(stream, new ConcurrentSkipListMap<>()).values().stream()
        .filter(e -> !e.hasEnding())
        .map(e -> Outputs.get(e, "copy"))
        .flatMap(
            media ->
                media.hasReadings()
                    ? media.getReadings().getReadingList().stream().map(r -> (long) r.getValue())
                    : Stream.of(Long.parseLong(media.getOpaque().toStringUtf8())))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** A pipeline with the source {@code in} on this node and the stage {@code copy} on another. */
  PipelineSpec pipeline(String pipeline, String uri, String type) {
    return new PipelineSpec(
        pipeline,
        List.of(
            new SourceSpec(
                "in", URI.create(uri), Optional.of(name), Optional.empty(), new TreeMap<>())),
        List.of(new StageSpec("copy", type, List.of(), Map.of())),
        new PolicySpec("fixed", Map.of()),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }

  /** The pipelines are to run, their stages on {@code at}, which is known by its report. */
  static View view(TestNode at, PipelineSpec... specs) {
    var pipelines = new TreeMap<String, DesiredPipeline>();
    var decisions = new TreeMap<StreamName, Decision>();
    for (var spec : specs) {
      pipelines.put(spec.name(), new DesiredPipeline(1, spec));
      var stream = new StreamName(spec.name(), "in");
      decisions.put(
          stream,
          new Decision(
              stream,
              1,
              Instant.EPOCH,
              new TreeMap<>(Map.of("copy", List.of(new Decision.Share(at.name, 1)))),
              new TreeMap<>(),
              Knobs.NONE,
              "for tests"));
    }
    var seen =
        at.reports.isEmpty()
            ? Map.<String, View.Seen>of()
            : Map.of(at.name, new View.Seen(at.reports.get(at.reports.size() - 1), Instant.EPOCH));
    return new View(seen, decisions, pipelines);
  }

  /** Where elements for an instance go in on this node. */
  ActorRef<Inlet.Command> inlet(String node, InstanceName instance) {
    var probe = kit.createTestProbe(Router.Located.class);
    controller.tell(new Controller.Locate(new Router.Locate(node, instance, probe.ref())));
    return probe.receiveMessage(SOON).consumer();
  }

  Optional<StreamReport> stream(StreamName stream) {
    if (reports.isEmpty()) return Optional.empty();
    return reports.get(reports.size() - 1).streams().stream()
        .filter(r -> r.stream().equals(stream))
        .findFirst();
  }

  Optional<StageReport> stage() {
    if (reports.isEmpty()) return Optional.empty();
    return reports.get(reports.size() - 1).stages().stream().findFirst();
  }

  /** How many results and elements wait on the disk, by stream. */
  Map<StreamName, Long> backlog() {
    var waiting = new TreeMap<>(disk.backlog(OutboxStore.Kind.RESULT));
    disk.backlog(OutboxStore.Kind.ELEMENT)
        .forEach((s, count) -> waiting.merge(s, count, Long::sum));
    return waiting;
  }

  @Override
  public void close() {
    kit.stop(controller, SOON);
    disk.close();
    failed.close();
    streams.close();
    known.close();
    run.stopped();
  }

  private final class Store implements Uplink {
    @Override
    public void report(NodeReport report) {
      reports.add(report);
    }

    @Override
    public CompletionStage<List<Long>> deliver(StreamName stream, List<Element> elements) {
      beforeStore.run();
      var results = stored.computeIfAbsent(stream, s -> new ConcurrentSkipListMap<>());
      elements.forEach(e -> results.putIfAbsent(e.getSeq(), e));
      var failed =
          elements.stream().map(Element::getSeq).filter(n -> results.get(n).hasEnding()).toList();
      return CompletableFuture.completedStage(failed);
    }

    @Override
    public void acknowledge(String origin, Acknowledgement acknowledgement) {
      overCluster.add(acknowledgement);
      generating.tell(new Controller.Acknowledged(acknowledgement));
    }

    @Override
    public CompletionStage<Done> keep(StreamName stream, Map<Long, Media> frames) {
      return CompletableFuture.completedStage(Done.getInstance());
    }

    @Override
    public CompletionStage<Long> firstSeq(StreamName stream) {
      return CompletableFuture.completedStage(1L);
    }

    @Override
    public CompletionStage<SidePart> side(String pipeline, String digest, int offset) {
      return sides.apply(digest, offset);
    }
  }
}
