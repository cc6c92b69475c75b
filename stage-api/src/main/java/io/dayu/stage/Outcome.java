package io.dayu.stage;

import io.dayu.element.Media;
import java.util.Objects;

/** A stage's answer for one element. */
public sealed interface Outcome {
  /** The stage's output; the element goes on. */
  record Output(Media media) implements Outcome {
    public Output {
      Objects.requireNonNull(media, "media");
    }
  }

  /** Filtered out: no further stage runs and the element counts as delivered, empty. */
  record Skip(String reason) implements Outcome {
    public Skip {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /**
   * The stage could not do its work.
   *
   * @param reason what a person reads in the result; in one line, cut to 500 characters
   * @param retryable whether the same element may succeed when tried again
   */
  record Failed(String reason, boolean retryable) implements Outcome {
    public Failed {
      reason = Causes.cut(Objects.requireNonNull(reason, "reason"));
    }
  }
}
