package io.dayu.facts;

import java.util.Objects;

/** A pipeline that is to stop. */
public record DroppedPipeline(String name, long version) implements PipelineFact {
  public DroppedPipeline {
    Objects.requireNonNull(name, "name");
  }
}
