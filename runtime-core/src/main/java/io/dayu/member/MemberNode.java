package io.dayu.member;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.dayu.deliver.Distributor;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.flow.Controller;
import io.dayu.node.NodeSettings;
import io.dayu.node.StartException;
import io.dayu.pipeline.StreamName;
import io.dayu.settings.Dispatchers;
import io.dayu.settings.HostPort;
import io.dayu.side.SideSources;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.PoisonPill;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Routers;
import org.apache.pekko.cluster.ClusterEvent.MemberEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.Subscribe;
import org.apache.pekko.io.Tcp;
import org.apache.pekko.remote.artery.tcp.SSLEngineProviderSetup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code member} system of a node: membership, gossip, uplink and, on a cloud node, gateway and
 * shards. It may be stopped and started anew while the node's streams run on.
 */
public final class MemberNode implements MemberSystem {
  /** The name of the member system, part of every address. */
  public static final String SYSTEM = "dayu";

  /**
   * What a cloud node adds.
   *
   * @param sides what side inputs of pipelines are read from
   * @param published is told of new results of a stream; must not block
   * @param alongside spawns what else lives in the member system, such as the scheduler; called in
   *     the guardian
   */
  public record Cloud(
      ResultStore store,
      SideSources sides,
      BiConsumer<StreamName, List<StoredResult>> published,
      Consumer<Parts> alongside) {}

  /** What those alongside may use. */
  public record Parts(
      ActorContext<?> context,
      ActorRef<Gossip.Command> gossip,
      ActorRef<ShardingEnvelope<PipelineEntity.Command>> pipelines) {}

  private static final Logger LOG = LoggerFactory.getLogger(MemberNode.class);
  private static final int STOP_SECONDS = 20;

  /** How long a system may take to shut down by itself before it is terminated. */
  private static final Duration ABANDON_TIMEOUT = Duration.ofSeconds(10);

  /** How long the transport may take to close its connections; it flushes them for a second. */
  private static final Duration TRANSPORT_TIMEOUT = Duration.ofSeconds(4);

  /**
   * How long a node that stops waits after its goodbye, so that the message is sent; the removal
   * rarely comes earlier.
   */
  private static final int GOODBYE_MILLIS = 1_500;

  private final ActorSystem<Void> system;
  private final MemberUplink uplink;
  private final MemberUplink.Member member;
  private final CompletableFuture<Void> whenMember;
  private final AtomicBoolean abandoned;

  private MemberNode(
      ActorSystem<Void> system,
      MemberUplink uplink,
      MemberUplink.Member member,
      AtomicBoolean abandoned) {
    this.system = system;
    this.abandoned = abandoned;
    this.uplink = uplink;
    this.member = member;
    this.whenMember = watchMember(system);
    system.getWhenTerminated().thenRun(() -> uplink.detach(member));
    closeConnectionsInTheEnd(system);
  }

  /**
   * Starts the system and attaches it to {@code uplink} until it ends. Joining goes on in the
   * background; see {@link #whenMember}.
   *
   * @param refused is called with the reason when the cloud refuses this node because another one
   *     has its name; must not block
   * @throws StartException if the cluster port cannot be opened
   */
  public static MemberNode start(
      NodeSettings settings,
      Config config,
      ActorRef<Controller.Command> controller,
      MemberUplink uplink,
      Consumer<String> refused,
      Optional<Cloud> cloud) {
    var name = settings.self().name();
    var known = new KnownKeys();
    var abandoned = new AtomicBoolean(); // it declared itself down: nobody has refused it
    Consumer<String> other =
        address -> {
          if (!abandoned.get())
            refused.accept(
                ("another node named %s is a member of the cluster and answers at %s; give one of"
                        + " them another name (DAYU_NODE_NAME), or stop the other one")
                    .formatted(name, address));
        };
    var parts = new CompletableFuture<MemberUplink.Member>();
    ActorSystem<Void> system;
    try {
      system =
          ActorSystem.create(
              Behaviors.setup(
                  context -> {
                    parts.complete(spawn(context, controller, name, other, cloud));
                    if (settings.keys().keys().isPresent()
                        && settings.cluster().role() == Role.CLOUD)
                      context.spawn(lasting(KeyKeeper.create(known)), "keys");
                    return Behaviors.empty();
                  }),
              SYSTEM,
              setup(settings, config, known));
    } catch (Exception e) { // checked ones, too: Scala does not declare them
      throw notStarted(settings, e);
    }
    var member = parts.join();
    uplink.attach(member);
    var cluster = Cluster.get(system);
    // The first cloud node begins the cluster; all others have seeds.
    if (settings.cluster().seeds().isEmpty())
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    return new MemberNode(system, uplink, member, abandoned);
  }

