package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.MemberRollOutStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.RollOut;
import io.dayu.k8s.desired.RollOut.Member;
import io.dayu.k8s.desired.RollOut.Phase;
import io.dayu.k8s.desired.RollOut.Replacing;
import io.dayu.k8s.desired.RollOut.Rules;
import io.dayu.k8s.desired.RollOut.State;
import io.dayu.k8s.desired.RollOut.Step;
import io.dayu.k8s.desired.RollOut.Stop;
import io.dayu.k8s.desired.RollOutMembers;
import io.dayu.node.Profile;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings members to the newest template of their DaemonSets, cloud nodes before edges, by deleting
 * one pod after the other. What is decided stands in the status of a MemberRollOut before it is
 * done.
 */
final class RollOutReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(RollOutReconciler.class);
  private static final Duration WHILE_REPLACING = Duration.ofSeconds(1);
  private static final int MOST_LEFT_OUT = 20;

  private final Cluster cluster;
  private final Clock clock;

  RollOutReconciler(Cluster cluster, Clock clock) {
    this.cluster = cluster;
    this.clock = clock;
  }

  /** The members of one kind as they are. */
  private record Seen(
      MemberRollOutResource resource, List<Member> members, int wanted, Duration settle) {
    private boolean isReplacing() {
      return resource.getStatus().replacing() != null;
    }
  }

  /** All members. */
  Optional<Duration> members() {
    var clouds = RollOutMembers.daemonSets(cluster.list(DaemonSet.class), Labels.CLOUD);
    var edges = RollOutMembers.daemonSets(cluster.list(DaemonSet.class), Labels.EDGE);
    var newest = new HashMap<String, String>();
    for (var daemonSets : List.of(clouds, edges))
      for (var d : daemonSets) {
        var revision = RollOutMembers.newest(d, cluster.list(ControllerRevision.class));
        // Kubernetes is about to look at it, and then it is told of as changed.
        if (revision.isEmpty()) return Optional.empty();
        newest.put(d.getMetadata().getUid(), revision.get());
      }
    var cloud = see(MemberRollOutResource.CLOUD, clouds, newest);
    var edge = see(MemberRollOutResource.EDGE, edges, newest);
    var ofClouds =
        cloud
            .map(
                c ->
                    go(
                        c,
                        c.wanted(),
                        edge.filter(Seen::isReplacing).map(e -> "an edge is on its way")))
            .orElse(Phase.COMPLETE);
    // Newer cloud nodes know what older edges say, whose turn may come after weeks. And a revision
    // that does not work is found where people can mend it.
    var ofEdges =
        edge.map(
                e ->
                    go(
                        e,
                        0,
                        ofClouds.isDone()
                            ? Optional.empty()
                            : Optional.of("cloud nodes are first: memberrollouts cloud")))
            .orElse(Phase.COMPLETE);
    return ofClouds == Phase.REPLACING || ofEdges == Phase.REPLACING
        ? Optional.of(WHILE_REPLACING)
        : spreading();
  }

  /** Until settings that were written just now have reached their nodes. */
  private Optional<Duration> spreading() {
    return files().values().stream()
        .flatMap(file -> NodeProfiles.since(file).stream())
        .map(since -> Duration.between(clock.instant(), since.plus(NodeProfiles.SPREAD)))
        .filter(left -> !left.isNegative())
        .map(left -> left.plusMillis(1))
        .min(Comparator.naturalOrder());
  }

  private Optional<Instant> settings(String node) {
    return Optional.ofNullable(files().get(Profile.file(node)))
        .flatMap(NodeProfiles::since)
        .filter(since -> !clock.instant().isBefore(since.plus(NodeProfiles.SPREAD)));
  }

  private Map<String, String> files() {
    return cluster.get(ConfigMap.class, NodeProfiles.MAP).map(ConfigMap::getData).orElse(Map.of());
  }

  /** Empty where there was never such a member. */
  private Optional<Seen> see(String name, List<DaemonSet> daemonSets, Map<String, String> newest) {
    var resource = cluster.get(MemberRollOutResource.class, name).map(cluster::copy);
    var own = new HashMap<String, String>();
    for (var d : daemonSets)
      own.put(d.getMetadata().getUid(), newest.getOrDefault(d.getMetadata().getUid(), ""));
    var members =
        RollOutMembers.of(
            own,
            daemonSets,
            cluster.list(Pod.class),
            cluster.list(Node.class),
            resource.map(r -> r.getStatus().replacing()).map(MemberRollOutStatus.Replacing::node),
            this::settings);
    if (resource.isEmpty() && members.isEmpty()) return Optional.empty();
    int wanted = 0;
    int settle = 0;
    for (var d : daemonSets) {
      wanted += Optional.ofNullable(d.getStatus().getDesiredNumberScheduled()).orElse(0);
      settle = Math.max(settle, Optional.ofNullable(d.getSpec().getMinReadySeconds()).orElse(0));
    }
    int all = Math.max(wanted, members.size());
    return Optional.of(
        new Seen(resource.orElseGet(() -> made(name)), members, all, Duration.ofSeconds(settle)));
  }

  private MemberRollOutResource made(String name) {
    var made = new MemberRollOutResource();
    made.setMetadata(
        new ObjectMetaBuilder().withName(name).withNamespace(cluster.namespace()).build());
    return made;
  }

  private Phase go(Seen seen, int majorityOf, Optional<String> wait) {
    var resource = seen.resource();
    var status = resource.getStatus();
    if (resource.getMetadata().getResourceVersion() == null) {
      cluster.apply(MemberRollOutResource.class, resource);
      return Phase.WAITING; // what was written is seen soon
    }
    var annotations = resource.getMetadata().getAnnotations();
    if (annotations != null && annotations.containsKey(Dayu.RESUME)) {
      resume(resource);
      return Phase.WAITING;
    }
    var step =
        RollOut.next(
            seen.members(),
            state(status),
            new Rules(
                resource.getSpec().isPaused(),
                resource.getSpec().deadline(),
                seen.settle(),
                majorityOf,
                wait),
            clock.instant());
    tell(seen, step);
    step.state()
        .replacing()
        .filter(r -> step.delete().isPresent())
        .ifPresent(r -> delete(resource, r));
    return step.phase();
  }

  /** What has stopped goes on first, so that the wish is not lost with a crash in between. */
  private void resume(MemberRollOutResource resource) {
    var status = resource.getStatus();
    if (status.stopped() != null) {
      LOG.info("Roll-out of {} goes on, as was asked for", resource.getMetadata().getName());
      resource.setStatus(
          new MemberRollOutStatus(
              status.observedGeneration(),
              status.updated(),
              status.leftOut(),
              status.replacing(),
              null,
              status.conditions()));
      cluster.updateStatus(resource);
      return;
    }
    resource.getMetadata().getAnnotations().remove(Dayu.RESUME);
    cluster.update(resource);
  }

  private void delete(MemberRollOutResource resource, Replacing replacing) {
    for (var pod : cluster.list(Pod.class))
      if (replacing.pod().equals(pod.getMetadata().getUid())) {
        LOG.info(
            "Roll-out of {}: pod {} on node {} is deleted for revision {}",
            resource.getMetadata().getName(),
            pod.getMetadata().getName(),
            replacing.node(),
            replacing.revision());
        cluster.delete(pod);
      }
  }

  /** Fails with a conflict where it was decided by what is not so any more. */
  private void tell(Seen seen, Step step) {
    var resource = seen.resource();
    var name = resource.getMetadata().getName();
    var was = resource.getStatus();
    var says =
        new Says(
            "Progressing",
            step.phase() == Phase.REPLACING || step.phase() == Phase.WAITING ? "True" : "False",
            reason(step.phase()),
            step.state()
                .stop()
                .map(
                    s ->
                        "%s. Change the template, or: kubectl annotate memberrollouts %s %s=true"
                            .formatted(s.why(), name, Dayu.RESUME))
                .orElse(step.says()));
    long generation = Optional.ofNullable(resource.getMetadata().getGeneration()).orElse(0L);
    var is =
        new MemberRollOutStatus(
            generation,
            updated(seen.members()),
            leftOut(seen.members()),
            step.state().replacing().map(RollOutReconciler::written).orElse(null),
            step.state()
                .stop()
                .map(s -> new MemberRollOutStatus.Stopped(s.node(), s.revision(), s.why()))
                .orElse(null),
            Conditions.with(was.conditions(), says, generation, clock.instant()));
    if (cluster.json(was).equals(cluster.json(is))) return;
    resource.setStatus(is);
    cluster.updateStatus(resource);
    if (is.stopped() != null && was.stopped() == null) {
      LOG.warn("Roll-out of {} has stopped: {}", name, says.message());
      cluster.tell(resource, true, "Stopped", says.message());
    }
    if (step.phase().isDone() && was.replacing() != null)
      cluster.tell(resource, false, reason(step.phase()), is.updated() + ": " + step.says());
  }

  private static String reason(Phase phase) {
    return switch (phase) {
      case COMPLETE -> "Complete";
      case LEFT_OUT -> "LeftOut";
      case REPLACING -> "Replacing";
      case WAITING -> "Waiting";
      case PAUSED -> "Paused";
      case STOPPED -> "Stopped";
    };
  }

  private static String updated(List<Member> members) {
    return members.stream().filter(Member::isNewest).count() + "/" + members.size();
  }

  private static List<String> leftOut(List<Member> members) {
    return members.stream()
        .filter(m -> !m.isNewest() && (m.away() || m.held()))
        .map(m -> m.node() + (m.away() ? " (away)" : " (held)"))
        .limit(MOST_LEFT_OUT)
        .toList();
  }

  private static State state(MemberRollOutStatus status) {
    return new State(
        Optional.ofNullable(status.replacing()).map(RollOutReconciler::read),
        Optional.ofNullable(status.stopped()).map(s -> new Stop(s.node(), s.revision(), s.why())));
  }

  private static Replacing read(MemberRollOutStatus.Replacing r) {
    return new Replacing(
        r.node(),
        r.pod(),
        r.revision(),
        r.wasReady(),
        Instant.parse(r.since()),
        Optional.ofNullable(r.ready()).map(Instant::parse));
  }

  private static MemberRollOutStatus.Replacing written(Replacing r) {
    return new MemberRollOutStatus.Replacing(
        r.node(),
        r.pod(),
        r.revision(),
        r.wasReady(),
        r.since().toString(),
        r.ready().map(Instant::toString).orElse(null));
  }
}
