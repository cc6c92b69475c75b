package io.dayu.k8s.desired;

import io.dayu.k8s.desired.RollOut.Member;
import io.dayu.k8s.desired.RollOut.Running;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** What a roll-out has to know of members, read from what Kubernetes keeps of DaemonSets. */
public final class RollOutMembers {
  /** On ControllerRevisions and pods of a DaemonSet: the digest of a template. */
  public static final String REVISION = "controller-revision-hash";

  private RollOutMembers() {}

  /**
   * Those of one kind whose pods are replaced only where somebody deletes them.
   *
   * @param component {@link Labels#CLOUD} or {@link Labels#EDGE}
   */
  public static List<DaemonSet> daemonSets(Collection<DaemonSet> all, String component) {
    return all.stream()
        .filter(d -> Members.component(d).equals(component) && !isEnding(d))
        .filter(
            d ->
                d.getSpec().getUpdateStrategy() != null
                    && "OnDelete".equals(d.getSpec().getUpdateStrategy().getType()))
        .sorted(Comparator.comparing(d -> d.getMetadata().getName()))
        .toList();
  }

  /**
   * The newest revision of a DaemonSet: the highest number, which an older template gets too when
   * it is restored. Empty while Kubernetes has not looked at the newest template.
   */
  public static Optional<String> newest(DaemonSet daemonSet, Collection<ControllerRevision> all) {
    var status = daemonSet.getStatus();
    if (status == null
        || !Objects.equals(status.getObservedGeneration(), daemonSet.getMetadata().getGeneration()))
      return Optional.empty();
    return all.stream()
        .filter(r -> isOf(r, daemonSet))
        .max(Comparator.comparing(ControllerRevision::getRevision))
        .map(r -> label(r, REVISION))
        .filter(hash -> !hash.isEmpty());
  }

  /**
   * The members that have pods, and the one of {@code waitedFor} even while it has none.
   *
   * @param newest the revision of each DaemonSet by its uid
   * @param waitedFor name of a node
   * @param settings since when the settings in the profile of a node are so; a pod that was made
   *     before is not of the newest revision
   */
  public static List<Member> of(
      Map<String, String> newest,
      Collection<DaemonSet> daemonSets,
      Collection<Pod> pods,
      Collection<Node> nodes,
      Optional<String> waitedFor,
      Function<String, Optional<Instant>> settings) {
    var byName = new HashMap<String, Node>();
    nodes.forEach(n -> byName.put(n.getMetadata().getName(), n));
    var byNode = new HashMap<String, Pod>();
    for (var pod : pods)
      if (newest.containsKey(owner(pod)))
        node(pod)
            .filter(byName::containsKey)
            .ifPresent(n -> byNode.merge(n, pod, RollOutMembers::later));
    var members = new ArrayList<Member>();
    byNode.forEach(
        (name, pod) ->
            members.add(
                member(
                    Objects.requireNonNull(byName.get(name)),
                    Objects.requireNonNull(newest.get(owner(pod))),
                    settings.apply(name),
                    Optional.of(pod))));
    waitedFor
        .filter(name -> !byNode.containsKey(name))
        .map(byName::get)
        .ifPresent(
            node ->
                daemonSets.stream()
                    .filter(d -> Eligibility.matches(d.getSpec().getTemplate().getSpec(), node))
                    .findFirst()
                    .map(d -> newest.get(d.getMetadata().getUid()))
                    .ifPresent(
                        revision ->
                            members.add(
                                member(
                                    node,
                                    revision,
                                    settings.apply(node.getMetadata().getName()),
                                    Optional.empty()))));
    members.sort(Comparator.comparing(Member::node));
    return members;
  }

  private static Member member(
      Node node, String newest, Optional<Instant> settings, Optional<Pod> pod) {
    return new Member(
        node.getMetadata().getName(),
        newest + settings.map(s -> "." + s.getEpochSecond()).orElse(""),
        !Eligibility.ready(node),
        "true".equals(Eligibility.labels(node).get(Labels.HOLD)),
        pod.map(p -> running(p, settings)));
  }

  private static Running running(Pod pod, Optional<Instant> settings) {
    return new Running(
        pod.getMetadata().getUid(),
        label(pod, REVISION)
            + settings
                .map(s -> made(pod).isBefore(s) ? ".older" : "." + s.getEpochSecond())
                .orElse(""),
        isReady(pod),
        isEnding(pod),
        trouble(pod));
  }

  /** Of two on a node the one that stays, or came last. */
  private static Pod later(Pod one, Pod other) {
    if (isEnding(one) != isEnding(other)) return isEnding(one) ? other : one;
    return made(one).isBefore(made(other)) ? other : one;
  }

  private static Instant made(Pod pod) {
    var at = pod.getMetadata().getCreationTimestamp();
    return at == null ? Instant.EPOCH : Instant.parse(at);
  }

  /** Before it is put there, the pod of a DaemonSet names its node by affinity alone. */
  private static Optional<String> node(Pod pod) {
    var spec = pod.getSpec();
    if (spec == null) return Optional.empty();
    if (spec.getNodeName() != null) return Optional.of(spec.getNodeName());
    return Optional.ofNullable(spec.getAffinity())
        .map(a -> a.getNodeAffinity())
        .map(a -> a.getRequiredDuringSchedulingIgnoredDuringExecution())
        .stream()
        .flatMap(r -> r.getNodeSelectorTerms().stream())
        .flatMap(t -> t.getMatchFields().stream())
        .filter(f -> "metadata.name".equals(f.getKey()))
        .flatMap(f -> f.getValues().stream())
        .findFirst();
  }

  private static boolean isReady(Pod pod) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
  }

  private static Optional<String> trouble(Pod pod) {
    var status = pod.getStatus();
    if (status == null) return Optional.empty();
    return Stream.concat(
            Stream.concat(
                    status.getInitContainerStatuses().stream(),
                    status.getContainerStatuses().stream())
                .flatMap(c -> waiting(c).stream()),
            status.getConditions().stream()
                .filter(c -> "PodScheduled".equals(c.getType()) && "False".equals(c.getStatus()))
                .map(c -> c.getReason() + " " + c.getMessage()))
        .filter(t -> !t.startsWith("PodInitializing"))
        .findFirst();
  }

  private static Optional<String> waiting(ContainerStatus container) {
    return Optional.ofNullable(container.getState())
        .map(s -> s.getWaiting())
        .map(
            w ->
                w.getReason()
                    + (w.getMessage() == null ? "" : " " + w.getMessage())
                    + " (container %s)".formatted(container.getName()));
  }

  private static boolean isOf(HasMetadata object, DaemonSet daemonSet) {
    return daemonSet.getMetadata().getUid().equals(owner(object));
  }

  private static String owner(HasMetadata object) {
    return object.getMetadata().getOwnerReferences().stream()
        .filter(o -> Boolean.TRUE.equals(o.getController()))
        .map(o -> o.getUid())
        .findFirst()
        .orElse("");
  }

  private static boolean isEnding(HasMetadata object) {
    return object.getMetadata().getDeletionTimestamp() != null;
  }

  private static String label(HasMetadata object, String name) {
    var labels = object.getMetadata().getLabels();
    return labels == null ? "" : labels.getOrDefault(name, "");
  }
}
