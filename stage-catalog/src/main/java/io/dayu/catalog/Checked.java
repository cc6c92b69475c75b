package io.dayu.catalog;

import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.Stages;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;

/** Parameters whose type is right but whose value makes no sense. */
public final class Checked {
  private Checked() {}

  /**
   * The behaviour that {@code create} makes. If it throws {@link IllegalArgumentException}, one
   * that fails every element with that message, for good: restarting would not help, and the author
   * of the pipeline reads the reason in the results.
   */
  public static Behavior<StageCommand> create(Supplier<Behavior<StageCommand>> create) {
    try {
      return create.get();
    } catch (IllegalArgumentException e) {
      var answer = failed(String.valueOf(e.getMessage()));
      return Stages.sync(element -> answer);
    }
  }

  /** The answer of a stage whose parameters make no sense. */
  public static Outcome failed(String why) {
    return new Outcome.Failed("parameters: " + why, false);
  }

  /** {@code value} if it is within the bounds, both inclusive. */
  public static double within(String name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      throw new IllegalArgumentException(outside(name, value, low, high));
    return value;
  }

  /** What is to be said of a value that is not within the bounds. */
  public static String outside(String name, double value, double low, double high) {
    return "%s must be between %s and %s, was %s".formatted(name, low, high, value);
  }
}
