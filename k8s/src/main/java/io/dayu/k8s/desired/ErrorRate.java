package io.dayu.k8s.desired;

import io.dayu.stage.ServiceCalls;
import java.util.Optional;

/**
 * Whether a revision fails at elements that the one before it could do.
 *
 * <p>Some elements are at fault themselves and fail at any revision. So a share of failed calls
 * counts only if it is also greater than that of the old revision by more than chance explains: by
 * three standard errors of the difference of two proportions.
 *
 * @param maxFailedPercent of calls
 * @param atLeast so many calls must have ended, since few say little
 */
public record ErrorRate(int maxFailedPercent, long atLeast) {
  /** Standard errors beyond which a difference is no chance. */
  private static final double SURE = 3;

  public ErrorRate {
    if (maxFailedPercent < 0 || maxFailedPercent > 100 || atLeast < 1)
      throw new IllegalArgumentException(
          "not a share of calls: %s %% of at least %s".formatted(maxFailedPercent, atLeast));
  }

  /** How calls to a revision have ended, at all nodes together. */
  public record Figures(long answered, long failed, long unreadable, long late, long broken) {
    public static final Figures NONE = new Figures(0, 0, 0, 0, 0);

    public Figures with(ServiceCalls calls) {
      return new Figures(
          answered + calls.answered(),
          failed + calls.failed(),
          unreadable + calls.unreadable(),
          late + calls.late(),
          broken + calls.broken());
    }

    public long bad() {
      return failed + unreadable + late + broken;
    }

    public long all() {
      return answered + bad();
    }

    double share() {
      return all() == 0 ? 0 : (double) bad() / all();
    }

    private String words() {
      return "%s of %s calls (%s failed, %s unreadable, %s late, %s broken off)"
          .formatted(bad(), all(), failed, unreadable, late, broken);
    }
  }

  /** Why the new one is worse, with the figures; empty if it is not, or not known to be. */
  public Optional<String> worse(Figures is, Figures was) {
    if (is.all() < atLeast || is.share() * 100 <= maxFailedPercent || !surelyMore(is, was))
      return Optional.empty();
    return Optional.of(
        "%s went wrong, more than %s %%; before it %s of %s"
            .formatted(is.words(), maxFailedPercent, was.bad(), was.all()));
  }

  private static boolean surelyMore(Figures is, Figures was) {
    if (was.all() == 0) return true;
    double pooled = (double) (is.bad() + was.bad()) / (is.all() + was.all());
    double error = Math.sqrt(pooled * (1 - pooled) * (1.0 / is.all() + 1.0 / was.all()));
    return is.share() - was.share() > SURE * error;
  }
}
