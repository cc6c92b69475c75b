package io.dayu.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The pipelines this package brings along. */
final class Templates {
  private Templates() {}

  /** A document with values in place of {@code {names}}. */
  static String read(String name, Map<String, String> values) {
    try (var in = Templates.class.getResourceAsStream(name)) {
      if (in == null) throw new IllegalArgumentException("no resource " + name);
      var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (var value : values.entrySet())
        text = text.replace("{" + value.getKey() + "}", value.getValue());
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
