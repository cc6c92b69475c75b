package io.dayu.realise;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** The keys under {@code dayu.scheduler}; {@code reference.conf} says what each means. */
public record SchedulerSettings(
    Duration staleAfter,
    Duration evaluateAtMostEvery,
    Duration evaluateAtLeastEvery,
    Duration minDwell,
    Duration warmUpTimeout,
    Duration probation,
    int decisionsKept,
    Duration storeTimeout) {
  private static final String PATH = "dayu.scheduler";
  private static final List<String> KEYS =
      List.of(
          "stale-after",
          "evaluate-at-most-every",
          "evaluate-at-least-every",
          "min-dwell",
          "warm-up-timeout",
          "probation",
          "decisions-kept",
          "store-timeout");

  public SchedulerSettings {
    var problems = new ArrayList<String>();
    // Nodes report at least every five seconds: with less, healthy nodes look dead.
    atLeast(problems, "stale-after", staleAfter, Duration.ofSeconds(6));
    atLeast(problems, "evaluate-at-most-every", evaluateAtMostEvery, Duration.ofMillis(10));
    atLeast(problems, "evaluate-at-least-every", evaluateAtLeastEvery, evaluateAtMostEvery);
    atLeast(problems, "min-dwell", minDwell, Duration.ZERO);
    atLeast(problems, "warm-up-timeout", warmUpTimeout, Duration.ZERO);
    atLeast(problems, "probation", probation, Duration.ZERO);
    atLeast(problems, "store-timeout", storeTimeout, Duration.ofMillis(1));
    if (decisionsKept < 1)
      problems.add(PATH + ".decisions-kept must be at least 1, was " + decisionsKept);
    complain(problems);
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws IllegalArgumentException with every problem, one per line
   */
  public static SchedulerSettings from(Config root) {
    var problems = new ArrayList<String>();
    if (!root.hasPath(PATH)) throw new IllegalArgumentException(PATH + " is missing");
    var config = root.getConfig(PATH);
    for (var key : new TreeSet<>(config.root().keySet()))
      if (!KEYS.contains(key))
        problems.add(PATH + "." + key + " is not a setting; there are " + String.join(", ", KEYS));
    var durations = new ArrayList<Duration>();
    for (var key : KEYS)
      if (!key.equals("decisions-kept"))
        durations.add(read(problems, () -> config.getDuration(key), harmless(key)));
    int kept = read(problems, () -> config.getInt("decisions-kept"), 1);
    Optional<SchedulerSettings> settings = Optional.empty();
    try {
      settings =
          Optional.of(
              new SchedulerSettings(
                  durations.get(0),
                  durations.get(1),
                  durations.get(2),
                  durations.get(3),
                  durations.get(4),
                  durations.get(5),
                  kept,
                  durations.get(6)));
    } catch (IllegalArgumentException e) {
      String.valueOf(e.getMessage()).lines().forEach(problems::add);
    }
    complain(problems);
    return settings.orElseThrow();
  }

  /** Stands in for a value that cannot be read, so that it causes no second problem. */
  private static Duration harmless(String key) {
    return key.equals("evaluate-at-most-every") ? Duration.ofMillis(10) : Duration.ofDays(1);
  }

  /** How a value is read. */
  private interface Reader<T> {
    T read();
  }

  private static <T> T read(List<String> problems, Reader<T> reader, T instead) {
    try {
      return reader.read();
    } catch (ConfigException e) {
      problems.add(e.getMessage());
      return instead;
    }
  }

  private static void atLeast(List<String> problems, String key, Duration value, Duration least) {
    if (value.compareTo(least) < 0)
      problems.add(
          "%s.%s must be at least %d ms, was %d ms"
              .formatted(PATH, key, least.toMillis(), value.toMillis()));
  }

  private static void complain(List<String> problems) {
    if (!problems.isEmpty()) throw new IllegalArgumentException(String.join("\n", problems));
  }
}
