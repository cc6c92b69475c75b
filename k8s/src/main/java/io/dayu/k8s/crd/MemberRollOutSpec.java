package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * @param paused whether no further member is replaced
 * @param deadlineSeconds for a member to be ready again
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record MemberRollOutSpec(@Nullable Boolean paused, @Nullable Integer deadlineSeconds) {
  public static final MemberRollOutSpec USUAL = new MemberRollOutSpec(null, null);

  public boolean isPaused() {
    return Boolean.TRUE.equals(paused);
  }

  /** Enough for an image over a thin line; what has to wait longer is to be brought before. */
  public Duration deadline() {
    return Duration.ofSeconds(Optional.ofNullable(deadlineSeconds).orElse(600));
  }
}
