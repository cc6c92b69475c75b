package io.dayu.k8s.desired;

import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceStatus;
import io.dayu.k8s.crd.StageServiceStatus.NodeState;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.RevisionSwitch.Plan;
import io.dayu.k8s.desired.RevisionSwitch.Revision;
import io.dayu.k8s.desired.RevisionSwitch.State;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the status of a StageService says of its revisions, nodes and conditions, and what is read
 * from it when the operator looks again: it remembers nothing else of a switch.
 */
public final class ServiceStatus {
  private ServiceStatus() {}

  /** Where the switch of revisions is. */
  public static State state(StageServiceStatus status) {
    return new State(
        Optional.ofNullable(status.active()).map(ServiceStatus::read),
        Optional.ofNullable(status.candidate()).map(ServiceStatus::read),
        Optional.ofNullable(status.failed()));
  }

  /**
   * Where a revision listens, one that is not begun yet too.
   *
   * @param port the first of the two of the service
   */
  public static int port(StageServiceStatus status, String revision, int port) {
    var candidate = status.candidate();
    if (candidate != null && candidate.name().equals(revision)) return port + candidate.slot();
    var active = status.active();
    return active == null
        ? port
        : port + (active.name().equals(revision) ? active.slot() : 1 - active.slot());
  }

  /**
   * How the nodes are on which it is to run, by name.
   *
   * @param there its Deployments
   */
  public static List<NodeState> nodes(State state, List<Node> nodes, List<Deployment> there) {
    var revision = state.active().or(state::candidate).map(Revision::name);
    var states = new ArrayList<NodeState>();
    for (var node :
        nodes.stream().sorted(Comparator.comparing(n -> n.getMetadata().getName())).toList()) {
      var name = node.getMetadata().getName();
      var own =
          there.stream()
              .filter(d -> name.equals(Labels.node(d)))
              .filter(
                  d -> revision.filter(r -> r.equals(Labels.of(d, Workloads.REVISION))).isPresent())
              .findFirst();
      states.add(
          new NodeState(
              name,
              own.map(d -> Labels.of(d, Workloads.REVISION)).orElse(null),
              own.filter(Containers::isReady).isPresent(),
              Eligibility.ready(node) ? null : "the node is away",
              null,
              null));
    }
    return states;
  }

  /**
   * The status with the conditions that the resource has.
   *
   * @param wanted on how many nodes it is to run
   */
  public static StageServiceStatus of(
      StageServiceResource resource, State state, List<NodeState> nodes, int wanted, int port) {
    int ready = (int) nodes.stream().filter(NodeState::ready).count();
    return new StageServiceStatus(
        resource.getMetadata().getGeneration(),
        port,
        state.active().map(ServiceStatus::written).orElse(null),
        state.candidate().map(ServiceStatus::written).orElse(null),
        state.failed().orElse(null),
        ready,
        ready + "/" + wanted,
        Workloads.SERVICE + "=" + resource.getMetadata().getName(),
        nodes,
        resource.getStatus().conditions());
  }

  /**
   * Whether it runs, and whether a revision is to take over.
   *
   * @param there its Deployments
   * @param broken why a revision will not become ready, if that is known
   */
  public static List<Says> conditions(
      Plan plan,
      String target,
      List<Node> nodes,
      List<Deployment> there,
      Function<String, Optional<String>> broken) {
    var active = plan.state().active().map(Revision::name);
    long ready =
        there.stream()
            .filter(d -> active.filter(a -> a.equals(Labels.of(d, Workloads.REVISION))).isPresent())
            .filter(Containers::isReady)
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
                      + broken.apply(active.orElse(target)).map(b -> ": " + b).orElse("")));
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

  /** The status with conditions that say this too. */
  public static StageServiceStatus with(
      StageServiceStatus status, List<Says> says, long generation, Instant now) {
    var conditions = status.conditions();
    // Why it was taken back is told once; the status keeps it.
    for (var s : says)
      if (!s.reason().equals("RolledBack")
          || Conditions.find(conditions, s.type())
              .filter(c -> c.getReason().equals("RolledBack"))
              .isEmpty()) conditions = Conditions.with(conditions, s, generation, now);
    return new StageServiceStatus(
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
}
