package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.ErrorRate;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Loading;
import io.dayu.k8s.desired.RevisionSwitch;
import io.dayu.k8s.desired.RevisionSwitch.State;
import io.dayu.k8s.desired.ServiceNodes;
import io.dayu.k8s.desired.ServiceStatus;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the containers of StageServices beside the members, and tells the members of them. */
final class StageServiceReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(StageServiceReconciler.class);
  private static final Duration WHILE_SWITCHING = Duration.ofSeconds(1);
  private static final Duration REFUSED_AGAIN = Duration.ofSeconds(30);

  /** Of a revision, before the share of those that failed says anything. */
  private static final int FEWEST_CALLS = 20;

  private final Cluster cluster;
  private final Declarations declarations;
  private final Clock clock;
  private final ServicePorts ports;
  private final Loads loads;
  private final ServiceHealth health;
  private final ServiceContainers containers;
  private final Announcements announcements;

  StageServiceReconciler(
      Cluster cluster, OperatorSettings settings, Declarations declarations, Clock clock) {
    this.cluster = cluster;
    this.declarations = declarations;
    this.clock = clock;
    ports = new ServicePorts(cluster, settings);
    loads = new Loads(cluster, declarations);
    health = new ServiceHealth(cluster, declarations);
    containers = new ServiceContainers(cluster, settings);
    announcements = new Announcements(cluster, declarations);
  }

  /** Looks at what members are told and want, and says which services are not as they were. */
  void poll(Consumer<String> changed) {
    if (cluster.list(StageServiceResource.class).isEmpty()) return;
    try {
      announcements.poll(changed);
      loads.poll(changed);
    } catch (Runtime.Unreachable | Runtime.Refused e) {
      LOG.debug("Services cannot be asked for: {}", e.getMessage());
    }
  }

  /** One StageService, which may be gone; its containers go with it by their owner. */
  Optional<Duration> service(String name) {
    var found = cluster.get(StageServiceResource.class, name);
    if (found.isEmpty()) {
      ports.release(name);
      return Optional.empty();
    }
    var resource = cluster.copy(found.get());
    try {
      if (resource.isMarkedForDeletion()) return release(resource);
      if (resource.addFinalizer(Dayu.DRAIN)) {
        cluster.update(resource);
        return Optional.empty();
      }
      return keep(resource);
    } catch (Runtime.Unreachable e) {
      LOG.debug("StageService {}: {}", name, e.getMessage());
      return Optional.of(WHILE_SWITCHING.multipliedBy(2));
    }
  }

  /** Members are told before the containers end. */
  private Optional<Duration> release(StageServiceResource resource) {
    if (!resource.hasFinalizer(Dayu.DRAIN)) return Optional.empty();
    var name = resource.getMetadata().getName();
    if (resource.getStatus().active() != null)
      try {
        declarations.withdraw(name);
      } catch (Runtime.Refused e) {
        told(
            resource,
            resource.getStatus(),
            List.of(Says.no("Declared", "InUse", String.valueOf(e.getMessage()))));
        return Optional.of(REFUSED_AGAIN);
      }
    resource.removeFinalizer(Dayu.DRAIN);
    cluster.update(resource);
    return Optional.empty();
  }

  private Optional<Duration> keep(StageServiceResource resource) {
    var name = resource.getMetadata().getName();
    var spec = resource.getSpec();
    var was = resource.getStatus();
    var port = ports.of(name, was);
    if (port.isEmpty()) {
      told(
          resource,
          was,
          List.of(
              Says.no(
                  "Ready",
                  "NoPort",
                  "all ports of dayu.operator.service-ports are in use; make the range larger")));
      return Optional.of(REFUSED_AGAIN);
    }
    var target = Workloads.revision(cluster.json(spec));
    var there = cluster.listOf(name, Deployment.class);
    var fitting =
        ServiceNodes.fitting(
            spec,
            cluster.list(Node.class),
            cluster.list(DaemonSet.class),
            there.stream().map(Labels::node).collect(Collectors.toSet()));
    var now = clock.instant();
    var loading =
        spec.isLoadedOnDemand()
            ? Optional.of(
                loads.plan(name, spec, was, target.equals(was.failed()), fitting, there, now))
            : Optional.<Loading.Plan>empty();
    var nodes =
        loading
            .map(
                l ->
                    fitting.stream()
                        .filter(n -> l.run().contains(n.getMetadata().getName()))
                        .toList())
            .orElseGet(() -> ServiceNodes.bounded(spec, fitting));
    var settled = loading.map(l -> Loads.settled(l, nodes)).orElse(nodes);
    var state = ServiceStatus.state(was);
    var plan =
        RevisionSwitch.next(
            target,
            loading.map(l -> Loads.begun(target, state, there, now)).orElse(state),
            revision ->
                health.of(
                    name, revision, settled, there, ServiceStatus.port(was, revision, port.get())),
            patience(spec),
            now);
    try {
      containers.run(resource, plan, target, nodes, there, port.get());
    } catch (KubernetesClientException e) {
      // It is tried again, however long it takes; until then the resource says why.
      if (Cluster.isRefusal(e))
        told(
            resource,
            was,
            List.of(
                Says.no(
                    "Progressing",
                    e.getCode() == 403 ? "Forbidden" : "Refused",
                    "the API server refuses its containers: " + Cluster.words(e))));
      throw e;
    }
    var says = new ArrayList<Says>();
    says.add(announcements.declare(name, spec, plan, loading, nodes, port.get()));
    says.addAll(
        ServiceStatus.conditions(
            plan, target, nodes, there, revision -> health.broken(name, revision)));
    loading.ifPresent(
        l -> {
          if (nodes.isEmpty() && !fitting.isEmpty()) {
            says.removeIf(s -> s.type().equals("Ready"));
            says.add(
                Says.yes("Ready", "OnDemand", "it is loaded on nodes where pipelines want it"));
          }
          says.add(Loads.condition(l));
          loads.tell(resource, l);
        });
    if (loading.isEmpty() && Conditions.find(was.conditions(), "Loaded").isPresent())
      says.add(Says.yes("Loaded", "Always", "it is to run on all nodes of its placement"));
    var running = ServiceStatus.nodes(plan.state(), nodes, there);
    told(
        resource,
        ServiceStatus.of(
            resource,
            plan.state(),
            loading.map(l -> Loads.states(l, running)).orElse(running),
            nodes.size(),
            port.get()),
        says);
    plan.failure()
        .ifPresent(
            why ->
                cluster.tell(
                    resource,
                    true,
                    "RolledBack",
                    "revision %s is taken back: %s".formatted(target, why)));
    return sooner(
        again(plan.state()),
        loading.flatMap(Loading.Plan::again).map(at -> Duration.between(now, at)));
  }

  private static Optional<Duration> sooner(Optional<Duration> one, Optional<Duration> other) {
    return Stream.of(one, other).flatMap(Optional::stream).min(Comparator.naturalOrder());
  }

  private static RevisionSwitch.Patience patience(StageServiceSpec spec) {
    return new RevisionSwitch.Patience(
        Duration.ofSeconds(spec.rollOut().deadline()),
        Duration.ofSeconds(spec.rollOut().watch()),
        Duration.ofSeconds(spec.rollOut().drain()),
        new ErrorRate(spec.rollOut().maxFailed(), FEWEST_CALLS));
  }

  /**
   * What containers do is told by watches; only time and what members call have to be looked at.
   */
  private static Optional<Duration> again(State state) {
    if (state.candidate().isEmpty() || state.active().isEmpty()) return Optional.empty();
    return Optional.of(
        state.candidate().get().told().isPresent()
            ? WHILE_SWITCHING
            : WHILE_SWITCHING.multipliedBy(5));
  }

  private void told(StageServiceResource resource, StageServiceStatus status, List<Says> says) {
    long generation = Optional.ofNullable(resource.getMetadata().getGeneration()).orElse(0L);
    var is = ServiceStatus.with(status, says, generation, clock.instant());
    if (cluster.json(resource.getStatus()).equals(cluster.json(is))) return;
    resource.setStatus(is);
    cluster.updateStatus(resource);
  }
}
