package io.dayu.k8s.desired;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The document that the runtime takes, made of a Pipeline and of what it refers to. */
public final class PipelineDocuments {
  private PipelineDocuments() {}

  /**
   * @param document empty if something is referred to that is not there
   * @param missing what is, in words
   */
  public record Resolved(Optional<JsonNode> document, List<String> missing) {
    public Resolved {
      missing = List.copyOf(missing);
    }
  }

  /**
   * Puts in what {@code sources[].dataSource} and {@code policyRef} refer to; what the Pipeline
   * says itself holds before it.
   *
   * @param dataSources the specs of DataSources by name
   * @param policies the specs of SchedulingPolicies by name
   */
  public static Resolved resolve(
      String name,
      JsonNode spec,
      Function<String, Optional<JsonNode>> dataSources,
      Function<String, Optional<JsonNode>> policies) {
    var missing = new ArrayList<String>();
    var document = JsonNodeFactory.instance.objectNode();
    document.put("apiVersion", "dayu.io/v1alpha1");
    document.put("kind", "Pipeline");
    document.putObject("metadata").put("name", name);
    if (!(spec instanceof ObjectNode own)) {
      document.putObject("spec");
      return new Resolved(Optional.of(document), missing);
    }
    var body = own.deepCopy();
    for (var source : body.path("sources"))
      if (source instanceof ObjectNode s && s.has("dataSource"))
        refer(s, s.remove("dataSource").asText(), "DataSource", dataSources, missing);
    if (body.has("policyRef")) {
      var policy = body.withObjectProperty("policy");
      refer(policy, body.remove("policyRef").asText(), "SchedulingPolicy", policies, missing);
    }
    document.set("spec", body);
    return missing.isEmpty()
        ? new Resolved(Optional.of(document), missing)
        : new Resolved(Optional.empty(), missing);
  }

  /** The same for documents that say the same, whatever the order of their fields. */
  public static String digest(JsonNode document) {
    return digest(ordered(document).toString());
  }

  /** Sixteen hexadecimal digits that tell a text from others. */
  static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)))
          .substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static JsonNode ordered(JsonNode node) {
    if (node.isObject()) {
      var object = JsonNodeFactory.instance.objectNode();
      node.propertyStream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(field -> object.set(field.getKey(), ordered(field.getValue())));
      return object;
    }
    if (!node.isArray()) return node;
    var list = JsonNodeFactory.instance.arrayNode();
    node.forEach(item -> list.add(ordered(item)));
    return list;
  }

  private static void refer(
      ObjectNode into,
      String name,
      String kind,
      Function<String, Optional<JsonNode>> found,
      List<String> missing) {
    var spec = found.apply(name);
    if (spec.isEmpty()) {
      missing.add("there is no %s named %s".formatted(kind, name));
      return;
    }
    for (var field : spec.get().properties())
      if (!into.has(field.getKey())) into.set(field.getKey(), field.getValue());
  }
}
