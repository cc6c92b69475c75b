package io.dayu.facts;

import io.dayu.element.Ending;
import java.util.Objects;

/**
 * Why an element failed.
 *
 * @param stage where; empty if it is not known
 * @param reason cut to {@link #MOST} characters; empty if it is not known
 */
public record FailureCause(String stage, String reason) {
  /** What is longer tells no more, and many are sent in one message. */
  public static final int MOST = 300;

  public static final FailureCause UNKNOWN = new FailureCause("", "");

  public FailureCause {
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(reason, "reason");
    if (reason.length() > MOST) reason = reason.substring(0, MOST - 1) + "…";
  }

  public static FailureCause of(Ending ending) {
    return new FailureCause(ending.getStage(), ending.getReason());
  }
}
