package io.dayu.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.element.MediaType;
import io.dayu.stage.Causes;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageDescriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What is known of a service: what it says of itself at {@code /.well-known/dayu-stage}, and what
 * its node declares, which stands above it.
 *
 * @param parallelism calls at once
 * @param accepts in which form it takes elements, the first that fits
 * @param batch how many elements one call may bring
 */
record ServiceDescription(
    StageDescriptor descriptor, int parallelism, List<ContentType> accepts, int batch) {
  static final String API_VERSION = "dayu.io/v1alpha1";

  /** Elements at a service at once, in whatever calls. */
  private static final int MOST_AT_ONCE = 512;

  private static final int MAX_BATCH = 1_000;
  private static final int MAX_PARAMETERS = 100;
  private static final int MAX_MEMORY_MB = 1 << 20;
  private static final Pattern PARAMETER = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,62}");

  /** A description that cannot be used; the message names all that is wrong with it. */
  static final class BadDescription extends Exception {
    private static final long serialVersionUID = 1;

    BadDescription(String message) {
      super(message);
    }
  }

  /** How its types differ from those of another one, between which pipelines would break. */
  boolean hasTypesOf(ServiceDescription other) {
    return descriptor.payload().equals(other.descriptor.payload())
        && descriptor.inputs().equals(other.descriptor.inputs())
        && Set.copyOf(descriptor.namedInputs()).equals(Set.copyOf(other.descriptor.namedInputs()))
        && descriptor.output() == other.descriptor.output();
  }

  /**
   * Of a service that does not describe itself.
   *
   * @throws BadDescription if the node does not declare enough
   */
  static ServiceDescription declared(ServiceDeclaration declaration) throws BadDescription {
    if (declaration.output().isEmpty()
        || declaration.payload().isEmpty() && declaration.inputs().isEmpty())
      throw new BadDescription(
          "it does not describe itself %s; add that to the service, or payload or inputs, and output, to dayu.services.%s"
              .formatted(
                  switch (declaration.transport()) {
                    case HTTP -> "at " + HttpService.DESCRIPTION;
                    case GRPC -> "by Describe";
                  },
                  declaration.name()));
    return new Reader(declaration, Json.object()).read();
  }

  /**
   * Of a service that describes itself.
   *
   * @param json what it answered
   * @throws BadDescription with all that is wrong
   */
  static ServiceDescription read(ServiceDeclaration declaration, byte[] json)
      throws BadDescription {
    JsonNode tree;
    try {
      tree = Json.tree(json);
    } catch (JsonProcessingException e) {
      throw new BadDescription("its description is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new BadDescription("its description is no JSON: " + Causes.words(e));
    }
    if (!tree.isObject()) throw new BadDescription("its description is no JSON object");
    var version = tree.path("apiVersion").asText("");
    if (!version.equals(API_VERSION))
      throw new BadDescription(
          "its description has apiVersion \"%s\"; this release reads %s"
              .formatted(Causes.cut(version), API_VERSION));
    return new Reader(declaration, tree).read();
  }

  private static final class Reader {
    private final ServiceDeclaration declaration;
    private final JsonNode tree;
    private final List<String> problems = new ArrayList<>();

    Reader(ServiceDeclaration declaration, JsonNode tree) {
      this.declaration = declaration;
      this.tree = tree;
    }

    ServiceDescription read() throws BadDescription {
      var payload = declaration.payload().orElseGet(() -> types("payload"));
      var inputs = declaration.inputs().orElseGet(this::inputs);
      var output = declaration.output().or(() -> type("output", tree.path("output").asText("")));
      if (payload.isEmpty() && inputs.types().isEmpty())
        problems.add("payload and inputs are both empty; say what it reads");
      var accepts = declaration.accepts().orElseGet(this::accepts);
      int batch = whole("batch", 1, MAX_BATCH, 1);
      int said = whole("parallelism", 1, ServiceDeclaration.MAX_PARALLELISM, 1);
      int parallelism = declaration.parallelism().orElse(said);
      int memory = whole("memoryMb", 0, MAX_MEMORY_MB, 0);
      var parameters = parameters();
      if (!problems.isEmpty())
        throw new BadDescription("its description cannot be used: " + String.join("; ", problems));
      return new ServiceDescription(
          new StageDescriptor(
              declaration.name(),
              text("version", "1"),
              text("description", ""),
              payload,
              inputs.types(),
              inputs.named(),
              output.orElseThrow(),
              parameters,
              Math.min(MOST_AT_ONCE, parallelism * batch),
              memory),
          parallelism,
          accepts,
          batch);
    }

    private String text(String field, String instead) {
      return Causes.cut(tree.path(field).asText(instead));
    }

    private Set<MediaType> types(String field) {
      return types(field, tree.path(field));
    }

    private Set<MediaType> types(String field, JsonNode list) {
      var types = EnumSet.noneOf(MediaType.class);
      if (!list.isArray() && !list.isMissingNode() && !list.isNull())
        problems.add(field + " is no list");
      for (var word : list) type(field, word.asText("")).ifPresent(types::add);
      return types;
    }

    /** A list of types, or an object of named inputs, each a list or with more said of it. */
    private DeclaredInputs inputs() {
      var given = tree.path("inputs");
      if (!given.isObject()) return DeclaredInputs.of(types("inputs"));
      var named = new ArrayList<NamedInput>();
      for (Map.Entry<String, JsonNode> input : given.properties())
        input(input.getKey(), input.getValue()).ifPresent(named::add);
      return DeclaredInputs.named(named);
    }

    private Optional<NamedInput> input(String name, JsonNode given) {
      var field = "inputs." + Causes.cut(name);
      if (!NamedInput.isName(name)) {
        problems.add("\"%s\" is no name of an input".formatted(Causes.cut(name)));
        return Optional.empty();
      }
      var types = types(field, given.isObject() ? given.path("types") : given);
      if (types.isEmpty()) {
        problems.add(field + " names no media type");
        return Optional.empty();
      }
      return Optional.of(new NamedInput(name, types, given.path("required").asBoolean(true)));
    }

    private Optional<MediaType> type(String field, String word) {
      var type = MediaType.ofWord(word);
      if (type.isEmpty())
        problems.add(
            "%s is \"%s\", which is none of %s"
                .formatted(field, Causes.cut(word), MediaType.words()));
      return type;
    }

    private List<ContentType> accepts() {
      var list = tree.path("accepts");
      if (list.isMissingNode() || list.isNull())
        return List.of(
            declaration.transport() == Transport.GRPC ? ContentType.PROTOBUF : ContentType.JSON);
      var types = new ArrayList<ContentType>();
      for (var item : list) ContentType.of(item.asText("")).ifPresent(types::add);
      if (types.isEmpty()) problems.add("accepts has none of " + ContentType.names());
      return types.stream().distinct().toList();
    }

    private int whole(String field, int least, int most, int instead) {
      var value = tree.path(field);
      if (value.isMissingNode() || value.isNull()) return instead;
      if (value.isIntegralNumber() && value.canConvertToInt()) {
        int number = value.intValue();
        if (number >= least && number <= most) return number;
      }
      problems.add("%s is no whole number from %s to %s".formatted(field, least, most));
      return instead;
    }

    private List<Parameter> parameters() {
      var schema = tree.path("parameters");
      var parameters = new ArrayList<Parameter>();
      if (schema.isMissingNode() || schema.isNull()) return parameters;
      var properties = schema.path("properties");
      if (!schema.isObject()
          || !schema.path("type").asText("object").equals("object")
          || !properties.isObject() && !properties.isMissingNode()) {
        problems.add("parameters is no JSON schema of an object with properties");
        return parameters;
      }
      var required = new HashSet<String>();
      for (var name : schema.path("required")) required.add(name.asText(""));
      if (properties.size() > MAX_PARAMETERS) {
        problems.add("parameters has more than %s properties".formatted(MAX_PARAMETERS));
        return parameters;
      }
      for (Map.Entry<String, JsonNode> property : properties.properties())
        parameter(property.getKey(), property.getValue(), required.contains(property.getKey()))
            .ifPresent(parameters::add);
      return parameters;
    }

    private Optional<Parameter> parameter(String name, JsonNode schema, boolean required) {
      if (!PARAMETER.matcher(name).matches()) {
        problems.add("\"%s\" is no name of a parameter".formatted(Causes.cut(name)));
        return Optional.empty();
      }
      var type = type(schema);
      if (type.isEmpty()) {
        problems.add(
            "parameter %s has a type that is none of string, number, integer, boolean, array of strings"
                .formatted(name));
        return Optional.empty();
      }
      var given = schema.path("default");
      Optional<Object> instead =
          given.isMissingNode() || given.isNull() ? Optional.empty() : Json.plain(given);
      boolean unread = instead.isEmpty() && !given.isMissingNode() && !given.isNull();
      if (unread || instead.filter(value -> !type.get().accepts(value)).isPresent()) {
        problems.add("the default of parameter %s is not %s".formatted(name, type.get().wording()));
        return Optional.empty();
      }
      return Optional.of(
          new Parameter(
              name,
              type.get(),
              required && instead.isEmpty(),
              instead,
              Causes.cut(schema.path("description").asText("")),
              true)); // it gets all of them in each call
    }

    private static Optional<Parameter.Type> type(JsonNode schema) {
      return switch (schema.path("type").asText("")) {
        case "string" -> Optional.of(Parameter.Type.STRING);
        case "number", "integer" -> Optional.of(Parameter.Type.NUMBER);
        case "boolean" -> Optional.of(Parameter.Type.BOOLEAN);
        case "array" ->
            schema.path("items").path("type").asText("").equals("string")
                ? Optional.of(Parameter.Type.STRINGS)
                : Optional.empty();
        default -> Optional.empty();
      };
    }
  }
}
