package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.flow.Controller;
import io.dayu.flow.FlowNode;
import io.dayu.http.HttpServer;
import io.dayu.http.HttpSettings;
import io.dayu.http.ManagementServer;
import io.dayu.k8s.reconcile.OperatorMetrics;
import io.dayu.k8s.reconcile.OperatorProcess;
import io.dayu.k8s.reconcile.OperatorSettings;
import io.dayu.member.ClusterLives;
import io.dayu.member.ClusterMembers;
import io.dayu.member.Gossip;
import io.dayu.member.LiveResults;
import io.dayu.member.MemberNode;
import io.dayu.member.MemberUplink;
import io.dayu.member.NameKeeper;
import io.dayu.member.PendingDeletions;
import io.dayu.member.PipelineEntity;
import io.dayu.member.SilentEdgeRemover;
import io.dayu.node.Endpoints;
import io.dayu.node.Launch;
import io.dayu.node.NodeSettings;
import io.dayu.node.StartException;
import io.dayu.pipeline.Catalog;
import io.dayu.policy.Policies;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.realise.Scheduler;
import io.dayu.realise.SchedulerSettings;
import io.dayu.service.Services;
import io.dayu.settings.Dispatchers;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;
import io.dayu.side.DeclaredSides;
import io.dayu.side.SideSettings;
import io.dayu.stage.Causes;
import io.dayu.store.ResultStore;
import io.dayu.store.UnkeptResults;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.management.javadsl.PekkoManagement;
import org.slf4j.LoggerFactory;

/**
 * A cloud node: member, gateway, scheduler, shards of pipelines and distributors, result store,
 * HTTP and management, and the same streams as every node.
 */
public final class CloudNode {
  private CloudNode() {}

  public static void main(String[] args) {
    Launch.run(args, CloudNode::start);
  }

  record Settings(
      NodeSettings node,
      HttpSettings http,
      ManagementSettings management,
      SchedulerSettings scheduler,
      StoreSettings store,
      RetainSettings retain,
      SideSettings sides,
      Optional<OperatorSettings> operator) {}

