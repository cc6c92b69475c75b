package io.dayu.stage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Parameters of one stage of a pipeline, defaults filled in. Their types were checked against the
 * {@link StageDescriptor}; a getter of the wrong type is a bug and throws {@link
 * ClassCastException}.
 */
public record Params(Map<String, Object> values) {
  public Params {
    values = Map.copyOf(values);
  }

  /** The parameters given, and the descriptor's defaults for those left out. */
  public static Params of(StageDescriptor descriptor, Map<String, Object> given) {
    var all = new TreeMap<String, Object>();
    descriptor.parameters().forEach(p -> p.defaultValue().ifPresent(v -> all.put(p.name(), v)));
    all.putAll(given);
    return new Params(all);
  }

  public double number(String name) {
    return ((Number) value(name)).doubleValue();
  }

  public int integer(String name) {
    return ((Number) value(name)).intValue();
  }

  public boolean bool(String name) {
    return (Boolean) value(name);
  }

  public String string(String name) {
    return (String) value(name);
  }

  /** A list of strings; empty if it was left out. */
  public List<String> strings(String name) {
    var value = values.get(name);
    if (value == null) return List.of();
    if (value instanceof String one) return List.of(one);
    return ((List<?>) value).stream().map(String.class::cast).toList();
  }

  public Optional<Object> find(String name) {
    return Optional.ofNullable(values.get(name));
  }

  private Object value(String name) {
    var value = values.get(name);
    if (value == null)
      throw new IllegalArgumentException("parameter " + name + " has neither value nor default");
    return value;
  }
}
