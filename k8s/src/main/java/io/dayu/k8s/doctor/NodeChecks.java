package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Nodes of the cluster: which have a member, how they are, what runs them, their clocks. */
final class NodeChecks {
  /** The oldest KubeEdge whose edges run a kubelet that does what the manifests ask of it. */
  private static final int KUBE_EDGE_MINOR = 17;

  private static final Pattern KUBE_EDGE = Pattern.compile("-kubeedge-v1\\.([0-9]+)\\.");
  private static final String LEASES = "kube-node-lease";

  /** A kubelet renews its lease every 10 s; after 40 s its node counts as away. */
  private static final Duration SILENT = Duration.ofSeconds(60);

  private static final Duration AHEAD = Duration.ofSeconds(5);
  private static final Duration BAD = Duration.ofMinutes(5);

  private NodeChecks() {}

  /** Which DaemonSet puts a member where. */
  static String placement(View view, Findings findings) {
    var sets = view.daemonSets();
    if (sets.isEmpty()) {
      findings.problem(
          "",
          "no DaemonSet of Dayu in " + view.namespace(),
          "docs/kubeedge.md tells how to install it; another namespace: --namespace");
      return "";
    }
    for (var node : view.nodes()) {
      if ("false".equals(View.label(node, Labels.MEMBER).orElse(""))) continue;
      var wanting = sets.stream().filter(d -> Eligibility.matches(pod(d), node)).toList();
      var name = node.getMetadata().getName();
      if (wanting.isEmpty()) without(node, sets, findings);
      else if (wanting.size() > 1)
        findings.problem(
            name,
            "wanted by " + String.join(" and ", View.names(wanting)),
            "labels and affinity are to leave one of them: kubectl get node %s --show-labels"
                .formatted(IT));
    }
    var members = view.members();
    if (members.stream().noneMatch(Member::cloud))
      findings.problem(
          "", "no node is to have a cloud node", "one without the label of edges has to be there");
    members.stream()
        .filter(m -> m.address().isEmpty())
        .forEach(
            m ->
                findings.problem(
                    m.node(),
                    "has no InternalIP, so others do not reach its member",
                    "kubelet --node-ip, or edged.nodeIP in edgecore.yaml"));
    long clouds = members.stream().filter(Member::cloud).count();
    return "%s of %s nodes: %s cloud, %s edge"
        .formatted(members.size(), view.nodes().size(), clouds, members.size() - clouds);
  }

  private static void without(Node node, List<DaemonSet> sets, Findings findings) {
    var name = node.getMetadata().getName();
    var taint =
        sets.stream()
            .filter(d -> Eligibility.wants(pod(d), node))
            .flatMap(d -> Eligibility.untolerated(pod(d), node).stream())
            .findFirst();
    if (taint.isPresent())
      findings.hint(
          name,
          "no member: the taint %s:%s keeps it away"
              .formatted(taint.get().getKey(), taint.get().getEffect()),
          "kubectl taint node %s %s-, or a toleration in a patch of the DaemonSet; if none is to be there: kubectl label node %s dayu.io/member=false"
              .formatted(IT, taint.get().getKey(), IT));
    else
      findings.hint(
          name,
          "no member: no DaemonSet wants it",
          "with keys: secrets add it to the values (./dayu k8s render --cloud or --edge), else look at its labels; if none is to be there: kubectl label node %s dayu.io/member=false"
              .formatted(IT));
  }

  /** What kubelets tell of themselves. */
  static String conditions(View view, Findings findings) {
    for (var member : view.members()) {
      var node = view.node(member.node()).orElseThrow();
      if (!Eligibility.ready(node))
        findings.hint(
            member.node(),
            member.cloud()
                ? "is not ready"
                : "is not ready: cut off, or down; its pipelines go on if it runs",
            "on it: systemctl status %s; look at the network to the cloud"
                .formatted(View.runsEdgeCore(node) ? "edgecore" : "kubelet"));
      node.getStatus().getConditions().stream()
          .filter(c -> c.getType().endsWith("Pressure") && "True".equals(c.getStatus()))
          .forEach(
              c ->
                  findings.hint(
                      member.node(),
                      c.getType() + ": " + c.getMessage(),
                      "pods of members go last, but they go: kubectl describe node " + IT));
    }
    return "all ready";
  }

  /** Versions of KubeEdge, and whether labels of edges are where EdgeCore runs. */
  static String kubeEdge(View view, Findings findings) {
    int edges = 0;
    for (var node : view.nodes()) {
      var name = node.getMetadata().getName();
      var version = KUBE_EDGE.matcher(View.kubelet(node));
      if (version.find()) {
        edges++;
        if (!View.isEdge(node))
          findings.problem(
              name,
              "runs EdgeCore and has no label of edges, so it is taken for one of the cloud",
              "kubectl label node %s node-role.kubernetes.io/edge=".formatted(IT));
        if (Integer.parseInt(version.group(1)) < KUBE_EDGE_MINOR)
          findings.hint(
              name,
              "runs KubeEdge 1." + version.group(1),
              "1.%s or later is what docs/kubeedge.md was written for".formatted(KUBE_EDGE_MINOR));
      } else if (View.isEdge(node))
        findings.hint(
            name,
            "has the label of edges and runs %s, no EdgeCore".formatted(View.kubelet(node)),
            "if it is none of KubeEdge's: kubectl label node %s node-role.kubernetes.io/edge-"
                .formatted(IT));
    }
    return edges == 0 ? "no edge runs it" : "edges with EdgeCore: " + edges;
  }

  /** Clocks of kubelets, which write when they renewed their leases, by that of the API server. */
  static String clocks(View view, Findings findings) {
    for (var member : view.members()) {
      var node = view.node(member.node()).orElseThrow();
      var renewed =
          view.one(Lease.class, LEASES, member.node())
              .flatMap(lease -> Optional.ofNullable(lease.getSpec().getRenewTime()));
      if (renewed.isEmpty() || !Eligibility.ready(node)) continue;
      var late = Duration.between(renewed.get().toInstant(), view.now());
      var off = late.abs();
      if (late.compareTo(AHEAD.negated()) >= 0 && late.compareTo(SILENT) <= 0) continue;
      var found =
          "%s s %s that of the API server"
              .formatted(off.toSeconds(), late.isNegative() ? "before" : "behind");
      var remedy =
          "let NTP set the clocks; keys, ages and times of results go by them. On it: timedatectl";
      if (off.compareTo(BAD) < 0) findings.hint(member.node(), found, remedy);
      else findings.problem(member.node(), found, remedy);
    }
    return "none far from that of the API server";
  }

  private static PodSpec pod(DaemonSet set) {
    return set.getSpec().getTemplate().getSpec();
  }
}
