package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.NodeProfileStatus;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.NodeProfiles.Profile;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the files with the settings of each node. Settings that a node could not use, and those of
 * nodes for which nothing decides between two profiles, are not written: the node keeps what it
 * has.
 */
final class ProfileReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(ProfileReconciler.class);

  private final Cluster cluster;
  private final Clock clock;

  ProfileReconciler(Cluster cluster, Clock clock) {
    this.cluster = cluster;
    this.clock = clock;
  }

  /** All of them: each may be the one that holds where another one does not. */
  Optional<Duration> profiles() {
    var resources =
        cluster.list(NodeProfileResource.class).stream()
            .filter(r -> !r.isMarkedForDeletion())
            .toList();
    var map = cluster.get(ConfigMap.class, NodeProfiles.MAP);
    var daemonSets = cluster.list(DaemonSet.class);
    // Without any DaemonSet the installation is being changed, and files stay.
    if (resources.isEmpty() && map.isEmpty() || daemonSets.isEmpty()) return Optional.empty();
    var profiles = resources.stream().map(Profile::of).toList();
    var wrong = new HashMap<String, String>();
    for (var p : profiles) problem(p).ifPresent(words -> wrong.put(p.name(), words));
    var chosen = new HashMap<String, Integer>();
    var undecided = new HashMap<String, String>();
    Map<String, String> present = map.map(ConfigMap::getData).orElse(Map.of());
    var files = new TreeMap<String, String>();
    for (var node : cluster.list(Node.class)) {
      if (Members.of(node, daemonSets).isEmpty()) continue;
      var name = node.getMetadata().getName();
      var file = io.dayu.node.Profile.file(name);
      var was = Optional.ofNullable(present.get(file));
      var choice = NodeProfiles.of(node, profiles);
      choice.profile().ifPresent(p -> chosen.merge(p.name(), 1, Integer::sum));
      for (var rival : choice.rivals())
        undecided.put(
            rival,
            "node %s fits %s, of the same priority and as many labels: give one a spec.priority"
                .formatted(name, String.join(" and ", choice.rivals())));
      boolean keep =
          !choice.rivals().isEmpty()
              || choice.profile().filter(p -> wrong.containsKey(p.name())).isPresent();
      (keep ? was : NodeProfiles.file(was, choice.profile(), clock.instant()))
          .ifPresent(text -> files.put(file, text));
    }
    if (!files.equals(present)) {
      LOG.info("Settings of {} nodes by their profiles are written", files.size());
      cluster.apply(ConfigMap.class, NodeProfiles.map(cluster.namespace(), files));
    }
    for (var resource : resources) {
      var name = resource.getMetadata().getName();
      tell(
          resource,
          chosen.getOrDefault(name, 0),
          wrong.containsKey(name)
              ? Says.no("Accepted", "Invalid", wrong.getOrDefault(name, ""))
              : undecided.containsKey(name)
                  ? Says.no("Accepted", "Ambiguous", undecided.getOrDefault(name, ""))
                  : Says.yes("Accepted", "Verified", "members take it when they start"));
    }
    return Optional.empty();
  }

  /** By what a node itself says of the file. */
  private Optional<String> problem(Profile profile) {
    try {
      io.dayu.node.Profile.verify(
          NodeProfiles.content(profile.settings(), Optional.of(profile.name()), clock.instant()));
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void tell(NodeProfileResource found, int nodes, Says says) {
    var was = found.getStatus();
    long generation = Optional.ofNullable(found.getMetadata().getGeneration()).orElse(0L);
    var is =
        new NodeProfileStatus(
            generation,
            nodes,
            Conditions.with(was.conditions(), says, generation, clock.instant()));
    if (cluster.json(was).equals(cluster.json(is))) return;
    var resource = cluster.copy(found);
    resource.setStatus(is);
    cluster.updateStatus(resource);
  }
}
