package io.dayu.facts;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * A specification that a pipeline has or had, in short.
 *
 * @param version the last one with this specification: pauses make versions, too
 * @param at when it became so, by a cloud node's clock; empty for those of release 0.1
 * @param policy by name
 */
public record PipelineVersion(
    long version, Optional<Instant> at, int sources, int stages, String policy) {
  public PipelineVersion {
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(policy, "policy");
  }
}
