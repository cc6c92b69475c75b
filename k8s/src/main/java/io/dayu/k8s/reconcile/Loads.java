package io.dayu.k8s.reconcile;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.crd.StageServiceStatus.NodeState;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.Containers;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Loading;
import io.dayu.k8s.desired.Loading.Demand;
import io.dayu.k8s.desired.Loading.Phase;
import io.dayu.k8s.desired.Loading.Place;
import io.dayu.k8s.desired.Loading.Rules;
import io.dayu.k8s.desired.Loading.State;
import io.dayu.k8s.desired.RevisionSwitch;
import io.dayu.k8s.desired.RevisionSwitch.Revision;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is known of services that are loaded on demand, and what is told of them. */
final class Loads {
  /** A declaration has 16 KiB; nodes beyond are not declared at all. */
  private static final int MOST_EXCUSES = 64;

  private static final int LONGEST_EXCUSE = 100;

  private final Cluster cluster;
  private final Declarations declarations;
  private volatile Map<String, Declarations.Wanted> wanted = Map.of();

  Loads(Cluster cluster, Declarations declarations) {
    this.cluster = cluster;
    this.declarations = declarations;
  }

  /** Says of which services pipelines want something else than when they were looked at last. */
  void poll(Consumer<String> changed) {
    var names =
        cluster.list(StageServiceResource.class).stream()
            .filter(s -> s.getSpec().isLoadedOnDemand())
            .map(s -> s.getMetadata().getName())
            .toList();
    if (names.isEmpty()) return;
    var before = wanted;
    var now = declarations.wanted();
    wanted = now;
    for (var name : names)
      if (!Objects.equals(before.get(name), now.get(name))) changed.accept(name);
  }

  /**
   * On which nodes it is to run. The API is asked, so that nothing ends for what is long over.
   *
   * @param takenBack whether the revision that the spec describes is not to be tried again
   * @param fitting all nodes of the placement
   * @throws Runtime.Unreachable if the API does not answer; then all stays as it is
   */
  Loading.Plan plan(
      String name,
      StageServiceSpec spec,
      StageServiceStatus was,
      boolean takenBack,
      List<Node> fitting,
      List<Deployment> there,
      Instant now) {
    var places = fitting.stream().map(node -> place(name, node, was, there)).toList();
    if (takenBack)
      return Loading.held(places, "its revision was taken back; change the spec to try another");
    var is = declarations.wanted().getOrDefault(name, Declarations.Wanted.NOTHING);
    var nodes =
        fitting.stream()
            .map(node -> node.getMetadata().getName())
            .filter(node -> is.members().contains(NodeServiceName.member(node)))
            .collect(Collectors.toSet());
    var rules = Optional.ofNullable(spec.onDemand());
    return Loading.next(
        places,
        new Demand(is.described(), nodes),
        new Rules(
            Optional.ofNullable(spec.replicas()).orElse(Integer.MAX_VALUE),
            rules.map(StageServiceSpec.OnDemand::atLeast).orElse(0),
            Duration.ofSeconds(rules.map(StageServiceSpec.OnDemand::idle).orElse(300)),
            Duration.ofSeconds(spec.rollOut().deadline())),
        now);
  }

  private Place place(String name, Node node, StageServiceStatus was, List<Deployment> there) {
    var on = node.getMetadata().getName();
    var own = there.stream().filter(d -> on.equals(Labels.node(d))).toList();
    var pods =
        cluster.listOf(name, Pod.class).stream().filter(p -> on.equals(Labels.node(p))).toList();
    return new Place(
        on,
        Eligibility.ready(node),
        !own.isEmpty(),
        own.stream().anyMatch(Containers::isReady),
        pods.stream().flatMap(p -> Containers.broken(p).stream()).findFirst(),
        pods.stream().map(Containers::waiting).filter(w -> !w.isEmpty()).findFirst().orElse(""),
        was.nodes().stream()
            .filter(s -> s.node().equals(on))
            .flatMap(s -> read(s).stream())
            .findFirst());
  }

  /** The nodes that a switch of revisions has to do with: others have no old one to go on. */
  static List<Node> settled(Loading.Plan plan, List<Node> nodes) {
    return nodes.stream()
        .filter(
            n ->
                Optional.ofNullable(plan.states().get(n.getMetadata().getName()))
                    .filter(s -> s.phase() == Phase.LOADING)
                    .isEmpty())
        .toList();
  }

