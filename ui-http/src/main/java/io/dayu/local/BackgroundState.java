package io.dayu.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.local.BackgroundCluster.Launched;
import io.dayu.local.BackgroundCluster.Started;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A {@link BackgroundCluster} as JSON. What an earlier release wrote is read, too. */
final class BackgroundState {
  private BackgroundState() {}

  static ObjectNode written(BackgroundCluster cluster) {
    var json = JsonNodeFactory.instance.objectNode();
    cluster.api().ifPresent(api -> json.put("api", api.toString()));
    var environment = json.putArray("environment");
    cluster.environment().forEach(environment::add);
    var list = json.putArray("nodes");
    for (var node : cluster.nodes()) {
      var each =
          list.addObject()
              .put("name", node.name())
              .put("role", node.role())
              .put("pid", node.pid())
              .put("startedAt", node.startedAt().toString())
              .put("dataDir", node.dataDir().toString())
              .put("log", node.log().toString());
      node.launched()
          .ifPresent(
              launched -> {
                write(launched.options(), each.putObject("options"));
                write(launched.endpoints(), each.putObject("endpoints"));
              });
    }
    return json;
  }

  private static void write(NodeOptions options, ObjectNode json) {
    json.put("site", options.site()).put("heapMb", options.heapMb());
    options.jvmOptions().forEach(json.putArray("jvmOptions")::add);
    options.classPath().forEach(entry -> json.withArray("classPath").add(entry.toString()));
    options.properties().forEach(json.putObject("properties")::put);
    options.prefix().forEach(json.putArray("prefix")::add);
  }

  private static void write(Endpoints endpoints, ObjectNode json) {
    endpoints.values().forEach(json::put);
  }

  /**
   * @throws RuntimeException if something is missing or wrong
   */
  static BackgroundCluster read(JsonNode json) {
    var nodes = new ArrayList<Started>();
    for (var node : json.path("nodes")) nodes.add(started(node));
    return new BackgroundCluster(
        Optional.ofNullable(json.path("api").textValue()).map(URI::create),
        nodes,
        texts(json.path("environment")),
        true);
  }

  private static Started started(JsonNode node) {
    return new Started(
        node.path("name").asText(),
        node.path("role").asText(),
        node.path("pid").asLong(),
        Instant.parse(node.path("startedAt").asText()),
        Path.of(node.path("dataDir").asText()),
        Path.of(node.path("log").asText()),
        node.has("options")
            ? Optional.of(new Launched(options(node), Endpoints.of(map(node.path("endpoints")))))
            : Optional.empty());
  }

  private static NodeOptions options(JsonNode node) {
    var role =
        node.path("role").asText().equals(NodeOptions.Role.CLOUD.word())
            ? NodeOptions.Role.CLOUD
            : NodeOptions.Role.EDGE;
    var options = node.path("options");
    return new NodeOptions(
        node.path("name").asText(),
        role,
        options.path("site").asText(),
        options.path("heapMb").asInt(),
        texts(options.path("jvmOptions")),
        map(options.path("properties")),
        texts(options.path("classPath")).stream().map(Path::of).toList(),
        texts(options.path("prefix")));
  }

  private static List<String> texts(JsonNode list) {
    var texts = new ArrayList<String>();
    list.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static SortedMap<String, String> map(JsonNode object) {
    var map = new TreeMap<String, String>();
    object.properties().forEach(field -> map.put(field.getKey(), field.getValue().asText()));
    return map;
  }
}
