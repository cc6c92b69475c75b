package io.dayu.gossip;

import io.dayu.pipeline.PipelineSpec;
import java.util.Objects;

/**
 * A pipeline that is to run.
 *
 * @param version grows with every change of the pipeline
 * @param spec every source has a node
 */
public record DesiredPipeline(long version, PipelineSpec spec) implements PipelineFact {
  public DesiredPipeline {
    Objects.requireNonNull(spec, "spec");
  }

  @Override
  public String name() {
    return spec.name();
  }
}