  /** Returns when the node serves requests; the result stops it. */
  private static Runnable start(Config config) {
    var settings = settings(config);
    var node = settings.node();
    Endpoints.clear(node.self().dataDir());
    LoggerFactory.getLogger(CloudNode.class)
        .info("Results and kept frames may take {} (dayu.store.quota)", settings.retain().quota());
    var databases = Databases.open(settings.store());
    var store = kept(databases.results(), settings.store());
    var pruner = databases.results().pruner(settings.retain().limits());
    var policies = Policies.load();
    var types = Catalog.load(policies.names());
    var services = Services.start(node.services(), types, node.self().dataDir());
    var catalog = services.in(types);
    var uplink = new MemberUplink(store);
    uplink.problem(services::problem);
    var flow =
        FlowNode.start(
            node,
            config,
            catalog,
            uplink,
            known -> services.declared(known.services().values(), node.self().name(), Role.CLOUD));
    services.whenChanged(() -> flow.controller().tell(Controller.ServicesChanged.INSTANCE));

    var reading =
        new DeclaredSides(settings.sides(), blocking(flow.system()), SideSettings.PATIENCE);
    var live = new LiveResults();
    var view = new AtomicReference<>(View.EMPTY);
    var pipelines = new AtomicReference<ActorRef<ShardingEnvelope<PipelineEntity.Command>>>();
    var gossip = new AtomicReference<ActorRef<Gossip.Command>>();
    var log = new AtomicReference<JdbcDecisionLog>();
    var table = new ServiceTable(databases.control());
    var teller = new AtomicReference<ActorRef<ServiceTeller.Command>>();
    var deletions = new AtomicReference<ActorRef<PendingDeletions.Command>>();
    var cloud =
        new MemberNode.Cloud(
            store,
            reading,
            live::publish,
            parts -> {
              pipelines.set(parts.pipelines());
              gossip.set(parts.gossip());
              var system = parts.context().getSystem();
              var decisions =
                  new JdbcDecisionLog(
                      databases.control(), blocking(system), settings.scheduler().decisionsKept());
              log.set(decisions);
              parts.gossip().tell(new Gossip.Subscribe(viewer(parts, view)));
              deletions.set(deletions(parts, node.self().dataDir()));
              teller.set(
                  parts
                      .context()
                      .spawn(
                          Behaviors.supervise(
                                  ServiceTeller.create(table, parts.gossip(), view::get))
                              .onFailure(SupervisorStrategy.restart()),
                          "declared-services",
                          DispatcherSelector.fromConfig(Dispatchers.BLOCKING)));
              parts
                  .context()
                  .spawn(
                      Behaviors.supervise(
                              Retention.create(
                                  pruner::work,
                                  now ->
                                      decisions.prune(pipeline -> now.minus(pruner.age(pipeline))),
                                  view::get,
                                  Clock.systemUTC()))
                          .onFailure(SupervisorStrategy.restart()),
                      "retention",
                      DispatcherSelector.fromConfig(Dispatchers.BLOCKING));
              parts
                  .context()
                  .spawn(
                      Behaviors.supervise(live.exchange())
                          .onFailure(org.apache.pekko.actor.typed.SupervisorStrategy.resume()),
                      "live-results");
              var scheduler =
                  Behaviors.supervise(
                          Scheduler.create(
                              parts.gossip(),
                              policies,
                              decisions,
                              Clock.systemUTC(),
                              settings.scheduler()))
                      .onFailure(SupervisorStrategy.restart());
              var housekeeper =
                  Behaviors.supervise(
                          SilentEdgeRemover.create(
                              parts.gossip(),
                              new ClusterMembers(system),
                              node.cluster().forgetAfter(),
                              System::nanoTime))
                      .onFailure(SupervisorStrategy.restart());
              var names =
                  Behaviors.supervise(NameKeeper.create(new ClusterLives(system)))
                      .onFailure(SupervisorStrategy.restart());
              var onCloud = ClusterSingletonSettings.create(system).withRole("cloud");
              var singletons = ClusterSingleton.get(system);
              singletons.init(SingletonActor.of(scheduler, "scheduler").withSettings(onCloud));
              singletons.init(SingletonActor.of(names, "names").withSettings(onCloud));
              singletons.init(SingletonActor.of(housekeeper, "housekeeper").withSettings(onCloud));
            });
    var stopping = new AtomicBoolean();
    flow.whenEndedByItself(
        reason -> {
          if (stopping.compareAndSet(false, true)) Launch.giveUp(reason);
        });
    var member =
        MemberNode.start(
            node,
            memberConfig(config, settings),
            flow.controller(),
            uplink,
            reason -> {
              if (stopping.compareAndSet(false, true)) Launch.giveUp(reason);
            },
            Optional.of(cloud));
    var system = member.system();
    var control =
        new ClusterControlPlane(
            system,
            view::get,
            made(gossip),
            catalog,
            policies,
            made(pipelines),
            made(deletions),
            reading,
            store,
            pruner::usage,
            settings.retain(),
            live,
            made(log),
            blocking(system),
            new ClusterServices(
                table,
                node.services(),
                types,
                view::get,
                () -> made(teller).tell(ServiceTeller.Command.LOOK),
                blocking(system)),
            settings.http().isOpenToOthers());
    member
        .whenEnded()
        .thenRun(
            () -> {
              if (!stopping.get())
                Launch.giveUp(
                    "the cluster has removed this cloud node, which was down or cut off for too"
                        + " long; it has to be started again");
            });
    // The streams are stopped first: edges notice at once and use another cloud node while
    // singletons and shards are handed over.
    var operator = new AtomicReference<Optional<OperatorProcess>>(Optional.empty());
    Runnable stop =
        () -> {
          stopping.set(true);
          made(operator).ifPresent(OperatorProcess::close);
          flow.finish();
          flow.stop();
          member.stop();
          services.close();
          databases.close();
        };
    try {
      var token = UUID.randomUUID().toString();
      var interfaces =
          settings.operator().isPresent() ? settings.http().with(token) : settings.http();
      var metrics = new OperatorMetrics();
      List<MultiCollector> more = settings.operator().isPresent() ? List.of(metrics) : List.of();
      var http = HttpServer.start(system, interfaces, control, more).toCompletableFuture().join();
      var management = management(system, settings);
      member.whenMember().get(30, TimeUnit.SECONDS);
      operator.set(
          settings
              .operator()
              .map(o -> OperatorProcess.start(o, own(http), Optional.of(token), metrics)));
      Endpoints.write(
          node.self().dataDir(),
          Map.of(
              "name", node.self().name(),
              "cluster", member.address(),
              "data", HostPort.text(node.self().host(), flow.dataAddress().getPort()),
              "http", HostPort.text(settings.http().host(), http.getPort()),
              "management", HostPort.text(settings.management().host(), management.getPort()),
              "pid", Long.toString(ProcessHandle.current().pid()),
              "readySeconds", Launch.ready(node)));
    } catch (StartException e) {
      stop.run();
      throw e;
    } catch (CompletionException e) {
      stop.run();
      throw new StartException(String.valueOf(Causes.of(e).getMessage()), e);
    } catch (java.util.concurrent.ExecutionException
        | java.util.concurrent.TimeoutException
        | InterruptedException e) {
      stop.run();
      throw new StartException(
          "the node did not become a member of the cluster within 30 s; see dayu.cluster.seeds", e);
    }
    return stop;
  }

  /** The HTTP interface as this process reaches it. */
  private static URI own(InetSocketAddress bound) {
    var host = bound.getAddress().isAnyLocalAddress() ? "127.0.0.1" : bound.getHostString();
    return URI.create("http://" + HostPort.text(host, bound.getPort()));
  }

