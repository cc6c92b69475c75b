package io.dayu.flow;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Uplink;
import io.dayu.facts.View;
import io.dayu.generate.StreamStore;
import io.dayu.keys.NodeKeys;
import io.dayu.link.LinkServer;
import io.dayu.node.LastRun;
import io.dayu.node.NodeSettings;
import io.dayu.node.ResourceSampler;
import io.dayu.node.StartException;
import io.dayu.pipeline.Catalog;
import io.dayu.settings.Dispatchers;
import io.dayu.settings.HostPort;
import io.dayu.settings.NodeMemory;
import io.dayu.side.SideStore;
import io.dayu.stage.Causes;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code flow} system of a node: everything that carries elements, and the data port. */
public final class FlowNode {
  private static final Logger LOG = LoggerFactory.getLogger(FlowNode.class);
  private static final int STOP_SECONDS = 15;
  private static final Duration LISTEN_TIMEOUT = Duration.ofSeconds(60);

  private final ActorSystem<Controller.Command> system;
  private final InetSocketAddress dataAddress;
  private final LastKnown known;
  private final StreamStore streams;
  private final OutboxStore disk;
  private final FailedStore failed;
  private final LastRun run;
  private final Duration finish;
  private final AtomicBoolean stopping = new AtomicBoolean();

  private FlowNode(
      ActorSystem<Controller.Command> system,
      InetSocketAddress dataAddress,
      LastKnown known,
      StreamStore streams,
      OutboxStore disk,
      FailedStore failed,
      LastRun run,
      Duration finish) {
    this.system = system;
    this.dataAddress = dataAddress;
    this.known = known;
    this.streams = streams;
    this.disk = disk;
    this.failed = failed;
    this.run = run;
    this.finish = finish;
  }

  /**
   * Starts the system and opens the data port; blocks until it is open. What the node ran when it
   * ended runs again at once.
   *
   * @param learnt is told all that the node knows, at once and whenever it hears something; must
   *     not block
   * @throws StartException if the port cannot be opened, or another process uses the data directory
   */
  public static FlowNode start(
      NodeSettings settings, Config config, Catalog catalog, Uplink uplink, Consumer<View> learnt) {
    var sampler = new ResourceSampler(settings.monitor().cpu(), Clock.systemUTC());
    var own =
        ConfigFactory.defaultOverrides()
            .withFallback(ConfigFactory.parseResources("dayu-flow.conf"))
            .withFallback(config)
            .resolve();
    var starting =
        new java.util.concurrent.atomic.AtomicReference<ActorSystem<Controller.Command>>();
    Executor blocking =
        task ->
            Objects.requireNonNull(starting.get(), "the system has not started")
                .dispatchers()
                .lookup(DispatcherSelector.fromConfig(Dispatchers.BLOCKING))
                .execute(task);
    var dataDir = settings.self().dataDir();
    var streams = usable(() -> StreamStore.open(dataDir));
    var disk = disk(settings, streams);
    var failed = failed(settings, streams, disk);
    // From here on the directory is this process' own.
    var run = LastRun.begin(dataDir, Clock.systemUTC());
    run.tooManyDeaths().ifPresent(why -> LastKnown.putAside(dataDir, why));
    var known = LastKnown.open(dataDir, blocking);
    known.tell(learnt);
    var environment =
        new FlowEnvironment(
            new FlowEnvironment.Self(
                settings.self().name(),
                settings.cluster().role(),
                settings.cluster().site(),
                settings.self().host(),
                settings.read().readable()),
            new FlowEnvironment.Settings(
                settings.monitor().interval(),
                settings.process(),
                settings.generate(),
                settings.link(),
                settings.keys().keys(),
                NodeMemory.of(settings.memory()),
                settings.models().files(),
                CloudFirst.CUT_OFF),
            catalog,
            uplink,
            new FlowEnvironment.Storage(
                known, streams::of, disk, failed, SideStore.open(dataDir), run),
            sampler::sample,
            blocking,
            Clock.systemUTC(),
            System::nanoTime);
    var system = ActorSystem.create(Controller.create(environment), "flow", own);
    starting.set(system);
    try {
      var started =
          AskPattern.<Controller.Command, LinkServer.Started>ask(
                  system,
                  replyTo ->
                      new Controller.Listen(
                          new InetSocketAddress(
                              settings.self().bindHost(), settings.self().dataPort()),
                          replyTo),
                  LISTEN_TIMEOUT,
                  system.scheduler())
              .toCompletableFuture()
              .join();
      if (started instanceof LinkServer.Bound bound) {
        system
            .scheduler()
            .scheduleOnce(
                LastRun.WELL_AFTER, () -> blocking.execute(run::well), system.executionContext());
        settings
            .keys()
            .keys()
            .ifPresent(
                keys ->
                    system
                        .scheduler()
                        .scheduleWithFixedDelay(
                            NodeKeys.LOOK_EVERY,
                            NodeKeys.LOOK_EVERY,
                            () -> blocking.execute(keys::look),
                            system.executionContext()));
        system.scheduler().scheduleOnce(LastRun.TOLD_FOR, run::old, system.executionContext());
        return new FlowNode(
            system,
            bound.address(),
            known,
            streams,
            disk,
            failed,
            run,
            settings.generate().finish());
      }
      throw new StartException(
          "the data port %s cannot be opened (%s); set dayu.node.data-port to a free one"
              .formatted(
                  HostPort.text(settings.self().bindHost(), settings.self().dataPort()),
                  ((LinkServer.BindFailed) started).cause().getMessage()),
          null);
    } catch (CompletionException | StartException e) {
      stop(system, streams, disk, failed, known);
      run.stopped();
      throw e;
    }
  }

