package io.dayu.source;

import java.util.Map;

/** Values of a source's knobs at one moment. */
public record Knobs(Map<String, Double> values) {
  public static final Knobs NONE = new Knobs(Map.of());

  public Knobs {
    values = Map.copyOf(values);
  }

  /** The value of {@code knob}, or its default where nothing was decided. */
  public double get(Knob knob) {
    return values.getOrDefault(knob.name(), knob.defaultValue());
  }
}
