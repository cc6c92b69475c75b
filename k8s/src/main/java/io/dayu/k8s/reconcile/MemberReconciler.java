package io.dayu.k8s.reconcile;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the Service and Endpoints of each node, and the list of cloud members. */
final class MemberReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(MemberReconciler.class);

  private final Cluster cluster;
  private final OperatorSettings settings;
  private final LongSupplier nanos;
  private final Map<String, Long> absentSince = new ConcurrentHashMap<>();

  MemberReconciler(Cluster cluster, OperatorSettings settings, LongSupplier nanos) {
    this.cluster = cluster;
    this.settings = settings;
    this.nanos = nanos;
  }

  /** One Kubernetes node, which may be gone. */
  Optional<Duration> node(String name) {
    var node = cluster.get(Node.class, name);
    if (node.isEmpty()) return absent(name);
    absentSince.remove(name);
    var member = member(node.get());
    // A label says so, or no DaemonSet wants the node: that is meant, and not waited for. Without
    // any DaemonSet the
    // installation is being changed, and names stay.
    if (member.isEmpty()) {
      if (cluster.list(DaemonSet.class).isEmpty()) return Optional.empty();
      remove(name, "it is to have no member");
      return Optional.empty();
    }
    if (cluster.apply(Service.class, Members.service(member.get(), settings.namespace())))
      LOG.info("Service {} for node {}", NodeServiceName.service(name), name);
    Members.endpoints(member.get(), settings.namespace())
        .filter(endpoints -> cluster.apply(Endpoints.class, endpoints))
        .ifPresent(
            endpoints ->
                LOG.info(
                    "{} leads to {}",
                    endpoints.getMetadata().getName(),
                    member.get().address().orElse("nothing")));
    return Optional.empty();
  }

  /** The list of cloud members. */
  Optional<Duration> seeds() {
    Members.seeds(members(), settings.namespace(), settings.domain())
        .filter(seeds -> cluster.apply(ConfigMap.class, seeds))
        .ifPresent(seeds -> LOG.info("Members join {}", seeds.getData().get(Members.SEEDS_KEY)));
    return Optional.empty();
  }

  private List<Member> members() {
    return cluster.list(Node.class).stream().flatMap(n -> member(n).stream()).toList();
  }

  private Optional<Member> member(Node node) {
    return Members.of(node, cluster.list(DaemonSet.class));
  }

  private Optional<Duration> absent(String name) {
    var service = NodeServiceName.service(name);
    if (cluster.get(Service.class, service).isEmpty()
        && cluster.get(Endpoints.class, service).isEmpty()) {
      absentSince.remove(name);
      return Optional.empty();
    }
    var since = absentSince.computeIfAbsent(name, n -> nanos.getAsLong());
    var left = settings.absence().minusNanos(nanos.getAsLong() - since);
    if (left.compareTo(Duration.ZERO) > 0) return Optional.of(left.plusMillis(1));
    remove(name, "the node is gone for " + settings.absence().toMinutes() + " minutes");
    absentSince.remove(name);
    return Optional.empty();
  }

  private void remove(String node, String why) {
    var name = NodeServiceName.service(node);
    remove(cluster.get(Endpoints.class, name), why);
    remove(cluster.get(Service.class, name), why);
  }

  private void remove(Optional<? extends HasMetadata> object, String why) {
    object.ifPresent(
        o -> {
          LOG.info("{} {} is deleted: {}", o.getKind(), o.getMetadata().getName(), why);
          cluster.delete(o);
        });
  }
}
