package io.dayu.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * Readings from JSON: an object is one, an array of objects as many. A name may lead to a field of
 * a field and to an item of an array, as {@code SI7021.Temperature} or {@code values.0}; where a
 * number begins the name of the value, an array is one reading.
 */
final class JsonEntries {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          // A second field of the same name would replace the first one without a word.
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final int MAX_SCALE = 400;

  private JsonEntries() {}

  /**
   * @throws JsonProcessingException if it is no JSON, or {@link #isCutOff cut off}
   */
  static List<Entry> of(String text, Columns columns) throws JsonProcessingException {
    var entries = new ArrayList<Entry>();
    try (var parser = JSON.createParser(text)) {
      while (parser.nextToken() != null) {
        JsonNode value = JSON.readTree(parser);
        for (var record : records(value, columns)) entries.add(entry(record, columns));
      }
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("text cannot fail to be read", e);
    }
    return entries;
  }

  /** Whether more text could make it whole. */
  static boolean isCutOff(JsonProcessingException e) {
    return e.getOriginalMessage().contains("end-of-input");
  }

  /** Without the text that was found, which may be that of a file that is nobody's business. */
  static Entry.Bad broken(JsonProcessingException e) {
    if (isCutOff(e)) return new Entry.Bad("the JSON is cut off");
    var location = e.getLocation();
    return new Entry.Bad(
        "this is no JSON that can be read"
            + (location == null ? "" : ", at character " + location.getColumnNr()));
  }

  private static Iterable<JsonNode> records(JsonNode value, Columns columns) {
    boolean several =
        value.isArray()
            && !value.isEmpty()
            && !Character.isDigit(columns.value().name().charAt(0))
            && StreamSupport.stream(value.spliterator(), false).allMatch(JsonNode::isObject);
    return several ? value : List.of(value);
  }

  private static Entry entry(JsonNode record, Columns columns) {
    boolean byNumber = record.isArray() && Character.isDigit(columns.value().name().charAt(0));
    if (!record.isObject() && !byNumber)
      return new Entry.Bad(
          "this is not an object but "
              + kind(record)
              + (record.isArray() ? "; an item is named by its number, as in value=0" : ""));
    try {
      return new Entry.Good(columns.reading(new Fields(record)));
    } catch (IllegalArgumentException e) {
      return new Entry.Bad(String.valueOf(e.getMessage()));
    }
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case NULL -> "null";
      default -> "a " + node.getNodeType().name().toLowerCase(Locale.ROOT);
    };
  }

  private record Fields(JsonNode record) implements Cells {
    @Override
    public Optional<String> text(String name) {
      return at(record, name).map(node -> text(name, node));
    }

    private static String text(String name, JsonNode node) {
      if (node.isNull()) return "";
      if (node.isValueNode())
        return node.isFloatingPointNumber() && Math.abs(node.decimalValue().scale()) < MAX_SCALE
            ? node.decimalValue().toPlainString()
            : node.asText();
      throw new IllegalArgumentException(
          "'%s' is missing: there is %s; name what is in it, as in %s.%s"
              .formatted(name, kind(node), name, node.isArray() ? "0" : "field"));
    }

    /** A name may contain points itself, so a field of the whole name comes first. */
    private static Optional<JsonNode> at(JsonNode node, String name) {
      var whole = child(node, name);
      if (whole.isPresent()) return whole;
      for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        var rest = name.substring(dot + 1);
        var found = child(node, name.substring(0, dot)).flatMap(child -> at(child, rest));
        if (found.isPresent()) return found;
      }
      return Optional.empty();
    }

    private static Optional<JsonNode> child(JsonNode node, String name) {
      if (node.isObject()) return Optional.ofNullable(node.get(name));
      return node.isArray() && name.matches("\\d{1,6}")
          ? Optional.ofNullable(node.get(Integer.parseInt(name)))
          : Optional.empty();
    }

    @Override
    public String names() {
      var names = new ArrayList<String>();
      record.fieldNames().forEachRemaining(names::add);
      return Cells.list(names);
    }
  }
}
