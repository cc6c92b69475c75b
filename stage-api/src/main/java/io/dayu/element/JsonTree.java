package io.dayu.element;

import com.google.protobuf.ByteString;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Members of a tree of JSON, made and read. What cannot be read is an {@link
 * IllegalArgumentException} that says where and why.
 */
final class JsonTree {
  private JsonTree() {}

  static Map<String, Object> fields(Object... namesAndValues) {
    var fields = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2)
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return fields;
  }

  /** A float as people wrote it: 0.1, not 0.10000000149011612. */
  static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  static String base64(ByteString bytes) {
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  static <T> List<T> items(Map<?, ?> map, String name, Function<Map<?, ?>, T> read) {
    return each(
        list(map, name),
        name,
        item -> {
          if (item instanceof Map<?, ?> object) return read.apply(object);
          throw new IllegalArgumentException("it is no object");
        });
  }

  /** Two values of a list that has nothing else, such as {@code [0.5, 0.25]}. */
  static <T, V> List<T> pairs(Map<?, ?> map, String name, Class<V> type, Pair<V, T> read) {
    return each(
        list(map, name),
        name,
        item -> {
          if (item instanceof List<?> pair
              && pair.size() == 2
              && type.isInstance(pair.get(0))
              && type.isInstance(pair.get(1)))
            return read.of(type.cast(pair.get(0)), type.cast(pair.get(1)));
          throw new IllegalArgumentException(
              "it is no list of two " + (type == String.class ? "strings" : "numbers"));
        });
  }

  @FunctionalInterface
  interface Pair<V, T> {
    T of(V first, V second);
  }

  private static <T> List<T> each(List<?> list, String name, Function<Object, T> read) {
    var items = new ArrayList<T>(list.size());
    for (var item : list)
      try {
        items.add(read.apply(item));
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw new IllegalArgumentException(
            "%s[%s]: %s".formatted(name, items.size(), e.getMessage()), e);
      }
    return items;
  }

  static List<?> list(Map<?, ?> map, String name) {
    if (map.get(name) instanceof List<?> list) return list;
    throw new IllegalArgumentException(name + " is no list");
  }

  static String text(Map<?, ?> map, String name) {
    var value = map.get(name);
    return value == null ? "" : string(value, name);
  }

  static String string(@Nullable Object value, String what) {
    if (value instanceof String text) return text;
    throw new IllegalArgumentException(what + " is no string");
  }

  static float fraction(Map<?, ?> map, String name) {
    return (float) number(map, name);
  }

  /** A score, which is 0 where it is left out. */
  static float score(Map<?, ?> map) {
    return (float) number(map, "score", 0.0);
  }

  /** What must be there; JSON's null is the number that is none. */
  static double number(Map<?, ?> map, String name) {
    if (!map.containsKey(name)) throw new IllegalArgumentException(name + " is missing");
    return number(map, name, Double.NaN);
  }

  static double number(Map<?, ?> map, String name, double instead) {
    var value = map.get(name);
    if (value == null) return instead;
    if (value instanceof Number number) return number.doubleValue();
    throw new IllegalArgumentException(name + " is no number");
  }

  static int small(Map<?, ?> map, String name) {
    return Math.toIntExact(whole(map, name));
  }

  static long whole(Map<?, ?> map, String name) {
    return whole(number(map, name, 0.0), name);
  }

  static long whole(double number, String name) {
    if (Math.rint(number) == number && Math.abs(number) <= Integer.MAX_VALUE * 4096.0)
      return (long) number;
    throw new IllegalArgumentException(name + " is no whole number, or too large");
  }

  static long time(@Nullable Object value) {
    if (value instanceof Number millis) return millis.longValue();
    if (value instanceof String text)
      try {
        return Instant.parse(text).toEpochMilli();
      } catch (DateTimeException | ArithmeticException e) {
        throw new IllegalArgumentException(
            "at is \"%s\", no time as 2026-01-31T12:00:00Z".formatted(cut(text)), e);
      }
    throw new IllegalArgumentException("at is neither a time nor milliseconds");
  }

  static ByteString bytes(@Nullable Object value, String name) {
    try {
      return ByteString.copyFrom(Base64.getDecoder().decode(string(value, name)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is no Base64", e);
    }
  }

  static String cut(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}
