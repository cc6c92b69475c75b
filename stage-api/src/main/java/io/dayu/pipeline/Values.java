package io.dayu.pipeline;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Free values under {@code params}: strings, booleans, numbers, lists and objects of them. They
 * have one form whatever they came through (JSON, YAML, protobuf), so that equal documents are
 * equal specifications: numbers are doubles as in JSON, and whole ones that a double holds exactly
 * are {@link Long}.
 */
final class Values {
  private static final double EXACT = 1L << 53;

  private Values() {}

  /**
   * @throws IllegalArgumentException if {@code value} has no form in JSON
   */
  static Object normal(Object value) {
    if (value instanceof String || value instanceof Boolean) return value;
    if (value instanceof Number number) return number(number);
    if (value instanceof List<?> list) return list.stream().map(Values::normal).toList();
    if (value instanceof Map<?, ?> map) return object(map);
    throw new IllegalArgumentException("not a value of a pipeline: " + value);
  }

  static Map<String, Object> object(Map<?, ?> map) {
    var copy = new TreeMap<String, Object>();
    map.forEach((key, value) -> copy.put((String) key, normal(value)));
    return Map.copyOf(copy);
  }

  private static Object number(Number number) {
    double value = number.doubleValue();
    if (!Double.isFinite(value)) throw new IllegalArgumentException("not a number: " + number);
    if (Math.rint(value) == value && Math.abs(value) <= EXACT) return (long) value;
    return value;
  }
}
