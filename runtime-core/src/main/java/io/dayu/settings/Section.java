package io.dayu.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.dayu.settings.ConfigurationException.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A section of the configuration while it is read. Values that cannot be read, and values that the
 * settings made of the section refuse, are collected until {@link #enforce}, so that all problems
 * are reported together. Belongs to one thread.
 */
public final class Section {
  private final String path;
  private final Config config;
  private final List<Problem> problems = new ArrayList<>();
  private final Set<String> unreadable = new HashSet<>();

  /**
   * @param path of the section, as {@code dayu.link}
   * @param config what is in it
   */
  public Section(String path, Config config) {
    this.path = path;
    this.config = config;
  }

  /**
   * Settings of one section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static <T> T read(String path, Config config, Function<Section, T> settings) {
    var section = new Section(path, config);
    var read = section.part(path, () -> settings.apply(section));
    section.enforce();
    return read.orElseThrow();
  }

  public int count(String key) {
    return get(key, Config::getInt, 0);
  }

  public long bytes(String key) {
    return get(key, Config::getBytes, 0L);
  }

  public Duration duration(String key) {
    return get(key, Config::getDuration, Duration.ZERO);
  }

  public String text(String key) {
    return get(key, Config::getString, "");
  }

  /**
   * @param instead of a value that cannot be read; no further problem is reported for it
   */
  public <T> T get(String key, BiFunction<Config, String, T> getter, T instead) {
    try {
      return getter.apply(config, key);
    } catch (ConfigException | IllegalArgumentException | ArithmeticException e) {
      unreadable.add(path + "." + key);
      add(path + "." + key, e);
      return instead;
    }
  }

  /** The settings of a section within this one; empty, and a problem, if they cannot be used. */
  public <T> Optional<T> section(String key, Function<Config, T> settings) {
    return part(path + "." + key, () -> settings.apply(config.getConfig(key)));
  }

  /**
   * What {@code settings} makes; empty, and a problem, if they cannot be used.
   *
   * @param place named where the problem names no key
   */
  public <T> Optional<T> part(String place, Supplier<T> settings) {
    try {
      return Optional.of(settings.get());
    } catch (ConfigurationException e) {
      for (var problem : e.problems())
        if (Collections.disjoint(problem.keys(), unreadable)) problems.add(problem);
    } catch (ConfigException | IllegalArgumentException e) {
      add(place, e);
    }
    return Optional.empty();
  }

  public void problem(String text) {
    problems.add(new Problem(List.of(), text));
  }

  /**
   * Ends the reading.
   *
   * @throws ConfigurationException with all problems
   */
  public void enforce() {
    if (!problems.isEmpty()) throw new ConfigurationException(problems);
  }

  private void add(String place, RuntimeException error) {
    problem(place + ": " + (error instanceof ArithmeticException ? "too large" : reason(error)));
  }

  /** What is wrong with a value, without the list of all files that were merged to find it. */
  private static String reason(RuntimeException error) {
    var message = String.valueOf(error.getMessage());
    if (!(error instanceof ConfigException config) || config.origin() == null) return message;
    var origin = config.origin().description() + ": ";
    return message.startsWith(origin) ? message.substring(origin.length()) : message;
  }
}
