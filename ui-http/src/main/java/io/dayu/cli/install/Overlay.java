package io.dayu.cli.install;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.dayu.cli.install.Installation.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The kustomization that makes an installation of {@code k8s/base} and {@code k8s/components}, as
 * files. It says only what differs from them, so that it can be read and gone on with by hand.
 */
public final class Overlay {
  /** The namespace, and the beginning of names that belong to none, in {@code base}. */
  private static final String NAMESPACE = "dayu-system";

  private static final String HEAD =
      """
      apiVersion: kustomize.config.k8s.io/v1beta1
      kind: Kustomization
      """;

  private final Installation of;
  private final String k8s;
  private final SortedMap<String, String> files = new TreeMap<>();

  /** By target, in the order in which they are written. */
  private final Map<String, List<String>> patches = new LinkedHashMap<>();

  private Overlay(Installation of, String k8s) {
    this.of = of;
    this.k8s = k8s;
  }

  /**
   * The files by name, with {@code /} in it for those below a directory.
   *
   * @param k8s the way from the directory of the overlay to {@code k8s}; kustomize takes a relative
   *     one only
   */
  public static SortedMap<String, String> files(Installation of, String k8s) {
    var overlay = new Overlay(of, k8s);
    overlay.write();
    return overlay.files;
  }

  private void write() {
    var text =
        new StringBuilder("# Written by \"./dayu k8s render --out\"; it may be changed by hand.\n");
    text.append(HEAD).append("namespace: ").append(namespace()).append("\nresources:\n");
    resources().forEach(resource -> text.append("  - ").append(resource).append('\n'));
    var components = components();
    if (!components.isEmpty()) text.append("components:\n");
    components.forEach(c -> text.append("  - %s/components/%s%n".formatted(k8s, c)));
    images(text);
    seeds();
    settings();
    pods();
    others();
    if (!patches.isEmpty()) text.append("patches:\n");
    patches.forEach(
        (target, operations) -> {
          text.append("  - target: {%s}%n".formatted(target));
          if (operations.get(0).contains("path: /metadata/name,"))
            text.append("    options: {allowNameChange: true}\n");
          text.append("    patch: |-\n");
          operations.forEach(operation -> text.append("      - ").append(operation).append('\n'));
        });
    files.put("kustomization.yaml", text.toString());
  }

  private String namespace() {
    return of.text("namespace");
  }

  private List<String> resources() {
    var resources = new ArrayList<String>();
    if (of.keys() == Keys.HOST) resources.add(k8s + "/base");
    else {
      resources.add(k8s + "/base/common");
      for (var role : List.of("cloud", "edge"))
        for (var node : of.nodes(role)) {
          resources.add(node.service());
          files.put(node.service() + "/kustomization.yaml", daemonSet(node, role));
        }
    }
    var nodes = nodes();
    if (!nodes.isEmpty()) {
      resources.add("nodes.yaml");
      files.put(
          "nodes.yaml",
          """
          # One Service for each node, "node-" and the node's name: the stable name by which the nodes of all sites reach each
          # other. Without a selector, with Endpoints of our own, it survives pod replacement and an offline node; EdgeMesh
          # carries it between sites (it reads Endpoints, "nodeName" included, and needs a ClusterIP). Never delete one
          # while its node exists.
          """
              + nodes);
    }
    return resources;
  }

  private List<String> components() {
    var components = new ArrayList<String>();
    if (of.is("apiService")) components.add("api-service");
    if (of.is("operator")) components.add("operator");
    if (of.is("postgres.enabled")) components.add("postgres");
    if (of.keys() == Keys.CERT_MANAGER) components.add("cert-manager");
    return components;
  }

  private void images(StringBuilder text) {
    var images = new StringBuilder();
    image(images, "images.cloud", "dayu/cloud-node");
    image(images, "images.edge", "dayu/edge-node");
    if (of.is("postgres.enabled")) image(images, "images.postgres", "postgres");
    if (!images.isEmpty()) text.append("images:\n").append(images);
  }

  private void image(StringBuilder text, String path, String name) {
    if (!of.differs(path)) return;
    var image = of.text(path);
    boolean digest = image.contains("@");
    int end = digest ? image.indexOf('@') : image.lastIndexOf(':');
    text.append("  - name: %s%n".formatted(name));
    text.append("    newName: %s%n".formatted(image.substring(0, end)));
    text.append(
        "    %s: \"%s\"%n".formatted(digest ? "digest" : "newTag", image.substring(end + 1)));
  }

