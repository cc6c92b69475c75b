package io.dayu.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.Scalar;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Reads a document that cannot be trusted, JSON or YAML, as a tree of maps, lists and scalars (see
 * {@link Scalar}). The tree is built here, token by token, because that bounds depth and rejects
 * duplicate keys and YAML aliases (which let a small document stand for a huge one) the same way in
 * both forms, with line and column.
 */
final class Documents {
  /** Pipelines are about six levels deep. */
  static final int MAX_DEPTH = 32;

  enum Form {
    JSON,
    YAML
  }

  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder().maxNestingDepth(2 * MAX_DEPTH).maxNumberLength(100).build();
  private static final JsonFactory JSON =
      JsonFactory.builder().streamReadConstraints(LIMITS).build();

  private Documents() {}

  /**
   * The document as a map, its keys in order.
   *
   * @param form empty to find out by looking
   * @throws Problem.Refused 400 if it cannot be read, 422 if it is no map
   */
  static Map<String, Object> read(byte[] body, Optional<Form> form) {
    var text = decode(body);
    if (text.isBlank())
      throw Problem.of(400, "the request has no body", "send the pipeline as JSON or YAML")
          .refused();
    var actual = form.orElseGet(() -> text.stripLeading().startsWith("{") ? Form.JSON : Form.YAML);
    var name = actual == Form.JSON ? "JSON" : "YAML";
    try (var parser = parser(text, actual)) {
      parser.nextToken();
      var root = value(parser, 0);
      if (parser.nextToken() != null)
        throw at(parser.currentTokenLocation(), name, "the document goes on after its end");
      if (root instanceof Map<?, ?>) {
        @SuppressWarnings("unchecked") // maps are made below, with strings as keys
        var map = (Map<String, Object>) root;
        return map;
      }
      throw Problem.badPipeline(
              List.of(
                  new PipelineProblem(
                      "",
                      "the document is " + word(root) + ", not a pipeline",
                      "send one object with apiVersion, kind, metadata and spec")))
          .refused();
    } catch (JsonProcessingException e) {
      throw at(e.getLocation(), name, e.getOriginalMessage());
    } catch (org.yaml.snakeyaml.error.YAMLException e) {
      throw at(null, name, e.getMessage());
    } catch (IOException e) {
      throw at(null, name, e.getMessage());
    }
  }

  private static JsonParser parser(String text, Form form) throws IOException {
    if (form == Form.JSON) return JSON.createParser(text);
    // One per document: options of snakeyaml are mutable and not made for several threads.
    var options = new LoaderOptions();
    options.setCodePointLimit(text.length() + 1);
    options.setNestingDepthLimit(2 * MAX_DEPTH);
    return YAMLFactory.builder()
        .loaderOptions(options)
        .streamReadConstraints(LIMITS)
        .build()
        .createParser(text);
  }

  private static @Nullable Object value(JsonParser in, int depth) throws IOException {
    var token = in.currentToken();
    if (token == null) throw new Unreadable("the document ends here", in.currentLocation());
    if (depth > MAX_DEPTH)
      throw new Unreadable("nested deeper than " + MAX_DEPTH + " levels", at(in));
    if (in instanceof YAMLParser yaml && yaml.isCurrentAlias())
      throw new Unreadable("aliases (*name) are not read; write the value out", at(in));
    return switch (token) {
      case START_OBJECT -> object(in, depth);
      case START_ARRAY -> {
        var list = new ArrayList<Object>();
        while (in.nextToken() != JsonToken.END_ARRAY) list.add(value(in, depth + 1));
        yield list;
      }
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> scalar(in.getNumberValue(), in.getText());
      case VALUE_TRUE -> scalar(true, in.getText());
      case VALUE_FALSE -> scalar(false, in.getText());
      case VALUE_NULL -> null; // the verifier says where a null stands that must not
      default -> throw new Unreadable("unexpected " + token.asString(), at(in));
    };
  }

  private static Object scalar(Object value, String text) {
    return value.toString().equals(text) ? value : new Scalar(value, text);
  }

  private static Map<String, Object> object(JsonParser in, int depth) throws IOException {
    var map = new LinkedHashMap<String, Object>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      var key = in.currentName();
      var where = at(in);
      in.nextToken();
      var value = value(in, depth + 1);
      if (map.containsKey(key)) throw new Unreadable("the key \"" + key + "\" stands twice", where);
      map.put(key, value);
    }
    return map;
  }

  private static JsonLocation at(JsonParser in) {
    return in.currentTokenLocation();
  }

  private static String decode(byte[] body) {
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw Problem.of(400, "the document is not UTF-8", "save the document as UTF-8").refused();
    }
  }

  private static String word(@Nullable Object root) {
    if (root == null) return "null";
    if (root instanceof List<?>) return "a list";
    return root instanceof String ? "text" : "a single value";
  }

  private static Problem.Refused at(
      @Nullable JsonLocation where, String form, @Nullable String message) {
    var first = String.valueOf(message).strip().split("\n", 2)[0];
    var place =
        where == null || where.getLineNr() < 1
            ? ""
            : " at line " + where.getLineNr() + ", column " + where.getColumnNr();
    return Problem.of(
            400,
            "the document is not readable as " + form + place + ": " + first,
            "correct the document there; Content-Type says whether it is JSON or YAML")
        .refused();
  }

  /** What this reader does not take, although its form is right. */
  private static final class Unreadable extends JsonProcessingException {
    private static final long serialVersionUID = 1;

    Unreadable(String message, JsonLocation where) {
      super(message, where);
    }
  }
}
