package io.dayu.cli.install;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The values of an installation: those of the Helm chart ({@code k8s/chart/values.yaml}, which says
 * what each means), with what differs laid over them. Immutable.
 */
public final class Installation {
  static final ObjectMapper YAML =
      new ObjectMapper(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** What the manifests of {@code base} say; only what differs has to be patched. */
  private final ObjectNode defaults;

  private final ObjectNode values;

  private Installation(ObjectNode defaults, ObjectNode values) {
    this.defaults = defaults;
    this.values = values;
  }

  /** One that says nothing of its own. */
  public static Installation defaults(Path k8s) {
    var defaults = object(k8s.resolve("chart/values.yaml"));
    return new Installation(defaults, defaults);
  }

  /**
   * With what a file says. Objects are laid over each other, lists and everything else replaced, as
   * Helm does it.
   *
   * @throws UserException if it cannot be read, or says something that there is not
   */
  public Installation with(Path file) {
    return with(object(file), file.toString());
  }

  /**
   * With one value.
   *
   * @param setting {@code path.to.it=value}, the value being YAML
   */
  public Installation with(String setting) {
    int end = setting.indexOf('=');
    if (end <= 0) throw new UserException("--set %s: write NAME=VALUE".formatted(setting));
    var names = setting.substring(0, end).split("\\.", -1);
    JsonNode value = read(setting.substring(end + 1), "--set " + setting);
    for (int i = names.length - 1; i >= 0; i--)
      value = JsonNodeFactory.instance.objectNode().set(names[i], value);
    return with((ObjectNode) value, "--set " + setting);
  }

  /** With one more node, {@code cloud} or {@code edge}. */
  public Installation withNode(String role, String name, String address) {
    var nodes = ((ObjectNode) values.path("nodes").deepCopy());
    nodes.withArray("/" + role).addObject().put("name", name).put("address", address);
    var over = JsonNodeFactory.instance.objectNode();
    over.set("nodes", nodes);
    return with(over, role + " node " + name);
  }

  private Installation with(ObjectNode over, String where) {
    var merged = values.deepCopy();
    lay(over, merged, "", where);
    return new Installation(defaults, merged);
  }

  private static void lay(ObjectNode over, ObjectNode onto, String path, String where) {
    for (Map.Entry<String, JsonNode> field : over.properties()) {
      var name = path + field.getKey();
      var there = onto.get(field.getKey());
      if (there == null)
        throw new UserException(
            "%s: there is no %s; k8s/chart/values.yaml has all there is".formatted(where, name));
      if (there instanceof ObjectNode inner) {
        if (!(field.getValue() instanceof ObjectNode more))
          throw new UserException(
              "%s: %s has parts, and is given one value".formatted(where, name));
        lay(more, inner, name + ".", where);
      } else onto.set(field.getKey(), field.getValue());
    }
  }

  /**
   * This, if it can be installed.
   *
   * @throws UserException with everything that is wrong
   */
  public Installation checked() {
    var problems = InstallationCheck.problems(this);
    if (problems.isEmpty()) return this;
    throw new UserException(
        "This cannot be installed:%n  ".formatted() + String.join("%n  ".formatted(), problems));
  }

  /** The value at {@code ports.data} or another such path. */
  JsonNode at(String path) {
    return values.at("/" + path.replace('.', '/'));
  }

  String text(String path) {
    return at(path).asText();
  }

  boolean is(String path) {
    return at(path).asBoolean();
  }

  /** Whether it is other than what {@code base} says. */
  boolean differs(String path) {
    return !at(path).equals(defaults.at("/" + path.replace('.', '/')));
  }

  Keys keys() {
    return Keys.of(text("keys")).orElseThrow();
  }

  List<Node> nodes(String role) {
    var nodes = new ArrayList<Node>();
    for (var node : at("nodes." + role))
      nodes.add(new Node(node.path("name").asText(), node.path("address").asText()));
    return nodes;
  }

  /** All values, for a renderer of the chart. */
  ObjectNode values() {
    return values.deepCopy();
  }

  /** A node of the cluster that runs Dayu. */
  record Node(String name, String address) {
    /** Of its Service, by which others know it. */
    String service() {
      return "node-" + name;
    }

    String host(String namespace) {
      return "%s.%s.svc.cluster.local".formatted(service(), namespace);
    }

    String secret() {
      return "dayu-keys-" + name;
    }
  }

  private static ObjectNode object(Path file) {
    try {
      var read = read(Files.readString(file), file.toString());
      if (read instanceof ObjectNode object) return object;
      throw new UserException(file + " holds no values (NAME: VALUE)");
    } catch (IOException e) {
      throw new UserException("cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static JsonNode read(String yaml, String where) {
    try {
      var read = YAML.readTree(yaml);
      return read.isMissingNode() ? JsonNodeFactory.instance.textNode("") : read;
    } catch (JsonProcessingException e) {
      throw new UserException("%s is no YAML: %s".formatted(where, e.getOriginalMessage()), e);
    }
  }
}