  /** Where nothing of the revision before runs there is nothing to take over from. */
  static RevisionSwitch.State begun(
      String target, RevisionSwitch.State state, List<Deployment> there, Instant now) {
    var active = state.active();
    boolean goesOn =
        active.filter(a -> a.name().equals(target)).isPresent()
            || state.failed().filter(target::equals).isPresent()
            || active
                .filter(
                    a ->
                        there.stream()
                            .anyMatch(d -> a.name().equals(Labels.of(d, Workloads.REVISION))))
                .isPresent();
    if (goesOn) return state;
    int slot =
        state
            .candidate()
            .filter(c -> c.name().equals(target))
            .map(Revision::slot)
            .orElseGet(() -> active.map(a -> 1 - a.slot()).orElse(0));
    return new RevisionSwitch.State(
        Optional.of(new Revision(target, slot, now, Optional.of(now), Optional.of(now))),
        Optional.empty(),
        Optional.empty());
  }

  /** What is declared to the members: how they reach it, on which nodes it may be, and not now. */
  static Map<String, Object> declaration(
      StageServiceSpec spec, int port, Optional<Integer> fallback, Loading.Plan plan) {
    var excuses = new TreeMap<String, String>();
    var nodes = new ArrayList<String>();
    for (var node : plan.possible()) {
      var why = plan.impossible().get(node);
      if (why != null && excuses.size() >= MOST_EXCUSES) continue;
      if (why != null) excuses.put(NodeServiceName.member(node), cut(why));
      nodes.add(node);
    }
    var declaration = Workloads.declaration(spec, port, fallback, nodes);
    declaration.put("load", "on-demand");
    if (!excuses.isEmpty()) declaration.put("not-on", excuses);
    return declaration;
  }

  private static String cut(String words) {
    return words.length() <= LONGEST_EXCUSE ? words : words.substring(0, LONGEST_EXCUSE);
  }

  static Says condition(Loading.Plan plan) {
    var failed = new ArrayList<String>();
    plan.states()
        .forEach(
            (node, state) -> {
              if (state.phase() == Phase.FAILED)
                failed.add("on node %s: %s".formatted(node, state.message()));
            });
    var loading = Loading.nodes(plan.states(), Phase.LOADING);
    var words = loading.isEmpty() ? "" : "it is being loaded on " + loading;
    if (!failed.isEmpty())
      return Says.no(
          "Loaded",
          "Failed",
          "%s; other nodes are taken, and these again after %s minutes%s"
              .formatted(
                  String.join("; ", failed),
                  Loading.AGAIN_AFTER.toMinutes(),
                  words.isEmpty() ? "" : "; " + words));
    return loading.isEmpty()
        ? Says.yes("Loaded", "AsWanted", "it is loaded where pipelines want it")
        : Says.no("Loaded", "Loading", words);
  }

  /** Failures that the status does not know yet are told as events. */
  void tell(StageServiceResource resource, Loading.Plan plan) {
    var known =
        resource.getStatus().nodes().stream()
            .filter(s -> word(Phase.FAILED).equals(s.phase()))
            .map(NodeState::node)
            .collect(Collectors.toSet());
    plan.states()
        .forEach(
            (node, state) -> {
              if (state.phase() == Phase.FAILED && !known.contains(node))
                cluster.tell(
                    resource,
                    true,
                    "NotLoaded",
                    "on node %s: %s; other nodes are taken".formatted(node, state.message()));
            });
  }

  /** The states of nodes with their phases, and of nodes on which it does not run for now. */
  static List<NodeState> states(Loading.Plan plan, List<NodeState> running) {
    var states = new ArrayList<NodeState>();
    var others = new TreeSet<>(plan.states().keySet());
    for (var state : running) {
      others.remove(state.node());
      states.add(with(state, plan.states().get(state.node())));
    }
    for (var node : others)
      states.add(with(new NodeState(node, null, false, null, null, null), plan.states().get(node)));
    return states;
  }

  private static NodeState with(NodeState is, @Nullable State state) {
    if (state == null) return is;
    return new NodeState(
        is.node(),
        is.revision(),
        is.ready(),
        state.message().isEmpty() ? is.message() : state.message(),
        word(state.phase()),
        state.since().toString());
  }

  private static Optional<State> read(NodeState state) {
    for (var phase : Phase.values())
      if (word(phase).equals(state.phase()) && state.since() != null)
        return Optional.of(
            new State(
                phase,
                Instant.parse(state.since()),
                phase == Phase.FAILED ? Objects.requireNonNullElse(state.message(), "") : ""));
    return Optional.empty();
  }

  private static String word(Phase phase) {
    return phase.name().charAt(0) + phase.name().substring(1).toLowerCase(Locale.ROOT);
  }
}