  private static OutboxStore disk(NodeSettings settings, StreamStore streams) {
    try {
      return usable(() -> OutboxStore.open(settings.self().dataDir(), settings.outbox()));
    } catch (StartException e) {
      streams.close();
      throw e;
    }
  }

  private static FailedStore failed(NodeSettings settings, StreamStore streams, OutboxStore disk) {
    try {
      return usable(() -> FailedStore.open(settings.self().dataDir(), settings.failed().quota()));
    } catch (StartException e) {
      streams.close();
      disk.close();
      throw e;
    }
  }

  private static <T> T usable(Supplier<T> open) {
    try {
      return open.get();
    } catch (IllegalStateException e) {
      throw new StartException("dayu.node.data-dir: " + e.getMessage(), e);
    }
  }

  public ActorRef<Controller.Command> controller() {
    return system;
  }

  public ActorSystem<?> system() {
    return system;
  }

  public InetSocketAddress dataAddress() {
    return dataAddress;
  }

  /**
   * Calls {@code ended} with the reason, for people, if the system ends although nobody has stopped
   * it: an error was fatal to it, such as a full heap. Then nothing of the node works any longer.
   * At most once, on any thread; must not block.
   */
  public void whenEndedByItself(Consumer<String> ended) {
    system
        .getWhenTerminated()
        .thenRun(
            () -> {
              if (stopping.get()) return;
              run.died("its streams have ended by a fatal error");
              ended.accept(
                  "its streams have ended by a fatal error, which the log shows before this; it has to"
                      + " be started again");
            });
  }

  /**
   * Stops reading and waits until elements in flight are settled, at most about {@code
   * dayu.generate.finish}. Acknowledgements may come over the member system, so that must still
   * run.
   */
  public void finish() {
    if (system.getWhenTerminated().toCompletableFuture().isDone()) return;
    AskPattern.<Controller.Command, Done>ask(
            system, Controller.Finish::new, finish.plusSeconds(1), system.scheduler())
        .exceptionally(
            late -> {
              LOG.warn("no longer waiting for elements in flight: {}", Causes.of(late).toString());
              return Done.getInstance();
            })
        .toCompletableFuture()
        .join();
  }

  /** Stops everything; returns when it has, or after a while. */
  public void stop() {
    stopping.set(true);
    stop(system, streams, disk, failed, known);
    run.stopped();
  }

  /** Stops the writers first, then closes the files that they write to. */
  private static void stop(
      ActorSystem<?> system,
      StreamStore streams,
      OutboxStore disk,
      FailedStore failed,
      LastKnown known) {
    system.terminate();
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .orTimeout(STOP_SECONDS, TimeUnit.SECONDS)
        .exceptionally(
            late -> {
              LOG.warn(
                  "streams have not stopped within {} s; their last progress may be lost",
                  STOP_SECONDS);
              return Done.getInstance();
            })
        .join();
    streams.close();
    disk.close();
    failed.close();
    known.close();
  }
}
