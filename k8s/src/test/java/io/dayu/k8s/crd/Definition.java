package io.dayu.k8s.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A CustomResourceDefinition, held to as far as that is possible without an API server: its schema
 * as JSON Schema, with fields that it does not list refused as {@code kubectl} does, and its CEL
 * rules. Costs of rules and transition rules are what only an API server checks.
 */
final class Definition {
  static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CelCompiler COMPILER =
      CelCompilerFactory.standardCelCompilerBuilder()
          .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
          .addVar("self", SimpleType.DYN)
          .build();
  private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder().build();

  private final JsonNode tree;
  private final JsonNode schema;
  private final JsonSchema compiled;

  private Definition(JsonNode tree) {
    this.tree = tree;
    this.schema = tree.at("/spec/versions/0/schema/openAPIV3Schema");
    this.compiled =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(strict(schema));
  }

  static Definition read(String file) {
    try {
      return new Definition(YAML.readTree(Path.of("base/crds", file).toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode tree() {
    return tree;
  }

  JsonNode schema() {
    return schema;
  }

  /** What is wrong with a resource; nothing if it would be taken. */
  List<String> problems(JsonNode resource) {
    var problems = new ArrayList<String>();
    compiled.validate(resource).stream().map(ValidationMessage::getMessage).forEach(problems::add);
    // The API server asks for rules only where the schema holds.
    if (problems.isEmpty()) rules(schema, resource, "", problems);
    return problems;
  }

  /** All rules of the schema, to see that each can be read. */
  List<String> rules() {
    return schema.findValues("x-kubernetes-validations").stream()
        .flatMap(list -> list.findValuesAsText("rule").stream())
        .toList();
  }

  static void compile(String rule) {
    try {
      COMPILER.compile(rule).getAst();
    } catch (CelValidationException e) {
      throw new AssertionError(rule, e);
    }
  }

  private static void rules(JsonNode schema, JsonNode value, String path, List<String> problems) {
    if (value.isMissingNode() || value.isNull()) return;
    for (var rule : schema.path("x-kubernetes-validations"))
      if (!holds(rule.path("rule").asText(), value))
        problems.add(path + ": " + rule.path("message").asText());
    for (var property : schema.path("properties").properties())
      rules(
          property.getValue(),
          value.path(property.getKey()),
          path + "." + property.getKey(),
          problems);
    if (schema.has("items"))
      for (int i = 0; i < value.size(); i++)
        rules(schema.path("items"), value.get(i), path + "[" + i + "]", problems);
  }

  private static boolean holds(String rule, JsonNode self) {
    try {
      return Boolean.TRUE.equals(
          RUNTIME
              .createProgram(COMPILER.compile(rule).getAst())
              .eval(Map.of("self", JSON.convertValue(self, Object.class))));
    } catch (CelValidationException | CelEvaluationException e) {
      throw new AssertionError(rule, e);
    }
  }

  /**
   * The schema with every field that it does not list refused, and lists with keys held to them.
   */
  private static JsonNode strict(JsonNode schema) {
    var copy = schema.deepCopy();
    refuse(copy);
    ((ObjectNode) copy.path("properties")).putObject("apiVersion").put("type", "string");
    ((ObjectNode) copy.path("properties")).putObject("kind").put("type", "string");
    ((ObjectNode) copy.path("properties")).putObject("metadata").put("type", "object");
    return copy;
  }

  private static void refuse(JsonNode schema) {
    if (schema instanceof ObjectNode object) {
      if (object.has("properties")
          && object.path("properties").isObject()
          && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean())
        object.put("additionalProperties", false);
      if (object.path("x-kubernetes-list-type").asText().equals("set"))
        object.put("uniqueItems", true);
      // Words of Kubernetes, which the library would tell of.
      object.remove(
          object
              .propertyStream()
              .map(Map.Entry::getKey)
              .filter(key -> key.startsWith("x-kubernetes-"))
              .toList());
      object.properties().forEach(field -> refuse(field.getValue()));
    } else if (schema instanceof ArrayNode list) list.forEach(Definition::refuse);
  }
}
