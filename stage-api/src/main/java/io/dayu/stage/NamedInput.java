package io.dayu.stage;

import io.dayu.element.MediaType;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An output of an earlier stage that a stage reads by a name of its own; which stage gives it, each
 * pipeline says.
 *
 * @param types media types that it may have
 * @param required whether a pipeline has to name a stage for it
 */
public record NamedInput(String name, Set<MediaType> types, boolean required) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,62}");

  public NamedInput {
    Objects.requireNonNull(name, "name");
    types = Set.copyOf(types);
    if (!isName(name))
      throw new IllegalArgumentException("\"" + name + "\" is no name of an input");
    if (types.isEmpty()) throw new IllegalArgumentException("input " + name + " has no media type");
  }

  public static NamedInput required(String name, MediaType... types) {
    return new NamedInput(name, Set.of(types), true);
  }

  public static NamedInput optional(String name, MediaType... types) {
    return new NamedInput(name, Set.of(types), false);
  }

  /** 1 to 63 letters, digits, '_' and '-', with a letter or '_' at the beginning. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }
}