  /** A node's own DaemonSet, because all pods of a DaemonSet mount the same Secrets. */
  private String daemonSet(Node node, String role) {
    var text = new StringBuilder(HEAD);
    text.append("resources:\n  - ../%s/base/%s%n".formatted(k8s, role));
    text.append(
        """
        patches:
          - target: {kind: DaemonSet}
            options: {allowNameChange: true}
            patch: |-
        """);
    var term =
        "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0";
    for (var operation :
        List.of(
            replace("/metadata/name", node.service()),
            "{op: add, path: /metadata/labels/dayu.io~1node, value: \"%s\"}".formatted(node.name()),
            "{op: add, path: /spec/selector/matchLabels/dayu.io~1node, value: \"%s\"}"
                .formatted(node.name()),
            "{op: add, path: /spec/template/metadata/labels/dayu.io~1node, value: \"%s\"}"
                .formatted(node.name()),
            "{op: replace, path: %s, value: {matchFields: [{key: metadata.name, operator: In, values: [\"%s\"]}]}}"
                .formatted(term, node.name()),
            // 288 is 0440: its group, which is fsGroup of the pod, may read it, and nobody else.
            "{op: replace, path: /spec/template/spec/volumes/1, value: {name: keys, secret: {secretName: %s, defaultMode: 288}}}"
                .formatted(node.secret()))) text.append("      - ").append(operation).append('\n');
    return text.toString();
  }

  private String nodes() {
    var text = new StringBuilder();
    for (var node : of.nodes("cloud"))
      text.append(node(node, "cloud", "tcp-artery", "tcp-data", "http-management"));
    for (var node : of.nodes("edge")) text.append(node(node, "edge", "tcp-artery", "tcp-data"));
    return text.toString();
  }

  private String node(Node node, String role, String... ports) {
    var service = new StringBuilder();
    var endpoints = new StringBuilder();
    for (var name : ports) {
      int port = port(name);
      service.append("    - {name: %s, port: %s, targetPort: %s}%n".formatted(name, port, port));
      endpoints.append("      - {name: %s, port: %s}%n".formatted(name, port));
    }
    var text =
        """
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: %1$s
          labels: {app.kubernetes.io/part-of: dayu}
        spec:
          type: ClusterIP
          ports:
        %2$s---
        apiVersion: v1
        kind: Endpoints
        metadata:
          name: %1$s
          labels: {app.kubernetes.io/part-of: dayu}
        subsets:
          - addresses:
              - {ip: "%3$s", nodeName: "%4$s"}
            ports:
        %5$s"""
            .formatted(node.service(), service, node.address(), node.name(), endpoints);
    return of.keys() == Keys.CERT_MANAGER ? text + certificate(node, role) : text;
  }

  private String certificate(Node node, String role) {
    return """
        ---
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata:
          name: %1$s
          labels: {app.kubernetes.io/part-of: dayu}
        spec:
          secretName: %1$s
          dnsNames: [%2$s.%3$s.dayu.internal]
          duration: 8760h
          renewBefore: 720h
          privateKey: {algorithm: ECDSA, size: 256, encoding: PKCS8, rotationPolicy: Always}
          usages: [digital signature, server auth, client auth]
          issuerRef: {group: cert-manager.io, kind: Issuer, name: dayu-authority}
        """
        .formatted(node.secret(), node.name(), role);
  }

  private int port(String name) {
    return switch (name) {
      case "tcp-artery" -> of.at("ports.cluster").asInt();
      case "tcp-data" -> of.at("ports.data").asInt();
      case "http-api" -> of.at("ports.api").asInt();
      default -> of.at("ports.management").asInt();
    };
  }

  private void seeds() {
    var target = "kind: ConfigMap, name: dayu-seeds";
    patch(target, replace("/data/DAYU_SEEDS", hosts(of, "ports.cluster")));
    patch(target, replace("/data/DAYU_SEED_MANAGEMENT", hosts(of, "ports.management")));
  }

