package io.dayu.source;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The parameters behind the question mark of a source's URI; mistakes are permanent failures.
 *
 * @param others what is there besides, as it is written
 */
public record Query(URI uri, Map<String, String> values, List<String> others) {
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  public Query {
    values = Map.copyOf(values);
    others = List.copyOf(others);
  }

  /**
   * @param known the names that mean something to this source; there must be no others
   */
  public static Query of(URI uri, List<String> known) {
    var query = partly(uri, known);
    for (var other : query.others) {
      var name = other.split("=", 2)[0];
      if (!other.contains("="))
        throw query.wrong("'" + name + "' has no value; write " + name + "=…");
      throw query.wrong("unknown parameter '%s'; known: %s".formatted(name, known));
    }
    return query;
  }

  /**
   * @param known the names that mean something to this source; others belong to somebody else
   */
  public static Query partly(URI uri, List<String> known) {
    var values = new TreeMap<String, String>();
    var others = new ArrayList<String>();
    for (var pair : raw(uri).split("&")) {
      if (pair.isEmpty()) continue;
      var parts = pair.split("=", 2);
      if (parts.length < 2 || !known.contains(parts[0])) others.add(pair);
      else if (values.put(parts[0], decoded(parts[1])) != null)
        throw wrong(uri, "parameter '" + parts[0] + "' is given twice");
    }
    return new Query(uri, values, others);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  /** What is behind the question mark, also of a URI without a path. */
  public static String raw(URI uri) {
    var text = uri.toString().split("#", 2)[0];
    int question = text.indexOf('?');
    return question < 0 ? "" : text.substring(question + 1);
  }

  public Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name));
  }

  public boolean flag(String name) {
    var value = values.getOrDefault(name, "false");
    if (!value.equals("true") && !value.equals("false"))
      throw wrong("%s=%s is neither true nor false".formatted(name, value));
    return value.equals("true");
  }

  /** One of {@code choices}, by its {@link #word}. */
  public <E extends Enum<E>> Optional<E> choice(String name, List<E> choices) {
    return text(name)
        .map(
            text ->
                choices.stream()
                    .filter(choice -> word(choice).equals(text))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            wrong(
                                "%s=%s is none of %s"
                                    .formatted(
                                        name,
                                        text,
                                        choices.stream()
                                            .map(Query::word)
                                            .collect(Collectors.joining(", "))))));
  }

  /** How a URI says it. */
  public static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  public long whole(String name, long defaultValue, long max) {
    return (long) number(name, defaultValue, max, true);
  }

  public double number(String name, double defaultValue, double max) {
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
        "%s=%s is not a %s from 0 to %s"
            .formatted(name, value, whole ? "whole number" : "number", (long) max));
  }

  /** A whole number and its unit, as in {@code 10s}. */
  public Optional<Duration> duration(String name) {
    return text(name)
        .map(
            text -> {
              var match = DURATION.matcher(text);
              if (match.matches()) {
                long number = Long.parseLong(match.group(1));
                var duration =
                    switch (match.group(2)) {
                      case "ms" -> Duration.ofMillis(number);
                      case "s" -> Duration.ofSeconds(number);
                      case "m" -> Duration.ofMinutes(number);
                      default -> Duration.ofHours(number);
                    };
                if (duration.compareTo(SHORTEST) >= 0 && duration.compareTo(LONGEST) <= 0)
                  return duration;
              }
              throw wrong(
                  "%s=%s is no duration from 100ms to 24h, such as 10s, 5m or 1h"
                      .formatted(name, text));
            });
  }

  /** A mistake in the URI, permanent. */
  public SourceException wrong(String what) {
    return wrong(uri, what);
  }

  private static SourceException wrong(URI uri, String what) {
    return new SourceException("source " + ShownUri.of(uri) + ": " + what, true, null);
  }

  /** Without secrets, because it may end in a log. */
  @Override
  public String toString() {
    return "Query[%s]".formatted(ShownUri.of(uri));
  }
}
