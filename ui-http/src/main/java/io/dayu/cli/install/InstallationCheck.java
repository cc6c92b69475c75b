package io.dayu.cli.install;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What is wrong with the values of an installation. */
final class InstallationCheck {
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  /** What fits behind {@code node-} in the name of a Service. */
  private static final Pattern NODE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,56}[a-z0-9])?");

  private static final Pattern ADDRESS =
      Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+");
  private static final Pattern NETWORK = Pattern.compile("(" + ADDRESS + ")/[0-9]{1,3}");
  private static final Pattern LABEL =
      Pattern.compile("([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\\w.]{0,61}[A-Za-z0-9])?");
  private static final Pattern IMAGE =
      Pattern.compile("[^\\s:@]+(:[0-9]+/[^\\s:@]+)?(:|@sha256:)[\\w.-]+");
  private static final Pattern QUANTITY = Pattern.compile("[0-9]+(\\.[0-9]+)?(m|k|[KMGT]i?)?");
  private static final int MOST_PORTS = 65_535;

  /** Of KubeEdge and EdgeMesh: edged, MetaServer, MQTT, tunnels, CloudCore. */
  private static final Set<Integer> TAKEN =
      Set.of(53, 1883, 10000, 10001, 10002, 10003, 10004, 10350, 10550, 10551, 20006);

  private final Installation of;
  private final List<String> problems = new ArrayList<>();

  private InstallationCheck(Installation of) {
    this.of = of;
  }

  static List<String> problems(Installation of) {
    var check = new InstallationCheck(of);
    check.all();
    return List.copyOf(check.problems);
  }

  private void all() {
    matches("namespace", NAMESPACE, "a name of a namespace");
    matches("edgeLabel", LABEL, "the name of a label");
    for (var image : List.of("images.cloud", "images.edge", "images.postgres")) image(image);
    if (Keys.of(of.text("keys")).isEmpty()) wrong("keys", "host, secrets or cert-manager");
    else if (of.keys() != Keys.HOST && of.nodes("cloud").isEmpty())
      problems.add(
          "nodes.cloud is empty; with keys: %s each node has a DaemonSet of its own, so name them"
              .formatted(of.text("keys")));
    nodes();
    ports();
    for (var directory : List.of("directories.state", "directories.keys"))
      if (!of.text(directory).startsWith("/")) wrong(directory, "an absolute path");
    if (of.text("directories.state").equals(of.text("directories.keys")))
      problems.add(
          "directories.state and directories.keys are the same; a node writes to the first");
    for (var role : List.of("cloud", "edge"))
      for (var what : List.of("cpu", "memory", "memoryLimit"))
        matches("resources.%s.%s".formatted(role, what), QUANTITY, "a quantity, such as 256Mi");
    if (of.at("minAvailable").asInt() < 1) wrong("minAvailable", "a number from 1 on");
    for (var option : List.of("apiService", "operator", "postgres.enabled"))
      if (!of.at(option).isBoolean()) wrong(option, "true or false");
    if (of.is("postgres.enabled")) {
      matches("postgres.from", NETWORK, "the network of the cloud nodes, such as 192.0.2.0/24");
      matches("postgres.storage", QUANTITY, "a quantity, such as 20Gi");
    }
  }

  private void image(String path) {
    matches(path, IMAGE, "an image with a tag or a digest");
    if (of.text(path).endsWith(":latest"))
      problems.add(
          path + " is :latest, which is not fetched again where there is one; take a version");
  }

  private void nodes() {
    var names = new HashSet<String>();
    for (var role : List.of("cloud", "edge")) {
      var list = of.at("nodes." + role);
      if (!list.isArray()) wrong("nodes." + role, "a list of {name: …, address: …}");
      for (JsonNode node : list) {
        var name = node.path("name").asText();
        if (!NODE.matcher(name).matches())
          problems.add(
              "nodes.%s: \"%s\" is no DNS label of at most 58 lower-case letters, digits and dashes, of which a Service can be made"
                  .formatted(role, name));
        if (!ADDRESS.matcher(node.path("address").asText()).matches())
          problems.add(
              "nodes.%s: the address of %s is \"%s\"; give the node's InternalIP (kubectl get nodes -o wide)"
                  .formatted(role, name, node.path("address").asText()));
        if (!names.add(name)) problems.add("nodes: %s is there twice".formatted(name));
        node.fieldNames()
            .forEachRemaining(
                field -> {
                  if (!Set.of("name", "address").contains(field))
                    problems.add(
                        "nodes.%s: %s has %s; there is only name and address"
                            .formatted(role, name, field));
                });
      }
    }
  }

  private void ports() {
    var users = new HashMap<Integer, String>();
    for (var name : List.of("cluster", "data", "api", "management")) {
      var path = "ports." + name;
      var value = of.at(path);
      int port = value.asInt();
      if (!value.isInt() || port < 1 || port > MOST_PORTS) wrong(path, "a port, 1 to 65535");
      else if (TAKEN.contains(port))
        problems.add("%s: KubeEdge uses port %s".formatted(path, port));
      else {
        var other = users.putIfAbsent(port, path);
        if (other != null) problems.add("%s and %s are both %s".formatted(other, path, port));
      }
    }
  }

  private void matches(String path, Pattern pattern, String wanted) {
    if (!of.at(path).isValueNode() || !pattern.matcher(of.text(path)).matches())
      wrong(path, wanted);
  }

  private void wrong(String path, String wanted) {
    problems.add("%s is %s; it must be %s".formatted(path, of.at(path), wanted));
  }
}
