package io.dayu.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.element.MediaType;
import io.dayu.stage.NamedInput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a service says of itself.
 *
 * @param inputs types of earlier outputs that it reads
 * @param named those that it reads by name; empty if it takes them whatever they are called
 * @param parameters schemas by name
 * @param required names of parameters without which it does not work
 */
record Description(
    Set<MediaType> payload,
    Set<MediaType> inputs,
    List<NamedInput> named,
    MediaType output,
    List<String> accepts,
    int parallelism,
    int batch,
    Map<String, JsonNode> parameters,
    Set<String> required) {
  static final String JSON = "application/json";
  static final String JPEG = "image/jpeg";
  static final String PROTOBUF = "application/x-protobuf";
  static final String BYTES = "application/octet-stream";
  static final String WAV = "audio/wav";

  private static final String VERSION = "dayu.io/v1alpha1";
  private static final List<String> FORMS = List.of(JSON, JPEG, PROTOBUF, BYTES, WAV);
  private static final List<String> PARAMETER_TYPES =
      List.of("string", "number", "integer", "boolean");

  /** Something of a description that nodes cannot use. */
  record Problem(String found, String remedy) {}

  /** A description, or all that is wrong with it. */
  record Read(Optional<Description> description, List<Problem> problems) {}

  static Read read(byte[] document) {
    try {
      var tree = new ObjectMapper().readTree(document);
      if (tree != null && tree.isObject()) return new Reader(tree).read();
    } catch (JsonProcessingException e) {
      return refused("it is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      return refused("it is no JSON: " + e.getMessage());
    }
    return refused("it is no JSON object");
  }

  private static Read refused(String found) {
    return new Read(
        Optional.empty(),
        List.of(new Problem(found, "answer the JSON object of docs/services.md, Description")));
  }

  private static final class Reader {
    private final JsonNode tree;
    private final List<Problem> problems = new ArrayList<>();

    Reader(JsonNode tree) {
      this.tree = tree;
    }

    Read read() {
      if (!tree.path("apiVersion").asText().equals(VERSION))
        wrong("apiVersion is " + shown(tree.path("apiVersion")), "write \"" + VERSION + "\"");
      var payload = types("payload");
      var named = named();
      var inputs = named.isEmpty() ? types("inputs") : together(named);
      if (payload.isEmpty() && inputs.isEmpty())
        wrong("it reads nothing", "name types in payload or inputs, or in both");
      var output = type("output", tree.path("output"));
      var accepts = accepts(payload, inputs);
      int parallelism = number("parallelism");
      int batch = number("batch");
      var parameters = parameters();
      var required = required(parameters);
      if (!problems.isEmpty() || output.isEmpty()) return new Read(Optional.empty(), problems);
      return new Read(
          Optional.of(
              new Description(
                  payload,
                  inputs,
                  named,
                  output.get(),
                  accepts,
                  parallelism,
                  batch,
                  parameters,
                  required)),
          List.of());
    }

    private void wrong(String found, String remedy) {
      problems.add(new Problem(found, remedy));
    }

    /** An object is of named inputs: for each a list of types, or an object that has them. */
    private List<NamedInput> named() {
      var named = new ArrayList<NamedInput>();
      for (var each : tree.path("inputs").properties()) {
        var name = each.getKey();
        var place = "inputs." + name;
        if (!NamedInput.isName(name)) {
          wrong(
              "inputs has \"" + name + "\", which is no name",
              "use letters, digits, '_' and '-', with a letter at the beginning");
          continue;
        }
        boolean more = each.getValue().isObject();
        var types =
            types(
                more ? place + ".types" : place,
                more ? each.getValue().path("types") : each.getValue());
        var required = each.getValue().path("required");
        if (!required.isMissingNode() && !required.isBoolean())
          wrong(place + ".required is " + shown(required), "write true or false");
        if (types.isEmpty())
          wrong(place + " has no media type", "write \"" + name + "\": [\"boxes\"]");
        else named.add(new NamedInput(name, types, required.asBoolean(true)));
      }
      return named;
    }

    private static Set<MediaType> together(List<NamedInput> named) {
      var types = EnumSet.noneOf(MediaType.class);
      named.forEach(input -> types.addAll(input.types()));
      return types;
    }

    private Set<MediaType> types(String name) {
      return tree.path(name).isObject()
          ? EnumSet.noneOf(MediaType.class)
          : types(name, tree.path(name));
    }

    private Set<MediaType> types(String name, JsonNode list) {
      var types = EnumSet.noneOf(MediaType.class);
      if (list.isMissingNode()) return types;
      if (!list.isArray()) wrong(name + " is " + shown(list), "make it a list of media types");
      for (int i = 0; i < list.size(); i++)
        type(name + "[" + i + "]", list.get(i)).ifPresent(types::add);
      return types;
    }

    private Optional<MediaType> type(String name, JsonNode word) {
      var found = MediaType.ofWord(word.asText());
      if (found.isEmpty())
        wrong(
            name + " is " + shown(word) + ", which is no media type",
            "use one of: " + MediaType.words());
      return found;
    }

    private List<String> accepts(Set<MediaType> payload, Set<MediaType> inputs) {
      var accepts = new ArrayList<String>();
      for (var each : tree.path("accepts")) {
        if (FORMS.contains(each.asText())) accepts.add(each.asText());
        else
          wrong(
              "accepts names " + shown(each) + ", which nodes do not send",
              "use one of: " + String.join(", ", FORMS));
      }
      if (tree.path("accepts").isMissingNode()) accepts.add(JSON);
      boolean any = accepts.contains(JSON) || accepts.contains(PROTOBUF);
      var raw = EnumSet.noneOf(MediaType.class);
      if (accepts.contains(JPEG)) raw.add(MediaType.FRAMES);
      if (accepts.contains(BYTES)) raw.add(MediaType.OPAQUE);
      if (accepts.contains(WAV)) raw.add(MediaType.AUDIO);
      if (!any && (!inputs.isEmpty() || !raw.containsAll(payload)))
        wrong(
            "accepts has nothing in which all of its inputs fit: " + String.join(", ", accepts),
            "add " + JSON + " or " + PROTOBUF + " at the end");
      return accepts;
    }

    private int number(String name) {
      var number = tree.path(name);
      if (number.isMissingNode()) return 1;
      if (number.isIntegralNumber() && number.canConvertToInt() && number.asInt() >= 1)
        return number.asInt();
      wrong(name + " is " + shown(number), "write a whole number of at least 1, or leave it out");
      return 1;
    }

    private Map<String, JsonNode> parameters() {
      var schema = tree.path("parameters");
      var parameters = new TreeMap<String, JsonNode>();
      if (schema.isMissingNode()) return parameters;
      if (!schema.path("type").asText().equals("object"))
        wrong("parameters has no \"type\": \"object\"", "make it the JSON schema of one object");
      for (var each : schema.path("properties").properties()) {
        parameters.put(each.getKey(), each.getValue());
        if (!PARAMETER_TYPES.contains(each.getValue().path("type").asText()))
          wrong(
              "parameter %s has the type %s"
                  .formatted(each.getKey(), shown(each.getValue().path("type"))),
              "use one of: " + String.join(", ", PARAMETER_TYPES));
        else if (each.getValue().has("default")
            && !fits(each.getValue().path("default"), each.getValue().path("type").asText()))
          wrong(
              "parameter %s has the default %s, which is not of its type"
                  .formatted(each.getKey(), shown(each.getValue().path("default"))),
              "correct the default or the type");
      }
      return parameters;
    }

    private Set<String> required(Map<String, JsonNode> parameters) {
      var required = new java.util.TreeSet<String>();
      for (var name : tree.path("parameters").path("required")) {
        if (!parameters.containsKey(name.asText()))
          wrong(
              "parameters requires " + shown(name) + ", which is not among its properties",
              "add the property, or remove the name");
        required.add(name.asText());
      }
      return required;
    }

    private static boolean fits(JsonNode value, String type) {
      return switch (type) {
        case "string" -> value.isTextual();
        case "boolean" -> value.isBoolean();
        case "integer" -> value.isNumber() && value.asDouble() == Math.rint(value.asDouble());
        default -> value.isNumber();
      };
    }

    private static String shown(JsonNode node) {
      if (node.isMissingNode()) return "missing";
      var text = node.toString();
      return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }
  }
}
