package io.dayu.k8s.desired;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the scheduler would put a pod on a node as far as selectors, required affinity and taints
 * say. Room on the node is another question.
 */
public final class Eligibility {
  private static final List<String> KEPT_OUT = List.of("NoSchedule", "NoExecute");

  /**
   * What Kubernetes itself puts on a node that is away, starting or being maintained: DaemonSets
   * tolerate all of it, and a node that is away keeps its name.
   */
  private static final String OF_STATE = "node.kubernetes.io/";

  private Eligibility() {}

  /** Of the pods of a DaemonSet. */
  public static boolean matches(PodSpec pod, Node node) {
    return wants(pod, node) && untolerated(pod, node).isEmpty();
  }

  /** As {@link #matches}, whatever taints the node has. */
  public static boolean wants(PodSpec pod, Node node) {
    return selects(pod.getNodeSelector(), node)
        && required(pod).map(terms -> terms.stream().anyMatch(t -> fits(t, node))).orElse(true);
  }

  /** What keeps these pods away from the node, if a taint does. */
  public static Optional<Taint> untolerated(PodSpec pod, Node node) {
    return taints(node).stream()
        .filter(t -> KEPT_OUT.contains(t.getEffect()) && !t.getKey().startsWith(OF_STATE))
        .filter(t -> !tolerated(pod.getTolerations(), t))
        .findFirst();
  }

  /** Whether the node has all of these labels. */
  public static boolean selects(@Nullable Map<String, String> labels, Node node) {
    if (labels == null) return true;
    var has = labels(node);
    return labels.entrySet().stream().allMatch(l -> l.getValue().equals(has.get(l.getKey())));
  }

  /** Whether the node's kubelet has told that it is ready, and not too long ago. */
  public static boolean ready(Node node) {
    var status = node.getStatus();
    return status != null
        && status.getConditions().stream()
            .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
  }

  static Map<String, String> labels(Node node) {
    var labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  private static Optional<List<NodeSelectorTerm>> required(PodSpec pod) {
    return Optional.ofNullable(pod.getAffinity())
        .map(a -> a.getNodeAffinity())
        .map(a -> a.getRequiredDuringSchedulingIgnoredDuringExecution())
        .map(r -> r.getNodeSelectorTerms());
  }

  private static List<Taint> taints(Node node) {
    return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
  }

  /** A term without requirements matches nothing, as in Kubernetes. */
  private static boolean fits(NodeSelectorTerm term, Node node) {
    if (term.getMatchExpressions().isEmpty() && term.getMatchFields().isEmpty()) return false;
    var labels = labels(node);
    var name = Map.of("metadata.name", node.getMetadata().getName());
    return term.getMatchExpressions().stream().allMatch(r -> holds(r, labels))
        && term.getMatchFields().stream().allMatch(r -> holds(r, name));
  }

  private static boolean holds(NodeSelectorRequirement r, Map<String, String> labels) {
    var value = labels.get(r.getKey());
    return switch (r.getOperator()) {
      case "In" -> value != null && r.getValues().contains(value);
      case "NotIn" -> value == null || !r.getValues().contains(value);
      case "Exists" -> value != null;
      case "DoesNotExist" -> value == null;
      case "Gt" -> number(value).flatMap(n -> number(first(r)).map(m -> n > m)).orElse(false);
      case "Lt" -> number(value).flatMap(n -> number(first(r)).map(m -> n < m)).orElse(false);
      default -> false;
    };
  }

  private static String first(NodeSelectorRequirement r) {
    return r.getValues().isEmpty() ? "" : r.getValues().get(0);
  }

  private static Optional<Long> number(@Nullable String text) {
    return text != null && text.matches("-?[0-9]{1,18}")
        ? Optional.of(Long.parseLong(text))
        : Optional.empty();
  }

  private static boolean tolerated(List<Toleration> tolerations, Taint taint) {
    return tolerations.stream()
        .anyMatch(
            t ->
                (empty(t.getKey()) || t.getKey().equals(taint.getKey()))
                    && (empty(t.getEffect()) || t.getEffect().equals(taint.getEffect()))
                    && ("Exists".equals(t.getOperator())
                        || !empty(t.getKey())
                            && orEmpty(t.getValue()).equals(orEmpty(taint.getValue()))));
  }

  private static boolean empty(@Nullable String text) {
    return text == null || text.isEmpty();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
