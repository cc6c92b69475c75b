package io.dayu.read;

import io.dayu.source.ShownUri;
import io.dayu.source.SourceException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The parameters behind the question mark of a source's URI; mistakes are permanent failures. */
record Query(URI uri, Map<String, String> values) {
  /**
   * @param known the names that mean something to this source
   */
  static Query of(URI uri, List<String> known) {
    var text = uri.toString();
    var question = text.indexOf('?');
    var values = new TreeMap<String, String>();
    if (question >= 0)
      for (var pair : text.substring(question + 1).split("&")) {
        if (pair.isEmpty()) continue;
        var parts = pair.split("=", 2);
        if (parts.length < 2) throw wrong(uri, "'" + pair + "' has no value; write " + pair + "=…");
        if (!known.contains(parts[0]))
          throw wrong(uri, "unknown parameter '%s'; known: %s".formatted(parts[0], known));
        if (values.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8)) != null)
          throw wrong(uri, "parameter '" + parts[0] + "' is given twice");
      }
    return new Query(uri, values);
  }

  Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name));
  }

  boolean flag(String name) {
    var value = values.getOrDefault(name, "false");
    if (!value.equals("true") && !value.equals("false"))
      throw wrong(uri, "%s=%s is neither true nor false".formatted(name, value));
    return value.equals("true");
  }

  long whole(String name, long defaultValue, long max) {
    return (long) number(name, defaultValue, max, true);
  }

  double number(String name, double defaultValue, double max) {
    return number(name, defaultValue, max, false);
  }

  private double number(String name, double defaultValue, double max, boolean whole) {
    var value = values.get(name);
    if (value == null) return defaultValue;
    try {
      var number = Double.parseDouble(value);
      if (number >= 0 && number <= max && (!whole || number == Math.rint(number))) return number;
    } catch (NumberFormatException e) {
      // The same answer as for a number out of range.
    }
    throw wrong(
        uri,
        "%s=%s is not a %s from 0 to %s"
            .formatted(name, value, whole ? "whole number" : "number", (long) max));
  }

  private static SourceException wrong(URI uri, String what) {
    return new SourceException("source " + ShownUri.of(uri) + ": " + what, true, null);
  }
}