  private static void awaitTermination(ActorSystem<Void> system) {
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .orTimeout(STOP_SECONDS, TimeUnit.SECONDS)
        .exceptionally(
            late -> {
              LOG.warn("the member system has not ended within {} s", STOP_SECONDS);
              return Done.getInstance();
            })
        .join();
  }

  public ActorSystem<Void> system() {
    return system;
  }

  /** The address of the cluster port. */
  public String address() {
    var address = Cluster.get(system).selfMember().address();
    return address.getHost().get() + ":" + address.getPort().get();
  }

  int port() {
    return Cluster.get(system).selfMember().address().getPort().get();
  }

  @Override
  public Identity identity() {
    var unique = Cluster.get(system).selfMember().uniqueAddress();
    return new Identity(unique.address().toString(), unique.longUid());
  }

  @Override
  public MembershipStatus status() {
    var cluster = Cluster.get(system);
    boolean joined = isMember(cluster.selfMember());
    boolean alone = !joined || cluster.state().getUnreachableDataCenters().contains("cloud");
    return new MembershipStatus(joined, alone && uplink.reachesCloud());
  }

  /** Completes when this node is a member, weakly up or up; asked once. */
  @Override
  public CompletableFuture<Void> whenMember() {
    return whenMember;
  }

  @Override
  public CompletionStage<Void> whenEnded() {
    return system.getWhenTerminated().thenApply(done -> null);
  }

  /** Declares itself down, which needs nobody's consent. */
  @Override
  public void abandon() {
    abandoned.set(true);
    uplink.detach(member);
    var cluster = Cluster.get(system);
    cluster.manager().tell(new Down(cluster.selfMember().address()));
    system.scheduler().scheduleOnce(ABANDON_TIMEOUT, system::terminate, system.executionContext());
  }

  private static CompletableFuture<Void> watchMember(ActorSystem<Void> system) {
    var member = new CompletableFuture<Void>();
    system.systemActorOf(
        Behaviors.<MemberEvent>setup(
            context -> {
              var cluster = Cluster.get(context.getSystem());
              cluster.subscriptions().tell(Subscribe.create(context.getSelf(), MemberEvent.class));
              if (isMember(cluster.selfMember())) member.complete(null);
              return Behaviors.receiveMessage(
                  event -> {
                    if (event.member().equals(cluster.selfMember()) && isMember(event.member()))
                      member.complete(null);
                    return member.isDone() ? Behaviors.stopped() : Behaviors.same();
                  });
            }),
        "member-watch",
        Props.empty());
    return member;
  }