  /** What the member system makes as it starts. */
  private static <T> T made(AtomicReference<T> part) {
    return Objects.requireNonNull(part.get(), "the member system has started");
  }

  /** With keys it speaks HTTPS, to nodes alone. */
  private static InetSocketAddress management(ActorSystem<?> system, Settings settings) {
    var own = settings.management();
    var routes = PekkoManagement.get(system).getRoutes().handler(system);
    try {
      return ManagementServer.start(
              system,
              own.host(),
              own.port(),
              settings.node().keys().keys().map(keys -> keys::server),
              managementNames(settings),
              settings.http(),
              request -> answer(routes, request))
          .toCompletableFuture()
          .join();
    } catch (CompletionException e) {
      throw new StartException(
          "the management port %s cannot be opened (%s); set dayu.management.port to a free one"
              .formatted(HostPort.text(own.host(), own.port()), Causes.of(e).getMessage()),
          e);
    }
  }

  private static CompletionStage<HttpResponse> answer(
      Function<HttpRequest, CompletionStage<HttpResponse>> routes, HttpRequest request) {
    try {
      return routes.apply(request);
    } catch (Exception e) { // Pekko's functions may throw any
      return CompletableFuture.failedFuture(e);
    }
  }

  /** By which edges and people ask: this node is one of the seeds, or is told its name. */
  static Set<String> managementNames(Settings settings) {
    var names = new HashSet<>(settings.management().names());
    names.add(settings.node().self().host());
    names.add(settings.management().host());
    settings.node().keys().keys().ifPresent(keys -> names.add(keys.holder().dnsName()));
    var cluster = settings.node().cluster();
    Stream.concat(cluster.seeds().stream(), cluster.seedManagement().stream())
        .forEach(endpoint -> names.add(HostPort.parse(endpoint).host()));
    return names;
  }

  /** Reads all settings; all problems are reported together. */
  static Settings settings(Config config) {
    var dayu = new Section("dayu", config.getConfig("dayu"));
    var node = dayu.part("dayu", () -> NodeSettings.from(Role.CLOUD, config));
    var http = dayu.part("dayu.http", () -> HttpSettings.from(config));
    var management = dayu.part("dayu.management", () -> ManagementSettings.from(config));
    var scheduler = dayu.part("dayu.scheduler", () -> SchedulerSettings.from(config));
    var store = dayu.part("dayu.store", () -> StoreSettings.from(config));
    var retain = dayu.part("dayu.store", () -> RetainSettings.from(config));
    var sides = dayu.part("dayu.side-inputs", () -> SideSettings.from(config.getConfig("dayu")));
    var operator =
        dayu.part(
            "dayu.operator",
            () -> OperatorSettings.from(config, node.map(n -> n.self().name()).orElse("?")));
    if (node.isPresent() && store.isPresent())
      store.get().conflict(node.get()).ifPresent(dayu::problem);
    if (node.isPresent() && management.isPresent())
      node.get()
          .keys()
          .conflict("dayu.management.host", management.get().host())
          .ifPresent(dayu::problem);
    dayu.enforce();
    return new Settings(
        node.get(),
        http.get(),
        management.get(),
        scheduler.get(),
        store.get(),
        retain.get(),
        sides.get(),
        operator.get());
  }

  private static ResultStore kept(ResultStore store, StoreSettings settings) {
    if (settings.keepResults()) return store;
    LoggerFactory.getLogger(CloudNode.class)
        .warn("Results are not kept, because dayu.store.keep-results is off");
    return new UnkeptResults(store);
  }

  private static ActorRef<PendingDeletions.Command> deletions(
      MemberNode.Parts parts, Path dataDir) {
    return parts
        .context()
        .spawn(
            Behaviors.supervise(
                    PendingDeletions.create(
                        dataDir,
                        parts.gossip(),
                        (pipeline, upTo) ->
                            ClusterControlPlane.delete(
                                parts.context().getSystem(),
                                parts.pipelines(),
                                pipeline,
                                upTo,
                                Set.of())))
                .onFailure(SupervisorStrategy.restart()),
            "deletions",
            DispatcherSelector.fromConfig(Dispatchers.BLOCKING));
  }

  private static ActorRef<View> viewer(MemberNode.Parts parts, AtomicReference<View> view) {
    return parts
        .context()
        .spawn(
            Behaviors.receiveMessage(
                (View changed) -> {
                  view.set(changed);
                  return Behaviors.same();
                }),
            "viewer");
  }

  private static Executor blocking(ActorSystem<?> system) {
    return system.dispatchers().lookup(DispatcherSelector.fromConfig(Dispatchers.BLOCKING));
  }

  private static Config memberConfig(Config config, Settings settings) {
    return ConfigFactory.parseMap(
            Map.of(
                "pekko.management.http.hostname",
                settings.management().host(),
                "pekko.management.http.port",
                settings.management().port()))
        .withFallback(settings.store().persistence())
        .withFallback(ConfigFactory.parseResources("dayu-store.conf"))
        .withFallback(config);
  }
}
