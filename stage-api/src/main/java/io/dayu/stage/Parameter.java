package io.dayu.stage;

import io.dayu.element.Element;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A parameter of a stage as it may stand under {@code params} in a pipeline.
 *
 * @param defaultValue what holds when it is left out; empty for a required one and for one that is
 *     simply off
 * @param dynamic whether the stage reads it for each element ({@link
 *     StageContext#params(Element)}), so that a pipeline may say that it changes while the stage
 *     goes on
 */
public record Parameter(
    String name,
    Type type,
    boolean required,
    Optional<Object> defaultValue,
    String description,
    boolean dynamic) {
  /** What a value may be; checked when a pipeline is submitted. */
  public enum Type {
    NUMBER("a number"),
    BOOLEAN("true or false"),
    STRING("a string"),
    /** A list of strings; a single string is taken as a list of one. */
    STRINGS("a list of strings");

    private final String wording;

    Type(String wording) {
      this.wording = wording;
    }

    /** What it is in a message to a person. */
    public String wording() {
      return wording;
    }

    public boolean accepts(Object value) {
      return switch (this) {
        case NUMBER -> value instanceof Number;
        case BOOLEAN -> value instanceof Boolean;
        case STRING -> value instanceof String;
        case STRINGS ->
            value instanceof String
                || value instanceof List<?> list
                    && list.stream().allMatch(String.class::isInstance);
      };
    }
  }

  public Parameter {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(defaultValue, "defaultValue");
    Objects.requireNonNull(description, "description");
    if (required && defaultValue.isPresent())
      throw new IllegalArgumentException("required parameter " + name + " has a default");
    if (defaultValue.isPresent() && !type.accepts(defaultValue.get()))
      throw new IllegalArgumentException(
          "the default of parameter " + name + " is not " + type.wording());
  }

  /** One that the stage reads when it starts. */
  public Parameter(
      String name, Type type, boolean required, Optional<Object> defaultValue, String description) {
    this(name, type, required, defaultValue, description, false);
  }

  /** The same, read for each element. */
  public Parameter perElement() {
    return new Parameter(name, type, required, defaultValue, description, true);
  }

  public static Parameter required(String name, Type type, String description) {
    return new Parameter(name, type, true, Optional.empty(), description);
  }

  public static Parameter optional(
      String name, Type type, Object defaultValue, String description) {
    return new Parameter(name, type, false, Optional.of(defaultValue), description);
  }

  /** An optional parameter without a default: the stage does without it. */
  public static Parameter optional(String name, Type type, String description) {
    return new Parameter(name, type, false, Optional.empty(), description);
  }
}