  /**
   * Makes sure that the system ends although a peer stays. Pekko (1.2.1) waits for the streams of
   * its outgoing connections, and a stream that was completed while it opened one over TLS ignores
   * that until the peer closes, which a live peer does not. Without the actors of its connections
   * it ends.
   */
  private static void closeConnectionsInTheEnd(ActorSystem<Void> system) {
    var classic = Adapter.toClassic(system);
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseActorSystemTerminate(),
            "close-connections",
            () -> {
              // Goes with the system when that ends earlier.
              system
                  .scheduler()
                  .scheduleOnce(
                      TRANSPORT_TIMEOUT,
                      () -> Tcp.get(classic).manager().tell(PoisonPill.getInstance(), null),
                      system.executionContext());
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  private static boolean isMember(Member member) {
    return member.status().equals(MemberStatus.up())
        || member.status().equals(MemberStatus.weaklyUp());
  }

  /** Leaves the cluster and stops; returns when it has, or after a while. */
  @Override
  public void stop() {
    uplink.detach(member);
    sayGoodbye();
    // It logs its failed tasks itself; only the end of the system is waited for.
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
    awaitTermination(system);
  }

  /**
   * Asks a cloud node to remove this edge, which ends this system too. If the only node of a site
   * left by itself, it would end before gossip has told any other node, and would look cut off from
   * then on.
   */
  private void sayGoodbye() {
    var cluster = Cluster.get(system);
    if (cluster.selfMember().hasRole("cloud")
        || !isMember(cluster.selfMember())
        || cluster.state().getUnreachableDataCenters().contains("cloud")) return;
    var identity = identity();
    member.gateways().tell(new Gateway.Goodbye(identity.address(), identity.uid()));
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(Done.getInstance(), GOODBYE_MILLIS, TimeUnit.MILLISECONDS)
        .join();
  }

  private static MemberUplink.Member spawn(
      ActorContext<Void> context,
      ActorRef<Controller.Command> controller,
      String node,
      Consumer<String> refused,
      Optional<Cloud> cloud) {
    var gateways = context.spawn(Routers.group(Gateway.KEY), "gateways");
    ActorRef<ShardingEnvelope<Distributor.Command>> distributors =
        context.getSystem().deadLetters();
    Consumer<NodeReport> publish;
    Consumer<ActorRef<View>> subscribe;
    if (cloud.isEmpty()) {
      var gossip = context.spawn(lasting(EdgeGossip.create(Clock.systemUTC())), "gossip");
      publish = report -> gossip.tell(new EdgeGossip.PublishReport(report));
      subscribe = views -> gossip.tell(new EdgeGossip.Subscribe(views));
    } else {
      var gossip = context.spawn(lasting(Gossip.create(Clock.systemUTC())), "gossip");
      publish = report -> gossip.tell(new Gossip.PublishReport(report));
      subscribe = views -> gossip.tell(new Gossip.Subscribe(views));
      var store = cloud.get().store();
      var blocking =
          context
              .getSystem()
              .dispatchers()
              .lookup(DispatcherSelector.fromConfig(Dispatchers.BLOCKING));
      var sharding = ClusterSharding.get(context.getSystem());
      distributors =
          sharding.init(
              Entity.of(
                      Distributor.TYPE,
                      entity ->
                          Behaviors.setup(
                              // Parsed by the entity: an id that is no name ends it, and not its
                              // shard.
                              own ->
                                  Distributor.create(
                                      StreamName.parse(entity.getEntityId()),
                                      store,
                                      blocking,
                                      cloud.get().published())))
                  .withRole("cloud")
                  .withSettings(
                      org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings.create(
                              context.getSystem())
                          .withRememberEntities(false)));
      var pipelines =
          sharding.init(
              Entity.of(
                      PipelineEntity.TYPE,
                      entity ->
                          PipelineEntity.create(
                              entity.getEntityId(),
                              entity.getShard(),
                              gossip,
                              cloud.get().sides(),
                              Clock.systemUTC()))
                  .withRole("cloud"));
      context.spawn(
          lasting(Gateway.create(store::highestSeq, blocking, gossip, pipelines, System::nanoTime)),
          "gateway");
      cloud.get().alongside().accept(new Parts(context, gossip, pipelines));
    }
    var uplink =
        context.spawn(
            lasting(
                UplinkActor.create(
                    publish, subscribe, controller, node, refused, System::nanoTime)),
            UplinkActor.NAME);
    return new MemberUplink.Member(context.getSystem(), uplink, gateways, distributors);
  }

  /** A message that cannot be handled is logged and lost; nothing else is. */
  private static <T> Behavior<T> lasting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.resume());
  }

  private static ActorSystemSetup setup(NodeSettings settings, Config config, KnownKeys known) {
    var setup = ActorSystemSetup.create(BootstrapSetup.create(memberConfig(settings, config)));
    return settings
        .keys()
        .keys()
        .map(
            keys -> setup.and(SSLEngineProviderSetup.create(system -> new ArteryKeys(keys, known))))
        .orElse(setup);
  }

  private static Config memberConfig(NodeSettings settings, Config config) {
    boolean isCloud = settings.cluster().role() == Role.CLOUD;
    Map<String, Object> own = new HashMap<>();
    own.put("pekko.remote.artery.canonical.hostname", settings.self().host());
    own.put("pekko.remote.artery.canonical.port", settings.cluster().port());
    own.put("pekko.remote.artery.bind.hostname", settings.self().bindHost());
    own.put(
        "pekko.remote.artery.transport", settings.keys().keys().isPresent() ? "tls-tcp" : "tcp");
    own.put(
        "pekko.cluster.roles",
        List.of(isCloud ? "cloud" : "edge", NodeNames.role(settings.self().name())));
    own.put("pekko.cluster.multi-data-center.self-data-center", settings.cluster().dataCenter());
    own.put(
        "pekko.cluster.seed-nodes",
        settings.cluster().seeds().stream().map(s -> "pekko://" + SYSTEM + "@" + s).toList());
    var base = ConfigFactory.defaultOverrides();
    for (var entry : own.entrySet())
      base = base.withValue(entry.getKey(), ConfigValueFactory.fromAnyRef(entry.getValue()));
    return base.withFallback(
            ConfigFactory.parseResources(isCloud ? "dayu-cloud.conf" : "dayu-edge.conf"))
        .withFallback(ConfigFactory.parseResources("dayu-member.conf"))
        .withFallback(config)
        .resolve();
  }

  private static RuntimeException notStarted(NodeSettings settings, Exception error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause())
      if (cause instanceof java.net.BindException
          || String.valueOf(cause.getMessage()).contains("bind"))
        return new StartException(
            "the cluster port %s cannot be opened (%s); set dayu.cluster.port to a free one"
                .formatted(
                    HostPort.text(settings.self().bindHost(), settings.cluster().port()),
                    cause.getMessage()),
            error);
    return error instanceof RuntimeException unchecked
        ? unchecked
        : new StartException("the member system does not start: " + error.getMessage(), error);
  }
}
