package io.dayu.settings;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.settings.ConfigurationException.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Checks of the values of settings, made in their constructor. Failed checks are collected until
 * {@link #enforce}, so that all of them are reported together. Belongs to one thread.
 */
public final class Checks {
  private final String path;
  private final List<Problem> problems = new ArrayList<>();

  /**
   * @param path what is before the keys, as {@code dayu.link}
   */
  public Checks(String path) {
    this.path = path;
  }

  /**
   * @param otherwise what is wrong and what to do, as in {@code is "a b"; write one word}
   */
  @CanIgnoreReturnValue
  public Checks that(boolean fine, String key, String otherwise) {
    if (!fine) add(List.of(path(key)), path(key) + " " + otherwise);
    return this;
  }

  /** For windows and limits: a value of 0 would stop all streams without any message. */
  public Checks positive(String key, long value) {
    return that(value > 0, key, "is " + value + "; it must be positive");
  }

  public Checks positive(String key, Duration value) {
    boolean positive = value.compareTo(Duration.ZERO) > 0;
    return that(positive, key, "is " + text(value) + "; it must be positive");
  }

  public Checks atLeast(String key, Duration value, Duration least) {
    return that(
        value.compareTo(least) >= 0,
        key,
        "is %s; it must be at least %s".formatted(text(value), text(least)));
  }

  public Checks port(String key, int value) {
    return that(value >= 0 && value <= 65_535, key, "is " + value + "; a port must be 0 to 65535");
  }

  /** A name or address without a port. */
  public Checks host(String key, String value) {
    return understood(() -> HostPort.host(value), key, value, "write a name or an address");
  }

  /** One of several {@code host:port}. */
  @CanIgnoreReturnValue
  public Checks hostPort(String key, String value) {
    return understood(
        () -> HostPort.parse(value), key, value, "write host:port, separated by commas");
  }

  private Checks understood(Supplier<?> reading, String key, String value, String remedy) {
    try {
      var unused = reading.get();
      return this;
    } catch (IllegalArgumentException e) {
      return that(false, key, "has \"%s\": %s; %s".formatted(value, e.getMessage(), remedy));
    }
  }

  /** Checks that the first value is not above the second one. */
  public <T extends Comparable<T>> Checks notAbove(String low, T lowest, String high, T highest) {
    if (lowest.compareTo(highest) > 0)
      add(
          List.of(path(low), path(high)),
          "%s is %s, above %s, which is %s; lower the one or raise the other"
              .formatted(path(low), text(lowest), path(high), text(highest)));
    return this;
  }

  /**
   * Ends the checks.
   *
   * @throws ConfigurationException with all that have failed
   */
  public void enforce() {
    if (!problems.isEmpty()) throw new ConfigurationException(problems);
  }

  private void add(List<String> keys, String text) {
    problems.add(new Problem(keys, text));
  }

  private String path(String key) {
    return path + "." + key;
  }

  private static String text(Object value) {
    if (!(value instanceof Duration duration)) return value.toString();
    return duration.toMillisPart() == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
  }
}
