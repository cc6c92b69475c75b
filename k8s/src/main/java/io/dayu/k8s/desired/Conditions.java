package io.dayu.k8s.desired;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Standard conditions. One that says the same stays as it is to the letter, so that nothing is
 * written for it: messages that differ in figures alone, such as seconds, are the same.
 */
public final class Conditions {
  private static final int LONGEST = 4_000;
  private static final Pattern FIGURE = Pattern.compile("(?<![\\p{L}\\d-])[0-9]+");

  private Conditions() {}

  /**
   * What a condition is to say.
   *
   * @param status {@code True}, {@code False} or {@code Unknown}
   * @param reason one word in camel case, for programs
   */
  public record Says(String type, String status, String reason, String message) {
    public static Says yes(String type, String reason, String message) {
      return new Says(type, "True", reason, message);
    }

    public static Says no(String type, String reason, String message) {
      return new Says(type, "False", reason, message);
    }
  }

  /** The conditions with one that says this, in the place of the one of its type. */
  public static List<Condition> with(
      List<Condition> conditions, Says says, long generation, Instant now) {
    var was = find(conditions, says.type());
    var message =
        says.message().length() <= LONGEST
            ? says.message()
            : says.message().substring(0, LONGEST - 1) + "…";
    var is =
        new ConditionBuilder()
            .withType(says.type())
            .withStatus(says.status())
            .withReason(says.reason())
            .withMessage(
                was.filter(
                        w -> says.reason().equals(w.getReason()) && alike(w.getMessage(), message))
                    .map(Condition::getMessage)
                    .orElse(message))
            .withObservedGeneration(generation)
            .withLastTransitionTime(
                was.filter(w -> says.status().equals(w.getStatus()))
                    .map(Condition::getLastTransitionTime)
                    .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString()))
            .build();
    var all = new ArrayList<Condition>();
    boolean placed = false;
    for (var c : conditions) {
      boolean same = c.getType().equals(says.type());
      all.add(same ? is : c);
      placed |= same;
    }
    if (!placed) all.add(is);
    return all;
  }

  public static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions.stream().filter(c -> c.getType().equals(type)).findFirst();
  }

  /** Figures are no difference, but those in a name are: it is another one. */
  private static boolean alike(String one, String other) {
    return FIGURE.matcher(one).replaceAll("#").equals(FIGURE.matcher(other).replaceAll("#"));
  }
}
