package io.dayu.k8s.doctor;

import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the API server shows of an installation, asked for when a check needs it and once. Methods
 * block, and throw {@link NotSeen} for what is not shown. For one thread.
 */
final class View {
  private static final String EDGE_ROLE = "node-role.kubernetes.io/edge";
  private static final String KUBE_EDGE = "-kubeedge-";

  private final KubernetesClient client;
  private final String namespace;
  private final Instant now;
  private final Path k8s;
  private final Map<String, Object> seen = new HashMap<>();

  /**
   * @param now by the clock of the API server
   * @param k8s the directory of the manifests of this version
   */
  View(KubernetesClient client, String namespace, Instant now, Path k8s) {
    this.client = client;
    this.namespace = namespace;
    this.now = now;
    this.k8s = k8s;
  }

  KubernetesClient client() {
    return client;
  }

  String namespace() {
    return namespace;
  }

  Instant now() {
    return now;
  }

  /** The manifests of this version. */
  Path k8s() {
    return k8s;
  }

  /** All objects of a kind in all namespaces, or of a kind that has none. */
  <T extends HasMetadata> List<T> all(Class<T> kind) {
    return ask(
        "list " + HasMetadata.getPlural(kind) + " of all namespaces",
        () -> client.resources(kind).inAnyNamespace().list().getItems());
  }

  /** Those of the installation's namespace. */
  <T extends HasMetadata> List<T> ours(Class<T> kind) {
    return in(kind, namespace);
  }

  <T extends HasMetadata> List<T> in(Class<T> kind, String of) {
    return ask(
        "list %s in %s".formatted(HasMetadata.getPlural(kind), of),
        () -> client.resources(kind).inNamespace(of).list().getItems());
  }

  /** One of the installation's namespace. */
  <T extends HasMetadata> Optional<T> our(Class<T> kind, String name) {
    return one(kind, namespace, name);
  }

  <T extends HasMetadata> Optional<T> one(Class<T> kind, String of, String name) {
    return ask(
        "get %s %s in %s".formatted(HasMetadata.getPlural(kind), name, of),
        () -> Optional.ofNullable(client.resources(kind).inNamespace(of).withName(name).get()));
  }

  /** One that belongs to no namespace. */
  <T extends HasMetadata> Optional<T> global(Class<T> kind, String name) {
    return ask(
        "get %s %s".formatted(HasMetadata.getPlural(kind), name),
        () -> Optional.ofNullable(client.resources(kind).withName(name).get()));
  }

  List<Node> nodes() {
    return all(Node.class);
  }

  Optional<Node> node(String name) {
    return nodes().stream().filter(n -> n.getMetadata().getName().equals(name)).findFirst();
  }

  /** Those that put members on nodes. */
  List<DaemonSet> daemonSets() {
    return ours(DaemonSet.class).stream()
        .filter(d -> isCloud(d) || component(d).equals(Labels.EDGE))
        .toList();
  }

  /** The nodes that have, or are to have, a member. */
  List<Member> members() {
    return nodes().stream().flatMap(n -> Members.of(n, daemonSets()).stream()).toList();
  }

  /** The DaemonSet that puts a member on a node. */
  Optional<DaemonSet> daemonSet(Member member) {
    return node(member.node())
        .flatMap(
            node ->
                daemonSets().stream()
                    .filter(d -> isCloud(d) == member.cloud())
                    .filter(d -> Eligibility.matches(d.getSpec().getTemplate().getSpec(), node))
                    .findFirst());
  }

  /** Pods of members, whether they have a node or wait for it. */
  List<Pod> pods() {
    return ours(Pod.class).stream()
        .filter(p -> component(p).equals(Labels.CLOUD) || component(p).equals(Labels.EDGE))
        .toList();
  }

  /** Whether the cloud nodes are to run the operator. */
  boolean operator() {
    return our(ConfigMap.class, "dayu-settings")
        .map(ConfigMap::getData)
        .map(data -> "true".equals(data.get("DAYU_OPERATOR_ENABLED")))
        .orElse(false);
  }

  static boolean isCloud(HasMetadata object) {
    return component(object).equals(Labels.CLOUD);
  }

  static String component(HasMetadata object) {
    return label(object, Labels.COMPONENT).orElse("");
  }

  static Optional<String> label(HasMetadata object, String key) {
    return Optional.ofNullable(object.getMetadata().getLabels()).map(labels -> labels.get(key));
  }

  /** By its label, as KubeEdge, its charts and our manifests tell it. */
  static boolean isEdge(Node node) {
    return label(node, EDGE_ROLE).isPresent();
  }

  /** Whether EdgeCore is its kubelet: {@code v1.28.6-kubeedge-v1.18.0}. */
  static boolean runsEdgeCore(Node node) {
    return kubelet(node).contains(KUBE_EDGE);
  }

  static String kubelet(Node node) {
    return Optional.ofNullable(node.getStatus())
        .map(s -> s.getNodeInfo())
        .map(i -> i.getKubeletVersion())
        .orElse("");
  }

  static Collection<String> names(Collection<? extends HasMetadata> objects) {
    return objects.stream().map(o -> o.getMetadata().getName()).toList();
  }

  @SuppressWarnings("unchecked") // the request names the kind
  <T> T ask(String request, Supplier<T> ask) {
    var known = seen.get(request);
    if (known instanceof NotSeen refused) throw refused;
    if (known != null) return (T) known;
    try {
      var answer = ask.get();
      seen.put(request, answer);
      return answer;
    } catch (KubernetesClientException e) {
      var refused = refused(request, e);
      seen.put(request, refused);
      throw refused;
    }
  }

  private static NotSeen refused(String request, KubernetesClientException e) {
    if (e.getCode() == 403)
      return new NotSeen(
          "not seen: you have no right to " + request,
          "ask whoever administers the cluster for it, or have them run this",
          e);
    if (e.getCode() == 404)
      return new NotSeen(
          "not seen: the API server does not know what it is to %s".formatted(request),
          "kubectl api-resources tells what it knows",
          e);
    return new NotSeen(
        "not seen: to %s was answered by %s".formatted(request, words(e)), "try again", e);
  }

  /** The last cause, which tells what happened. */
  static String words(Throwable e) {
    var text = "";
    for (Throwable at = e; at != null; at = at.getCause())
      if (at.getMessage() != null) text = at.getMessage();
    return text.isEmpty() ? e.toString() : text.lines().findFirst().orElse("");
  }
}
