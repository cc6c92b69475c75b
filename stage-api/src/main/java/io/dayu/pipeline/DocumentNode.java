package io.dayu.pipeline;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One place of a document, which may be empty. Its readers give the value in the wanted type; where
 * there is another one they note a problem and give nothing. An empty place (left out, or null)
 * gives nothing without a problem, unless it is {@link #required}.
 */
final class DocumentNode {
  private static final int UNKNOWN_LIMIT = 10;
  private static final int TEXT_LIMIT = 4096;
  private static final int FREE_LIMIT = 256;
  private static final int DEPTH_LIMIT = 8;
  private static final int QUOTED_LIMIT = 8;

  private final @Nullable Object value;
  private final String written; // the text of a number or a boolean
  private final String path;
  private final Problems problems;

  DocumentNode(@Nullable Object value, String path, Problems problems) {
    this.value = value instanceof Scalar scalar ? scalar.value() : value;
    this.written = value instanceof Scalar scalar ? scalar.text() : String.valueOf(value);
    this.path = path;
    this.problems = problems;
  }

  boolean isPresent() {
    return value != null;
  }

  String path() {
    return path;
  }

  void problem(String message, String remedy) {
    problems.add(path, message, remedy);
  }

  @CanIgnoreReturnValue
  DocumentNode required(String remedy) {
    if (value == null) problem("is missing", remedy);
    return this;
  }

  /**
   * The object with only {@code known} fields; an unknown one is a problem and otherwise unseen.
   */
  @CanIgnoreReturnValue
  Optional<DocumentNode> object(Set<String> known) {
    return object(known, Map.of());
  }

  /**
   * The same, where some unknown fields have a remedy of their own.
   *
   * @param remedies by the name of the field
   */
  @CanIgnoreReturnValue
  Optional<DocumentNode> object(Set<String> known, Map<String, String> remedies) {
    if (value == null) return Optional.empty();
    if (!(value instanceof Map<?, ?> map)) return wrong("an object with " + Words.list(known));
    var unknown =
        map.keySet().stream().map(String::valueOf).filter(n -> !known.contains(n)).toList();
    for (var name : unknown.subList(0, Math.min(UNKNOWN_LIMIT, unknown.size())))
      problems.add(
          Words.field(path, name),
          "unknown field " + Words.quote(name),
          remedies.getOrDefault(name, Words.choose(name, known)));
    if (unknown.size() > UNKNOWN_LIMIT)
      problem("has " + (unknown.size() - UNKNOWN_LIMIT) + " more unknown fields", "remove them");
    return Optional.of(this);
  }

  /** A field of this object; empty if there is none, or if this is no object. */
  DocumentNode field(String name) {
    return new DocumentNode(
        value instanceof Map<?, ?> map ? map.get(name) : null, Words.field(path, name), problems);
  }

  /** The fields of an object with free names, at most {@code limit}. Nothing given is no fields. */
  Optional<Map<String, DocumentNode>> fields(int limit) {
    if (value == null) return Optional.of(Map.of());
    if (!(value instanceof Map<?, ?> map)) return wrong("an object");
    if (map.size() > limit) problem("has " + map.size() + " entries", "give at most " + limit);
    var fields = new LinkedHashMap<String, DocumentNode>();
    for (var entry : map.entrySet()) {
      if (fields.size() == limit) break;
      var name = String.valueOf(entry.getKey());
      fields.put(name, new DocumentNode(entry.getValue(), Words.field(path, name), problems));
    }
    return Optional.of(fields);
  }

  /** The items of a list, at most {@code limit}. Nothing given is no items. */
  Optional<List<DocumentNode>> items(int limit) {
    if (value == null) return Optional.of(List.of());
    if (!(value instanceof List<?> list))
      return wrong(
          "a list",
          value instanceof String text && text.length() <= 64
              ? "put it in brackets: [" + text + "]"
              : "give a list");
    if (list.size() > limit) problem("has " + list.size() + " items", "give at most " + limit);
    var items = new ArrayList<DocumentNode>();
    for (var item : list.subList(0, Math.min(limit, list.size())))
      items.add(new DocumentNode(item, path + "[" + items.size() + "]", problems));
    return Optional.of(items);
  }

  boolean isObject() {
    return value instanceof Map;
  }

  boolean isText() {
    return value instanceof String;
  }

  boolean isList() {
    return value instanceof List;
  }

  Optional<String> text() {
    return text(quoted(false).map(q -> "put it in quotes: " + q).orElse("give a string"));
  }

  /**
   * What to write where a string is meant and a number or a boolean stands; also of the items of a
   * list, if one is taken there. Empty for everything else.
   */
  Optional<String> quoted(boolean orList) {
    if (value instanceof Number || value instanceof Boolean)
      return Optional.of("\"" + written + "\"");
    if (!orList || !(value instanceof List<?> list) || list.size() > QUOTED_LIMIT)
      return Optional.empty();
    var words = new ArrayList<String>();
    for (var item : list) {
      var node = new DocumentNode(item, path, problems);
      if (node.value instanceof String text) words.add(Words.quote(text));
      else words.add(node.quoted(false).orElse(""));
    }
    return words.contains("") ? Optional.empty() : Optional.of(words.toString());
  }

  /** A string; {@code remedy} is for a value of another type. */
  Optional<String> text(String remedy) {
    if (value == null) return Optional.empty();
    if (!(value instanceof String text)) return wrong("a string", remedy);
    if (text.length() <= TEXT_LIMIT) return Optional.of(text);
    problem("is " + text.length() + " characters long", "give at most " + TEXT_LIMIT);
    return Optional.empty();
  }

  Optional<Double> number() {
    if (value == null) return Optional.empty();
    if (value instanceof Number number && Double.isFinite(number.doubleValue()))
      return Optional.of(number.doubleValue());
    return wrong("a number");
  }

  /** A value of any type in its {@linkplain Values normal form}. */
  Optional<Object> free() {
    return free(DEPTH_LIMIT);
  }

  private Optional<Object> free(int depth) {
    if (value == null || value instanceof Boolean) return Optional.ofNullable(value);
    if (value instanceof String) return text().map(Object.class::cast);
    if (value instanceof Number) return number().map(Values::normal);
    if (depth == 0) {
      problem("is nested too deeply", "nest at most " + DEPTH_LIMIT + " lists and objects");
      return Optional.empty();
    }
    if (value instanceof List) {
      var items = new ArrayList<Object>();
      for (var item : items(FREE_LIMIT).orElse(List.of()))
        item.required("remove it or give a value").free(depth - 1).ifPresent(items::add);
      return Optional.of(List.copyOf(items));
    }
    if (value instanceof Map) {
      var fields = new LinkedHashMap<String, Object>();
      fields(FREE_LIMIT)
          .orElse(Map.of())
          .forEach((name, node) -> node.free(depth - 1).ifPresent(v -> fields.put(name, v)));
      return Optional.of(Map.copyOf(fields));
    }
    return wrong("a string, a number, a boolean, a list or an object");
  }

  private <T> Optional<T> wrong(String wanted) {
    return wrong(wanted, "give " + wanted);
  }

  private <T> Optional<T> wrong(String wanted, String remedy) {
    problem("must be " + wanted + " but is " + kind(), remedy);
    return Optional.empty();
  }

  /** What stands here, in words of the document's language. */
  String kind() {
    if (value instanceof String text) return "the string " + Words.quote(text);
    if (value instanceof Number || value instanceof Boolean)
      return written.equals(value.toString())
          ? written
          : "%s (read as %s)".formatted(written, value);
    if (value instanceof List) return "a list";
    return value instanceof Map ? "an object" : "something else";
  }
}
