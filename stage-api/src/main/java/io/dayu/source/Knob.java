package io.dayu.source;

import java.util.Objects;

/**
 * What may be tuned when a source is read.
 *
 * @param name such as {@code fps}, {@code height}, {@code segment}
 * @param description with the unit
 * @param defaultValue what holds without a decision
 */
public record Knob(String name, String description, double defaultValue) {
  public Knob {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(description, "description");
  }
}