  static String hosts(Installation of, String port) {
    return of.nodes("cloud").stream()
        .map(node -> node.host(of.text("namespace")) + ":" + of.text(port))
        .collect(Collectors.joining(","));
  }

  private void settings() {
    var target = "kind: ConfigMap, name: dayu-settings";
    setting(target, "DAYU_CLUSTER_PORT", "ports.cluster");
    setting(target, "DAYU_DATA_PORT", "ports.data");
    setting(target, "DAYU_HTTP_PORT", "ports.api");
    setting(target, "DAYU_MANAGEMENT_PORT", "ports.management");
    setting(target, "DAYU_READ_FILES", "read.files");
    setting(target, "DAYU_READ_HOSTS", "read.hosts");
  }

  private void setting(String target, String name, String path) {
    if (of.differs(path)) patch(target, replace("/data/" + name, of.text(path)));
  }

  private void pods() {
    for (var role : List.of("cloud", "edge")) {
      var target = "kind: DaemonSet, labelSelector: app.kubernetes.io/component=node-" + role;
      var pod = "/spec/template/spec";
      var node = pod + "/containers/0";
      if (of.differs("edgeLabel")) {
        if (of.keys() == Keys.HOST) patch(target, edgeLabel());
        if (role.equals("edge"))
          patch(target, replace(pod + "/tolerations/0/key", of.text("edgeLabel")));
      }
      value(target, node + "/ports/0/containerPort", "ports.cluster");
      value(target, node + "/ports/1/containerPort", "ports.data");
      if (role.equals("cloud")) {
        value(target, node + "/ports/2/containerPort", "ports.api");
        value(target, node + "/ports/3/containerPort", "ports.management");
      }
      var resources = "resources." + role;
      value(target, node + "/resources/requests/cpu", resources + ".cpu");
      value(target, node + "/resources/requests/memory", resources + ".memory");
      value(target, node + "/resources/limits/memory", resources + ".memoryLimit");
      value(target, pod + "/volumes/0/hostPath/path", "directories.state");
      if (of.keys() == Keys.HOST)
        value(target, pod + "/volumes/1/hostPath/path", "directories.keys");
      if (!namespace().equals(NAMESPACE))
        patch(target, replace(pod + "/priorityClassName", namespace() + ".node"));
    }
  }

  private String edgeLabel() {
    return replace(
        "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/key",
        of.text("edgeLabel"));
  }

  private void others() {
    value("kind: PodDisruptionBudget, name: node-cloud", "/spec/minAvailable", "minAvailable");
    if (of.is("postgres.enabled")) {
      var set = "kind: StatefulSet, name: dayu-postgres";
      if (of.differs("edgeLabel")) patch(set, edgeLabel());
      value(
          set, "/spec/volumeClaimTemplates/0/spec/resources/requests/storage", "postgres.storage");
      value(
          "kind: NetworkPolicy, name: dayu-postgres",
          "/spec/ingress/0/from/0/ipBlock/cidr",
          "postgres.from");
    }
    if (namespace().equals(NAMESPACE)) return;
    rename("PriorityClass", "node");
    if (!of.is("operator")) return;
    rename("ClusterRole", "operator");
    rename("ClusterRole", "view");
    rename("ClusterRole", "edit");
    rename("ClusterRoleBinding", "operator");
    // Not found by kustomize, which looks for the account before the namespace is another one.
    for (var binding :
        List.of(
            "kind: ClusterRoleBinding, name: %s.operator".formatted(NAMESPACE),
            "kind: RoleBinding, name: dayu-operator"))
      patch(binding, replace("/subjects/0/namespace", namespace()));
  }

  /** What belongs to no namespace has that of its installation in its name. */
  private void rename(String kind, String name) {
    patch(
        "kind: %s, name: %s.%s".formatted(kind, NAMESPACE, name),
        replace("/metadata/name", namespace() + "." + name));
  }

  private void value(String target, String at, String path) {
    if (of.differs(path))
      patch(target, "{op: replace, path: %s, value: %s}".formatted(at, of.at(path)));
  }

  private void patch(String target, String operation) {
    patches.computeIfAbsent(target, t -> new ArrayList<>()).add(operation);
  }

  private static String replace(String path, String value) {
    return "{op: replace, path: %s, value: %s}"
        .formatted(path, JsonNodeFactory.instance.textNode(value));
  }
}
