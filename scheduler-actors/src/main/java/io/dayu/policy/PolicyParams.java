package io.dayu.policy;

import io.dayu.pipeline.PipelineProblem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Parameters of a policy while it is made. Getters never throw: a bad value is noted as a problem
 * and the default is returned. For one thread.
 */
public final class PolicyParams {
  private static final String PATH = "spec.policy.params";
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m)");

  private final Map<String, Object> values;
  private final List<PipelineProblem> problems = new ArrayList<>();

  PolicyParams(Map<String, Object> values) {
    this.values = Map.copyOf(values);
  }

  /** A number within bounds, which are inclusive. */
  public double number(String name, double defaultValue, double min, double max) {
    var value = values.get(name);
    if (value == null) return defaultValue;
    if (value instanceof Number n && n.doubleValue() >= min && n.doubleValue() <= max)
      return n.doubleValue();
    problem(name, "must be a number, but is " + value, "give one from " + min + " to " + max);
    return defaultValue;
  }

  /** A duration: a number of milliseconds, or such as {@code 500ms}, {@code 5s}, {@code 1m}. */
  public Optional<Duration> duration(String name) {
    var value = values.get(name);
    if (value == null) return Optional.empty();
    if (value instanceof Number n && n.longValue() >= 0)
      return Optional.of(Duration.ofMillis(n.longValue()));
    var match = DURATION.matcher(value.toString().strip());
    if (value instanceof String && match.matches()) {
      long amount = Long.parseLong(match.group(1));
      return Optional.of(
          switch (match.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            default -> Duration.ofMinutes(amount);
          });
    }
    problem(name, "must be a duration, but is " + value, "write it as 500ms, 5s or 1m");
    return Optional.empty();
  }

  /** An object; empty if it was left out. */
  public Optional<Map<?, ?>> object(String name) {
    var value = values.get(name);
    if (value == null || value instanceof Map<?, ?>) return Optional.ofNullable((Map<?, ?>) value);
    problem(name, "must be an object, but is " + value, "see the policy's description");
    return Optional.empty();
  }

  /**
   * Notes a problem.
   *
   * @param where the parameter, or a path that starts with it
   */
  public void problem(String where, String message, String remedy) {
    problems.add(new PipelineProblem(PATH + "." + where, message, remedy));
  }

  /** All problems so far, parameters that the policy does not have included. */
  List<PipelineProblem> problems(List<String> declared) {
    var all = new ArrayList<>(problems);
    values.keySet().stream()
        .sorted()
        .filter(name -> !declared.contains(name))
        .forEach(
            name ->
                all.add(
                    new PipelineProblem(
                        PATH + "." + name,
                        "the policy has no such parameter",
                        "remove it; there are " + String.join(", ", declared))));
    return List.copyOf(all);
  }
}
