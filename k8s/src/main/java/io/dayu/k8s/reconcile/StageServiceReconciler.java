package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.crd.StageServiceStatus.NodeState;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.Difference;
import io.dayu.k8s.desired.DynamicParameters;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.ErrorRate;
import io.dayu.k8s.desired.HostPaths;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Loading;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.RevisionSwitch;
import io.dayu.k8s.desired.RevisionSwitch.Health;
import io.dayu.k8s.desired.RevisionSwitch.Plan;
import io.dayu.k8s.desired.RevisionSwitch.Revision;
import io.dayu.k8s.desired.RevisionSwitch.State;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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

  /** Pods with these will not become ready by themselves; others, as slow networks, may. */
  private static final Set<String> BROKEN =
      Set.of("CrashLoopBackOff", "InvalidImageName", "CreateContainerConfigError");

  private static final int MOST_RESTARTS = 3;

  /** Of a revision, before the share of those that failed says anything. */
  private static final int FEWEST_CALLS = 20;

  private final Cluster cluster;
  private final OperatorSettings settings;
  private final Declarations declarations;
  private final Clock clock;
  private final Loads loads;

  /** Given by this process; those in caches may be older. */
  private final Map<String, Integer> ports = new HashMap<>();

  private volatile Optional<Map<String, JsonNode>> declared = Optional.empty();

  StageServiceReconciler(
      Cluster cluster, OperatorSettings settings, Declarations declarations, Clock clock) {
    this.cluster = cluster;
    this.settings = settings;
    this.declarations = declarations;
    this.clock = clock;
    loads = new Loads(cluster, declarations);
  }

  /** Looks at what members are told and says which services are not as they were. */
  void poll(Consumer<String> changed) {
    if (cluster.list(StageServiceResource.class).isEmpty()) return;
    Map<String, JsonNode> now;
    try {
      now = declarations.declared();
      loads.poll(changed);
    } catch (Runtime.Unreachable | Runtime.Refused e) {
      LOG.debug("Services cannot be asked for: {}", e.getMessage());
      return;
    }
    // What is equal is kept as it is: if each look replaced it, it would fill the old generation.
    if (declared.filter(now::equals).isPresent()) return;
    var before = declared.orElse(Map.of());
    declared = Optional.of(now);
    var names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (var name : names)
      if (!Objects.equals(before.get(name), now.get(name))) changed.accept(name);
  }

  /** One StageService, which may be gone; its containers go with it by their owner. */
  Optional<Duration> service(String name) {
    var found = cluster.get(StageServiceResource.class, name);
    if (found.isEmpty()) {
      synchronized (ports) {
        ports.remove(name);
      }
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
    var port = port(name, was);
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
    var fitting = fitting(name, spec);
    var target = Workloads.revision(cluster.json(spec));
    var there =
        cluster.list(Deployment.class).stream()
            .filter(d -> name.equals(label(d, Workloads.SERVICE)))
            .toList();
    var now = clock.instant();
    var loading =
        spec.isLoadedOnDemand()
            ? Optional.of(
                loads.plan(name, spec, was, target.equals(was.failed()), fitting, there, now))
            : Optional.<Loading.Plan>empty();
    var nodes =
        loading
            .map(l -> fitting.stream().filter(n -> l.run().contains(nameOf(n))).toList())
            .orElseGet(() -> bounded(spec, fitting));
    var settled = loading.map(l -> Loads.settled(l, nodes)).orElse(nodes);
    var plan =
        RevisionSwitch.next(
            target,
            loading.map(l -> Loads.begun(target, state(was), there, now)).orElse(state(was)),
            revision -> health(name, revision, settled, there, slotPort(was, revision, port.get())),
            patience(spec),
            now);
    try {
      run(resource, plan, target, nodes, there, port.get());
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
    says.add(declare(name, spec, plan, loading, nodes, port.get()));
    says.addAll(conditions(name, plan, target, nodes, there));
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
    told(resource, status(resource, plan, loading, nodes, there, port.get()), says);
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

  /**
   * Only the revision that the spec describes can be made; older ones are left as they are, or
   * deleted.
   */
  private void run(
      StageServiceResource resource,
      Plan plan,
      String target,
      List<Node> nodes,
      List<Deployment> there,
      int port) {
    var name = resource.getMetadata().getName();
    var spec = resource.getSpec();
    var owner = owner(resource);
    var names = nodes.stream().map(n -> n.getMetadata().getName()).collect(Collectors.toSet());
    for (var d : there)
      if (!plan.run().contains(label(d, Workloads.REVISION)) || !names.contains(node(d)))
        cluster.delete(d);
    for (var map : cluster.list(ConfigMap.class))
      if (name.equals(label(map, Workloads.SERVICE))
          && !map.getMetadata().getName().equals(DynamicParameters.name(name))
          && !plan.run().contains(label(map, Workloads.REVISION))) cluster.delete(map);
    dynamic(name, spec, owner, plan.run().equals(List.of(target)));
    if (!plan.run().contains(target)) return;
    // Its containers would move to another directory, and back when profiles are known.
    if (HostPaths.dependOnTheNode(spec) && !cluster.knows(NodeProfileResource.class)) return;
    cluster.apply(
        ConfigMap.class, Workloads.parameters(name, settings.namespace(), owner, target, spec));
    int slot =
        plan.state().candidate().or(() -> plan.state().active()).map(Revision::slot).orElse(0);
    for (var node : nodes)
      Workloads.image(spec, node)
          .ifPresent(
              image ->
                  cluster.apply(
                      Deployment.class,
                      HostPaths.below(
                          Workloads.deployment(
                              name,
                              settings.namespace(),
                              owner,
                              target,
                              spec,
                              node.getMetadata().getName(),
                              image,
                              port + slot),
                          hostPathPrefix(node))));
  }

  private String hostPathPrefix(Node node) {
    var profiles =
        cluster.list(NodeProfileResource.class).stream().map(NodeProfiles.Profile::of).toList();
    return NodeProfiles.of(node, profiles)
        .profile()
        .flatMap(NodeProfiles.Profile::hostPathPrefix)
        .orElse(HostPaths.USUAL);
  }

  /**
   * All revisions see the present values, one that the spec does not describe too.
   *
   * @param alone whether only the revision runs that the spec describes
   */
  private void dynamic(String name, StageServiceSpec spec, OwnerReference owner, boolean alone) {
    var present = cluster.get(ConfigMap.class, DynamicParameters.name(name));
    if (!spec.dynamic().isEmpty())
      cluster.apply(
          ConfigMap.class,
          DynamicParameters.configMap(
              name, settings.namespace(), owner, spec, alone ? Optional.empty() : present));
    else if (alone) present.ifPresent(cluster::delete);
  }

  private Says declare(
      String name,
      StageServiceSpec spec,
      Plan plan,
      Optional<Loading.Plan> loading,
      List<Node> nodes,
      int port) {
    if (plan.told().isEmpty())
      return Says.no("Declared", "NotReady", "members are told of it when it is ready on a node");
    int at = port + plan.told().get().slot();
    var fallback = plan.fallback().filter(f -> areCounting(name)).map(f -> port + f.slot());
    var declaration =
        cluster.json(
            loading
                .map(l -> Loads.declaration(spec, at, fallback, l))
                .orElseGet(
                    () ->
                        Workloads.declaration(
                            spec, at, fallback, nodes.stream().map(n -> nameOf(n)).toList())));
    try {
      var present = known().get(name);
      if (present == null
          || !Difference.covers(present, declaration)
          || !Difference.covers(declaration, present)) {
        declarations.declare(name, declaration);
        LOG.info("Members call service {} at {}", name, declaration.path("url").asText());
        remember(name, declaration);
      }
      return Says.yes("Declared", "Told", "members call it at " + declaration.path("url").asText());
    } catch (Runtime.Refused e) {
      return Says.no("Declared", "Refused", String.valueOf(e.getMessage()));
    }
  }

  /** Members of an earlier release count no calls, and refuse a declaration with a fallback. */
  private boolean areCounting(String name) {
    return declarations.callers(name).values().stream().noneMatch(c -> c.calls().isEmpty());
  }

  /** What is declared, as it was last seen; asked for if that was never. */
  private synchronized Map<String, JsonNode> known() {
    if (declared.isEmpty()) declared = Optional.of(declarations.declared());
    return declared.orElse(Map.of());
  }

  private synchronized void remember(String name, JsonNode declaration) {
    var all = new HashMap<>(declared.orElse(Map.of()));
    all.put(name, declaration);
    declared = Optional.of(all);
  }

  private static List<Node> bounded(StageServiceSpec spec, List<Node> fitting) {
    return spec.replicas() == null
        ? fitting
        : fitting.stream().limit(Math.max(0, spec.replicas())).toList();
  }

  private static String nameOf(Node node) {
    return node.getMetadata().getName();
  }

  /** Those that fit the placement: first those that run it, then those that are ready, by name. */
  private List<Node> fitting(String name, StageServiceSpec spec) {
    var daemonSets = cluster.list(DaemonSet.class);
    var running =
        cluster.list(Deployment.class).stream()
            .filter(d -> name.equals(label(d, Workloads.SERVICE)))
            .map(StageServiceReconciler::node)
            .collect(Collectors.toSet());
    var placement = spec.placement();
    return cluster.list(Node.class).stream()
        .filter(
            n ->
                placement.nodes().isEmpty()
                    || placement.nodes().contains(n.getMetadata().getName()))
        .filter(n -> Eligibility.selects(placement.nodeSelector(), n))
        .filter(n -> Workloads.image(spec, n).isPresent())
        .filter(
            n ->
                Members.of(n, daemonSets)
                    .filter(
                        m ->
                            placement.role() == null
                                || placement.role().equals(m.cloud() ? "cloud" : "edge"))
                    .isPresent())
        .sorted(
            Comparator.comparing((Node n) -> !running.contains(n.getMetadata().getName()))
                .thenComparing(n -> !Eligibility.ready(n))
                .thenComparing(n -> n.getMetadata().getName()))
        .toList();
  }

  private Health health(
      String name, String revision, List<Node> nodes, List<Deployment> there, int port) {
    var wanted =
        nodes.stream()
            .filter(Eligibility::ready)
            .map(n -> n.getMetadata().getName())
            .collect(Collectors.toSet());
    var ready =
        there.stream()
            .filter(d -> revision.equals(label(d, Workloads.REVISION)) && isReady(d))
            .map(StageServiceReconciler::node)
            .filter(wanted::contains)
            .collect(Collectors.toSet());
    var traffic = traffic(name, port, ready);
    return new Health(
        wanted.size(),
        ready.size(),
        traffic.calling(),
        traffic.done(),
        traffic.elsewhere(),
        traffic.figures(),
        traffic.before(),
        broken(name, revision));
  }

  private Optional<String> broken(String name, String revision) {
    return cluster.list(Pod.class).stream()
        .filter(
            p ->
                name.equals(label(p, Workloads.SERVICE))
                    && revision.equals(label(p, Workloads.REVISION)))
        .flatMap(p -> broken(p).stream())
        .findFirst();
  }

  /** Nobody is asked unless a revision is to take over. */
  private Traffic traffic(String name, int port, Set<String> nodes) {
    if (nodes.isEmpty()
        || cluster
            .get(StageServiceResource.class, name)
            .map(r -> r.getStatus().candidate())
            .filter(c -> c.told() != null)
            .isEmpty()) return Traffic.NONE;
    var callers = declarations.callers(name);
    return Traffic.of(
        nodes.stream()
            .map(NodeServiceName::member)
            .flatMap(m -> Optional.ofNullable(callers.get(m)).stream())
            .toList(),
        port);
  }

  static Optional<String> broken(Pod pod) {
    if (pod.getStatus() == null) return Optional.empty();
    for (var c : pod.getStatus().getContainerStatuses()) {
      var waiting = c.getState() == null ? null : c.getState().getWaiting();
      if (waiting != null && BROKEN.contains(String.valueOf(waiting.getReason()))
          || Optional.ofNullable(c.getRestartCount()).orElse(0) >= MOST_RESTARTS)
        return Optional.of(
            "on node %s: %s after %s restarts"
                .formatted(
                    node(pod),
                    waiting == null ? "it ends again and again" : waiting.getReason(),
                    c.getRestartCount()));
    }
    return Optional.empty();
  }

  private List<Says> conditions(
      String name, Plan plan, String target, List<Node> nodes, List<Deployment> there) {
    var active = plan.state().active().map(Revision::name);
    long ready =
        there.stream()
            .filter(d -> active.filter(a -> a.equals(label(d, Workloads.REVISION))).isPresent())
            .filter(StageServiceReconciler::isReady)
            .count();
    var says = new ArrayList<Says>();
    if (nodes.isEmpty())
      says.add(
          Says.no(
              "Ready", "NoNode", "no node with a member fits its placement and one of its images"));
    else
      says.add(
          ready > 0
              ? Says.yes(
                  "Ready", "Running", "ready on %s of %s nodes".formatted(ready, nodes.size()))
              : Says.no(
                  "Ready",
                  "NotReady",
                  "ready on no node of "
                      + nodes.size()
                      + broken(name, active.orElse(target)).map(b -> ": " + b).orElse("")));
    if (plan.state().failed().isPresent())
      says.add(
          new Says(
              "Progressing",
              "False",
              "RolledBack",
              "revision %s was taken back; change the spec to try another%s"
                  .formatted(target, plan.failure().map(f -> " (" + f + ")").orElse(""))));
    else if (plan.state().candidate().isPresent())
      says.add(
          Says.yes(
              "Progressing",
              phase(plan.state().candidate().get()),
              "revision %s is to take over".formatted(target)));
    else says.add(Says.no("Progressing", "Complete", "revision %s is in use".formatted(target)));
    return says;
  }

  private static String phase(Revision candidate) {
    if (candidate.passed().isPresent()) return "Draining";
    return candidate.told().isPresent() ? "Watched" : "Starting";
  }

  private StageServiceStatus status(
      StageServiceResource resource,
      Plan plan,
      Optional<Loading.Plan> loading,
      List<Node> nodes,
      List<Deployment> there,
      int port) {
    var state = plan.state();
    var states = new ArrayList<NodeState>();
    int ready = 0;
    for (var node :
        nodes.stream().sorted(Comparator.comparing(n -> n.getMetadata().getName())).toList()) {
      var name = node.getMetadata().getName();
      var own =
          there.stream()
              .filter(d -> name.equals(node(d)))
              .filter(
                  d ->
                      state
                          .active()
                          .or(state::candidate)
                          .filter(a -> a.name().equals(label(d, Workloads.REVISION)))
                          .isPresent())
              .findFirst();
      boolean isReady = own.filter(StageServiceReconciler::isReady).isPresent();
      if (isReady) ready++;
      states.add(
          new NodeState(
              name,
              own.map(d -> label(d, Workloads.REVISION)).orElse(null),
              isReady,
              Eligibility.ready(node) ? null : "the node is away",
              null,
              null));
    }
    return new StageServiceStatus(
        resource.getMetadata().getGeneration(),
        port,
        state.active().map(StageServiceReconciler::written).orElse(null),
        state.candidate().map(StageServiceReconciler::written).orElse(null),
        state.failed().orElse(null),
        ready,
        ready + "/" + nodes.size(),
        Workloads.SERVICE + "=" + resource.getMetadata().getName(),
        loading.map(l -> Loads.states(l, states)).orElse(states),
        resource.getStatus().conditions());
  }

  private void told(StageServiceResource resource, StageServiceStatus status, List<Says> says) {
    var was = resource.getStatus();
    List<Condition> conditions = status.conditions();
    long generation = Optional.ofNullable(resource.getMetadata().getGeneration()).orElse(0L);
    // Why it was taken back is told once; the status keeps it.
    for (var s : says)
      if (!s.reason().equals("RolledBack")
          || Conditions.find(conditions, s.type())
              .filter(c -> c.getReason().equals("RolledBack"))
              .isEmpty()) conditions = Conditions.with(conditions, s, generation, clock.instant());
    var is =
        new StageServiceStatus(
            status.observedGeneration(),
            status.port(),
            status.active(),
            status.candidate(),
            status.failed(),
            status.replicas(),
            status.ready(),
            status.selector(),
            status.nodes(),
            conditions);
    if (cluster.json(was).equals(cluster.json(is))) return;
    resource.setStatus(is);
    cluster.updateStatus(resource);
  }

  /** The first of two ports that no other service has; the same on all nodes. */
  private Optional<Integer> port(String name, StageServiceStatus status) {
    synchronized (ports) {
      if (status.port() != null) {
        ports.put(name, status.port());
        return Optional.of(status.port());
      }
      var own = ports.get(name);
      if (own != null) return Optional.of(own);
      var used = new HashSet<>(ports.values());
      for (var other : cluster.list(StageServiceResource.class))
        if (other.getStatus().port() != null) used.add(other.getStatus().port());
      for (int p = settings.firstPort(); p + 1 < settings.firstPort() + settings.ports(); p += 2)
        if (!used.contains(p)) {
          ports.put(name, p);
          return Optional.of(p);
        }
      return Optional.empty();
    }
  }

  private static int slotPort(StageServiceStatus status, String revision, int port) {
    var candidate = status.candidate();
    if (candidate != null && candidate.name().equals(revision)) return port + candidate.slot();
    var active = status.active();
    return active == null
        ? port
        : port + (active.name().equals(revision) ? active.slot() : 1 - active.slot());
  }

  private static State state(StageServiceStatus status) {
    return new State(
        Optional.ofNullable(status.active()).map(StageServiceReconciler::read),
        Optional.ofNullable(status.candidate()).map(StageServiceReconciler::read),
        Optional.ofNullable(status.failed()));
  }

  private static Revision read(StageServiceStatus.Revision r) {
    return new Revision(
        r.name(),
        r.slot(),
        Instant.parse(r.since()),
        Optional.ofNullable(r.told()).map(Instant::parse),
        Optional.ofNullable(r.passed()).map(Instant::parse));
  }

  private static StageServiceStatus.Revision written(Revision r) {
    return new StageServiceStatus.Revision(
        r.name(),
        r.slot(),
        r.since().toString(),
        r.told().map(Instant::toString).orElse(null),
        r.passed().map(Instant::toString).orElse(null));
  }

  static boolean isReady(Deployment deployment) {
    var status = deployment.getStatus();
    return status != null && Optional.ofNullable(status.getReadyReplicas()).orElse(0) > 0;
  }

  private static OwnerReference owner(StageServiceResource resource) {
    return new OwnerReferenceBuilder()
        .withApiVersion(resource.getApiVersion())
        .withKind(resource.getKind())
        .withName(resource.getMetadata().getName())
        .withUid(resource.getMetadata().getUid())
        .withController(true)
        .withBlockOwnerDeletion(true)
        .build();
  }

  static String label(HasMetadata object, String name) {
    var labels = object.getMetadata().getLabels();
    return labels == null ? "" : labels.getOrDefault(name, "");
  }

  static String node(HasMetadata object) {
    var annotations = object.getMetadata().getAnnotations();
    return annotations == null ? "" : annotations.getOrDefault(Labels.NODE, "");
  }
}
